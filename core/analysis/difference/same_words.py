"""Words that say the same: short forms and their long ones, and synonyms that agents use for each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["ALIASES", "SYNONYMS"]

# A short form and what it stands for.
ALIASES: Final[Mapping[str, str]] = dict(
    pair.split("=")
    for pair in """
k8s=kubernetes postgresql=postgres pg=postgres js=javascript ts=typescript py=python db=database prod=production
repo=repository repos=repository config=configuration conf=configuration env=environment auth=authentication
docs=documentation doc=documentation app=application apps=application admin=administrator admins=administrator
dev=development info=information msg=message msgs=message params=parameter param=parameter args=argument
max=maximum min=minimum avg=average approx=about approximately=about roughly=about around=about
dir=directory dirs=directory folder=directory folders=directory temp=temporary tmp=temporary pkg=package
sync=synchronise synchronize=synchronise wifi=wi-fi e-mail=email emails=email mail=email pr=pull-request
ok=okay photo=picture photos=picture pic=picture bike=bicycle phone=telephone plane=airplane
infra=infrastructure perf=performance vm=virtual-machine creds=credential credentials=credential
colour=color colours=color centre=center favourite=favorite organisation=organization licence=license
men=man women=woman people=person persons=person feet=foot mice=mouse
guys=man lang=language num=number qty=quantity ref=reference spec=specification stats=statistics
ms=milliseconds sec=seconds secs=seconds hr=hours hrs=hours mins=minutes
""".split()
)

# Each line is one meaning: its first word stands for the others. Words as they are, and without their endings.
_GROUPS: Final = """
fix fixed fixes fixing repair repaired repairs resolve resolved resolves resolving mend mended patch patched remedied
delete deleted deletes deleting remove removed removes removing drop dropped drops erase erased discard discarded purge
start started starts starting begin began begins beginning launch launched launches launching boot booted kick-off
stop stopped stops stopping halt halted halts cease ceased quit
use used uses using utilise utilises utilised utilize utilizes utilized employ employs employed rely relies leverage
need needs needed require requires required must has-to
create created creates creating make made makes making build built builds building generate generated generates produce
change changed changes changing modify modified modifies alter altered alters edit edited amend amended
update updated updates updating refresh refreshed refreshes
send sent sends sending deliver delivered delivers transmit transmitted dispatch dispatched forward forwarded
say said says saying state stated states tell told tells report reported reports mention mentioned note noted notes claim
show shows showed shown display displays displayed present presents indicate indicates indicated reveal revealed
get gets got obtain obtained obtains receive received receives retrieve retrieved retrieves fetch fetched fetches acquire
choose chose chosen chooses select selected selects pick picked picks opt opted
error errors failure failures fault faults
crash crashed crashes crashing
bug bugs defect defects issue issues problem problems
quick quickly fast rapid rapidly swift speedy
big large huge enormous great sizeable
small little tiny minor
keep keeps kept retain retained retains preserve preserved maintain maintains maintained
store stored stores storing save saved saves saving persist persisted persists
run runs ran running execute executed executes executing
finish finished finishes complete completed completes completing conclude concluded
schedule scheduled schedules plan planned plans
move moved moves moving migrate migrated migrates migrating transfer transferred relocate relocated shift shifted
buy bought buys purchase purchased purchases
prefer prefers preferred favor favors like likes
user users customer customers client clients
team teams group groups
machine machines server servers host hosts
test tests tested testing check checks checked checking verify verified verifies validate validated
ask asked asks asking request requested requests requesting
allow allowed allows permit permitted permits
deploy deployed deploys deploying deployment deployments rollout release released releases releasing ship shipped ships
agree agreed agrees
decide decided decides decision settled
happen happened happens occur occurred occurs
cause caused causes causing trigger triggered triggers
increase increased increases raise raised raises raising grow grew grows rise rose rises bump bumped boost boosted
decrease decreased decreases lower lowered lowers reduce reduced reduces reducing fall fell falls shrink shrank cut cuts
exceed exceeds exceeded surpass surpasses above over
every each
because since due
also too additionally furthermore
however but although though
now currently presently at-present
previously formerly earlier
often frequently
usually normally typically generally
about approximately roughly around circa
speak speaks spoke talk talks talked talking
child children kid kids
man guy gentleman
woman lady
person individual human
picture photo photograph image
car automobile vehicle
road street
house home
film movie
sofa couch
rock stone
ocean sea
kill killed kills slay
police cops
doctor physician
""".strip().splitlines()
SYNONYMS: Final[Mapping[str, str]] = {word: words.split()[0] for words in _GROUPS[::-1] for word in words.split()}

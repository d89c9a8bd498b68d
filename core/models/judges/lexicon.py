"""Words that the cues know: stands that exclude each other, scopes, and words that say how a thing is meant. Our own lists.

A word is written as it stands in a text in small letters; other endings of it are found too. Words of two parts are joined
by a dash, and match where the two stand beside each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.analysis.difference.reading import uninflected

__all__ = ["MANNERS", "PAIRS", "SCOPES", "STANDS", "Phrases"]

# A word, or two that stand beside each other → what they mean.
Phrases = Mapping[tuple[str, ...], tuple[tuple[str, str], ...]]

# A stand a line: yes on the left of the bar, no on the right. A negation turns the one into the other, and a word may stand
# in several lines.
_STANDS: Final = """
done: done finish complete close resolve solve settle fix merge ship deploy deliver signed filled hand-over went-out cleared
    ready accomplish publish submit paid passed handled answered arrived landed received live | open pending unresolved
    unfinished incomplete outstanding waiting wait todo missing unsigned unpaid overdue stuck stalled hanging ongoing
    unanswered vacant yet-to still-to in-progress halfway draft
well: work healthy fine green reachable online responds loads clean intact alive stable usable functional
    recovered restored back-up | broken break fail failure failing crash hang hung stuck unreachable offline unhealthy dead
    faulty unstable damaged corrupt unusable degraded outage flaky empty-page died red error
happened: happened took-place held arrived landed attended came-up departed sailed boarded flew reached
    completed got-through | cancelled canceled called-off postponed never-left stayed aborted scrapped suspended
    turned-away missed no-show refused
may: allow permit accept welcome free-to may-be cleared eligible entitled admit admits ok-to open-to | forbid prohibit
    ban banned must-not may-not refuse denied deny block blocked rejects turns-away prevent off-limits disallow
must: must require mandatory compulsory obligatory need necessary have-to has-to always only-with | optional unnecessary
    voluntary needn't no-need waived
yes: approve accept agree confirm grant favour favor support endorse in-favour in-favor sign-off backs hired granted pass |
    reject decline refuse deny disagree against oppose veto object objection turned-down dismissed withdrew cancel
all: all every everyone everybody each whole entire always fully completely totally entirely throughout
    everywhere | none nobody no-one nothing never neither nowhere not-one zero
more: increase rise rose grow grew raise raised higher more improve better faster bigger larger longer gain climb
    doubled tripled above exceed surplus profit over | decrease fall fell drop reduce lower less fewer worse slower smaller
    shorter
    shrink shrank lose lost decline cut halved below under deficit loss
likes: like love enjoy prefer favourite favorite fond keen thrilled happy pleased glad wants great excellent trust | dislike
    hate avoid detest fear scared bored boring annoyed unhappy upset angry complain terrible poor clunky can't-stand
    out-of-question refuses
early: early on-time punctual in-time | late delayed delay overdue
enough: enough sufficient plenty ample spare room-for surplus | short shortage lack missing insufficient full sold-out
    out-of-stock exhausted used-up
has: contain include comes-with provides offers supports | without lack free-of exclude omit removes
safe: safe secure harmless protected encrypted | unsafe dangerous risky insecure hazardous exposed plain-text unprotected
    vulnerable poisonous toxic
own: employee permanent hired works-for member joined join belongs | contractor freelance temporary dismissed fired quit
    resigned retired left independent guest
remote: remote remotely from-home home-office online virtual video | office on-site onsite in-person face-to-face desk
auto: automatic automatically by-itself itself unattended scheduled cron | manual manually by-hand hand human myself
public: public open external everyone published visible | private internal secret confidential hidden restricted
known: known found established confirmed proven proved certain traced | unknown unclear unproven unsure uncertain
    inconclusive unexplained mystery
same: same identical equal equals unchanged constant alike | different differs changed varies
alone: alone sole only-child solo by-himself by-herself all-by-himself | together shared joint jointly brother sister group
on: enabled enable active activated switched-on | disabled disable inactive deactivated switched-off
in: inside indoors | outside outdoors
truth: true correct right accurate valid genuine real | false wrong incorrect mistaken invalid fake myth untrue
easy: easy simple cheap minor harmless | hard difficult complex expensive serious severe critical
won: won win wins winner victory beat | lost lose loses defeat beaten draw
vegan: vegetarian vegan plant-based meatless | meat steak steaks fish seafood chicken beef pork burger ham bacon sausage
married: married wife husband spouse wedding | single unmarried divorced widowed bachelor
alive: alive living lives survived survives | dead died deceased killed drowned perished
wet: wet damp soaked rain flooded | dry dried drought
hot: hot heated boiling room-temperature | cold chilled frozen ice fridge refrigerated
kept: keep kept retain stay remain preserve store saved stored backup recoverable restore bring-back | delete remove erase
    gone lost discard purge drop wipe destroyed forever thrown-away
serial: single-threaded serial sequential one-by-one one-at-a-time | parallel concurrent concurrently multi-threaded pool
    simultaneously at-once
full: full packed | empty vacant bare
calm: ally allies friend peace friendly partner sworn | enemy enemies war hostile rival fight attack
inside-job: cloud hosted saas managed | on-premise on-prem self-hosted local
nullable: nullable optional may-be-empty | not-null required non-null never-null
sync: synchronous blocking waits | asynchronous async non-blocking background queue
paidfor: free-of-charge complimentary gratis no-charge included | charge cost fee costs charged surcharge extra
"""

# What stands on one line excludes each other, and so what stands behind it.
_PAIRS: Final = """
aisle | window | middle
bus | train | tram | plane | flight | ferry | boat | taxi | bike | car
email | phone | chat | post | fax | letter
beach sea coast | mountain mountains hiking alps | lake | city
breakfast | lunch | dinner supper
morning | afternoon | evening | night
monday | tuesday | wednesday | thursday | friday | saturday | sunday
north | south | east | west
mother mum mom | father dad | sister | brother | aunt | uncle | daughter | son
adults adult | children kids paediatric pediatric child
integer int integers number | uuid string text strings | float double | boolean
json | csv | xml | parquet | avro | yaml | pdf | excel
utc gmt | local-time wall-clock | cet | est | pst
rest | grpc | graphql | soap | websocket
cash | card | transfer | cheque check | invoice
fixed | variable floating
gross | net
hourly | daily | weekly | monthly | quarterly | yearly annually
tabs | spaces | sidebar
red | blue | green | yellow | black | white | brown | orange | purple | pink | grey gray | silver
coffee | tea | water | juice | beer | wine | milk
python | java | rust | golang | javascript | typescript | ruby | kotlin
postgres postgresql | mysql | sqlite | mongodb | redis | oracle | dynamodb | cassandra
aws | azure | gcp
linux | windows | macos
kafka | rabbitmq | sqs | nats
wood wooden | metal steel | plastic | glass | stone
cat | dog | horse | bird | rabbit | fish | cow
sells sold sell seller vendor supplier | buys bought buy buyer customer
import imports | export exports
bottleneck-cpu cpu | memory | disk | network
certificate | dns | disk | firewall | cookie cookies | router | cable | printer
subsidiary parent | independent
linear straight-line | declining
blocking | advisory
read-only | writable read-write
hotel | tent tents | apartment flat | hostel | dormitory
uk england britain | germany | france | spain | italy | usa america | japan | china | india
berlin | london | paris | madrid | rome | oslo | dublin | frankfurt | vienna | zurich | porto | lisbon | hamburg | rotterdam
won | lost | draw
sitting | standing | walking | running | sleeping asleep | swimming
eating | cooking | reading | dancing | singing
"""

# What a statement may be confined to: two that name other values of one scope may both be true.
_SCOPES: Final = """
environment: production prod live | staging stage | test testing qa recette testsystem | development dev local | sandbox |
    canary | demo | simulator simulation sim | bench real
region: eu europe emea | us usa america americas | apac asia | uk | eu-west-1 | us-east-1 | eu-central-1 | us-west-2
stage: first | second | third | fourth | fifth
state: draft | final
plan: plan planned budget budgeted goal target forecast estimate estimated quote expected should proposal proposed |
    actual actually measured ended-up reached came-to real counted
measure: average mean typical median | maximum max peak worst longest heaviest | minimum min best shortest |
    total sum overall
sort: gross | net | raw | curated filtered
use: train training | validation dev-set | heldout held-out test-set unseen
side: front | rear back | top | bottom | place: inside indoor indoors | outside outdoor outdoors open-field
flow: inbound incoming ingress | outbound outgoing egress | internal
part: deposit | balance | instalment | fee
who: adults adult | children kids child | seniors | students | staff employees | visitors guests | customers | members
old: older elder oldest | younger little youngest
day: monday mondays | tuesday tuesdays | wednesday | thursday | friday | saturday saturdays | sunday sundays |
    weekdays weekday | weekend weekends | holidays
hour: morning | afternoon | evening | night nights overnight | noon
season: spring | summer | autumn | winter
month: january | february | march | april | june | july | august | september | october | november | december
system: ios iphone | android | web browser | desktop windows | mac macos | linux
default: default by-default out-of-the-box | override custom explicitly
form: cooked baked fried | raw
version: v1 | v2 | v3 | v4 | v5
post: parcel parcels package | letter letters mail
trip: outbound out outward | return back home
"""

# How a thing is meant.
_MANNERS: Final = """
hedge: may might maybe perhaps probably possibly likely seems seem appears suspect guess hunch think believe unsure
    apparently presumably could doubt vielleicht wahrscheinlich peut-être quizás talvez hypothesis assume impression
plan: will plan plans planned planning scheduled going-to intend tomorrow next upcoming soon proposal propose proposes should
    would-like want hope aim goal target wish due expected wird soll werden
hypothetical: if were-to would unless in-case suppose assuming hypothetically wenn falls si
quote: said says writes wrote claims claimed told thinks thought believed believes according blamed rumour heard reportedly
    quoted legend
past: was were had used-to formerly previously earlier before once ago originally former back-then until at-first initially
    last-year yesterday war früher antes avant
now: now currently today present as-of at-the-moment meanwhile this-week jetzt heute ahora aujourd'hui
update: now new anymore any-more no-longer since changed change switched switch moved moves replaced replaces instead again
    meanwhile updated update from-now correction corrected misread wrong earlier was effective starting latest seit nun
    mittlerweile ahora desde désormais maintenant agora finally took-over handed renamed back-to dropped granted extension
still: still remains remain continues yet noch todavía encore ainda sigue immer-noch not-yet unchanged
exception: except unless only-if apart-from otherwise but exception excluding save-for other-than besides außer sauf excepto
    provided although though however
bound: at-least at-most up-to no-more no-fewer more-than less-than minimum maximum over under within limit
absolute: only exclusively nothing-else no-one nobody never always every all none nothing entirely completely solely
    strictly any-more whole everyone everybody alone no-exceptions everywhere itself any anything nur ninguno toujours
    throughout from-start start-to-finish one-and-only sole zero ever complete completely
certain: confirmed checked looked counted read verified saw measured proof screenshot log myself just-checked definitely
when: when during while on-weekends at-night after before until between by-day
relative: today yesterday tomorrow tonight last-week next-week this-week last-month next-month this-month last-year
    next-year this-morning last-night recently just lately last-friday last-weekend this-weekend heute gestern morgen hoy
    ayer hier demain
feeling: amazing great thanks thank proud love inspiring excited glad happy hope wow congrats awesome wonderful beautiful fun
    enjoy feel feels feeling appreciate nice sorry hi hello hey cool sounds welcome
me: i i'm i've i'll i'd my me mine we our us we're ich wir je nous yo nosotros
you: you your you're yours
"""


def _phrases(lines: str) -> Phrases:
    found: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = {}
    for number, line in enumerate(lines.replace("\n    ", " ").strip().splitlines()):
        name, _, values = line.rpartition(": ")
        for place, side in enumerate(values.split(" | ")):
            for word in side.split():
                meant = (name or str(number), str(place))
                for form in _forms(word):
                    if meant not in found.get(form, ()):
                        found[form] = (*found.get(form, ()), meant)
    return found


def _forms(word: str) -> set[tuple[str, ...]]:
    """Return a word as its parts, the one word with its dashes, and without its English ending."""
    parts = tuple(word.split("-"))
    forms = {parts, (word,)}
    if len(parts) == 1 and word.isascii() and len(word) > 3:
        forms.add((f"~{uninflected(word)}",))
    return forms


STANDS: Final = _phrases(_STANDS)
PAIRS: Final = _phrases(_PAIRS)
SCOPES: Final = _phrases(_SCOPES)
MANNERS: Final = _phrases(_MANNERS)

"""Which word says yes and which says no: axes with values that exclude each other, and words of quantity and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["AXES", "BINARY", "BOUNDS", "QUANTITIES", "TURNING"]

# An axis a line; what excludes each other stands on either side of a bar. A word is on one axis alone.
_AXES: Final = """
outcome: succeed succeeded succeeds success successful successfully passed passes passing works worked erfolgreich
    réussi éxito | fail failed fails failing failure unsuccessful unsuccessfully broke broken fehlgeschlagen échoué
    falló
state: open opened reopened pending todo unresolved unfinished outstanding in-progress ongoing offen ouvert abierto |
    closed close closes done resolved fixed finished completed complete solved geschlossen erledigt fermé terminé
    cerrado
enabled: enable enabled enables enabling activated active activate aktiviert activé | disable disabled disables
    disabling deactivated inactive deactivate deaktiviert désactivé
power: on | off
health: up online healthy reachable available stable | down offline unhealthy unreachable unavailable unstable flaky
right: allow allowed allows permitted permits grant granted | deny denied denies forbidden forbids prohibited blocked
    banned disallowed revoked
verdict: approve approved approves accept accepted accepts | reject rejected rejects decline declined declines refused
merge: merged landed | reverted abandoned
change: add added adds adding got gets introduced introduces | remove removed removes removing deleted
trend: tripled doubled quadrupled increase increased increases increasing raised raises raise raising rise rises rose
    rising grew grows up-trend higher gained gains gain climbed climbs surge surged | decrease decreased decreases
    decreasing fall falls fell falling shrank shrinks lower lost drop drops dropped reduced reduces plunge plunged
motion: start started starts starting begin began begins | stop stopped stops stopping end ended ends
order: before prior pre | after following post
rank: first earliest | last latest
level: high | low
pace: fast faster quick quickly | slow slower slowly
extreme: maximum max largest biggest highest most | minimum min smallest lowest least
need: required mandatory obligatory necessary | optional unnecessary
reach: public external | private internal
lock: locked lock locks | unlocked unlock unlocks
link: connected connects connect attached | disconnected disconnects disconnect detached
valid: valid correct right true accurate | invalid incorrect wrong false inaccurate untrue
sync: synchronous synchronously blocking | asynchronous asynchronously async non-blocking
grade: upgrade upgraded upgrades | downgrade downgraded downgrades
include: include included includes including | exclude excluded excludes excluding
secure: encrypted secure safe | unencrypted plaintext insecure unsafe dangerous
place: inside indoors indoor | outside outdoors outdoor
side: left left-hand | right-hand
height: top upper upstairs | bottom upside-down downstairs
gender: man men he boy boys male gentleman his him guy guys | woman women she girl girls female lady her
age: young younger new newer | old older elderly
size: big large huge larger bigger | small tiny little smaller
heat: hot warm | cold cool
heed: respect respects obeys obey honours honors keeps keep kept | ignore ignores ignored skips skip violates violated
    drops
seat: aisle | window | middle-seat
signal: logs | metrics | traces
copying: archives archived archive | deletes delete
light: bright light | dark
deal: buy buys bought buying purchase purchased | sell sells sold selling
game: win wins won winning victory | lose loses losing defeat
taste: love loves loved like likes prefers | hate hates hated dislike dislikes
life: alive living | dead
full: full | empty
load: upload uploaded uploads | download downloaded downloads
flow: import imported imports | export exported exports
mode: read-only | writable read-write
copy: primary master leader | replica secondary slave standby follower
ascent: ascending | descending
sign: positive | negative
presence: present | absent missing
door: entry enter enters entered arrive arrives arrived | exit exits exited leave leaves depart departed departs
hire: hired hire joined joins | dismissed fired resigned quit
memory: remember remembers remembered | forget forgets forgot forgotten
public: manual manually | automatic automatically automated
body: sitting sits sit | standing stands stand | lying lies | walking walks walk | running runs-away | sleeping asleep
    sleeps
wake: awake waking woke | asleep-now
environment: production prod live | staging | development dev | sandbox
severity: critical blocker | major | minor trivial
priority: p0 | p1 | p2 | p3 | p4
colour: red | blue | green | yellow | black | white | brown | orange | purple | pink | grey gray | silver | gold
season: winter | summer | spring | autumn fall-season
compass: north northern | south southern | east eastern | west western
store: postgres postgresql | mysql mariadb | sqlite | mongodb mongo | redis | memcached | cassandra | dynamodb |
    elasticsearch | opensearch | oracle | snowflake | bigquery | clickhouse | duckdb
language: python | java | javascript | typescript | golang | rust | ruby | kotlin | scala | php | perl
cloud: aws amazon | azure | gcp google-cloud
system: linux ubuntu debian | windows | macos | android | ios
packages: npm | yarn | pnpm | bun | pip | poetry | conda
queue: kafka | rabbitmq | sqs | nats | pulsar
wire: grpc | graphql | rest | soap | websocket websockets
format: pdf | docx word-file | html | xlsx excel | png | jpeg jpg | webp | svg | json | xml | yaml | toml | csv |
    parquet | protobuf | avro
git: rebase rebased | squash squashed
theme: dark-mode | light-mode
cipher: md5 | sha1 sha-1 | sha256 sha-256 | sha512 sha-512 | bcrypt | argon2
token: jwt | cookie cookies | oauth oauth2
chat: slack | teams-chat | discord | telegram | whatsapp
tracker: jira | linear | trello | asana
editor: vim neovim | emacs | vscode | intellij pycharm
indent: tabs | spaces
quotes: single-quotes | double-quotes
meal: breakfast | lunch | dinner supper
drink: coffee | tea | beer | wine | juice | milk
pet: dog dogs puppy | cat cats kitten kittens | horse horses | bird birds | rabbit rabbits | cow cows
instrument: guitar | piano | violin | flute | drums drum | trumpet | cello
sport: soccer | basketball | baseball | tennis | hockey | golf | rugby | cricket
room: kitchen | bathroom | bedroom | living-room | garage | basement | attic | hallway
matter: wooden wood | metal steel | plastic | glass | stone | leather | paper | cotton
ride: car cars truck trucks | bus buses | train trains | bicycle bicycles bike bikes | motorcycle | plane planes
    airplane | boat boats ship
kin: mother mom | father dad | sister | brother | daughter | son | aunt | uncle | grandmother | grandfather | wife |
    husband
hour: morning | afternoon | evening | night nighttime | noon-time
sky: sunny | rainy raining rain | snowy snowing snow | cloudy | foggy
fruit: apple apples | banana bananas | orange-fruit | pear pears | grapes | strawberry strawberries | lemon lemons
vegetable: potato potatoes | tomato tomatoes | onion onions | carrot carrots | cucumber | garlic | pepper peppers |
    broccoli
meat: beef | chicken | pork | fish | shrimp | lamb
wear: hat | shirt | jacket coat | dress | shoes | gloves | scarf | pants trousers jeans
mood: happy happily glad joyful | sad unhappy upset | angry furious
shape: round circular | square | triangular
part: beginning start-of | end-of | middle
relation: parent | child-of | sibling
learn: training-set train | validation-set validation | test-set
money: profit profits | losses deficit
tide: import-duty | export-duty
pair: sender | receiver recipient
user-side: client-side frontend front-end | server-side backend back-end
write: writes written write-only | reads
run: startup boot | shutdown
cpu: cpu | gpu | memory ram | disk
hand: incoming inbound ingress | outgoing outbound egress
clock: utc gmt | cet cest | est edt | pst pdt
leak: introduced introduces introduce causes caused | fixed fixes fix cured
extent: enlarged expanded extended expands extends | reduced shrunk shortened truncated cut
stay: disappeared disappears vanished gone | remained remains persisted persists stayed stays
hold: released releases freed frees | kept keeps held holds retained retains
keeping: keeps keep kept retains retained preserves preserved | drops drop dropped discards discarded removes removed
    strips deletes
run-time: starts start started begins boots | exits exit ends end ended terminates stops finishes
gain: gained gains | lost loses
git-way: push pushed pushes | pull pulled pulls
code: encode encoded encodes encrypts | decode decoded decodes decrypts
pack: compress compressed compresses | decompress decompressed
mounting: mount mounted | unmount unmounted
install: install installed installs | uninstall uninstalled
list: subscribe subscribed subscribes | unsubscribe unsubscribed
view: show shows shown displayed visible appears | hide hides hidden invisible
member: join joined joins | leave left leaves
post: send sent sends | receive received receives
talk: ask asked asks | answer answered answers
row-change: insert inserted inserts create created creates | delete deleted deletes destroy destroyed dropped
transaction: commit committed | rollback rolled-back
rank-move: promote promoted promotes | demote demoted
timing: early earlier ahead | late later behind delayed
amount: more | less fewer
worth: better improved improves improve | worse worsened degraded degrades regressed
price: cheap cheaper inexpensive | expensive costly
ease: easy easier simple | hard harder difficult complex
force: strong stronger | weak weaker
identity: same identical equal | different distinct unequal
habit: common frequent often | rare rarely seldom infrequent
length: long longer | short shorter
width: wide wider broad | narrow narrower
weight: heavy heavier | lightweight lighter
dirt: clean | dirty
opinion: agree agreed agrees | disagree disagreed disagrees
level-of: upper outer | lower inner
axis: horizontal horizontally rows row | vertical vertically columns column
port: input inputs incoming | output outputs outgoing
way: source origin | target destination
exchange: request requests | response responses
end-of-list: head first prefix front | tail last suffix back
week: weekday weekdays | weekend weekends
consent: opt-in | opt-out
bounds: inclusive | exclusive
mutable: mutable | immutable readonly
strict: strict strictly | lenient loosely loose
site: remote remotely online | on-site onsite in-person
family: single unmarried | married
scale: scale-up upscaled | scale-down downscaled
safety: safe safely | dangerous risky unsafe
match: matches match matched | mismatches mismatch mismatched differs
arrival: arrive arrives arrived | depart departs departed
found: found finds located | missed misses missing lost
know: known | unknown
direct: direct directly | indirect indirectly
local: local locally | global globally remote
static: static | dynamic
serial: serial serially sequential sequentially | parallel concurrently concurrent
sorted: sorted ordered | unsorted unordered shuffled
signed: signed | unsigned
paid: paid pays | unpaid owes overdue
free: free | paid
device: phone smartphone | laptop notebook-computer | tablet | desktop | printer | monitor
browser: chrome | firefox | safari | edge
people: child children kid kids toddler | adult adults grown-ups | baby babies infant | teenager teenagers
school: kindergarten | school | college university
science: mathematics math maths | physics | chemistry | biology | history | geography | economics
profession: doctor physician | nurse | lawyer | teacher | engineer | pilot | dentist | plumber | accountant
site: facebook | instagram | twitter | linkedin | youtube | reddit | tiktok | quora
print: whitespace | commas comma | semicolons semicolon | colons colon
number-type: integer int | float double | string str | boolean bool
span: width | height | depth | weight
statistic: mean average | median | variance | mode
unit-of-data: row-wise | column-wise
method: get-request | post-request | put-request | delete-request
planet: mercury | venus | mars | jupiter | saturn
temporary: temporary temporarily | permanent permanently
hungry: vegetarian vegan | meat-eater carnivore
"""


def _tables() -> tuple[dict[str, tuple[tuple[str, str], ...]], frozenset[str]]:
    words: dict[str, tuple[tuple[str, str], ...]] = {}
    binary = set()
    for line in _AXES.replace("\n    ", " ").strip().splitlines():
        axis, _, values = line.partition(": ")
        sides = values.split(" | ")
        if len(sides) == 2:
            binary.add(axis)
        for number, side in enumerate(sides):
            for word in side.split():
                words[word] = (*words.get(word, ()), (axis, str(number)))
    return words, frozenset(binary)


# Word → its axes, each with its value there; the axes of two values, whose negation is the other one.
_TABLES: Final = _tables()
AXES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = _TABLES[0]
BINARY: Final = _TABLES[1]

# The axes whose second value takes back what a text would say without it.
TURNING: Final = frozenset(
    "outcome enabled health right verdict merge change trend motion need lock link valid include secure".split()
)

# Word → its value; words that say how many, and whose values exclude each other as `some` and `all` do.
QUANTITIES: Final[Mapping[str, str]] = {
    word: line.split()[0]
    for line in """
all every each always entire entirely whole everyone everybody everything both fully alle jeder todos tous immer siempre
some several sometimes partially partly occasionally einige manche algunos quelques alcuni
few hardly rarely seldom barely wenige pocos peu
most mostly usually majority meist
half halb moitié
only solely exclusively nur solamente seulement
many lots numerous often viele muchos beaucoup
""".strip().splitlines()
    for word in line.split()
}
# The words before a number that make it a bound.
BOUNDS: Final[Mapping[tuple[str, ...], str]] = {
    tuple(phrase.split("_")): bound
    for bound, phrases in {
        "at least": "at_least minimum_of no_less_than not_less_than more_than over above exceeding greater_than "
        "mindestens au_moins > ≥ >= min",
        "at most": "at_most maximum_of no_more_than not_more_than less_than under below fewer_than up_to within "
        "höchstens au_plus < ≤ <= max",
    }.items()
    for phrase in phrases.split()
}

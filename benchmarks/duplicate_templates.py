"""Pairs made from templates, by family, for `duplicate_weights.py`: two ways to say it, and what only looks like it."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from typing import Final

__all__ = ["families"]

Pairs = list[tuple[str, str, bool]]

# What is said, another way to say it, and what may stand in it. Two fillings of one template do not say the same.
_SAID: Final = (
    ("The {a} reads its settings from the {b}.", "Settings of the {a} come from the {b}."),
    ("We decided to move the {a} into the {b}.", "It was decided that the {a} will be moved into the {b}."),
    ("The user asked for a summary of the {a} after every {b}.", "After each {b} the user wants the {a} summarised."),
    ("The {a} crashes when the {b} is empty.", "An empty {b} makes the {a} crash."),
    ("Please remember that the {a} depends on the {b}.", "Note: the {a} needs the {b}."),
    ("The {a} was slow, so the team added a {b}.", "Because the {a} was too slow, a {b} was added by the team."),
    ("While testing the {a} I noticed a bug in the {b}.", "I found a defect in the {b} when I was testing the {a}."),
    ("The agent wrote the {a} to the {b}.", "The {a} was written to the {b} by the agent."),
    (
        "The customer is unhappy with the {a} and wants a new {b}.",
        "A new {b} is wanted, as the {a} did not please the customer.",
    ),
    ("Before the {a} starts, it waits for the {b}.", "The {a} does not start before the {b} is there."),
)
_THINGS: Final = (
    "scheduler report gateway queue cache invoice meeting parser dashboard backup index template contract worker pipeline "
    "calendar notebook router sensor archive"
).split()
_WRAPS: Final = ("Note: {}", "FYI, {}", "{} (confirmed)", "Reminder: {}", "As discussed, {}")
_PEOPLE: Final = "Alice Bob Carla Dmitri Priya Tom".split()
# Here x and y, and t and u, may change places: then it says something else.
_ORDERED: Final = (
    ("{x} paid {y} for the repair.", "{y} was paid by {x} for the repair."),
    ("{x} reviewed the code that {y} wrote.", "The code that {y} wrote was reviewed by {x}."),
    ("{x} handed the {t} task over to {y}.", "{y} got the {t} task handed over by {x}."),
    ("The {t} calls the {u} before it stops.", "Before it stops, the {t} calls the {u}."),
    ("{x} prefers the {t} over the {u}.", "{x} would rather have the {t} than the {u}."),
    ("The {t} sends its output to the {u}.", "Output of the {t} is sent to the {u}."),
    ("The {t} was moved from {x} to {y}.", "From {x} the {t} was moved to {y}."),
    ("The {t} is faster than the {u}.", "Compared to the {u}, the {t} is faster."),
    ("{x} reports to {y} and works on the {t}.", "{x} works on the {t} and reports to {y}."),
    ("On Monday {x} asked {y} about the {t}.", "{x} asked {y} about the {t} on Monday."),
)
# With these they say the same.
_LISTED: Final = (
    ("{x} and {y} own the {t}.", "The {t} is owned by {y} and {x}."),
    ("{x} and {y} own the {t}.", "{y} and {x} own the {t}."),
)
_QUESTIONS: Final = (
    ("How do I install {a} on {b}?", "What is the way to install {a} on {b}?", "Python/Java Ubuntu/Windows"),
    ("What is the best way to learn {a} in {b}?", "How can I best learn {a} in {b}?", "French/Spanish school/college"),
    (
        "Why does my {a} restart when I open {b}?",
        "My {a} restarts as soon as I open {b}, why?",
        "phone/laptop Chrome/Firefox",
    ),
    (
        "How do I convert a {a} to a {b} in Python?",
        "In Python, how can a {a} be converted to a {b}?",
        "string/float list/tuple",
    ),
    ("Is it safe to eat {a} during {b}?", "Can I safely eat {a} during {b}?", "cheese/fish pregnancy/exercise"),
    ("How much does {a} cost in {b}?", "What is the price of {a} in {b}?", "rent/petrol Berlin/Paris"),
    (
        "What are the side effects of {a} for {b}?",
        "Which side effects does {a} have for {b}?",
        "coffee/aspirin children/adults",
    ),
    ("How do I set the {a} of a {b} in CSS?", "How can one set a {b}'s {a} with CSS?", "width/height table/button"),
    ("How can I find out who {a} my {b}?", "Is there a way to see who {a} my {b}?", "viewed/shared profile/photo"),
    ("Ubuntu {a} does not detect my {b}", "My {b} is not detected by Ubuntu {a}", "18.04/20.04 monitor/printer"),
)
_ENTITIES: Final = (
    ("The heating in the {a} needs a new {b}.", "In the {a} the heating needs a new {b}.", "kitchen/cellar filter/valve"),
    (
        "The customer wanted a {a} instead of a {b}.",
        "Instead of a {b}, the customer wanted a {a}.",
        "refund/voucher repair/discount",
    ),
    (
        "The {a} team presents the {b} on Friday at 3pm.",
        "On Friday at 15:00 the {a} team presents the {b}.",
        "sales/design plan/budget",
    ),
    ("She is allergic to {a} but eats {b}.", "She eats {b} but is allergic to {a}.", "nuts/shellfish gluten/lactose"),
    ("The {a} endpoint returns a list of {b}.", "A list of {b} is what the {a} endpoint returns.", "orders/users ids/names"),
    ("We store {a} in the {b} bucket.", "{a} are kept in the {b} bucket.", "images/videos archive/public"),
    ("Use {a} when the {b} is missing.", "When the {b} is missing, use {a}.", "defaults/fallbacks header/token"),
    ("The {a} of the {b} is written in Rust.", "Rust is what the {b}'s {a} is written in.", "shell/compiler editor/engine"),
)
# What somebody does, the same, and what else may be done with it.
_DONE: Final = (
    ("is greeting the guests", "is welcoming the guests", "is counting the guests", "is waiting for the guests"),
    ("is cooking dinner", "is making dinner", "is eating dinner", "is ordering dinner"),
    ("is choosing a film to watch", "is picking a film to watch", "is watching the film", "is writing about the film"),
    ("is turning the radio on", "is switching on the radio", "is listening to a song", "is repairing the radio"),
    ("is reading the report", "is going through the report", "is summarizing the report", "is printing the report"),
    ("is cleaning the table", "is wiping down the table", "is setting the table", "is painting the table"),
    ("is working on her thesis", "is busy with her thesis", "is talking about her thesis", "is searching for her thesis"),
    ("is a student of law", "studies law", "is a teacher of law", "is interested in law"),
    (
        "answers the questions of customers",
        "replies to customers' questions",
        "takes orders of customers",
        "helps customers",
    ),
    ("is planning the party", "is making plans for the party", "is looking forward to the party", "is at the party"),
    ("is taking a walk in the park", "is walking in the park", "is sitting in the park", "is sleeping in the park"),
    ("is setting up the game", "is preparing the game", "is playing the game", "is buying the game"),
)
_FULL: Final = ("Alice Warner", "Omar Haddad", "Laura Petersen")
# What is said, the same, and two that say the contrary.
_DENIED: Final = (
    (
        "The {t} is enabled for all tenants.",
        "All tenants have the {t} enabled.",
        "The {t} is not enabled for all tenants.",
        "The {t} is disabled for all tenants.",
    ),
    (
        "Never restart the {t} during the day.",
        "Do not restart the {t} during the day.",
        "Restart the {t} during the day.",
        "Always restart the {t} during the day.",
    ),
    (
        "The {t} accepts empty input.",
        "Empty input is accepted by the {t}.",
        "The {t} rejects empty input.",
        "The {t} does not accept empty input.",
    ),
    (
        "The user likes short answers about the {t}.",
        "About the {t} the user likes answers that are short.",
        "The user likes long answers about the {t}.",
        "The user dislikes short answers about the {t}.",
    ),
    (
        "The {t} must finish before midnight.",
        "Before midnight the {t} has to be finished.",
        "The {t} must finish after midnight.",
        "The {t} need not finish before midnight.",
    ),
    (
        "Access to the {t} was granted to the interns.",
        "The interns were granted access to the {t}.",
        "Access to the {t} was revoked for the interns.",
        "The interns were never granted access to the {t}.",
    ),
    (
        "The {t} got slower after the upgrade.",
        "After the upgrade the {t} became slower.",
        "The {t} got faster after the upgrade.",
        "The {t} got slower before the upgrade.",
    ),
    (
        "All tests of the {t} pass.",
        "Every test of the {t} passes.",
        "Some tests of the {t} pass.",
        "All tests of the {t} fail.",
    ),
)
_LINES: Final = (
    "[2026-03-03 10:00:01] ERROR worker-3: connection to db-1.internal timed out after 30 s (attempt 2)",
    "INFO request 9f3c2ab1 finished: status=200 path=/v2/orders/17 took 34 ms",
    "WARN disk usage on node-7 at 91%",
    "Job 4471 finished with exit code 0 in 12.4 s",
    "ValueError: invalid literal for int() with base 10: 'abc'",
    'File "core/app.py", line 42, in main',
    "Deployed build 1187 of checkout to staging",
    "Ticket OPS-212 moved from In Progress to Done",
    'Agent planner called tool search(query="flights to Oslo", limit=5)',
    "pod api-6f9d restarted 4 times in namespace prod",
    "cache hit rate 87.5% over 10000 requests",
    "commit 7d1e0cc by anna: fix retry loop",
    "Reservation ABC123 changed to flight HAT045 on May 20",
    "GET /users/17 returned 404",
)
_OTHER: Final = {
    "ERROR": "INFO", "timed out": "succeeded", "finished": "failed", "staging": "production", "Done": "Blocked",
    "planner": "reviewer", "Oslo": "Rome", "hit": "miss", "anna": "omar", "GET": "DELETE", "checkout": "billing",
    "disk": "memory", "int()": "float()",
}  # fmt: skip


def families(seed: int = 3) -> dict[str, Pairs]:
    """Return the pairs of each family, with whether they say the same."""
    draw = random.Random(seed)
    return {
        "templates": list(_said()),
        "order": list(_ordered(draw)),
        "questions": list(_filled(_QUESTIONS)),
        "entities": list(_filled(_ENTITIES)),
        "negation": list(_denied(draw)),
        "acts": list(_acts()),
        "logs": list(_logged()),
    }


def _said() -> Iterator[tuple[str, str, bool]]:
    """Yield two ways to say it, the same said with a few words more, and what is of another thing."""
    things = itertools.cycle(_THINGS)
    for said, other in _SAID:
        for _ in range(8):
            a, b, c = next(things), next(things), next(things)
            text = said.format(a=a, b=b)
            yield text, other.format(a=a, b=b), True
            yield text, said.format(a=a, b=c), False
            yield text, other.format(a=c, b=b), False
        for wrap in _WRAPS:
            yield text, wrap.format(text), True
            yield text, wrap.format(other.format(a=a, b=b)), True
        yield text, text.upper(), True
        yield text, text.rstrip(".").lower(), True


def _ordered(draw: random.Random) -> Iterator[tuple[str, str, bool]]:
    for said, other in (*_ORDERED, *_LISTED):
        for _ in range(5):
            (x, y), (t, u) = draw.sample(_PEOPLE, 2), draw.sample(_THINGS, 2)
            filling, turned = {"x": x, "y": y, "t": t, "u": u}, {"x": y, "y": x, "t": u, "u": t}
            yield said.format(**filling), other.format(**filling), True
            if (said, other) in _ORDERED:
                yield said.format(**filling), said.format(**turned), False
                yield said.format(**filling), other.format(**turned), False


def _filled(templates: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str, bool]]:
    for said, other, words in templates:
        firsts, seconds = (pair.split("/") for pair in words.split())
        for a, b in zip(firsts, seconds, strict=True):
            yield said.format(a=a, b=b), other.format(a=a, b=b), True
        for a, b in ((firsts[1], seconds[0]), (firsts[0], seconds[1])):
            yield said.format(a=firsts[0], b=seconds[0]), said.format(a=a, b=b), False
            yield said.format(a=firsts[0], b=seconds[0]), other.format(a=a, b=b), False


def _denied(draw: random.Random) -> Iterator[tuple[str, str, bool]]:
    for said, other, *contrary in _DENIED:
        for thing in draw.sample(_THINGS, 4):
            one, same = said.format(t=thing), other.format(t=thing)
            yield one, same, True
            for text in contrary:
                yield one, text.format(t=thing), False
                yield same, text.format(t=thing), False


def _acts() -> Iterator[tuple[str, str, bool]]:
    for name in _FULL:
        for said, other, *else_done in _DONE:
            yield f"{name} {said}", f"{name} {other}", True
            for text in else_done:
                yield f"{name} {said}", f"{name} {text}", False
                yield f"{name} {other}", f"{name} {text}", False


def _logged() -> Iterator[tuple[str, str, bool]]:
    for line in _LINES:
        yield line, f"Observed: {line}", True
        yield line, line.replace(" s ", "s ").rstrip(".") + ".", True
        for digits in re.finditer(r"\d+", line):
            other = str(int(digits[0]) + 1).zfill(len(digits[0]))
            yield line, line[: digits.start()] + other + line[digits.end() :], False
        for word, other in _OTHER.items():
            if word in line:
                yield line, line.replace(word, other), False

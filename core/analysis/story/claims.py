"""Claims and progress: the parts of a task, who holds each, how far it is, and where two agents hold the same at once.

The first pattern of coordination, shared task state. A part is what a tag or a field names ("claim:parser", subtask
"parser"); what names none is about the task as a whole. A claim ends when its agent releases it, hands it over, is done,
or when the memory that states it expires; when another agent claims the same part meanwhile, both are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from core.analysis.story.steps import Step
from core.analysis.story.vocabulary import OWNER_FIELDS, PROGRESS_FIELDS, Kind, field_text

__all__ = ["WHOLE", "Claim", "Overlap", "Part", "State", "overlaps", "parts_of"]

WHOLE: Final = ""
State = str  # "open" | "in progress" | "blocked" | "done" | "failed"

_STATES: Final[Mapping[Kind, State]] = {
    Kind.CLAIM: "in progress",
    Kind.PROGRESS: "in progress",
    Kind.RELEASE: "open",
    Kind.BLOCKED: "blocked",
    Kind.HANDOFF: "in progress",
    Kind.DONE: "done",
    Kind.FAILED: "failed",
    Kind.OUTCOME: "done",
}
_ENDS: Final = frozenset({Kind.RELEASE, Kind.HANDOFF, Kind.DONE, Kind.FAILED, Kind.OUTCOME})
_OF: Final = re.compile(r"\b(\d{1,6}) (?:of|out of|/) (\d{1,6})\b|\b(\d{1,6})/(\d{1,6})\b(?!/)")
_TICKET: Final = re.compile(r"\b[A-Z]{1,10}-\d{1,7}\b|(?<![\w#&])#\d{1,7}\b")
_CLAIM_CHARS: Final = 600
_PERCENT: Final = re.compile(r"\b(\d{1,3}) ?%")


@dataclass(frozen=True)
class Claim:
    """An agent holds a part from one step to another; `end` is None while nothing ended it, `expires` when it lapses.

    `by_field` is true where a field such as claimed_by says so, and not a word alone.
    """

    part: str
    agent: str
    start: int
    end: int | None
    since: datetime | None
    until: datetime | None
    expires: datetime | None = None
    by_field: bool = False

    def is_open(self, now: datetime) -> bool:
        """Say whether the agent still holds it."""
        return self.end is None and (self.expires is None or self.expires > now)


@dataclass(frozen=True)
class Overlap:
    """Two agents hold the same part at once, from the second one's claim on."""

    part: str
    first: Claim
    second: Claim


@dataclass(frozen=True)
class Part:
    """One part of a task: its state by the last word, who has it, how far it is (0 to 1), and the steps that tell."""

    name: str
    state: State
    owner: str | None
    progress: float | None
    steps: tuple[int, ...]
    claims: tuple[Claim, ...] = ()

    def state_at(self, now: datetime) -> State:
        """Return the state; what was only claimed is open again once the claim has lapsed."""
        last = self.claims[-1] if self.claims else None
        lapsed = last is not None and last.start == self.steps[-1] and not last.is_open(now)
        return "open" if lapsed and self.state == "in progress" else self.state


@dataclass
class _Open:
    name: str
    state: State = "open"
    owner: str | None = None
    progress: float | None = None
    steps: list[int] = field(default_factory=list)
    held: dict[str, Claim] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)


def parts_of(told: Sequence[Step]) -> tuple[Part, ...]:
    """Return the parts of a task that its steps claim, report on or finish, in the order of their first mention."""
    found: dict[str, _Open] = {}
    for step in told:
        kinds = [kind for kind in step.kinds if kind in _STATES]
        if not kinds and step.part is None:
            continue
        name = step.part or _named_in_claim(step) or WHOLE
        part = found.setdefault(name, _Open(name))
        _take(part, step, frozenset(kinds))
    return tuple(_closed(part) for part in found.values())


def overlaps(parts: Iterable[Part]) -> tuple[Overlap, ...]:
    """Return the claims of one part by two agents at the same time.

    A word that names no part, as the tag "lock" alone, may be of anything: it counts only where a field says who claims.
    """
    found = []
    for part in parts:
        claims = [claim for claim in part.claims if part.name != WHOLE or claim.by_field]
        for place, second in enumerate(claims):
            found += [Overlap(part.name, first, second) for first in claims[:place] if _meet(first, second)]
    return tuple(found)


def _named_in_claim(step: Step) -> str | None:
    """Return the ticket that a claim or a release speaks of, where it is exactly one: "I have T-4810"."""
    if not step.kinds & {Kind.CLAIM, Kind.RELEASE}:
        return None
    named = set(_TICKET.findall(step.text[:_CLAIM_CHARS]))
    return named.pop() if len(named) == 1 else None


def _take(part: _Open, step: Step, kinds: frozenset[Kind]) -> None:
    part.steps.append(step.number)
    if (share := _share(step, kinds)) is not None:
        part.progress = share
    owner = field_text(step.extra, OWNER_FIELDS) if Kind.CLAIM in kinds else None
    agent = owner or step.agent
    state = next((_STATES[kind] for kind in _STATES_FIRST if kind in kinds), None)
    if state is not None:
        part.state, part.owner = state, None if state == "open" else (step.to if Kind.HANDOFF in kinds else agent)
    if agent is None:
        return
    if kinds & _ENDS and agent in part.held:
        part.claims.append(replace(part.held.pop(agent), end=step.number, until=step.at))
    elif Kind.CLAIM in kinds and agent in part.held:
        part.held[agent] = replace(part.held[agent], expires=step.expires)
    elif Kind.CLAIM in kinds and not kinds & _ENDS:
        part.held[agent] = Claim(part.name, agent, step.number, None, step.at, None, step.expires, owner is not None)


_STATES_FIRST: Final = (
    *(Kind.BLOCKED, Kind.FAILED, Kind.OUTCOME, Kind.DONE, Kind.RELEASE, Kind.HANDOFF, Kind.CLAIM, Kind.PROGRESS),
)


def _closed(part: _Open) -> Part:
    claims = sorted([*part.claims, *part.held.values()], key=lambda claim: claim.start)
    progress = 1.0 if part.state == "done" else part.progress
    return Part(part.name, part.state, part.owner, progress, tuple(part.steps), tuple(claims))


def _meet(first: Claim, second: Claim) -> bool:
    if first.agent == second.agent or (first.end is not None and first.end <= second.start):
        return False
    lapsed = first.expires is not None and second.since is not None and first.expires <= second.since
    return not lapsed


def _share(step: Step, kinds: frozenset[Kind]) -> float | None:
    """Return how far a part is, 0 to 1: by its field (a share or per cent), else by words as "41 of 68" in a report."""
    stated = field_text(step.extra, PROGRESS_FIELDS)
    if stated is not None:
        try:
            value = float(stated.rstrip("% "))
        except ValueError:
            return None
        value = value / 100 if value > 1 or stated.endswith("%") else value
        return value if 0 <= value <= 1 else None
    if Kind.PROGRESS not in kinds:
        return None
    if match := _OF.search(step.text):
        done, whole = (float(group) for group in match.groups() if group is not None)
        return done / whole if whole > 0 and done <= whole else None
    match = _PERCENT.search(step.text)
    return float(match[1]) / 100 if match and float(match[1]) <= 100 else None

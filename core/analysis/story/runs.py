"""Runs of one task compared: what each session did, and the first step at which it goes another way than the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.analysis.story.likeness import Words, words_of
from core.analysis.story.outcome import Outcome, outcome_in
from core.analysis.story.steps import Step
from core.analysis.story.vocabulary import RUN_FIELDS, Kind

__all__ = ["Parting", "Run", "are_attempts", "runs_of"]

# Two sessions are attempts at the same where the same agents do them; a tool is an agent only by name.
_SAME: Final = 0.5
_ALIKE: Final = 0.5
_COUNTED: Final = re.compile(r"(?:trial|run|attempt|try|rollout|episode|seed)[-_ ]?\d", re.IGNORECASE)
_TOOLS: Final = ("tool_", "tool:")


@dataclass(frozen=True)
class Parting:
    """A run leaves the others: at which of its own steps (from 1), what it does there, what they do, with whom it went."""

    step: int
    number: int | None
    does: str
    others: str
    companion: str


@dataclass(frozen=True)
class Run:
    """One session of a task: its steps, agents, first and last time, outcome, and where it parts from the others."""

    session: str | None
    steps: tuple[int, ...]
    agents: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    outcome: Outcome | None
    errors: int = 0
    parting: Parting | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took, None where times are unknown."""
        return (self.last - self.first).total_seconds() if self.first and self.last else None


def runs_of(told: Sequence[Step], *, errors: frozenset[int] = frozenset()) -> tuple[Run, ...]:
    """Return the sessions of a task in the order in which they began; `errors` are steps that went wrong."""
    by_session: dict[str | None, list[Step]] = {}
    for step in told:
        by_session.setdefault(step.session, []).append(step)
    ways = {name: [_deed(step) for step in steps] for name, steps in by_session.items()}
    return tuple(_run(name, steps, ways, by_session, errors) for name, steps in by_session.items())


def are_attempts(told: Sequence[Step]) -> bool:
    """Say whether the sessions of a task are attempts at the same, as trials are, and not stages of one effort.

    The same agents are in each of them, and a field or the sessions' names count trials, or they all begin alike.
    """
    agents: dict[str, set[str]] = {}
    for step in told:
        if step.session is not None:
            known = agents.setdefault(step.session, set())
            if step.agent and not step.agent.startswith(_TOOLS):
                known.add(step.agent)
    if len(agents) < 2 or not all(agents.values()):
        return False
    shared, everyone = set.intersection(*agents.values()), set.union(*agents.values())
    return len(shared) >= _SAME * len(everyone) and (_are_counted(told) or _begin_alike(told))


def _are_counted(told: Sequence[Step]) -> bool:
    return all(
        any(name in step.extra for name in RUN_FIELDS) or _COUNTED.search(step.session)
        for step in told
        if step.session is not None
    )


def _begin_alike(told: Sequence[Step]) -> bool:
    first: dict[str, Words] = {}
    for step in told:
        if step.session is not None and step.session not in first:
            first[step.session] = words_of(step.text)
    one, *others = (text.words for text in first.values())
    return bool(one) and all(len(one & other) >= _ALIKE * len(one | other) for other in others)


def _run(
    name: str | None,
    steps: list[Step],
    ways: dict[str | None, list[str]],
    by_session: dict[str | None, list[Step]],
    errors: frozenset[int],
) -> Run:
    stated = [found for step in steps if (found := outcome_in(step.tags, step.extra, at=step.at, key=step.key)) is not None]
    times = [step.at for step in steps if step.at]
    numbers = tuple(step.number for step in steps)
    return Run(
        name,
        numbers,
        tuple(dict.fromkeys(step.agent for step in steps if step.agent)),
        min(times, default=None),
        max(times, default=None),
        stated[-1] if stated else None,
        len(errors.intersection(numbers)),
        _parting(name, ways, by_session),
    )


def _parting(
    name: str | None, ways: dict[str | None, list[str]], by_session: dict[str | None, list[Step]]
) -> Parting | None:
    """Return where a run leaves the last of the others that had gone the same way."""
    own = ways[name]
    others = {other: _together(own, way) for other, way in ways.items() if other != name}
    if not others:
        return None
    companion = max(others, key=lambda other: others[other])
    place, way = others[companion], ways[companion]
    if place >= len(own) and place >= len(way):
        return None
    return Parting(
        place + 1,
        by_session[name][place].number if place < len(own) else None,
        own[place] if place < len(own) else "ends",
        way[place] if place < len(way) else "ends",
        companion or "",
    )


def _together(one: list[str], other: list[str]) -> int:
    """Return for how many steps two ways are the same."""
    for place, (mine, yours) in enumerate(zip(one, other, strict=False)):
        if mine != yours:
            return place
    return min(len(one), len(other))


def _deed(step: Step) -> str:
    """Return who does what, in words that two runs share: agent and tool, else agent and kind."""
    what = f"{step.kind.value} {step.tool}" if step.tool and step.kind in (Kind.CALL, Kind.RESULT) else step.kind.value
    return f"{step.agent or 'unknown agent'}: {what}"

"""Signs of trouble in a task: steps that a reader who asks "where did it go wrong?" should look at, each with its words.

A sign is no verdict: it comes from words, order and fields alone. Each kind has a weight, by how often steps with such a
sign were the decisive mistake in one half of Who&When's annotated failures (Zhang et al. 2025); figures on the other half
are in benchmarks/README.md. An error belongs to the step that caused it: what was called just before a tool printed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

import numpy as np

from core.analysis.story import cues
from core.analysis.story.claims import WHOLE, Overlap
from core.analysis.story.likeness import Pair
from core.analysis.story.steps import Step
from core.analysis.story.vocabulary import CONFLICT_FIELDS, Kind
from core.hostile import one_line

__all__ = ["LABELS", "REPEATS", "WEIGHTS", "Sign", "Trouble", "errors_in", "signs_of", "suspects"]


class Trouble(StrEnum):
    """What kind of sign it is."""

    CONFLICT = "conflict"
    OVERLAP = "overlap"
    BLOCKED = "blocked"
    FAILED = "failed"
    ERROR = "error"
    INVENTED = "invented"
    UNANSWERED = "unanswered"
    UNBACKED = "unbacked"
    UNCHECKED = "unchecked"
    COURSE = "course"
    NOTHING = "nothing"
    REPEAT = "repeat"
    GUESS = "guess"
    NOT_RUN = "not_run"
    SILENCE = "silence"


LABELS: Final[Mapping[Trouble, str]] = {
    Trouble.CONFLICT: "Conflict stated",
    Trouble.OVERLAP: "Claimed by two agents",
    Trouble.BLOCKED: "Blocked",
    Trouble.FAILED: "Said to have failed",
    Trouble.ERROR: "Led to an error",
    Trouble.INVENTED: "Made-up or assumed data",
    Trouble.UNANSWERED: "Handoff not taken up",
    Trouble.UNBACKED: "Result that no tool confirmed",
    Trouble.UNCHECKED: "Said to be checked, by no tool",
    Trouble.COURSE: "Sets the course",
    Trouble.NOTHING: "Something was not found",
    Trouble.REPEAT: "Repeats an earlier step",
    Trouble.GUESS: "Guessed or from memory",
    Trouble.NOT_RUN: "Code that was never run",
    Trouble.SILENCE: "Long silence before",
}
WEIGHTS: Final[Mapping[Trouble, float]] = {
    Trouble.CONFLICT: 4.0,
    Trouble.OVERLAP: 4.0,
    Trouble.BLOCKED: 3.0,
    Trouble.FAILED: 3.0,
    Trouble.INVENTED: 3.0,
    Trouble.ERROR: 2.0,
    Trouble.UNANSWERED: 2.0,
    Trouble.UNBACKED: 2.0,
    Trouble.UNCHECKED: 2.0,
    Trouble.COURSE: 2.0,
    Trouble.NOTHING: 1.5,
    Trouble.GUESS: 1.0,
    Trouble.REPEAT: 1.0,
    Trouble.NOT_RUN: 1.0,
    Trouble.SILENCE: 0.5,
}
REPEATS: Final = 0.85
_SILENCE: Final = 8.0
_SILENCE_LEAST: Final = timedelta(minutes=1)
_SILENCE_SHARE: Final = 0.05
_PLAIN: Final = frozenset({Kind.MESSAGE, Kind.NOTE, Kind.PLAN, Kind.ANSWER, Kind.DECISION, Kind.DONE, Kind.OUTCOME})
# Steps that only report what agents are told or what tools print.
_NOT_SAID: Final = frozenset({Kind.RESULT, Kind.TASK, Kind.OBSERVATION})


@dataclass(frozen=True)
class Sign:
    """A step to look at, why in words (cleaned, on one line), and the other step that belongs to it."""

    kind: Trouble
    step: int
    words: str
    other: int | None = None


def signs_of(
    told: Sequence[Step],
    *,
    errors: Mapping[int, str] | None = None,
    repeats: Iterable[Pair] = (),
    overlaps: Iterable[Overlap] = (),
) -> tuple[Sign, ...]:
    """Return the signs of a task in the order of its steps, the weightiest of a step first.

    `errors` is errors_in(told), where that is known; `repeats` are pairs of places in `told` that say almost the same;
    `overlaps` are claims that two agents hold at once.
    """
    shown = errors_in(told) if errors is None else errors
    found = [*_errors(told, shown), *_words(told), *_unbacked(told, shown), *_course(told), *_not_run(told)]
    found += [*_handoffs(told), *_silences(told), *_repeats(told, repeats)]
    found += [Sign(Trouble.OVERLAP, one.second.start, _overlap(one), one.first.start) for one in overlaps]
    return tuple(sorted(found, key=lambda sign: (sign.step, -WEIGHTS[sign.kind], sign.kind.value)))


def suspects(signs: Iterable[Sign]) -> tuple[int, ...]:
    """Return the steps that have signs, by the sum of weights, a kind counted once, then by order."""
    kinds: dict[int, set[Trouble]] = {}
    for sign in signs:
        kinds.setdefault(sign.step, set()).add(sign.kind)
    weight = {step: sum(WEIGHTS[kind] for kind in found) for step, found in kinds.items()}
    return tuple(sorted(weight, key=lambda step: (-weight[step], step)))


def errors_in(told: Sequence[Step]) -> dict[int, str]:
    """Return the steps that show an error, with the words that do; in what a tool printed weaker words count too."""
    found = {}
    for step in told:
        if step.kind not in (Kind.TASK, Kind.PLAN) and (
            words := cues.error_in(step.text, step.extra, printed=Kind.RESULT in step.kinds)
        ):
            found[step.number] = words
    return found


def _errors(told: Sequence[Step], shown: Mapping[int, str]) -> Iterator[Sign]:
    before: dict[str | None, Step] = {}
    for step in told:
        words = shown.get(step.number)
        caller = before.get(step.session)
        if words and Kind.RESULT in step.kinds and caller is not None and not caller.kinds & {Kind.RESULT, Kind.TASK}:
            yield Sign(Trouble.ERROR, caller.number, words, step.number)
        elif words:
            yield Sign(Trouble.ERROR, step.number, words)
        before[step.session] = step


def _words(told: Sequence[Step]) -> Iterator[Sign]:
    numbers = {step.key: step.number for step in told}
    for step in told:
        if any(step.extra.get(name) for name in CONFLICT_FIELDS) or Kind.CONFLICT in step.kinds:
            yield Sign(Trouble.CONFLICT, step.number, one_line(step.text, 140), _conflicting(step, numbers))
        if Kind.BLOCKED in step.kinds:
            yield Sign(Trouble.BLOCKED, step.number, one_line(step.text, 140))
        if Kind.FAILED in step.kinds:
            yield Sign(Trouble.FAILED, step.number, one_line(step.text, 140))
        if step.kinds & _NOT_SAID:
            continue
        for kind, reader in (
            (Trouble.INVENTED, cues.invention_in),
            (Trouble.NOTHING, cues.nothing_in),
            (Trouble.GUESS, cues.guess_in),
        ):
            if words := reader(step.text):
                yield Sign(kind, step.number, words)


def _conflicting(step: Step, numbers: Mapping[str, int]) -> int | None:
    """Return the first step of the task that a memory says it conflicts with."""
    for name in CONFLICT_FIELDS:
        said = step.extra.get(name)
        for key in said if isinstance(said, list | tuple) else [said]:
            if isinstance(key, str) and key in numbers:
                return numbers[key]
    return None


def _unbacked(told: Sequence[Step], shown: Mapping[int, str]) -> Iterator[Sign]:
    """Yield results stated before any tool printed one, and checks that no tool made, where tools are used at all."""
    if not any(Kind.RESULT in step.kinds or cues.code_in(step.text) for step in told):
        return
    backed: set[str | None] = set()
    before: dict[str | None, Step] = {}
    for step in told:
        last = before.get(step.session)
        if Kind.RESULT in step.kinds and step.number not in shown:
            backed.add(step.session)
        elif step.kind in _PLAIN:
            if step.session not in backed and (words := cues.result_in(step.text)):
                yield Sign(Trouble.UNBACKED, step.number, words)
            if (last is None or Kind.RESULT not in last.kinds) and (words := cues.verified_in(step.text)):
                yield Sign(Trouble.UNCHECKED, step.number, words)
        before[step.session] = step


def _course(told: Sequence[Step]) -> Iterator[Sign]:
    """Yield the first step after a task was set, but for what tools print: what follows builds on it."""
    before: dict[str | None, Step] = {}
    for step in told:
        last = before.get(step.session)
        if last is not None and last.kind is Kind.TASK and not step.kinds & _NOT_SAID:
            yield Sign(Trouble.COURSE, step.number, "the first answer to the task: what follows builds on it", last.number)
        if Kind.RESULT not in step.kinds:
            before[step.session] = step


def _not_run(told: Sequence[Step]) -> Iterator[Sign]:
    """Yield steps with code that no tool answered, where tools are used at all."""
    if not any(Kind.RESULT in step.kinds for step in told):
        return
    after: dict[str | None, Step] = {}
    for step in reversed(told):
        follower = after.get(step.session)
        answered = follower is not None and Kind.RESULT in follower.kinds
        if not answered and not step.kinds & _NOT_SAID and cues.code_in(step.text):
            yield Sign(Trouble.NOT_RUN, step.number, "what it wants to be run was not run after it")
        after[step.session] = step


def _handoffs(told: Sequence[Step]) -> Iterator[Sign]:
    """Yield handoffs to an agent that wrote nothing for the task afterwards."""
    later: set[str] = set()
    for step in reversed(told):
        if Kind.HANDOFF in step.kinds and step.to and step.to not in later:
            yield Sign(Trouble.UNANSWERED, step.number, one_line(f"{step.to} wrote nothing for this task afterwards", 140))
        if step.agent:
            later.add(step.agent)


def _silences(told: Sequence[Step]) -> Iterator[Sign]:
    """Yield steps after a silence of 8 times the usual pause, that is a twentieth of the whole time or more."""
    timed = [step for step in told if step.at is not None]
    if len(timed) < 4:
        return
    times = np.array([step.at.timestamp() for step in timed if step.at])
    pauses = np.diff(times)
    least = max(_SILENCE * float(np.median(pauses)), _SILENCE_LEAST.total_seconds(), _SILENCE_SHARE * (times[-1] - times[0]))
    for place in np.flatnonzero(pauses > least):
        before, step = timed[place], timed[place + 1]
        if before.session == step.session:
            yield Sign(Trouble.SILENCE, step.number, f"nothing was written for {_long(pauses[place])}", before.number)


def _repeats(told: Sequence[Step], pairs: Iterable[Pair]) -> Iterator[Sign]:
    seen: set[int] = set()
    for pair in sorted(pairs, key=lambda pair: (pair.second, -pair.first)):
        first, second = told[pair.first], told[pair.second]
        same = first.session == second.session and first.agent == second.agent and not second.kinds & _NOT_SAID
        if same and pair.shared >= REPEATS and second.number not in seen:
            seen.add(second.number)
            yield Sign(
                Trouble.REPEAT,
                second.number,
                f"shares {pair.shared:.0%} of its words with step {first.shown}",
                first.number,
            )


def _overlap(one: Overlap) -> str:
    what = f"“{one.part}”" if one.part != WHOLE else "the task"
    return one_line(f"{one.second.agent} claims {what} while {one.first.agent} holds it", 140)


def _long(seconds: float) -> str:
    for size, word in ((31_557_600.0, "year"), (86_400.0, "day"), (3_600.0, "hour"), (60.0, "minute")):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count:,} {word}{'' if count == 1 else 's'}"
    return f"{seconds:.0f} seconds"

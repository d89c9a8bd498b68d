"""Which memory of a group stays: by a stated rule, with its reason in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from core.analysis.difference.reading import read
from core.curation.decay import DEFAULT_DECAY, DecayRules, effective_confidence
from core.errors import ConfigError
from core.memory import Memory
from core.memory.fields import FIELDS

__all__ = ["Survivor", "SurvivorRule", "survivor"]

_NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)
_DIGITS: Final = 4


class SurvivorRule(StrEnum):
    """What decides first. Ties are decided by confidence, usage, completeness and the newer one, at last by the key."""

    CONFIDENCE = "confidence"
    USAGE = "usage"
    COMPLETENESS = "completeness"
    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True)
class Survivor:
    """The memory that stays, and why."""

    key: str
    reason: str


@dataclass(frozen=True)
class _Criterion:
    """What a rule compares, the highest wins, and how a value is said."""

    value: Callable[[Memory], Any]
    said: Callable[[Any], str]
    best: str
    equal: str


def survivor(
    members: Sequence[Memory],
    *,
    rule: SurvivorRule | str = SurvivorRule.CONFIDENCE,
    now: datetime,
    decay: DecayRules = DEFAULT_DECAY,
    recalls: Mapping[str, int] | None = None,
) -> Survivor:
    """Return the member that stays by a rule; `recalls` has what the recall log knows beyond the memories' own counts.

    Raises ConfigError for a rule that there is not, and for no members.
    """
    if not members or rule not in set(SurvivorRule):
        raise ConfigError(f"No survivor of {len(members)} memories by {rule!r}: choose of {', '.join(SurvivorRule)}.")
    order = [SurvivorRule(rule), *(each for each in SurvivorRule if each is not SurvivorRule.OLDEST)]
    criteria = [_criterion(each, now, decay, recalls or {}) for each in dict.fromkeys(order)]
    left = sorted(members, key=lambda memory: memory.key)
    ties: list[str] = []
    for criterion in criteria:
        values = [criterion.value(memory) for memory in left]
        highest = max(values)
        first = left[values.index(highest)]
        rest = [value for value in values if value != highest]
        left = [memory for memory, value in zip(left, values, strict=True) if value == highest]
        if rest:
            first_said, next_said = criterion.said(highest), criterion.said(max(rest))
            said = f"{criterion.best}: {first_said}" + ("" if next_said == first_said else f", the next {next_said}")
            if len(left) == 1:
                return Survivor(first.key, _sentence([*ties, said]))
            ties.append(said)
        else:
            ties.append(criterion.equal)
    return Survivor(left[0].key, _sentence([*ties, "the first by its key"]))


def _sentence(said: Sequence[str]) -> str:
    whole = "; ".join(said)
    return f"{whole[:1].upper()}{whole[1:]}."


def _criterion(rule: SurvivorRule, now: datetime, decay: DecayRules, recalls: Mapping[str, int]) -> _Criterion:
    if rule is SurvivorRule.CONFIDENCE:
        return _Criterion(
            lambda memory: _confidence(memory, now, decay),
            lambda value: "none stated" if value < 0 else f"{value:.2f}",
            "highest confidence now",
            "equally confident",
        )
    if rule is SurvivorRule.USAGE:
        return _Criterion(
            lambda memory: max(memory.recall_count, recalls.get(memory.key, 0)),
            lambda value: f"{value:,} times",
            "recalled most often",
            "recalled as often",
        )
    if rule is SurvivorRule.COMPLETENESS:
        return _Criterion(
            _completeness, lambda value: f"{value[0]} words and {value[1]} fields", "most complete", "equally complete"
        )
    newest = rule is SurvivorRule.NEWEST
    return _Criterion(
        lambda memory: _age(memory, newest=newest),
        lambda value: "of no known date" if value == _UNDATED else _date(value, newest=newest),
        "newest" if newest else "oldest",
        "equally old",
    )


_UNDATED: Final = float("-inf")


def _confidence(memory: Memory, now: datetime, decay: DecayRules) -> float:
    found = effective_confidence(memory, now=now, rules=decay)
    return -1.0 if found is None else round(found.value, _DIGITS)


def _completeness(memory: Memory) -> tuple[int, int]:
    """Return how many different words a memory has and how many fields it states."""
    fields = sum(getattr(memory, name) not in (None, (), 0) for name in FIELDS if name not in ("key", "content"))
    return len(frozenset(read(memory.content).words)), fields + len(memory.extra)


def _age(memory: Memory, *, newest: bool) -> float:
    """Return how late a memory was made, or with the sign turned; of no known date it is neither new nor old."""
    if memory.created_at is None:
        return _UNDATED
    seconds = (memory.created_at - _NEVER).total_seconds()
    return seconds if newest else -seconds


def _date(value: float, *, newest: bool) -> str:
    return f"{_NEVER + timedelta(seconds=value if newest else -value):%Y-%m-%d %H:%M} UTC"

"""Decay: how sure one may be of a memory now, given when it was last made use of or found to be true. Pure.

    effective = floor + (stated - floor) · 2^(-days / half-life)

The days count since the memory was made, last recalled, or last validated. A sweep may write the effective value back; the
stated one stays beside it, so that what was written back neither decays twice nor forgets where it came from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from core.curation.decision import Decision, Verdict, keep
from core.curation.rule_form import made_of
from core.errors import ConfigError
from core.memory import Memory
from core.memory.fields import iso, read_time

__all__ = [
    "AT_KEY",
    "DECAY",
    "DEFAULT_DECAY",
    "STATED_KEY",
    "VALIDATED_KEY",
    "WRITTEN_KEY",
    "DecayRules",
    "Effective",
    "decide_decay",
    "effective_confidence",
    "stated_confidence",
    "validated_at",
    "without_decay",
    "written_back",
]

DECAY: Final = "decay"
VALIDATED_KEY: Final = "validated_at"
# What a write-back leaves beside `confidence`: the stated value, the one that it wrote, and when.
STATED_KEY, WRITTEN_KEY, AT_KEY = "confidence_stated", "confidence_written", "confidence_at"
_DAY_S: Final = 86_400.0
# Another software may keep float32.
_SAME: Final = 1e-6
_DIGITS: Final = 4


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True)
class DecayRules:
    """Half-lives in days by type (None: such memories never decay), the floor, and below what retirement is proposed.

    A memory of any other type, or of none, has `other_half_life`. A write-back is worth it from a difference of `step`.
    """

    half_lives: Mapping[str, float | None] = field(
        default_factory=lambda: {"episodic": 30.0, "semantic": 180.0, "procedural": None}
    )
    other_half_life: float | None = 90.0
    floor: float = 0.05
    threshold: float = 0.15
    step: float = 0.05

    def __post_init__(self) -> None:
        if not isinstance(self.half_lives, Mapping):
            raise ConfigError(f"half_lives is {self.half_lives!r}: give days by type, as in {{'episodic': 30}}.")
        for name, days in [*self.half_lives.items(), ("other types", self.other_half_life)]:
            if days is not None and not (_is_number(days) and math.isfinite(days) and days > 0):
                raise ConfigError(f"The half-life of {name} is {days!r}: give a number of days above 0, or null for never.")
        for name in ("floor", "threshold", "step"):
            value = getattr(self, name)
            if not (_is_number(value) and 0 <= value <= 1):
                raise ConfigError(f"{name} is {value!r}: give a number from 0 to 1.")
        object.__setattr__(self, "half_lives", dict(self.half_lives))

    def __hash__(self) -> int:
        return hash((frozenset(self.half_lives.items()), self.other_half_life, self.floor, self.threshold, self.step))

    def half_life(self, memory_type: str | None) -> float | None:
        """Return the half-life of a type in days, in capitals or not; None for one that does not decay."""
        if not memory_type or memory_type in self.half_lives:
            return self.half_lives[memory_type] if memory_type else self.other_half_life
        lowered = {name.lower(): days for name, days in self.half_lives.items()}
        return lowered.get(memory_type.lower(), self.other_half_life)

    def value(self, stated: float, days: float, half_life: float | None) -> float:
        """Return what is left of a confidence after so many days."""
        if half_life is None or days <= 0 or stated <= self.floor:
            return stated
        return self.floor + (stated - self.floor) * math.exp2(-days / half_life)

    def lets_go(self, found: Effective) -> bool:
        """Say whether what is left is too little. What was stated that low itself has a half-life to be found of use."""
        if found.days is None or found.half_life is None or not found.value < min(self.threshold, found.stated):
            return False
        return found.stated >= self.threshold or found.days >= found.half_life

    def to_json(self) -> dict[str, Any]:
        """Return the rules as JSON values."""
        return dict(vars(self)) | {"half_lives": dict(self.half_lives)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> DecayRules:
        """Return the rules that `to_json` wrote; raise ConfigError for what makes none."""
        return made_of(cls, value, "The decay rules")


DEFAULT_DECAY: Final = DecayRules()


@dataclass(frozen=True)
class Effective:
    """How sure one may be now, of what was stated; `days` since `since`: "made", "recalled" or "validated", None: never."""

    value: float
    stated: float
    days: float | None
    half_life: float | None
    since: str | None

    @property
    def sentence(self) -> str:
        """Return it in words, as in "Stated 0.90, 30 days without reinforcement at a half-life of 30 days: 0.48."."""
        if self.half_life is None:
            return f"Stated {self.stated:.2f}; memories of its type do not decay."
        if self.days is None:
            return f"Stated {self.stated:.2f}; it does not say when, so it does not decay."
        shown = f"{self.days:,.0f} day{'' if round(self.days) == 1 else 's'}" if self.days >= 1 else "less than a day"
        rule = f"at a half-life of {self.half_life:g} day{'' if self.half_life == 1 else 's'}"
        return f"Stated {self.stated:.2f}, {shown} without reinforcement {rule}: {self.value:.2f}."


def effective_confidence(
    memory: Memory, *, now: datetime, rules: DecayRules = DEFAULT_DECAY, last_recall: datetime | None = None
) -> Effective | None:
    """Return how sure one may be of a memory now; None where nobody stated a confidence.

    `last_recall` is what the recall log knows beyond the memory's own `last_recalled_at`.
    """
    stated = stated_confidence(memory)
    if stated is None:
        return None
    half_life = rules.half_life(memory.memory_type)
    touches = (
        ("made", memory.created_at),
        ("recalled", memory.last_recalled_at),
        ("recalled", last_recall),
        ("validated", validated_at(memory)),
    )
    known = [(moment, name) for name, moment in touches if moment is not None]
    if not known:
        return Effective(stated, stated, None, half_life, None)
    moment, name = max(known)
    days = max(0.0, (now - moment).total_seconds() / _DAY_S)
    return Effective(rules.value(stated, days, half_life), stated, days, half_life, name)


def stated_confidence(memory: Memory) -> float | None:
    """Return the confidence that somebody stated: the one before a write-back, unless another was stated since."""
    stated, written = memory.extra.get(STATED_KEY), memory.extra.get(WRITTEN_KEY)
    if memory.confidence is None or not isinstance(stated, int | float) or not isinstance(written, int | float):
        return memory.confidence
    return float(stated) if abs(memory.confidence - written) <= _SAME and 0 <= stated <= 1 else memory.confidence


def validated_at(memory: Memory) -> datetime | None:
    """Return when somebody last found the memory to be true."""
    said = memory.extra.get(VALIDATED_KEY)
    try:
        return read_time(said) if isinstance(said, str) else None
    except ValueError:
        return None


def decide_decay(
    memory: Memory,
    *,
    now: datetime,
    rules: DecayRules = DEFAULT_DECAY,
    last_recall: datetime | None = None,
    write_back: bool = False,
) -> Decision:
    """Return whether what is left of a memory's confidence is too little, or with `write_back` worth writing down."""
    found = effective_confidence(memory, now=now, rules=rules, last_recall=last_recall)
    if found is None:
        return keep(memory, "Nobody stated a confidence.", DECAY)
    if rules.lets_go(found):
        reason = f"{found.sentence} Below the threshold of {rules.threshold:.2f}."
        return Decision(memory.key, Verdict.RETIRE, reason, DECAY)
    if write_back and memory.confidence is not None and abs(found.value - memory.confidence) >= max(rules.step, _SAME):
        after = written_back(memory, found, now=now)
        return Decision(memory.key, Verdict.WRITE, f"{found.sentence} Written back.", DECAY, after=after)
    return keep(memory, found.sentence, DECAY)


def written_back(memory: Memory, found: Effective, *, now: datetime) -> Memory:
    """Return the memory with its effective confidence, and beside it what that came from."""
    value = round(found.value, _DIGITS)
    said = {STATED_KEY: found.stated, WRITTEN_KEY: value, AT_KEY: iso(now)}
    return replace(memory, confidence=value, extra={**memory.extra, **said})


def without_decay(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that we do not know without what a write-back left: somebody states a confidence anew."""
    return {name: value for name, value in extra.items() if name not in (STATED_KEY, WRITTEN_KEY, AT_KEY)}

"""Which filters keep a memory out, and the narrowest way to let it in: one value more, or the filter taken away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from core.filters import FILTERS, UNKNOWN, Filter
from core.memory import Memory
from core.memory.fields import iso, read_time
from core.memory.status import is_quarantined, status_of
from core.scope import EVERYTHING, Scope

__all__ = ["Barrier", "barriers", "opened"]

_CLOCK: Final = timedelta(seconds=1)
_USUAL: Final = Scope()


@dataclass(frozen=True)
class Barrier:
    """A filter that leaves a memory out: why, the value that lets this one in and little else, the one that is no filter."""

    filter: Filter
    why: str
    wider: Any
    none: Any

    @property
    def key(self) -> str:
        """The name of the filter in a scope."""
        return self.filter.key


def barriers(scope: Scope, memory: Memory, *, now: datetime) -> tuple[Barrier, ...]:
    """Return the filters that leave a memory out, in their order."""
    return tuple(
        Barrier(row, _why(row, getattr(scope, row.key), memory), _wider(row, scope, memory), getattr(EVERYTHING, row.key))
        for row in FILTERS
        if not row.admits(getattr(scope, row.key), memory, now)
    )


def opened(scope: Scope, found: tuple[Barrier, ...], *, wide: bool = False) -> Scope:
    """Return a scope that admits the memory: each filter by what it lacks or, with `wide`, without the filter."""
    return replace(scope, **{each.key: each.none if wide else each.wider for each in found})


def _why(row: Filter, asked: Any, memory: Memory) -> str:
    if row.key == "include_expired":
        return f"It expired on {_moment(memory.expires_at)}."
    if row.key == "include_hidden":
        return "It is in quarantine." if is_quarantined(status_of(memory)) else "It is hidden."
    if isinstance(asked, tuple):
        own = _values(row, memory)
        return f"Asked for {row.label} {' or '.join(asked)}; it has {' and '.join(own) or f'no {row.label}'}."
    if row.key == "min_confidence":
        stated = "states none" if memory.confidence is None else f"has {memory.confidence:g}"
        return f"Asked for a confidence of at least {asked:g}; it {stated}."
    return f"Asked for what was {row.sentence(asked)}; it was on {_moment(memory.created_at)}."


def _wider(row: Filter, scope: Scope, memory: Memory) -> Any:
    """Return the value of a filter that lets the memory in and as little else as can be."""
    asked = getattr(scope, row.key)
    if isinstance(asked, tuple):
        own = _values(row, memory)
        return (*asked, own[0] if own else UNKNOWN)
    if row.key in ("include_expired", "include_hidden"):
        return True
    if row.key == "min_confidence":
        return memory.confidence
    if memory.created_at is None:
        return None
    # A link has whole seconds: down to the second before, up to the one after.
    second = memory.created_at.replace(microsecond=0)
    moment = second if row.key == "created_from" else second + _CLOCK
    return read_time(iso(moment))


def _values(row: Filter, memory: Memory) -> tuple[str, ...]:
    said = getattr(memory, row.field)
    return said if isinstance(said, tuple) else (said,) if said else ()


def _moment(moment: datetime | None) -> str:
    return "an unknown day" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"

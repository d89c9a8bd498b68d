"""Which memories a person or agent looks at: the filters of core.filters together.

A scope says the same to the service (a filter), to a frame (a mask) and to people (a sentence), and goes into links.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import pandas as pd

from core.errors import ConfigError
from core.filters import FILTERS, UNKNOWN, Filter, constraints
from core.memory import OURS, Memory, Schema
from core.memory.schema import INSIDE
from core.vectors.limits import FILTER_CONSTRAINTS_MAX

__all__ = ["EVERYTHING", "FILTERS", "UNKNOWN", "Filter", "Scope"]

Params = dict[str, str | list[str]]


@dataclass(frozen=True)
class Scope:
    """What to look at: any of the values of each facet, all facets together; `created_to` itself is outside."""

    teams: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_to: datetime | None = None
    min_confidence: float | None = None
    include_expired: bool = False
    include_hidden: bool = False

    def __post_init__(self) -> None:
        for row in FILTERS:
            value = getattr(self, row.key)
            if isinstance(value, tuple | list):
                object.__setattr__(self, row.key, tuple(dict.fromkeys(value)))
            if isinstance(value, datetime):
                _require_zone(row.label, value)

    def split(self, schema: Schema = OURS, *, non_filterable: Collection[str] = ()) -> tuple[Scope, Scope | None]:
        """Return what of the scope the service can filter in an index of the schema, and what only we can, if anything.

        The service compares numbers by range, and only keys that are filterable: a time without its seconds beside it, or a
        field inside JSON text, is left to us.
        """
        kept: dict[str, Any] = {}
        ours: dict[str, Any] = {}
        for row in FILTERS:
            key = schema.epoch(row.field) if row.by_clock else schema.place(row.field)
            theirs = key is not None and key not in non_filterable and INSIDE not in key
            (kept if theirs else ours)[row.key] = getattr(self, row.key)
        left = replace(EVERYTHING, **ours)
        return replace(EVERYTHING, **kept), None if left == EVERYTHING else left

    def to_filter(
        self, *, now: datetime, schema: Schema = OURS, non_filterable: Collection[str] = ()
    ) -> dict[str, Any] | None:
        """Return the filter for the service, of what it can filter there (see split).

        Raise ConfigError for more values than the service compares.
        """
        _require_zone("now", now)
        kept, _ = self.split(schema, non_filterable=non_filterable)
        parts = [part for row in FILTERS if (part := row.service(getattr(kept, row.key), now, schema)) is not None]
        count = sum(constraints(part) for part in parts)
        if count > FILTER_CONSTRAINTS_MAX:
            raise ConfigError(
                f"The scope compares {count} values, the service takes {FILTER_CONSTRAINTS_MAX} in one filter: choose fewer."
            )
        return parts[0] if len(parts) == 1 else {"$and": parts} if parts else None

    def mask(self, frame: pd.DataFrame, *, now: datetime) -> pd.Series[bool]:
        """Return which rows of a snapshot frame are within: the rows that the service's filter selects."""
        mask = pd.Series(True, index=frame.index)
        for row in FILTERS:
            part = row.mask(getattr(self, row.key), frame, now)
            if part is not None:
                mask &= part
        return mask

    def admits(self, memory: Memory, *, now: datetime) -> bool:
        """Say whether one memory is within."""
        return all(row.admits(getattr(self, row.key), memory, now) for row in FILTERS)

    def sentence(self) -> str:
        """Return the scope in words, as in "All memories of team a, created before 2026-03-01, without expired ones."."""
        words = [text for row in FILTERS if (text := row.sentence(getattr(self, row.key)))]
        return f"All memories{' ' if words else ''}{', '.join(words)}."

    def to_params(self) -> Params:
        """Return what differs from the whole index as parameters of a link."""
        return {row.param: text for row in FILTERS if (text := row.write(getattr(self, row.key)))}

    @classmethod
    def from_params(cls, params: Mapping[str, str | Sequence[str]]) -> Scope:
        """Return the scope of a link; other parameters are ignored, raise ConfigError for a value that makes no sense."""
        return cls(**{row.key: row.read(row.param, params[row.param]) for row in FILTERS if params.get(row.param)})


EVERYTHING: Final = Scope(include_expired=True, include_hidden=True)


def _require_zone(label: str, moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ConfigError(f"{label} {moment.isoformat()} has no time zone: use an aware time, as datetime.now(UTC) is.")

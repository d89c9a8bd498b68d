"""Which memories a person or agent looks at: one table of filters, each with its three readings.

A row of FILTERS says the same thing to the service (a filter), to a snapshot frame (a mask) and to people (a sentence), and
how it travels in a link.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import ConfigError
from core.memory import Memory
from core.memory.fields import iso, preview, read_time
from core.vectors.limits import FILTER_CONSTRAINTS_MAX

__all__ = ["FILTERS", "UNKNOWN", "Filter", "Scope"]

# As a value of a facet it selects the memories that lack the field (and any whose field says so literally).
UNKNOWN: Final = "unknown"

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

    def __post_init__(self) -> None:
        for row in FILTERS:
            value = getattr(self, row.key)
            if isinstance(value, tuple | list):
                object.__setattr__(self, row.key, tuple(dict.fromkeys(value)))
            if isinstance(value, datetime):
                _require_zone(row.label, value)

    def to_filter(self, *, now: datetime) -> dict[str, Any] | None:
        """Return the filter for the service; raise ConfigError for more values than the service compares."""
        _require_zone("now", now)
        parts = [part for row in FILTERS if (part := row.service(getattr(self, row.key), now)) is not None]
        count = sum(_constraints(part) for part in parts)
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


def _require_zone(label: str, moment: datetime) -> None:
    if moment.tzinfo is None:
        raise ConfigError(f"{label} {moment.isoformat()} has no time zone: use an aware time, as datetime.now(UTC) is.")


@dataclass(frozen=True)
class Filter:
    """One filter: `key` in Scope, `param` in links, and its readings, each of which takes the value first."""

    key: str
    param: str
    label: str
    service: Callable[[Any, datetime], dict[str, Any] | None]
    mask: Callable[[Any, pd.DataFrame, datetime], pd.Series[bool] | None]
    admits: Callable[[Any, Memory, datetime], bool]
    sentence: Callable[[Any], str]
    write: Callable[[Any], str | list[str]]
    read: Callable[[str, str | Sequence[str]], Any]


def _facet(key: str, param: str, label: str, column: str) -> Filter:
    def service(values: tuple[str, ...], _now: datetime) -> dict[str, Any] | None:
        if not values:
            return None
        listed = {column: {"$in": list(values)}}
        return {"$or": [listed, {column: {"$exists": False}}]} if UNKNOWN in values else listed

    def mask(values: tuple[str, ...], frame: pd.DataFrame, _now: datetime) -> pd.Series[bool] | None:
        if not values:
            return None
        cells = frame[column]
        if column == "tags":
            return _any_tag(cells, values)
        found = cells.isin(values)
        return (found | cells.isna()) if UNKNOWN in values else found

    def admits(values: tuple[str, ...], memory: Memory, _now: datetime) -> bool:
        said = getattr(memory, column)
        own = said if isinstance(said, tuple) else (said,) if said else ()
        return not values or any(value in values for value in own) or (not own and UNKNOWN in values)

    def sentence(values: tuple[str, ...]) -> str:
        if not values:
            return ""
        named = [f"no {label}" if value == UNKNOWN else value for value in values]
        return f"of {label} {' or '.join(named)}" if named[0] != f"no {label}" else f"with {' or '.join(named)}"

    return Filter(key, param, label, service, mask, admits, sentence, list, _read_values)


def _any_tag(cells: pd.Series[Any], values: tuple[str, ...]) -> pd.Series[bool]:
    lists = pa.array(cells, type=pa.list_(pa.string()), from_pandas=True)
    hits = pc.is_in(pc.list_flatten(lists), value_set=pa.array(values, type=pa.string()))
    rows = pc.filter(pc.list_parent_indices(lists), hits).to_numpy()
    mask = pd.Series(False, index=cells.index)
    mask.iloc[rows] = True
    if UNKNOWN in values:
        mask |= pd.Series(pc.fill_null(pc.equal(pc.list_value_length(lists), 0), True).to_numpy(False), index=cells.index)
    return mask


def _read_values(_param: str, given: str | Sequence[str]) -> tuple[str, ...]:
    values = [given] if isinstance(given, str) else given
    return tuple(value for value in values if value)


def _one(given: str | Sequence[str]) -> str:
    return given if isinstance(given, str) else given[-1]


def _read_time(param: str, given: str | Sequence[str]) -> datetime | None:
    try:
        return read_time(_one(given))
    except ValueError as error:
        raise ConfigError(f"{param} {preview(_one(given))} {error}.") from None


def _read_share(param: str, given: str | Sequence[str]) -> float:
    try:
        share = float(_one(given))
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise ConfigError(f"{param} {preview(_one(given))} must be a number from 0 to 1.")
    return share


def _read_flag(param: str, given: str | Sequence[str]) -> bool:
    word = _one(given).lower()
    if word not in ("1", "true", "yes", "0", "false", "no"):
        raise ConfigError(f"{param} {preview(_one(given))} must be 1 or 0.")
    return word in ("1", "true", "yes")


def _since(key: str, param: str, label: str, *, after: bool) -> Filter:
    operator = "$gte" if after else "$lt"

    def service(moment: datetime | None, _now: datetime) -> dict[str, Any] | None:
        return None if moment is None else {"created_at_epoch": {operator: moment.timestamp()}}

    def mask(moment: datetime | None, frame: pd.DataFrame, _now: datetime) -> pd.Series[bool] | None:
        if moment is None:
            return None
        return frame["created_at"] >= moment if after else frame["created_at"] < moment

    def admits(moment: datetime | None, memory: Memory, _now: datetime) -> bool:
        made = memory.created_at
        return moment is None or (made is not None and (made >= moment if after else made < moment))

    def sentence(moment: datetime | None) -> str:
        return "" if moment is None else f"{label} {_minute(moment)}"

    return Filter(
        key, param, label, service, mask, admits, sentence, lambda moment: iso(moment) if moment else "", _read_time
    )


def _minute(moment: datetime) -> str:
    return iso(moment).removesuffix("Z").replace("T", " ").removesuffix(":00").removesuffix(" 00:00") + " UTC"


def _confident(share: float | None, _now: datetime) -> dict[str, Any] | None:
    return None if share is None else {"confidence": {"$gte": share}}


def _unexpired(include: bool, now: datetime) -> dict[str, Any] | None:
    if include:
        return None
    return {"$or": [{"expires_at_epoch": {"$gt": now.timestamp()}}, {"expires_at_epoch": {"$exists": False}}]}


FILTERS: Final[tuple[Filter, ...]] = (
    _facet("teams", "team", "team", "team_id"),
    _facet("agents", "agent", "agent", "agent_id"),
    _facet("tasks", "task", "task", "task_id"),
    _facet("sessions", "session", "session", "session_id"),
    _facet("types", "type", "type", "memory_type"),
    _facet("sources", "source", "source", "source"),
    _facet("tags", "tag", "tag", "tags"),
    _since("created_from", "from", "created from", after=True),
    _since("created_to", "to", "created before", after=False),
    Filter(
        "min_confidence",
        "min_confidence",
        "confidence",
        _confident,
        lambda share, frame, _now: None if share is None else frame["confidence"] >= share,
        lambda share, memory, _now: share is None or (memory.confidence is not None and memory.confidence >= share),
        lambda share: "" if share is None else f"with a confidence of at least {share:g}",
        lambda share: "" if share is None else repr(share),
        _read_share,
    ),
    Filter(
        "include_expired",
        "expired",
        "expired ones",
        _unexpired,
        lambda include, frame, now: None if include else frame["expires_at"].isna() | (frame["expires_at"] > now),
        lambda include, memory, now: include or not memory.is_expired(now),
        lambda include: "with expired ones" if include else "without expired ones",
        lambda include: "1" if include else "",
        _read_flag,
    ),
)


def _constraints(condition: Mapping[str, Any]) -> int:
    """Return how many comparisons the service counts: each value of `$in` is one."""
    total = 0
    for name, value in condition.items():
        if name in ("$and", "$or"):
            total += sum(_constraints(part) for part in value)
        else:
            total += sum(len(operand) if isinstance(operand, list) else 1 for operand in value.values())
    return total

"""The table of filters: each row says the same thing to the service, to a snapshot frame, to one memory and to people."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import ConfigError
from core.memory import Memory, Schema
from core.memory.fields import iso, preview, read_name, read_time
from core.memory.status import STATUS_KEY, is_hidden

__all__ = ["FILTERS", "UNKNOWN", "Filter", "constraints"]

# As a value of a facet it selects the memories that lack the field (and any whose field says so literally).
UNKNOWN: Final = "unknown"

_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


@dataclass(frozen=True)
class Filter:
    """One filter: `key` in Scope, `param` in links, the memory's `field`, and its readings, which take the value first.

    The service reads the field itself, or where `by_clock` the seconds beside it.
    """

    key: str
    param: str
    label: str
    field: str
    service: Callable[[Any, datetime, Schema], dict[str, Any] | None]
    mask: Callable[[Any, pd.DataFrame, datetime], pd.Series[bool] | None]
    admits: Callable[[Any, Memory, datetime], bool]
    sentence: Callable[[Any], str]
    write: Callable[[Any], str | list[str]]
    read: Callable[[str, str | Sequence[str]], Any]
    by_clock: bool = False


def _facet(key: str, param: str, label: str, column: str) -> Filter:
    def service(values: tuple[str, ...], _now: datetime, schema: Schema) -> dict[str, Any] | None:
        if not values:
            return None
        place = schema.place(column) or column  # a scope is split before: what has no place never comes here
        listed = {place: {"$in": list(values) if schema.is_ours else _forms(column, values)}}
        return {"$or": [listed, {place: {"$exists": False}}]} if UNKNOWN in values else listed

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

    return Filter(key, param, label, column, service, mask, admits, sentence, list, _read_values)


def _forms(column: str, values: tuple[str, ...]) -> list[Any]:
    """Return what other software may have stored where we read one of the values: a number is read as its text."""
    numbers = () if column in ("memory_type", "tags") else (value for value in values if _NUMBER.fullmatch(value))
    read_alike = [float(value) for value in numbers if read_name(float(value)) == value]
    whole = [int(number) if number.is_integer() else number for number in read_alike]
    return [*values, *whole, *([""] if UNKNOWN in values else [])]


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

    def service(moment: datetime | None, _now: datetime, schema: Schema) -> dict[str, Any] | None:
        return None if moment is None else {schema.epoch("created_at") or "": {operator: moment.timestamp()}}

    def mask(moment: datetime | None, frame: pd.DataFrame, _now: datetime) -> pd.Series[bool] | None:
        if moment is None:
            return None
        return frame["created_at"] >= moment if after else frame["created_at"] < moment

    def admits(moment: datetime | None, memory: Memory, _now: datetime) -> bool:
        made = memory.created_at
        return moment is None or (made is not None and (made >= moment if after else made < moment))

    def sentence(moment: datetime | None) -> str:
        return "" if moment is None else f"{label} {_minute(moment)}"

    def write(moment: datetime | None) -> str:
        return iso(moment) if moment else ""

    return Filter(key, param, label, "created_at", service, mask, admits, sentence, write, _read_time, by_clock=True)


def _minute(moment: datetime) -> str:
    return iso(moment).removesuffix("Z").replace("T", " ").removesuffix(":00").removesuffix(" 00:00") + " UTC"


def _confident(share: float | None, _now: datetime, schema: Schema) -> dict[str, Any] | None:
    if share is None:
        return None
    place = schema.place("confidence") or ""
    # Other software may have scores beyond 1 there, which are no confidence to us.
    return {place: {"$gte": share} if schema.is_ours else {"$gte": share, "$lte": 1}}


def _unexpired(include: bool, now: datetime, schema: Schema) -> dict[str, Any] | None:
    if include:
        return None
    clock = schema.epoch("expires_at")
    return {"$or": [{clock: {"$gt": now.timestamp()}}, {clock: {"$exists": False}}]}


def _not_hidden(include: bool, _now: datetime, schema: Schema) -> dict[str, Any] | None:
    return None if include else {schema.place(STATUS_KEY) or STATUS_KEY: {"$exists": False}}


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
        "expires_at",
        _unexpired,
        lambda include, frame, now: None if include else frame["expires_at"].isna() | (frame["expires_at"] > now),
        lambda include, memory, now: include or not memory.is_expired(now),
        lambda include: "with expired ones" if include else "without expired ones",
        lambda include: "1" if include else "",
        _read_flag,
        by_clock=True,
    ),
    Filter(
        "include_hidden",
        "hidden",
        "hidden ones",
        STATUS_KEY,
        _not_hidden,
        lambda include, frame, _now: None if include else frame["status"].isna(),
        lambda include, memory, _now: include or not is_hidden(memory),
        lambda include: "with hidden ones" if include else "",
        lambda include: "1" if include else "",
        _read_flag,
    ),
)


def constraints(condition: Mapping[str, Any]) -> int:
    """Return how many comparisons the service counts: each value of `$in` is one."""
    total = 0
    for name, value in condition.items():
        if name in ("$and", "$or"):
            total += sum(constraints(part) for part in value)
        else:
            total += sum(len(operand) if isinstance(operand, list) else 1 for operand in value.values())
    return total

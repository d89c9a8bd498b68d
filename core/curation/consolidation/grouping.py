"""Which memories belong together, to be one: by likeness, task, session or time, or as somebody chose them.

Nothing is merged that is hidden, quarantined, retired, expired, in conflict, or an instruction; and what was merged before
is left alone unless somebody chooses it, so that a merge does not swallow merges night after night.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.curation.consolidation.dividing import cohesion_of, divided, stars
from core.errors import CancelledError, ConfigError
from core.hostile import one_line
from core.memory.keys import LOG_PREFIX

__all__ = ["FEWEST", "MOST", "WAYS", "SourceGroup", "Way", "Within", "groups_of", "spared"]

Way = Literal["cluster", "task", "session", "window", "given"]
Within = Literal["agent", "team", "anyone"]
WAYS: Final[tuple[Way, ...]] = get_args(Way)
FEWEST: Final = 3
MOST: Final = 12
LIKENESS: Final = 0.6
HOURS: Final = 24.0
_PROCEDURAL: Final = frozenset("procedural procedure skill instruction instructions rule playbook how-to howto".split())
_SEMANTIC: Final = frozenset("semantic fact summary reflection insight profile preference knowledge".split())
_CHARS: Final = 20_000  # of one text: two of them would hardly fit into one record
_NAME: Final = 60
_LANES: Final[Mapping[Within, tuple[str, ...]]] = {"agent": ("team_id", "agent_id"), "team": ("team_id",), "anyone": ()}
_NEVER: Final = np.iinfo(np.int64).max
Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SourceGroup:
    """Memories that could be one: `keys` in order of time, `why` in words, `cohesion` their mean cosine to their middle."""

    keys: tuple[str, ...]
    by: Way
    name: str
    why: str
    cohesion: float


def groups_of(
    frame: pd.DataFrame,
    matrix: Floats,
    *,
    by: Way,
    now: datetime,
    within: Within | None = None,
    given: Collection[str] = (),
    codes: npt.NDArray[np.integer[Any]] | None = None,
    hours: float = HOURS,
    likeness: float = LIKENESS,
    fewest: int = FEWEST,
    most: int = MOST,
    avoid: Mapping[str, str] | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[SourceGroup, ...]:
    """Return groups of `fewest` to `most` memories of a snapshot frame and its vectors (n, dim), row for row.

    Nothing that is spared (see spared()) is in a group; `avoid` are keys in conflict, quarantined or under another plan,
    each with the reason. `codes` are the clusters of the map, -1 for none. Each key is in one group at most; the most
    coherent group comes first. Without `within` tasks and choices go across a team, the rest keeps to one agent. Memories
    that expire are not merged with such as do not. `progress` is told 0 to 1. Raises ConfigError for what makes no sense,
    CancelledError soon after `stop` returns true.
    """
    _refuse(frame, matrix, by=by, fewest=fewest, most=most, hours=hours)
    rows = _eligible(frame, spared(frame, now=now, avoid=avoid, given=given if by == "given" else None), by=by, given=given)
    lanes = _lanes(frame, rows, within or ("team" if by in ("task", "given") else "agent"), mixed=by == "given")
    cut = partial(_pieces, matrix, by=by, likeness=likeness if codes is None else -1.0, fewest=fewest, most=most)
    keys = frame["key"].to_numpy(dtype=object)
    found: list[SourceGroup] = []
    told, done = _teller(stop, progress), 0
    for name, part in (each for lane in lanes for each in _parts(frame, lane, by, codes, timedelta(hours=hours))):
        pieces = cut(part, told=_share(told, done / len(rows), len(part) / len(rows)))
        found += [_group(keys, matrix, piece, by, name) for piece in pieces]
        done += len(part)
    told(1.0)
    return tuple(sorted(found, key=lambda one: (-one.cohesion, one.keys)))


def spared(
    frame: pd.DataFrame,
    *,
    now: datetime,
    avoid: Mapping[str, str] | None = None,
    given: Collection[str] | None = None,
) -> dict[str, str]:
    """Return the keys that may not be merged, each with the reason in words.

    Of `given` keys, which somebody chose by hand, also those that are not there; facts and merged ones are then not spared.
    """
    kind = frame["memory_type"].astype(object).fillna("").astype(str).str.lower()
    size = frame["content"].str.len()
    reasons: list[tuple[pd.Series[bool], str]] = [
        (frame["status"].notna(), "it is hidden or quarantined"),
        (frame["expires_at"] <= pd.Timestamp(now), "it has expired"),
        (kind.isin(_PROCEDURAL), "it is an instruction, which a summary would blur"),
        (frame["content"].str.strip() == "", "it has no text"),
        (frame["key"].astype(str).str.startswith(LOG_PREFIX), "it is part of a log that agents share"),
        (size > _CHARS, f"its text is longer than {_CHARS:,} characters"),
    ]
    if given is None:
        merged = frame["derived_from"].map(len) > 0
        reasons.append((merged, "it was merged or derived from others itself"))
        reasons.append((kind.isin(_SEMANTIC), "it is a fact already"))
    found: dict[str, str] = {}
    for mask, reason in reversed(reasons):
        found |= dict.fromkeys(frame["key"][mask.to_numpy(dtype=bool)], reason)
    there = set(frame["key"])
    found |= {key: reason for key, reason in (avoid or {}).items() if key in there}
    if given is None:
        return found
    return {key: found.get(key, "it is not in the index") for key in given if key in found or key not in there}


def _pieces(
    matrix: Floats,
    part: Rows,
    *,
    by: Way,
    likeness: float,
    fewest: int,
    most: int,
    told: Callable[[float], None],
) -> list[Rows]:
    """Return what of a part becomes one memory each."""
    told(0.0)
    if by == "cluster":
        return stars(matrix, part, likeness=likeness, fewest=fewest, most=most, told=told)
    return [piece for piece in divided(matrix, part, fewest=fewest, most=most) if len(piece) >= fewest]


def _teller(stop: Callable[[], bool] | None, progress: Callable[[float], None] | None) -> Callable[[float], None]:
    def told(done: float) -> None:
        if stop is not None and stop():
            raise CancelledError("The search for groups was stopped.")
        if progress is not None:
            progress(done)

    return told


def _share(told: Callable[[float], None], start: float, share: float) -> Callable[[float], None]:
    return lambda done: told(start + share * done)


def _refuse(frame: pd.DataFrame, matrix: Floats, *, by: str, fewest: int, most: int, hours: float) -> None:
    if by not in WAYS:
        raise ConfigError(f"Groups by {one_line(by, _NAME)!r} are not known: choose one of {', '.join(WAYS)}.")
    if not 2 <= fewest <= most:
        raise ConfigError(f"Groups of {fewest} to {most} memories make no sense: choose 2 or more, and no fewer at most.")
    if not hours > 0:
        raise ConfigError(f"A window of {hours} hours holds nothing: choose a number above 0.")
    if len(frame) != len(matrix):
        raise ConfigError(f"{len(frame):,} memories do not fit {len(matrix):,} vectors: read both from one snapshot.")


def _eligible(frame: pd.DataFrame, out: Mapping[str, str], *, by: Way, given: Collection[str]) -> Rows:
    """Return the rows that may be merged, by time and key."""
    chosen = ~frame["key"].isin(out.keys())
    if by == "given":
        chosen &= frame["key"].isin(set(given))
    rows = np.flatnonzero(chosen.to_numpy())
    return rows[np.lexsort((frame["key"].to_numpy()[rows], _moments(frame)[rows]))]


def _lanes(frame: pd.DataFrame, rows: Rows, within: Within, *, mixed: bool) -> Iterator[Rows]:
    """Yield the rows that may be merged with one another, in their order."""
    names = _LANES[within]
    columns = [frame[name].astype(object).fillna("").to_numpy()[rows] for name in names]
    if not mixed:
        columns.append(frame["expires_at"].notna().to_numpy()[rows])
    marks = pd.Series(list(zip(*columns, strict=True)) if columns else [()] * len(rows), dtype=object)
    codes, _ = pd.factorize(marks)
    yield from (rows[places] for places in _apart(codes))


def _parts(
    frame: pd.DataFrame, lane: Rows, by: Way, codes: npt.NDArray[np.integer[Any]] | None, span: timedelta
) -> Iterator[tuple[str, Rows]]:
    """Yield what of a lane belongs together, with its name."""
    if by == "given":
        yield "chosen by hand", lane
    elif by == "window":
        yield from _windows(frame, lane, span)
    elif by == "cluster" and codes is None:
        yield "", lane
    elif by == "cluster" and codes is not None:
        own = np.asarray(codes[lane], np.int64)
        yield from ((f"cluster {own[places[0]]}", lane[places]) for places in _apart(own))
    else:
        named = frame["task_id" if by == "task" else "session_id"].astype(object).to_numpy()[lane]
        numbers, values = pd.factorize(named)
        for places in _apart(numbers):
            yield f"{by} {one_line(str(values[numbers[places[0]]]), _NAME)}", lane[places]


def _apart(codes: npt.NDArray[np.int64]) -> list[Rows]:
    """Return the places of each code from 0 up, in order; -1 belongs to nothing."""
    order = np.argsort(codes, kind="stable").astype(np.int64)
    order = order[codes[order] >= 0]
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1) if len(order) else []


def _windows(frame: pd.DataFrame, lane: Rows, span: timedelta) -> Iterator[tuple[str, Rows]]:
    """Yield stretches that begin with a memory and are no longer than the span; what has no time is in none."""
    times = _moments(frame)[lane]
    known = int(np.sum(times < _NEVER))
    length = span // timedelta(microseconds=1)
    start = 0
    while start < known:
        end = start + int(np.searchsorted(times[start:known], times[start] + length, side="right"))
        yield f"from {pd.Timestamp(int(times[start]), unit='us'):%Y-%m-%d %H:%M}", lane[start:end]
        start = end


def _group(names: npt.NDArray[np.object_], matrix: Floats, rows: Rows, by: Way, name: str) -> SourceGroup:
    keys = tuple(str(key) for key in names[rows])
    cohesion = cohesion_of(matrix, rows)
    what = name or "alike"
    return SourceGroup(
        keys, by, what, f"{len(keys)} memories, {what}; mean likeness to their middle {cohesion:.2f}.", cohesion
    )


def _moments(frame: pd.DataFrame) -> Rows:
    """Return times as whole microseconds, those without one last."""
    times = frame["created_at"]
    return np.where(times.isna(), _NEVER, times.astype("int64").to_numpy())

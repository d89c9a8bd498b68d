"""Swarms: one thing said many times in other words within a day, by one writer or by several that seem to agree.

A planted claim gains weight by being repeated. What is repeated to the letter by one writer is a duplicate, and texts that
differ in numbers alone are a series: neither is a swarm. The same words from several agents are one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.difference import Kind
from core.analysis.timeline.event import coded, times_of
from core.curation.duplicates.exact import content_hash
from core.curation.duplicates.likeness import likeness

__all__ = ["Swarm", "swarms"]

SPAN: Final = timedelta(hours=24)
_NEAR: Final = 0.75
_WORDINGS: Final = 5
_AGENTS: Final = 4
# Each memory is compared with so many that were written next.
_AHEAD: Final = 256
# …is near to so many of them at most, is read closely beside so many, or so few where none of these says the same.
_EACH: Final = 64
_CLOSELY: Final = 32
_IN_VAIN: Final = 6
# What is near to a member joins where it says the same as so many of so many of them.
_LINKS: Final = 2
_BESIDE: Final = 6
_LOOKED: Final = 2_000
_READ: Final = 400
_ALIKE: Final = 0.6
_BLOCK: Final = 2_048
_SHORT: Final = 30
_DIGITS: Final = re.compile(r"\d+")
_SPAN_US: Final = int(SPAN / timedelta(microseconds=1))

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Swarm:
    """Memories that say one thing: the rows, in how many wordings, by how many agents, from when to when."""

    rows: Ints
    wordings: int
    agents: int
    first: datetime
    last: datetime

    @property
    def score(self) -> float:
        """How far it stands out: 1 from 20 memories on."""
        return min(1.0, 0.5 + 0.5 * (len(self.rows) - _AGENTS) / 16)

    @property
    def reason(self) -> str:
        """It in words."""
        hours = max(1, round((self.last - self.first).total_seconds() / 3_600))
        who = "one writer" if self.agents <= 1 else f"{self.agents:,} agents"
        how = "in the same words" if self.wordings == 1 else f"in {self.wordings:,} wordings"
        return (
            f"{len(self.rows):,} memories by {who} say the same {how} within {hours:,} {'hour' if hours == 1 else 'hours'}"
        )


def swarms(
    frame: pd.DataFrame, matrix: Floats | None, rows: Ints, *, told: Callable[[float], None] = lambda _: None
) -> tuple[Swarm, ...]:
    """Return the swarms among some rows of a snapshot frame, the largest first; a memory is in one at most.

    `matrix` (n, dim) has the vector of each row of the frame; without it only the same words are found.
    """
    texts = frame["content"].to_numpy()
    rows = rows[frame["created_at"].notna().to_numpy()[rows] & (frame["content"].str.len() >= _SHORT).to_numpy()[rows]]
    times, _ = times_of(frame, "created_at")
    rows = rows[np.argsort(times[rows], kind="stable")]
    agents, _ = coded(frame, "agent_id")
    found = [_swarm(own, texts, agents, times) for own in _copies(rows, texts, agents, times)]
    if matrix is not None:
        found += [
            _swarm(own, texts, agents, times)
            for own in _paraphrases(_shapes(rows, texts, times), matrix, texts, times, told)
        ]
    taken: set[int] = set()
    kept = []
    for swarm in sorted(found, key=lambda each: (-len(each.rows), int(each.rows[0]))):
        if taken.isdisjoint(swarm.rows.tolist()):
            taken.update(swarm.rows.tolist())
            kept.append(swarm)
    return tuple(kept)


def _copies(rows: Ints, texts: np.ndarray, agents: np.ndarray, times: Ints) -> Iterator[Ints]:
    """Yield rows with the same text within a day, by several agents."""
    same: dict[str, list[int]] = {}
    for row in rows.tolist():
        same.setdefault(str(texts[row]), []).append(row)
    for members in (each for each in same.values() if len(each) >= _AGENTS):
        own = np.array(members, np.int64)
        last = np.searchsorted(times[own], times[own] + _SPAN_US, side="right")
        best = int(np.argmax(last - np.arange(len(own))))
        part = own[best : int(last[best])]
        if len(np.unique(agents[part])) >= _AGENTS:
            yield part


def _paraphrases(
    rows: Ints, matrix: Floats, texts: np.ndarray, times: Ints, told: Callable[[float], None]
) -> Iterator[Ints]:
    """Yield rows whose vectors are near one another within a day and that say one thing: a memory and those like it."""
    first, second = _near_pairs(rows, matrix, times, told)
    ends, others = np.r_[first, second], np.r_[second, first]
    order = np.argsort(ends, kind="stable")
    ends, others = ends[order], others[order]
    degrees = np.bincount(ends, minlength=len(rows))
    bounds = np.r_[0, np.cumsum(degrees)]
    many = np.flatnonzero(degrees >= _WORDINGS - 1)
    taken: set[int] = set()
    reader = _Reader(rows, matrix, texts)
    for place in many[np.argsort(-degrees[many], kind="stable")].tolist():
        if place in taken or reader.left <= 0:
            continue
        near = [each for each in others[bounds[place] : bounds[place + 1]].tolist() if each not in taken]
        if len(near) + 1 < _WORDINGS or _wordings(rows[[place, *near]], texts) < _WORDINGS:
            continue
        own = reader.alike([place], near, least=1)
        if len(own) < _WORDINGS or _wordings(rows[own], texts) < _WORDINGS:
            continue
        beyond = {each for member in own for each in others[bounds[member] : bounds[member + 1]].tolist()}
        own = reader.alike(own, sorted(beyond - taken - set(own)), least=_LINKS)
        taken.update(own)
        yield rows[np.sort(own)]


@dataclass(eq=False)
class _Reader:
    """Reads texts beside each other, by their places; `left` is how many pairs more it may."""

    rows: Ints
    matrix: Floats
    texts: np.ndarray
    left: int = _LOOKED

    def alike(self, own: list[int], others: list[int], *, least: int) -> list[int]:
        """Return these places, and those of the others that say the same as at least so many of the first of them."""
        found: list[int] = []
        for tried, other in enumerate(others[:_CLOSELY]):
            if self.left <= 0 or (tried >= _IN_VAIN and not found):
                break
            found += [other] * (sum(self._agree(one, other) for one in own[:_BESIDE]) >= least)
        return [*own, *found]

    def _agree(self, one: int, other: int) -> bool:
        """Say whether two texts say one thing; a paraphrase may turn a negation around ("no manager must")."""
        self.left -= 1
        first, second = _of_length_1(self.matrix[self.rows[[one, other]]])
        said, too = (str(self.texts[self.rows[place]])[:_READ] for place in (one, other))
        score = likeness(said, too, cosine=float(first @ second))
        return score.alike >= _ALIKE and all(difference.kind is Kind.NEGATION for difference in score.clashes)


def _near_pairs(rows: Ints, matrix: Floats, times: Ints, told: Callable[[float], None]) -> tuple[Ints, Ints]:
    """Return the places of rows, in order of time, that are near each other within a day: of each a bounded number."""
    at = times[rows]
    parts = [np.zeros((2, 0), np.int64)]
    for start in range(0, len(rows), _BLOCK):
        told(start / len(rows))
        end = min(len(rows), start + _BLOCK)
        ahead = _of_length_1(matrix[rows[start : min(len(rows), end + _AHEAD)]])
        first, second = np.nonzero(np.triu(ahead[: end - start] @ ahead.T >= _NEAR, 1))
        kept = (second - first <= _AHEAD) & (at[start + second] - at[start + first] <= _SPAN_US)
        first, second = first[kept], second[kept]
        order = np.arange(len(first)) - np.searchsorted(first, first, side="left")
        parts.append(np.stack([first, second])[:, order < _EACH] + start)
    first, second = np.concatenate(parts, axis=1)
    return first, second


def _of_length_1(matrix: Floats) -> Floats:
    """Return vectors scaled to length 1; those of length 0 stay, and are near to nothing."""
    found: Floats = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), np.float32(1e-30))
    return found


def _shapes(rows: Ints, texts: np.ndarray, times: Ints) -> Ints:
    """Return the first row of each day of those that differ in numbers alone: a heartbeat is one wording."""
    seen: set[tuple[int, int]] = set()
    kept = []
    for row in rows.tolist():
        shape = (int(times[row]) // _SPAN_US, hash(_DIGITS.sub("0", str(texts[row]))))
        if shape not in seen:
            seen.add(shape)
            kept.append(row)
    return np.array(kept, np.int64)


def _wordings(rows: Ints, texts: np.ndarray) -> int:
    """Return how many texts differ in more than numbers and spacing."""
    return len({content_hash(_DIGITS.sub("0", str(texts[row])).lower()) for row in rows.tolist()})


def _swarm(rows: Ints, texts: np.ndarray, agents: np.ndarray, times: Ints) -> Swarm:
    first, last = (pd.Timestamp(int(times[rows[place]]), unit="us", tz="UTC").to_pydatetime() for place in (0, -1))
    return Swarm(np.sort(rows), _wordings(rows, texts), len(np.unique(agents[rows])), first, last)

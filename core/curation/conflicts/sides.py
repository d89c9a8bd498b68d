"""The sides of pairs, read from a snapshot: what a judge is told of each memory, and what goes onto a card. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.curation.conflicts.card import Card, CardSide, card_id
from core.curation.conflicts.reach import Whose, why_compared
from core.curation.conflicts.told import tells_of
from core.models.judge import Judgement, Side

__all__ = ["UNKNOWN_TIME", "Sides", "age", "carded", "comes_and_goes", "mark_of", "moments"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
UNKNOWN_TIME: Final = np.iinfo(np.int64).min
_LATEST: Final = datetime.max.replace(tzinfo=UTC)


def moments(frame: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return when each row of a snapshot frame was made, (n,) in microseconds since 1970; far before it where not known."""
    times = frame["created_at"].dt.tz_localize(None).to_numpy()
    return np.asarray(times.astype("datetime64[us]").astype(np.int64), np.int64)


class Sides:
    """The memories of a snapshot frame by row; nothing is read before it is asked for."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._keys, self._contents = frame["key"].to_numpy().astype(object), frame["content"].to_numpy().astype(object)
        self._times = moments(frame)
        self._sources = frame["source"].to_numpy().astype(object)
        self._confidence = frame["confidence"].to_numpy()
        self._whose = [
            (frame[name].cat.codes.to_numpy(), frame[name].cat.categories.to_numpy().astype(object))
            for name in ("agent_id", "team_id", "task_id")
        ]

    def key(self, row: int) -> str:
        """Return the key of a row."""
        return str(self._keys[row])

    def at(self, row: int) -> datetime | None:
        """Return when the memory of a row was made."""
        at = int(self._times[row])
        return None if at == UNKNOWN_TIME else _EPOCH + timedelta(microseconds=at)

    def whose(self, row: int) -> Whose:
        """Return whose memory a row is."""
        said = [None if codes[row] < 0 else str(names[codes[row]]) for codes, names in self._whose]
        return Whose(*said)

    def judged(self, row: int) -> Side:
        """Return what a judge is told of a row."""
        return Side(str(self._contents[row]), self.at(row), self.whose(row).agent)

    def card_side(self, row: int, digest: str, others: Iterable[int]) -> CardSide:
        """Return a row as the side of a card."""
        sure, whose = float(self._confidence[row]), self.whose(row)
        return CardSide(
            key=self.key(row),
            hash=digest,
            text=str(self._contents[row]),
            agent=whose.agent,
            team=whose.team,
            task=whose.task,
            at=self.at(row),
            confidence=None if np.isnan(sure) else sure,
            others=tuple(sorted(self.key(other) for other in others if other != row)),
        )

    def ordered(self, one: int, other: int) -> tuple[int, int]:
        """Return two rows, the older first; where that is not known, by their keys."""
        first, second = sorted((one, other), key=lambda row: age(self.at(row), self.key(row)))
        return first, second

    def within(self, own: Sequence[int], others: Sequence[int], **rules: Any) -> list[int]:
        """Return which of some rows are compared with one at least of some others (see why_compared)."""
        known = {self.whose(row) for row in others}
        return [row for row in own if any(why_compared(self.whose(row), each, **rules) for each in known)]

    def comes_and_goes(self, own: Sequence[int], others: Sequence[int]) -> bool:
        """Say whether two texts, by the rows that have them, are of a state that comes and goes (see comes_and_goes)."""
        if len(own) + len(others) < 3:
            return False
        said = [(self.whose(row).agent, self.at(row), side) for side, rows in enumerate((own, others)) for row in rows]
        return comes_and_goes(said)

    def resolved(self, one: int, other: int) -> bool:
        """Say whether one of two rows tells how a conflict of the other was resolved."""
        rows = ((one, other), (other, one))
        return any(tells_of(self._sources[row], str(self._contents[row]), str(self._contents[of])) for row, of in rows)

    def mark(self, row: int, digest: str) -> str:
        """Return by what a row is known to be as it was when it was looked at (see mark_of)."""
        return mark_of(digest, self.whose(row), self.at(row))


def age(at: datetime | None, key: str) -> tuple[datetime, str]:
    """Return by what the sides of a card are ordered, the older on the left: one of an unknown time is on the right."""
    return at or _LATEST, key


def mark_of(digest: str, whose: Whose, at: datetime | None) -> str:
    """Return the content hash of a memory, and behind a colon a digest of what else decides with what it is compared."""
    said = "\0".join(str(part) for part in (whose.agent, whose.team, whose.task, at))
    return f"{digest}:{hashlib.blake2b(said.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"


def comes_and_goes(said: Iterable[tuple[str | None, datetime | None, int]]) -> bool:
    """Say whether somebody said the one, then the other, then the one again: of two texts, 0 and 1, each with who and when.

    That is a state of the moment as "the door is open": both were true, each at its time. Where one agent says the one and
    another agent keeps to the other, they may still contradict each other.
    """
    last: dict[str, tuple[int, int]] = {}
    known = [(at, which, who) for who, at, which in said if who is not None and at is not None]
    for _, which, who in sorted(known):
        side, turns = last.get(who, (which, 0))
        turns += which != side
        if turns > 1:
            return True
        last[who] = which, turns
    return False


def carded(
    left: CardSide,
    right: CardSide,
    judgement: Judgement,
    *,
    cosine: float,
    why: str,
    now: datetime,
    drawn: float | None = None,
) -> Card:
    """Return the card of two sides, a sample where it was `drawn` with a probability."""
    return Card(
        id=card_id(left.hash, right.hash),
        left=left,
        right=right,
        judgement=judgement,
        cosine=round(cosine, 6),
        why=why,
        found_at=now,
        sample=drawn is not None,
        drawn=1.0 if drawn is None else drawn,
    )

"""A log that several agents append to, each event at a place of its own, in an index that knows no transaction.

The state of a task and of a procedure is what such a log says, read from the start: nobody overwrites anything, so that
nothing is lost when two agents write at once. An event is a memory like any other, under a key made of what the log is
about and a number, so it is read by GetVectors, which is exact and sees every put; a query may miss some on S3 Vectors.

Who gets the next number is decided in one of two ways:

- The embedded engine, and `python -m core serve` over it, put a record only if its key is new (`Claiming`), in one
  transaction: one of any number of writers succeeds, the others read what it wrote and decide anew. This is exact.
- Amazon S3 Vectors has no such put. There each writes a *bid* under a key of its own, waits until the puts of others have
  arrived (`settle_s`), and reads all bids. The earliest is confirmed, the others take theirs back. This is right as long as
  no put takes longer than `settle_s` from the reading before it to its arrival; the clocks of agents decide only which of
  simultaneous bids is the earliest. Who needs more than that needs a lock outside of S3 Vectors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from core.access import Actor
from core.errors import BusyError, InvalidMemoryError
from core.hostile import one_line
from core.memory import Memory
from core.memory.keys import LOG_PREFIX
from core.memory.status import is_hidden
from core.store import MemoryStore
from core.vectors.limits import GET_VECTORS_MAX

__all__ = ["AgentLog", "Event", "is_bid", "log_key"]

_SLOTS: Final = 4  # bids for one number that do not overwrite each other
_PAGE: Final = GET_VECTORS_MAX // _SLOTS
_TAIL: Final = _PAGE // 2  # so many numbers without an event end a log
_ATTEMPTS: Final = 60
_STALE: Final = 10  # settle times after which the bid of a process that died counts no more
_TOKEN, _CONFIRMED = "log_writer", "log_confirmed"
_OLDEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Event:
    """An event of a log: its number, from 1, and the memory that tells it."""

    number: int
    memory: Memory


class AgentLog:
    """One log in an index, as one agent reads and appends to it; `about` names it, as in ("task", "alpha", "q3-report")."""

    def __init__(
        self,
        store: MemoryStore,
        about: tuple[str, ...],
        *,
        actor: Actor,
        admit: Callable[[Memory], Memory],
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        sleep: Callable[[float], None],
        settle_s: float,
        written: Callable[[], None] = lambda: None,
    ) -> None:
        """`admit` returns what is written for a memory, or raises; `written` hears of each write; `sleep` waits seconds."""
        self._store, self._about, self._actor, self._admit, self._written = store, about, actor, admit, written
        self._clock, self._new_id, self._sleep, self._settle_s = clock, new_id, sleep, settle_s

    def read(self) -> tuple[Event, ...]:
        """Return the events in order, less those that somebody hid or put in quarantine."""
        return _visible(self._settled())

    def append(self, tell: Callable[[tuple[Event, ...]], Memory]) -> Event:
        """Append the event that `tell` makes of those before it, and return it; the key of its memory is given here.

        `tell` is called again when another agent was faster, and what it raises comes out: then nothing was written. Raises
        BusyError where others were faster all the time.
        """
        for attempt in range(_ATTEMPTS):
            before = self._settled()
            number = max(before, default=0) + 1
            token = self._new_id()
            told = tell(_visible(before))
            marked = replace(told, extra={**told.extra, _TOKEN: token, _CONFIRMED: True})
            memory = self._admit(replace(marked, key=log_key(self._about, number)))
            put = self._store.write_new(memory, actor=self._actor)
            if put is None:
                won = self._bid(memory, number, token)
                self._written()
                if won is not None:
                    return Event(number, won)
                self._sleep(self._settle_s * (1 + attempt % 3))
            elif put or self._is_mine(memory.key, token):
                self._written()
                return Event(number, memory)
        raise BusyError(
            f"Other agents wrote to the log of {one_line(' '.join(self._about), 120)} all the time: try again in a moment."
        )

    def _is_mine(self, key: str, token: str) -> bool:
        """Say whether it was our own put, whose answer was lost and which was sent again."""
        found = self._store.get([key], actor=self._actor).get(key)
        return found is not None and found.extra.get(_TOKEN) == token

    def _settled(self) -> dict[int, Memory]:
        return {number: found for number, bids in self._bids(1) if (found := _confirmed(bids)) is not None}

    def _bids(self, first: int) -> Iterator[tuple[int, list[Memory]]]:
        """Yield each number from `first` on that has records, in order."""
        while True:
            numbers = range(first, first + _PAGE)
            keys = {log_key(self._about, number, slot): number for number in numbers for slot in range(_SLOTS)}
            found: dict[int, list[Memory]] = {}
            for key, memory in self._store.get(keys, actor=self._actor).items():
                found.setdefault(keys[key], []).append(memory)
            yield from sorted(found.items())
            if max(found, default=0) < numbers[-1] - _TAIL:
                return
            first += _PAGE

    def _bid(self, memory: Memory, number: int, token: str) -> Memory | None:
        """Return the memory as it stands in the log, None where another agent has the number."""
        slot = int(hashlib.blake2b(token.encode(), digest_size=4).hexdigest(), 16) % _SLOTS
        key = log_key(self._about, number, slot)
        confirmed = replace(memory, key=key)
        if self._store.get([key], actor=self._actor):
            return None
        self._put(replace(confirmed, extra={**memory.extra, _CONFIRMED: False}))
        self._sleep(self._settle_s)
        if self._leads(number, token):
            self._put(confirmed)
            self._sleep(self._settle_s)
            winner = self._at(number)
            if winner is not None and winner.extra.get(_TOKEN) == token:
                return confirmed
        mine = self._store.get([key], actor=self._actor).get(key)
        if mine is not None and mine.extra.get(_TOKEN) == token:
            self._store.records.delete([key], actor=self._actor)
        return None

    def _leads(self, number: int, token: str) -> bool:
        """Say whether our bid is the earliest that stands, and nobody's is confirmed."""
        bids = next((found for at, found in self._bids(number) if at == number), [])
        if _confirmed(bids) is not None:
            return False
        oldest = self._clock() - timedelta(seconds=_STALE * max(self._settle_s, 1.0))
        standing = [bid for bid in bids if bid.extra.get(_TOKEN) == token or (bid.created_at or _OLDEST) >= oldest]
        return bool(standing) and min(standing, key=_rank).extra.get(_TOKEN) == token

    def _at(self, number: int) -> Memory | None:
        return _confirmed(next((found for at, found in self._bids(number) if at == number), []))

    def _put(self, memory: Memory) -> None:
        report = self._store.write([memory], actor=self._actor)
        if report.failed:
            raise InvalidMemoryError(report.failed[0].reason)


def log_key(about: tuple[str, ...], number: int, slot: int = 0) -> str:
    """Return the key of an event: the prefix of logs, a digest of what the log is about, the number."""
    said = "\x1f".join(f"{len(part)}:{part}" for part in about)
    digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return f"{LOG_PREFIX}{about[0]}:{digest}:{number:06d}" + (f".{slot}" if slot else "")


def is_bid(memory: Memory) -> bool:
    """Say whether a memory is a bid for a place in a log, which nobody has confirmed."""
    return memory.key.startswith(LOG_PREFIX) and memory.extra.get(_CONFIRMED) is False


def _visible(settled: dict[int, Memory]) -> tuple[Event, ...]:
    return tuple(Event(number, memory) for number, memory in sorted(settled.items()) if not is_hidden(memory))


def _confirmed(bids: list[Memory]) -> Memory | None:
    return min((bid for bid in bids if bid.extra.get(_CONFIRMED) is True), key=_rank, default=None)


def _rank(memory: Memory) -> tuple[datetime, Any]:
    return memory.created_at or _OLDEST, str(memory.extra.get(_TOKEN))

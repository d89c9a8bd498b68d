"""Which changes each key went through, in order: a fold of one stream's journal, read on from where it got to.

A change counts from when its batch was prepared. Of each it keeps where it stands in the journal and not what it changed:
images are read when they are asked for (`Versions.images`). 25 bytes a change, and each key once.
"""

from __future__ import annotations

import threading
import weakref
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from core.curation.journal import Entry, Image, Journal, Kind
from core.curation.ledgers.reading import unreadable_entry
from core.curation.outcomes import DONE, Outcome, images_of
from core.curation.plan import Action
from core.vectors.columns import Mask

__all__ = ["NONE", "Applied", "Places", "Table", "Versions", "us_of", "versions_of"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_ACTIONS: Final = tuple(Action)
_OUT: Final = np.array([action in (Action.RETIRE, Action.ERASE) for action in _ACTIONS])
_NEW: Final = np.array([action is Action.PUT for action in _ACTIONS])
NONE: Final = -1
_BY: Final = "replaced_by"

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Applied:
    """One change of a key that was done; `number` is that of the entry with its image, `replaced_by` what stands for it."""

    key: str
    at: datetime
    action: Action
    policy: str
    reason: str
    plan_id: str
    actor: str
    number: int
    replaced_by: str | None = None

    @property
    def takes_out(self) -> bool:
        """Say whether the key was not there afterwards."""
        return self.action in (Action.RETIRE, Action.ERASE)

    @property
    def outcome(self) -> Outcome:
        """The change as those who read images want it."""
        return Outcome(self.key, str(self.action), self.reason, self.policy, self.number, DONE)


@dataclass(frozen=True)
class Table:
    """The changes of a stream in order, a column each; `key`, `plan` and `why` are places in the lists of what recurs.

    `stood` says by key and entry in whose favour one was retired. `at` is in µs since 1970. What is asked of it comes back
    as one number for each key: a change's place, NONE without one.
    """

    keys: tuple[str, ...]
    plans: tuple[tuple[str, str], ...]
    whys: tuple[tuple[str, str], ...]
    key: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64]
    number: npt.NDArray[np.int32]
    action: npt.NDArray[np.uint8]
    plan: npt.NDArray[np.int32]
    why: npt.NDArray[np.int32]
    stood: Mapping[tuple[int, int], str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many changes there are."""
        return len(self.key)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The place of each key in `keys`."""
        return {key: number for number, key in enumerate(self.keys)}

    def numbers_of(self, keys: Iterable[str]) -> Places:
        """Return the place of each of these keys in `keys`, NONE for one that was never changed."""
        return np.fromiter((self.numbers.get(key, NONE) for key in keys), np.int64)

    def first_after(self, us: int) -> Places:
        """Return the first change of each key after a moment."""
        return self._first(np.flatnonzero(self.at > us))

    def last_until(self, us: int) -> Places:
        """Return the last change of each key before its first one after a moment."""
        first = self.first_after(us)[self.key]
        return self._last(np.flatnonzero((first == NONE) | (np.arange(self.rows) < first)))

    def last(self, chosen: Mask | None = None) -> Places:
        """Return the last change of each key, of the chosen ones."""
        return self._last(np.arange(self.rows) if chosen is None else np.flatnonzero(chosen))

    def next(self, places: Places) -> Places:
        """Return for each of these changes, at most one of a key, the one of the same key that follows it."""
        mark = np.full(len(self.keys), self.rows)
        mark[self.key[places]] = places
        return self._first(np.flatnonzero(np.arange(self.rows) > mark[self.key]))[self.key[places]]

    def is_one_of(self, actions: Collection[Action]) -> Mask:
        """Say which changes are of these actions."""
        return np.isin(self.action, [_ACTIONS.index(action) for action in actions])

    def takes_out(self, places: Places) -> Mask:
        """Say of each of these changes whether the key was not there afterwards."""
        return _OUT[self.action[places]]

    def adds(self, places: Places) -> Mask:
        """Say of each of these changes whether the key was not there before."""
        return _NEW[self.action[places]]

    def changes(self, places: Places) -> Iterator[Applied]:
        """Yield the changes at these places."""
        moments = {us: _EPOCH + us * _US for us in np.unique(self.at[places]).tolist()}
        columns = (self.key, self.at, self.action, self.why, self.plan, self.number)
        for key, at, action, why, plan, number in zip(*(column[places].tolist() for column in columns), strict=True):
            (policy, reason), (plan_id, actor) = self.whys[why], self.plans[plan]
            by = self.stood.get((key, number))
            yield Applied(self.keys[key], moments[at], _ACTIONS[action], policy, reason, plan_id, actor, number, by)

    def _first(self, places: Places) -> Places:
        return self._last(places[::-1])

    def _last(self, places: Places) -> Places:
        found = np.full(len(self.keys), NONE)
        found[self.key[places]] = places  # of several the last counts
        return found


@dataclass
class _Growing:
    """The table as it grows."""

    keys: dict[str, int] = field(default_factory=dict)
    plans: dict[tuple[str, str], int] = field(default_factory=dict)
    whys: dict[tuple[str, str], int] = field(default_factory=dict)
    stood: dict[tuple[int, int], str] = field(default_factory=dict)
    columns: tuple[array[int], ...] = field(default_factory=lambda: tuple(array(code) for code in "iqiBii"))

    def add(self, prepared: Entry, done: set[str]) -> None:
        """Take in the changes of a batch that were done: all that can be read, or nothing."""
        at, plan = us_of(prepared.at), self.plans.setdefault((prepared.plan_id, prepared.actor), len(self.plans))
        said = [
            (each["key"], _ACTIONS.index(Action(each["action"])), (str(each["policy"]), str(each["reason"])), each.get(_BY))
            for each in prepared.body["changes"]
            if each["key"] in done
        ]
        for key, action, why, by in said:
            place, because = self.keys.setdefault(key, len(self.keys)), self.whys.setdefault(why, len(self.whys))
            if by is not None:
                self.stood[place, prepared.number] = str(by)
            for column, value in zip(self.columns, (place, at, prepared.number, action, plan, because), strict=True):
                column.append(value)

    def table(self) -> Table:
        """Return what there is so far, in the order of preparation: what a crash cut off is told only when it is settled."""
        columns = [np.array(each) for each in self.columns]
        order = np.argsort(columns[2], kind="stable")
        key, at, number, action, plan, why = (column[order] for column in columns)
        names = tuple(self.keys), tuple(self.plans), tuple(self.whys)
        return Table(*names, key, at, number, action, plan, why, self.stood.copy())


class Versions:
    """The changes of one stream that were done. Thread-safe; every method reads first what the journal got since."""

    def __init__(self, journal: Journal, stream: str) -> None:
        self._journal = weakref.ref(journal)
        self._stream = stream
        self._growing = _Growing()
        self._prepared: dict[tuple[str, int], Entry] = {}
        self._head = 0
        self._table = self._growing.table()
        self._recorded: tuple[int, Mapping[str, datetime]] = (0, {})
        self._lock = threading.Lock()

    @property
    def head(self) -> int:
        """The number of the journal's last entry, 0 without one."""
        self.table()
        return self._head

    def table(self) -> Table:
        """Return all changes as columns."""
        with self._lock:
            journal = self._journal()
            if journal is not None:
                for entry in journal.entries(self._stream, after=self._head):
                    self._add(entry)
            if self._table.rows != len(self._growing.columns[0]):
                self._table = self._growing.table()
            return self._table

    @property
    def unsettled(self) -> int:
        """How many changes were begun of which the journal does not say yet whether they were done."""
        self.table()
        with self._lock:
            return sum(len(entry.body["changes"]) for entry in self._prepared.values())

    def of(self, key: str) -> tuple[Applied, ...]:
        """Return the changes of one key, in order."""
        table = self.table()
        return tuple(table.changes(np.flatnonzero(table.key == table.numbers.get(key, NONE))))

    def since(self, at: datetime) -> dict[str, Applied]:
        """Return the first change of each key after a moment, in the order of the journal."""
        table = self.table()
        return _by_key(table, table.first_after(us_of(at)))

    def plans_since(self, at: datetime, keys: Iterable[str]) -> dict[str, set[str]]:
        """Return the ids of the plans that changed these keys after a moment, by key: those that were changed."""
        table, found = self.table(), dict[str, set[str]]()
        numbers = table.numbers_of(keys)
        wanted = np.zeros(len(table.keys), np.bool_)
        wanted[numbers[numbers != NONE]] = True
        for change in table.changes(np.flatnonzero((table.at > us_of(at)) & wanted[table.key])):
            found.setdefault(change.key, set()).add(change.plan_id)
        return found

    def recorded(self) -> Mapping[str, datetime]:
        """Return when each key came into the store, as far as the journal tells: its last put where nothing was before."""
        table = self.table()
        if self._recorded[0] != table.rows:
            puts = np.flatnonzero(_NEW[table.action])
            moments = {us: _EPOCH + us * _US for us in np.unique(table.at[puts]).tolist()}
            pairs = zip(table.key[puts].tolist(), table.at[puts].tolist(), strict=True)
            self._recorded = table.rows, {table.keys[key]: moments[us] for key, us in pairs}
        return self._recorded[1]

    def retired(self, until: datetime | None = None) -> dict[str, Applied]:
        """Return the keys whose last change (up to a moment) took them out, each with that change; the latest last."""
        table = self.table()
        last = table.last() if until is None else table.last_until(us_of(until))
        last = last[last != NONE]
        return _by_key(table, last[table.takes_out(last)])

    def images(self, changes: Iterable[Applied]) -> dict[str, Image]:
        """Return what each of these changes found, by key: at most one change of a key; those that were not purged."""
        journal = self._journal()
        return {} if journal is None else images_of(journal, self._stream, [change.outcome for change in changes])

    def _add(self, entry: Entry) -> None:
        try:
            if entry.kind is Kind.PREPARED:
                len(entry.body["changes"])  # or it cannot be read
                self._prepared[entry.plan_id, entry.body["batch"]] = entry
            elif entry.kind is Kind.APPLIED:
                prepared = self._prepared.pop((entry.plan_id, entry.body["batch"]), None)
                if prepared is not None:
                    self._growing.add(prepared, set(entry.body["done"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable_entry(entry.stream, entry.number, error) from error
        self._head = entry.number


def us_of(at: datetime) -> int:
    """Return a moment in µs since 1970."""
    return (at - _EPOCH) // _US


def _by_key(table: Table, places: Places) -> dict[str, Applied]:
    return {change.key: change for change in table.changes(np.sort(places[places != NONE]))}


_VERSIONS: Final[weakref.WeakKeyDictionary[Journal, dict[str, Versions]]] = weakref.WeakKeyDictionary()
_LOCK: Final = threading.Lock()


def versions_of(journal: Journal, stream: str) -> Versions:
    """Return the versions of a stream, one for each journal that is open: entries never change, so each is read once."""
    with _LOCK:
        return _VERSIONS.setdefault(journal, {}).setdefault(stream, Versions(journal, stream))

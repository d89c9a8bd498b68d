"""What was done to an index, plan by plan: a pure fold of the journal's entries.

Only counts are kept of each plan, so that a long journal fits; the keys of one plan are read when they are asked for
(core.curation.outcomes). Undoing an undo gives back: what a plan has undone is what its undos did and nobody took back.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from core.curation.journal import Entry, Journal, Kind
from core.curation.ledgers.reading import unreadable_entry

__all__ = ["Chronicle", "Deed", "State", "chronicle_of"]


class State(StrEnum):
    """How far a plan got. OPEN is being applied now, or was when its process died."""

    OPEN = "open"
    APPLIED = "applied"
    PARTIAL = "partial"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Deed:
    """A plan that was applied, wholly or in part, as the journal tells it.

    `done`, `failed`, `left` and `spared` count keys over all runs of the plan, `changes` is their sum once it has ended.
    Spared is what stays, as nothing was proved to stand for it, and what was put and taken out again, as it stood for
    nothing. `undone` counts those that were taken back and not given back since, by the plans in `undone_by`. `actor`
    applied it, `author` made it. `preflight` is the summary of what was measured before, None where nothing was; then
    `unmeasured` says why.
    """

    plan_id: str
    plan_hash: str
    title: str
    policy: str
    author: str
    actor: str
    at: datetime
    reason: str = ""
    ended_at: datetime | None = None
    state: State = State.OPEN
    changes: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    done: int = 0
    failed: int = 0
    left: int = 0
    why: str | None = None
    undoes: str | None = None
    undone: int = 0
    undone_by: tuple[str, ...] = ()
    purged: int = 0
    acknowledged: str | None = None
    approved_by: str | None = None
    preflight: Mapping[str, Any] | None = None
    unmeasured: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    spared: int = 0
    first: int = 0  # the number of its first entry

    @property
    def complete(self) -> bool:
        """Say whether all of it was done."""
        return self.state is State.APPLIED

    @property
    def resumable(self) -> bool:
        """Say whether applying the same plan again has something left to do."""
        return self.state not in (State.APPLIED, State.OPEN)

    @property
    def undoable(self) -> bool:
        """Say whether there may be something to take back: what was erased there is not."""
        return self.done - int(self.counts.get("erase", 0)) > self.undone and self.state is not State.OPEN

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        values = {name: value for name, value in vars(self).items() if name != "first"}
        ended = self.ended_at.isoformat() if self.ended_at else None
        return values | {
            "at": self.at.isoformat(),
            "ended_at": ended,
            "state": str(self.state),
            "counts": dict(self.counts),
            "preflight": None if self.preflight is None else dict(self.preflight),
            "parameters": dict(self.parameters),
            "undone_by": list(self.undone_by),
        }


class Chronicle:
    """The deeds of one stream, read on from where it got to. Thread-safe."""

    def __init__(self, journal: Journal, stream: str) -> None:
        self._journal = weakref.ref(journal)
        self._stream = stream
        self._fold = Fold()
        self._lock = threading.Lock()

    def deeds(self) -> dict[str, Deed]:
        """Return every deed by plan id, in the order in which they began."""
        with self._lock:
            journal = self._journal()
            if journal is not None:
                for entry in journal.entries(self._stream, after=self._fold.number):
                    self._fold.add(entry)
            return self._fold.deeds()

    def open(self) -> list[Deed]:
        """Return the deeds that began and did not end."""
        return [deed for deed in self.deeds().values() if deed.state is State.OPEN]

    def get(self, plan_id: str) -> Deed | None:
        """Return one deed, None where there is none."""
        return self.deeds().get(plan_id)


class Fold:
    """What the entries so far tell; `number` is that of the last one.

    Of the plans that take others back it keeps which keys they did, as hashes: only sets tell what is undone.
    """

    def __init__(self) -> None:
        self.number = 0
        self._deeds: dict[str, Deed] = {}
        self._keys: dict[str, set[int]] = {}
        self._told: dict[str, Deed] | None = None

    def add(self, entry: Entry) -> None:
        """Take in the next entry; raise JournalError for one that does not say what its kind says."""
        try:
            deed = self._deeds[entry.plan_id] = _told(self._deeds.get(entry.plan_id), entry)
            if deed.undoes is not None and entry.kind is Kind.APPLIED:
                keys = self._keys.setdefault(deed.plan_id, set())
                keys |= set(map(hash, entry.body["done"]))
                keys -= set(map(hash, entry.body.get("taken_back", ())))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable_entry(entry.stream, entry.number, error) from error
        self.number, self._told = entry.number, None

    def deeds(self) -> dict[str, Deed]:
        """Return every deed by plan id, in the order in which they began."""
        if self._told is None:
            self._told = dict(self._with_undone())
        return self._told.copy()

    def _with_undone(self) -> Iterator[tuple[str, Deed]]:
        """Yield the deeds with what was taken back of each: an undo comes after what it undoes, so the last goes first."""
        undone: dict[str, set[int]] = {}
        by: dict[str, list[str]] = {}
        for deed in sorted(self._deeds.values(), key=lambda each: each.first, reverse=True):
            if deed.undoes is not None and deed.plan_id in self._keys:
                back = self._keys[deed.plan_id] - undone.get(deed.plan_id, set())
                if back:
                    undone.setdefault(deed.undoes, set()).update(back)
                    by.setdefault(deed.undoes, []).insert(0, deed.plan_id)
        for plan_id, deed in self._deeds.items():
            if plan_id in by:
                yield plan_id, replace(deed, undone=len(undone[plan_id]), undone_by=tuple(by[plan_id]))
            else:
                yield plan_id, deed


_CHRONICLES: Final[weakref.WeakKeyDictionary[Journal, dict[str, Chronicle]]] = weakref.WeakKeyDictionary()
_LOCK: Final = threading.Lock()


def chronicle_of(journal: Journal, stream: str) -> Chronicle:
    """Return the chronicle of a stream, one for each journal that is open: entries never change, so each is read once."""
    with _LOCK:
        return _CHRONICLES.setdefault(journal, {}).setdefault(stream, Chronicle(journal, stream))


def _told(deed: Deed | None, entry: Entry) -> Deed:
    body = entry.body
    if entry.kind is Kind.BEGUN:
        return _begun(deed, entry)
    if deed is None:  # its beginning is missing, which verifying the journal says
        deed = Deed(entry.plan_id, entry.plan_hash, "", "", "", entry.actor, entry.at, entry.reason, first=entry.number)
    if entry.kind is Kind.APPLIED:
        back = len(body.get("taken_back", ()))  # counted as done when it was put, and now again
        done, spared = len(body["done"]) - 2 * back, len(body.get("spared", ())) + back
        return replace(deed, done=deed.done + done, failed=deed.failed + len(body["failed"]), spared=deed.spared + spared)
    if entry.kind is Kind.PURGED:
        return replace(deed, purged=deed.purged + len(body["keys"]))
    if entry.kind is Kind.ENDED:
        return replace(
            deed,
            counts=body.get("counts", deed.counts),
            changes=body["done"] + body["failed"] + body["left"] + body.get("spared", 0),
            state=State(body["state"]),
            ended_at=entry.at,
            done=body["done"],
            failed=body["failed"],
            left=body["left"],
            spared=body.get("spared", 0),
            why=body["why"],
        )
    return deed


def _begun(deed: Deed | None, entry: Entry) -> Deed:
    body = entry.body
    again = deed if deed is not None and deed.title else None
    return Deed(
        plan_id=entry.plan_id,
        plan_hash=entry.plan_hash,
        title=body["title"],
        policy=body["policy"],
        author=body["author"],
        actor=again.actor if again else entry.actor,
        at=again.at if again else entry.at,
        reason=body.get("note", ""),
        changes=body["changes"],
        counts=body["counts"],
        done=again.done if again else 0,
        left=max(0, body["changes"] - (again.done if again else 0)),
        undoes=body["undoes"],
        purged=again.purged if again else 0,
        acknowledged=body["acknowledged"],
        approved_by=body.get("approved_by"),
        preflight=body["preflight"],
        unmeasured=body.get("unmeasured", ""),
        parameters=body["parameters"],
        first=again.first if again else entry.number,
    )

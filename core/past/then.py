"""The index as it was at a moment, from what it is now and the journal of what was done to it since.

A key whose first change after the moment found something was that: the image of that change. One whose first change found
nothing was not there. One without a change since is what it is now. Whether it was there yet, the journal tells where it has
an earlier change of the key; else, for agents write without it, the memory's own time does, and one without a time counts as
always there.

By the clock RECORDED that is all. By CREATED a memory must also have been made by then, and one that came late, as with an
import (the journal's first change of its key found nothing), counts from when it was made: as what was first put there. One
that others were merged into was made when they were, though its own time is that of the latest of them.

What an agent wrote over or deleted by itself is in no journal: of that nobody can tell what it was.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import union_categoricals

from core.access import Actor, Permission
from core.analysis.frame import to_frame
from core.curation.corpus import Corpus, of_records, stacked
from core.memory.record import Record
from core.past.made import made_at
from core.past.moment import Clock, Moment
from core.past.versions import NONE, Places, Table, Versions, versions_of
from core.snapshots.content import Snapshot
from core.snapshots.keeping import key_of
from core.store import MemoryStore
from core.vectors.client import KEY_COLUMN
from core.vectors.columns import Mask

__all__ = ["Then", "look_back", "put_of", "stacked_frames"]

_KEPT: Final = 4
_INDEXES: Final = 2


@dataclass(frozen=True, eq=False)
class Then:
    """An index as it was at a moment, against the snapshot `base` of what it is now.

    `snapshot` has its table and frame, row for row, no vectors, and a revision of its own. `gone` are the keys of `base`
    that were not there then; `put` is what was there and is not so any more, changed or taken out since, with its vector.
    `erased` are keys that may have been there and of which nothing is kept; `undated` counts memories without a time of
    their own, taken as always there.
    """

    moment: Moment
    snapshot: Snapshot
    base: Snapshot
    gone: frozenset[str]
    changed: Corpus = field(repr=False)
    erased: frozenset[str] = frozenset()
    undated: int = 0
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many memories there were."""
        return self.snapshot.rows

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The row of each key in the snapshot."""
        return {key: row for row, key in enumerate(self.snapshot.table[KEY_COLUMN].to_pylist())}

    @staticmethod
    def require(store: MemoryStore, actor: Actor) -> None:
        """Raise NotAllowedError unless the actor may read the index."""
        info = store.info
        actor.require(Permission.READ, what=f"index {info.name!r}", tenant=info.tenant, known=info.tags_known)

    @cached_property
    def put(self) -> Mapping[str, Record]:
        """What was there and is not so any more, by key, with its vector."""
        corpus = self.changed
        metadata = corpus.metadata(range(corpus.rows))
        return {key: Record(said, vector) for key, said, vector in zip(corpus.keys, metadata, corpus.matrix, strict=True)}


@dataclass(frozen=True, eq=False)
class _Found:
    """What the images of some changes tell: what was there, as a corpus and as a frame, and what is not kept or fits not."""

    corpus: Corpus
    frame: pd.DataFrame
    erased: frozenset[str]
    odd: int


_kept: OrderedDict[tuple[str, str, Moment], tuple[int, Then]] = OrderedDict()
# What the last moment took from images, by index: most moments that a person goes through next take the same.
_found: OrderedDict[str, tuple[int, bytes, _Found]] = OrderedDict()
_lock = threading.Lock()


def look_back(store: MemoryStore, snapshot: Snapshot, moment: Moment, *, actor: Actor) -> Then:
    """Return an index as it was at a moment, from a snapshot of what it is now; the last four are kept."""
    Then.require(store, actor)
    versions = None if store.archive is None else versions_of(store.archive.ledger.journal, store.stream)
    head = versions.head if versions else 0
    name = (key_of(store), snapshot.revision, moment)
    with _lock:
        for other, (known, then) in [*_kept.items()]:
            if other[0] == name[0] and (known != head or then.changed.schema != store.schema):
                del _kept[other]  # something may have been erased since, or fields mean something else
        if _found.get(name[0], (head,))[0] != head:
            del _found[name[0]]
        if name in _kept:
            _kept.move_to_end(name)
            return _kept[name][1]
    then = _Looking(store, snapshot, moment, versions, head).then()
    with _lock:
        _kept[name] = (head, then)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return then


@dataclass(frozen=True)
class _Told:
    """What the journal tells of each key, by its number: changed since, known to have been there, came late.

    `wanted` are the changes whose images are what was there.
    """

    table: Table
    changed: Mask
    there: Mask
    late: Mask
    wanted: Places

    @classmethod
    def of(cls, table: Table, moment: Moment) -> _Told:
        first, last = table.first_after(moment.us), table.last_until(moment.us)
        changed, before = first != NONE, last != NONE
        there, added = before.copy(), changed.copy()
        there[before] = ~table.takes_out(last[before])
        added[changed] = table.adds(first[changed])
        late = added & ~before & (moment.clock is Clock.CREATED)
        following = table.next(first[late])
        following = following[following != NONE]
        wanted = np.concatenate([first[changed & ~added], following[~table.adds(following)]])
        changed[late] = False
        changed[table.key[following]] = True  # what is there now is not what was put first
        return cls(table, changed, there, late, np.sort(wanted))


@dataclass(frozen=True)
class _Looking:
    """One look back."""

    store: MemoryStore
    base: Snapshot
    moment: Moment
    versions: Versions | None
    head: int

    def then(self) -> Then:
        """Return what was there."""
        table = self.versions.table() if self.versions else None
        told = _Told.of(table, self.moment) if table is not None and table.rows else None
        found = self._found(told)
        whole, frame = found.corpus, found.frame
        rows, undated = self._admitted(frame, whole.table, told)
        kept, also_undated = self._admitted(self.base.frame, self.base.table, told, standing=True)
        changed = whole if rows.all() else put_of(whole, rows)
        keys = self.base.table[KEY_COLUMN].filter(pa.array(~kept))
        return Then(
            self.moment,
            self._snapshot(kept, changed, frame[rows]),
            self.base,
            frozenset(keys.to_pylist()) - frozenset(changed.keys),
            changed,
            found.erased,
            undated + also_undated,
            tuple(self._notes(found.odd)),
        )

    def _found(self, told: _Told | None) -> _Found:
        """Return what the images tell, read anew where they are not those of the moment before."""
        name, wanted = key_of(self.store), b"" if told is None else told.wanted.tobytes()
        with _lock:
            known = _found.get(name)
        if known is not None and known[:2] == (self.head, wanted) and known[2].corpus.schema == self.store.schema:
            return known[2]
        found = self._read(told)
        with _lock:
            _found[name] = (self.head, wanted, found)
            _found.move_to_end(name)
            while len(_found) > _INDEXES:
                _found.popitem(last=False)
        return found

    def _read(self, told: _Told | None) -> _Found:
        """Read the images of what changed since."""
        changes = [] if told is None else list(told.table.changes(told.wanted))
        images = self.versions.images(changes) if self.versions else {}
        found = {key: image.before for key, image in images.items() if image.before is not None}
        # An index that was made anew under the same name has the journal of the former one.
        shape = (self.store.info.dimension,)
        fitting = {key: each for key, each in found.items() if each.vector is not None and each.vector.shape == shape}
        corpus = of_records(fitting, info=self.store.info, schema=self.store.schema)
        erased = frozenset(change.key for change in changes) - images.keys()
        frame = to_frame(corpus.table, info=corpus.info, schema=corpus.schema)
        return _Found(corpus, frame, erased, len(found) - len(fitting))

    def _admitted(
        self, frame: pd.DataFrame, table: pa.Table, told: _Told | None, *, standing: bool = False
    ) -> tuple[Mask, int]:
        """Return which rows were there, and how many of them count for want of a time; `standing`: rows of what is now."""
        created = made_at(frame, table)
        undated = created.isna().to_numpy()
        made = ~undated & (created <= self.moment.at).to_numpy()
        changed, there, late = (np.zeros(len(frame), np.bool_) for _ in range(3))
        if told is not None:
            numbers = told.table.numbers_of(frame["key"].to_numpy(object))
            known = numbers != NONE
            changed[known], there[known] = told.changed[numbers[known]], told.there[numbers[known]]
            late[known] = told.late[numbers[known]]
        free = undated & ~late
        admitted = made | free if self.moment.clock is Clock.CREATED else made | free | there
        if standing:
            admitted &= ~changed
        return admitted, int(np.count_nonzero(admitted & free & ~there))

    def _snapshot(self, kept: Mask, changed: Corpus, frame: pd.DataFrame) -> Snapshot:
        base = self.base
        if changed.rows:
            table = stacked([(base.table, kept), (changed.table, np.ones(changed.rows, np.bool_))])
        else:
            table = base.table.filter(pa.array(kept)).combine_chunks()
        return Snapshot(
            base.index,
            table,
            stacked_frames([base.frame[kept], frame]),
            f"{base.revision}@{self.moment.clock}:{self.moment.text}:{self.head}",
            base.taken_at,
            None if base.sampled else table.num_rows,
            notes=base.notes,
        )

    def _notes(self, odd: int) -> Iterator[str]:
        if not self.head:
            yield "Nothing is in the journal of this index: the memories' own times alone say what was there."
        if unsettled := self.versions.unsettled if self.versions else 0:
            changes = "1 change was" if unsettled == 1 else f"{unsettled:,} changes were"
            yield f"{changes} begun and not ended, and may be missing here: the history says how to settle them."
        if odd:
            memories = "1 memory" if odd == 1 else f"{odd:,} memories"
            yield f"Left out: {memories} of a former index of this name."


def put_of(corpus: Corpus, rows: Mask) -> Corpus:
    """Return the chosen rows of a corpus as one of their own."""
    table = corpus.table.filter(pa.array(rows)).combine_chunks()
    return Corpus(table, corpus.matrix[rows], info=corpus.info, schema=corpus.schema)


def stacked_frames(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return frames of the same columns one behind the other, categories that do not occur left out."""
    parts = [frame for frame in frames if len(frame)] or frames[:1]
    columns = {}
    for name in parts[0].columns:
        pieces = [part[name] for part in parts]
        if isinstance(pieces[0].dtype, pd.CategoricalDtype):
            one = union_categoricals([piece.array for piece in pieces]) if len(pieces) > 1 else pieces[0].array
            columns[name] = pd.Series(one.remove_unused_categories())
        else:
            columns[name] = pd.concat(pieces, ignore_index=True)
    return pd.DataFrame(columns)

"""The rows of one index in this process's memory, kept current by sequence numbers.

A row's sequence number never changes: an upsert gives the record a new one and lists the old one as gone. So catching up
is "rows above the last number, and what is newly gone", whoever wrote them.
"""

from __future__ import annotations

import threading
from itertools import islice
from pathlib import Path

import apsw
import numpy as np
import orjson

from core.vectors.embedded import snapshot
from core.vectors.embedded.queue import try_lock
from core.vectors.embedded.segment import Segment, View
from core.vectors.embedded.snapshot import Head

__all__ = ["Replica", "read_head"]

_CHUNK = 4_096  # rows read from SQLite at once
_TAIL_MIN = 8_192  # rows outside the snapshot that are worth a new one…
_TAIL_SHARE = 0.25  # …or this share of it, whichever is more
_COMPARED = 16  # last rows of a snapshot that are held against the database's
_DEAD_SHARE = 0.3  # of all rows held; more are cleared away by a new snapshot

_HEAD = """
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'rec'), 0),
       coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'gone'), 0),
       coalesce((SELECT value FROM info WHERE name = 'gone_floor'), 0)
"""
_ROWS = """
SELECT rec.seq, rec.meta, vec.v FROM rec JOIN vec ON vec.seq = rec.seq WHERE rec.seq > ? ORDER BY rec.seq
"""


def read_head(connection: apsw.Connection) -> tuple[Head, int]:
    """Return how far the database has got, and the entry up to which its list of the gone was cut."""
    seq, gone, floor = next(connection.execute(_HEAD))
    return Head(seq, gone), floor


class Replica:
    """Call `catch_up` and `views` under `lock`; views may be searched without it."""

    def __init__(self, folder: Path, *, identity: str, dimension: int, cosine: bool) -> None:
        self.lock = threading.Lock()
        self._folder, self._identity, self._dimension, self._cosine = folder, identity, dimension, cosine
        self._saver: threading.Thread | None = None
        self._newer = False
        self._clear()

    def _clear(self) -> None:
        self.head: Head | None = None
        self._base = Segment.empty(self._dimension, cosine=self._cosine)
        self._tail = Segment.empty(self._dimension, cosine=self._cosine)

    def catch_up(self, connection: apsw.Connection) -> Head:
        """Bring the rows to what the connection's read transaction sees; return that state."""
        head, floor = read_head(connection)
        if head == self.head and not self._newer:
            return head
        if self.head is None or self._newer or self.head.gone < floor:
            self._reopen(connection, head, floor)
        known, self.head = self.head or Head(0, 0), None  # half-read rows, if this fails, are read anew
        if head.seq > known.seq:
            self._read_rows(connection, known.seq)
        if head.gone > known.gone:
            rows = connection.execute("SELECT seq FROM gone WHERE id > ?", (known.gone,))
            lost = np.array([row[0] for row in rows], np.int64)
            self._base.bury(lost)
            self._tail.bury(lost)
        self.head = head
        return head

    def _reopen(self, connection: apsw.Connection, head: Head, floor: int) -> None:
        self._clear()
        self._newer = False
        loaded = snapshot.load(
            self._folder, identity=self._identity, dimension=self._dimension, cosine=self._cosine, at_most=head
        )
        if loaded and loaded[1].gone >= floor and _is_of(connection, *loaded):
            self._base, self.head = loaded

    def _read_rows(self, connection: apsw.Connection, after: int) -> None:
        cursor = connection.execute(_ROWS, (after,))
        while chunk := list(islice(cursor, _CHUNK)):
            seqs = np.array([row[0] for row in chunk], np.int64)
            if any(len(row[2]) != 4 * self._dimension for row in chunk):
                raise apsw.CorruptError("a vector is not whole")
            vectors = np.frombuffer(b"".join(row[2] for row in chunk), np.float32).reshape(len(chunk), self._dimension)
            self._tail.append(seqs, vectors, [orjson.loads(row[1]) for row in chunk])

    def views(self) -> list[View]:
        """Return the rows as they are now, in order of sequence."""
        return [segment.view() for segment in (self._base, self._tail) if segment.rows]

    def save_if_due(self, *, at_least: int = 0) -> None:
        """Write a snapshot in the background when enough rows lie outside the last one, or are dead."""
        with self.lock:
            rows = self._base.rows + self._tail.rows
            due = self._tail.rows > (at_least or max(_TAIL_MIN, _TAIL_SHARE * self._base.rows))
            due = due or (rows > _TAIL_MIN and self._base.dead + self._tail.dead > _DEAD_SHARE * rows)
            if not due or self.head is None or (self._saver and self._saver.is_alive()):
                return
            self._saver = threading.Thread(target=self._save, args=(self.head, self.views()), name="mnemoscope-snapshot")
            self._saver.start()

    def renew(self) -> None:
        """Put a snapshot of the rows as they are now in the place of every other."""
        self.join()
        with self.lock:
            head, views = self.head, self.views()
        snapshot.drop(self._folder)
        if head is not None:
            self._save(head, views)

    def _save(self, head: Head, views: list[View]) -> None:
        try:
            with try_lock(self._folder / "snapshot.lock") as mine:
                if mine and views:
                    snapshot.save(self._folder, identity=self._identity, head=head, views=views)
                    self._newer = True
        except OSError:
            return  # no room or no right to write: the next open reads SQLite instead, and nothing is lost

    def join(self) -> None:
        """Wait for a snapshot that is being written."""
        saver = self._saver
        if saver:
            saver.join()


def _is_of(connection: apsw.Connection, segment: Segment, head: Head) -> bool:
    """Return whether a snapshot's last rows are the database's; after an older copy was restored they need not be."""
    gone = {row[0] for row in connection.execute("SELECT seq FROM gone WHERE id > ?", (head.gone,))}
    for row in range(max(0, segment.rows - _COMPARED), segment.rows):
        seq = int(segment.seqs[row])
        found = connection.execute("SELECT v FROM vec WHERE seq = ?", (seq,)).fetchone()
        if seq not in gone and (found is None or found[0] != segment.vectors[row].tobytes()):
            return False
    return True

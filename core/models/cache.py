"""A cache of vectors by content hash: in memory, and in a SQLite file when there is a directory for it."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import apsw
import numpy as np

from core.models.protocol import Embedder, QueryEmbedder, embed_query, embedder_tag

__all__ = ["CachedEmbedder", "forget_texts"]

_FILE: Final = "embeddings.sqlite"
# 384 floats are 1.5 KB: the file stays under about 350 MB.
_FILE_ENTRIES: Final = 200_000
_QUERY: Final = b"\0query"
_VARIABLES: Final = 500
_BUSY_MS: Final = 2_000


@runtime_checkable
class _Closable(Protocol):
    def close(self) -> None: ...


class CachedEmbedder:
    """An embedder that embeds each text once; equal texts of one call count as one. The texts themselves are not kept."""

    def __init__(self, embedder: Embedder, directory: Path | None = None, *, max_entries: int = 20_000) -> None:
        self.model_id = embedder.model_id
        self.dimension = embedder.dimension
        self.version = embedder.version
        self._embedder = embedder
        self._salt = embedder_tag(embedder).encode()
        # A query's vector is another one only where the embedder tells queries from memories.
        self._query_salt = self._salt + (_QUERY if isinstance(embedder, QueryEmbedder) else b"")
        self._memory: OrderedDict[bytes, np.ndarray] = OrderedDict()
        self._max = max_entries
        self._lock = threading.Lock()
        self._file = _CacheFile(directory, embedder.dimension) if directory is not None else None

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return what the embedder returns, from the cache where it can."""
        return self._through(texts, self._salt, self._embedder.embed)

    def embed_query(self, text: str) -> np.ndarray:
        """Return the vector of a query, from the cache where it can."""
        vector: np.ndarray = self._through([text], self._query_salt, self._embed_queries)[0]
        return vector

    def close(self) -> None:
        """Close the cache's file, and the embedder's connections where it has any; a later call opens them again."""
        if self._file is not None:
            self._file.close()
        if isinstance(self._embedder, _Closable):
            self._embedder.close()

    def _embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([embed_query(self._embedder, text) for text in texts])

    def _through(self, texts: Sequence[str], salt: bytes, embed: Callable[[Sequence[str]], np.ndarray]) -> np.ndarray:
        names = [_name(salt, text) for text in texts]
        found = self._look_up(set(names))
        missing = {name: text for name, text in zip(names, texts, strict=True) if name not in found}
        if missing:
            fresh = dict(zip(missing, embed(list(missing.values())), strict=True))
            found.update(fresh)
            self._remember(fresh, persist=True)
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, name in enumerate(names):
            vectors[row] = found[name]
        return vectors

    def _look_up(self, names: set[bytes]) -> dict[bytes, np.ndarray]:
        found: dict[bytes, np.ndarray] = {}
        with self._lock:
            for name in names:
                if name in self._memory:
                    self._memory.move_to_end(name)
                    found[name] = self._memory[name]
        if self._file is not None and len(found) < len(names):
            stored = self._file.read(names - found.keys())
            self._remember(stored, persist=False)
            found.update(stored)
        return found

    def _remember(self, vectors: Mapping[bytes, np.ndarray], *, persist: bool) -> None:
        with self._lock:
            self._memory.update(vectors)
            while len(self._memory) > self._max:
                self._memory.popitem(last=False)
        if persist and self._file is not None:
            self._file.write(vectors)


def _name(salt: bytes, text: str) -> bytes:
    return hashlib.sha256(salt + b"\0" + text.encode("utf-8", "surrogatepass")).digest()


def forget_texts(directory: Path, texts: Collection[str] | None, *, tag: str) -> None:
    """Take the vectors that an embedder made of these texts out of a directory's file, and all vectors for None.

    Nothing of them is in the file afterwards. `tag` is the embedder's (see embedder_tag). Raises apsw.Error.
    """
    path = directory / _FILE
    if not path.is_file():
        return
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.set_busy_timeout(_BUSY_MS)
        if texts is None:
            connection.execute("DELETE FROM embedding")
        else:
            salts = (tag.encode(), tag.encode() + _QUERY)
            names = [(_name(salt, text),) for text in texts for salt in salts]
            connection.executemany("DELETE FROM embedding WHERE name = ?", names)
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()


class _CacheFile:
    """The SQLite side; a file that cannot be used costs time, never a result, so its errors switch it off."""

    def __init__(self, directory: Path, dimension: int) -> None:
        self._path = directory / _FILE
        self._bytes = dimension * 4
        self._lock = threading.Lock()
        self._connection: apsw.Connection | None = None
        self._broken = False

    def read(self, names: Iterable[bytes]) -> dict[bytes, np.ndarray]:
        found: dict[bytes, np.ndarray] = {}
        wanted = list(names)
        with self._lock:
            connection = self._open()
            if connection is None:
                return found
            try:
                for start in range(0, len(wanted), _VARIABLES):
                    part = wanted[start : start + _VARIABLES]
                    marks = ",".join("?" * len(part))
                    for name, blob in connection.execute(
                        f"SELECT name, vector FROM embedding WHERE name IN ({marks})", part
                    ):
                        if len(blob) == self._bytes:
                            found[name] = np.frombuffer(blob, dtype="<f4")
            except apsw.Error:
                self._broken = True
        return found

    def write(self, vectors: Mapping[bytes, np.ndarray]) -> None:
        with self._lock:
            connection = self._open()
            if connection is None:
                return
            try:
                with connection:
                    rows = ((name, vector.astype("<f4").tobytes()) for name, vector in vectors.items())
                    connection.executemany("INSERT OR IGNORE INTO embedding (name, vector) VALUES (?, ?)", rows)
                    connection.execute(
                        "DELETE FROM embedding WHERE rowid <= (SELECT max(rowid) FROM embedding) - ?", (_FILE_ENTRIES,)
                    )
            except apsw.Error:
                self._broken = True

    def close(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> apsw.Connection | None:
        if self._connection is None and not self._broken:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                connection = apsw.Connection(str(self._path))
                connection.set_busy_timeout(_BUSY_MS)
                connection.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;")
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS embedding "
                    "(rowid INTEGER PRIMARY KEY, name BLOB UNIQUE NOT NULL, vector BLOB NOT NULL)"
                )
                self._connection = connection
            except (apsw.Error, OSError):
                self._broken = True
        return None if self._broken else self._connection

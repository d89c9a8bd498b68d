"""The traces of an erased memory beside the index and its journal: free pages of the engine, caches, the log of recalls."""

from __future__ import annotations

from collections.abc import Collection

import apsw

from core.archive import Archive
from core.errors import MnemoscopeError, StorageError
from core.maps.forgetting import forget_memories
from core.models.cache import forget_texts
from core.models.embedding import embedder_tag
from core.snapshots.forgetting import forget_index
from core.store import MemoryStore

__all__ = ["purge"]


def purge(store: MemoryStore, keys: Collection[str], texts: Collection[str] | None) -> None:
    """Leave nothing of erased memories on this machine's disk; `texts` are theirs, None where nobody knows them any more.

    To call it again does no harm. What other processes hold in their memory they keep until they read the index again.
    """
    store.records.scrub()
    if store.archive is not None:
        _forget_in_caches(store, store.archive, keys, texts)
        store.archive.recalls.forget(store.stream, keys, texts or ())


def _forget_in_caches(store: MemoryStore, archive: Archive, keys: Collection[str], texts: Collection[str] | None) -> None:
    if archive.cache_dir is None:
        return
    try:
        forget_texts(archive.cache_dir, texts, tag=_tag(store))
        forget_index(archive.cache_dir / "snapshots", store.info.arn)
        forget_memories(archive.cache_dir / "maps", store.info.arn, keys)
    except (apsw.Error, OSError) as error:
        raise StorageError(
            f"Copies of erased memories in the cache '{archive.cache_dir}' could not be removed ({error}): "
            "delete that directory, nothing is lost with it."
        ) from error


def _tag(store: MemoryStore) -> str:
    """Return the tag of the embedder that embedded the texts: of an index without one, ours."""
    if store.info.embedder is not None:
        return store.info.embedder
    try:
        return embedder_tag(store.embedder())
    except MnemoscopeError:  # then nothing was embedded here
        return ""

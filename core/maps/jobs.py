"""The maps of one server process: who may see which, what is computed, and the one worker that does it."""

from __future__ import annotations

import importlib.util
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from core.access import Actor, Permission
from core.analysis.snapshot import Snapshot
from core.errors import ConfigError
from core.maps.engine import Engine
from core.maps.forgetting import forget_maps
from core.maps.job import MapJob, Place
from core.maps.keeping import KeptMaps
from core.maps.memory import memory_limit
from core.maps.parameters import MapParameters
from core.maps.plan import Content
from core.maps.process import WORKER_VARIABLE, Process, worker_mode
from core.maps.state import MapState, Unavailable
from core.snapshots.keeping import key_of
from core.store import MemoryStore

__all__ = ["DEFAULT", "INSTALL", "Maps", "maps_directory"]

DEFAULT: Final = MapParameters()
INSTALL: Final = "pip install 'mnemoscope[map]'"
_PARTS: Final = ("numba", "scipy", "hdbscan")
_IN_MEMORY: Final = 8
# Below it the worker is not started before it is needed: what it has loaded is a third of that.
_ROOM_BYTES: Final = 500_000_000


class Maps:
    """The maps of all indexes in one server process, and its one worker; every method may be called from any thread.

    Nobody who may not read an index sees its map: every method that takes an actor raises NotAllowedError before anything.
    """

    def __init__(self, *, start: Callable[[], Process] | None = None) -> None:
        """Take what starts the worker; usually a process that is warmed at once."""
        self._engine = Engine(start or (lambda: Process(memory_bytes=memory_limit(), warm=worker_mode() == "start")))
        self._jobs: OrderedDict[tuple[str, MapParameters], MapJob] = OrderedDict()
        self._lock = threading.Lock()
        # Of maps that nobody has any more no worker stays.
        weakref.finalize(self, self._engine.close, wait=False)

    @property
    def pid(self) -> int | None:
        """The number of the worker's process, None while there is none."""
        return self._engine.pid

    @property
    def orders(self) -> int:
        """How many computations the worker was asked for so far."""
        return self._engine.orders

    def warm(self) -> None:
        """Start the worker in the background, so that the first map does not wait for it; nothing where it is not wanted.

        Nor where there is hardly room for it: then it starts with the first map. A setting that says nothing is told there.
        """
        if _unavailable() is None and worker_mode() == "start" and not 0 < memory_limit() < _ROOM_BYTES:
            self._engine.warm()

    def look(
        self,
        store: MemoryStore,
        snapshot: Snapshot,
        parameters: MapParameters = DEFAULT,
        *,
        actor: Actor,
        wait_s: float = 0.0,
        until: Callable[[MapState], bool] = lambda state: not state.running,
    ) -> MapState:
        """Return what there is of a map now, and start or join its computation; it waits for it no longer than `wait_s`.

        `snapshot` must have been read with vectors. Sessions that ask for the same map share one computation. With `wait_s`
        the answer comes once `until` is so: usually at the end, whatever that is.
        """
        _allowed(store, actor)
        return self._job(store, parameters).look(_content(store, snapshot), wait_s=wait_s, until=until)

    def cancel(self, store: MemoryStore, parameters: MapParameters = DEFAULT, *, actor: Actor) -> None:
        """Stop the computation of a map for everybody who waits for it: its worker is killed, another one is started."""
        _allowed(store, actor)
        with self._lock:
            job = self._jobs.get((key_of(store), parameters))
        if job is not None:
            job.cancel()
            self.warm()

    def refit(self, store: MemoryStore, snapshot: Snapshot, parameters: MapParameters = DEFAULT, *, actor: Actor) -> None:
        """Compute a map anew, also after a failure or a cancel; the former one is shown meanwhile and aligned to."""
        _allowed(store, actor)
        self._job(store, parameters).refit(_content(store, snapshot))

    def forget(self, store: MemoryStore) -> None:
        """Drop every map of an index that is no more, on disk too; StorageError where that cannot be done."""
        key, directory = key_of(store), maps_directory(store)
        with self._lock:
            gone = [self._jobs.pop(each) for each in list(self._jobs) if each[0] == key]
        for job in gone:
            job.forget()
        if directory is not None:
            forget_maps(directory, store.info.arn)

    def close(self) -> None:
        """End the worker and what it computes."""
        self._engine.close()

    def _job(self, store: MemoryStore, parameters: MapParameters) -> MapJob:
        key = (key_of(store), parameters)
        with self._lock:
            if key not in self._jobs:
                directory = maps_directory(store)
                work = directory / "work" if directory is not None else None
                place = Place(key[0], store.info.arn, KeptMaps(directory), work)
                self._jobs[key] = MapJob(place, parameters, self._engine, unavailable=_unavailable)
            self._jobs.move_to_end(key)
            found = self._jobs[key]
            idle = [each for each, job in self._jobs.items() if job is not found and not job.running]
            for old in idle[: max(0, len(self._jobs) - _IN_MEMORY)]:
                del self._jobs[old]
            others = [job for job in self._jobs.values() if job is not found]
        for job in others:  # nobody may look at them again
            job.heed_erasures()
        return found


def maps_directory(store: MemoryStore) -> Path | None:
    """Return where the maps of a store are kept; None where nothing may be written beside it."""
    cache = store.archive.cache_dir if store.archive is not None else None
    return cache / "maps" if cache is not None else None


def _unavailable() -> Unavailable | None:
    """Return why no worker can compute maps, None where one can."""
    try:
        mode = worker_mode()
        memory_limit()
    except ConfigError as error:
        return Unavailable(str(error))
    if mode == "off":
        return Unavailable(f"Maps beyond a first picture are switched off here ({WORKER_VARIABLE}=off).", off=True)
    missing = [name for name in _PARTS if importlib.util.find_spec(name) is None]
    if missing:
        said = f"The optional part for maps is not installed ({', '.join(missing)}): {INSTALL}"
        return Unavailable(said, missing=True)
    return None


def _content(store: MemoryStore, snapshot: Snapshot) -> Content:
    snapshot.vectors()  # says what to do where they were not read
    return Content(snapshot, store.info.metric, store.info.arn)


def _allowed(store: MemoryStore, actor: Actor) -> None:
    actor.require(Permission.READ, what=f"index {store.info.name!r}", tenant=store.info.tenant, known=store.info.tags_known)

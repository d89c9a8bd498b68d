"""The demo world into a store: through the catalog, as anybody's memories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Final

from core.access import Actor, Permission
from core.catalog import Catalog
from core.demo.asking import Asking
from core.demo.recalls import recalled
from core.demo.vectors import PackagedVectors
from core.demo.world import DemoWorld, build
from core.errors import ConfigError
from core.memory import Memory
from core.memory.sameness import is_stored
from core.models.embedding import Embedder
from core.operate.recalls import LoggedRecall
from core.store import MemoryStore, WriteFailure

__all__ = ["LoadReport", "load"]

_LOOKED_THROUGH: Final = 20_000


@dataclass(frozen=True)
class LoadReport:
    """What a load did: memories by index, how many were written, and how many stood there already as they should."""

    indexes: dict[str, int]
    created: tuple[str, ...]
    written: int
    unchanged: int
    failed: tuple[WriteFailure, ...]

    @property
    def memories(self) -> int:
        """Return how many memories the world has."""
        return sum(self.indexes.values())


def load(catalog: Catalog, *, actor: Actor, now: datetime, progress: Callable[[int], None] | None = None) -> LoadReport:
    """Write the demo world as of `now` and return what was done; `progress` gets the number of memories done so far.

    Needs the role admin for every tenant, because it makes their indexes. Loading again restores what was changed or deleted
    and moves the dates to `now`, those of the recalls in the log too; memories of others in the same indexes are left alone.
    Raises ConfigError, before anything is written, if an index of one of the world's names holds other memories only.
    """
    world = build(now)
    for name in world.indexes:
        actor.require(Permission.ADMINISTER, what=f"index {name!r}", tenant=world.tenants.get(name))
    existing = set(catalog.names(actor=actor)) & world.indexes.keys()
    embedder = PackagedVectors(catalog.embedder())
    for name in sorted(existing):
        _check(catalog.open(name, actor=actor, embedder=embedder), world, actor)
    written = done = 0
    failed: list[WriteFailure] = []
    for name, memories in world.indexes.items():
        store = catalog.open_or_create(name, actor=actor, tenant=world.tenants.get(name), embedder=embedder)
        there = store.get((memory.key for memory in memories), actor=actor)
        wrong = [memory for memory in memories if not is_stored(memory, there.get(memory.key))]
        done += len(memories) - len(wrong)
        report = store.write(wrong, actor=actor, progress=_counter(progress, done))
        done += len(wrong)
        written += report.written
        failed += report.failed
        _log(store, world, embedder)
    if progress:
        progress(done)
    return LoadReport(
        indexes={name: len(memories) for name, memories in world.indexes.items()},
        created=tuple(sorted(world.indexes.keys() - existing)),
        written=written,
        unchanged=done - written - len(failed),
        failed=tuple(failed),
    )


def _log(store: MemoryStore, world: DemoWorld, embedder: Embedder) -> None:
    """Have the story's recalls in the log of recalls once, at the times that fit the memories' dates."""
    if store.archive is None:
        return
    log = store.archive.recalls
    wanted = {_mark(each.agent, each.at, each.k): each for each in world.recalls if each.index == store.info.name}
    found = {_mark(each.actor, each.at, each.k): each.at for each in log.recent(store.stream, limit=_LOOKED_THROUGH)}
    if any(each.at != found.get(mark, each.at) for mark, each in wanted.items()):
        log.rewrite(store.stream, lambda recall: _moved(recall, wanted))
    missing = [each for mark, each in wanted.items() if mark not in found]
    for recall in recalled(store, world.indexes[store.info.name], missing, embedder=embedder) if missing else ():
        log.append(recall)


def _mark(agent: str, at: datetime, k: int) -> tuple[str, time, int]:
    """Return what a recall of the story has on every day for which it is told."""
    return (agent, at.time(), k)


def _moved(recall: LoggedRecall, wanted: Mapping[tuple[str, time, int], Asking]) -> LoggedRecall:
    asked = wanted.get(_mark(recall.actor, recall.at, recall.k))
    return replace(recall, at=asked.at) if asked else recall


def _counter(progress: Callable[[int], None] | None, before: int) -> Callable[[int], None] | None:
    return (lambda count: progress(before + count)) if progress else None


def _check(store: MemoryStore, world: DemoWorld, actor: Actor) -> None:
    """Raise where the story would mix with memories that are somebody's own."""
    store.embedder()
    ours: tuple[Memory, ...] = world.indexes[store.info.name]
    count = store.count(actor)
    if count and not store.get((memory.key for memory in ours), actor=actor):
        raise ConfigError(
            f"Index {store.info.name!r} in {store.uri} holds {count:,} memories that are not the demo's: "
            "load the demo world into another store, as `make demo` does."
        )

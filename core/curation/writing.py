"""Memories written outside of a plan, as an import and `remember` do: journalled batch by batch, so that they can be undone.

A whole plan would have to hold every vector before the first is written. So the plan's entries come as the rows do: it
begins at the first batch and ends with the last. The lease is held for one batch at a time, for an import may take hours.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

from core.access import Actor, Permission
from core.curation.batches import batches
from core.curation.erasure import purge
from core.curation.history import State
from core.curation.journal import Entry, Image, Kind, Ledger
from core.curation.pacing import pace_of
from core.curation.plan import Action, Change, Plan
from core.curation.recovery import recover
from core.curation.sending import Step
from core.curation.settling import CHANGED_MEANWHILE
from core.curation.workplace import Workplace
from core.errors import BusyError, ConfigError, InvalidMemoryError, MnemoscopeError
from core.memory import Memory
from core.memory.record import Record
from core.store import MemoryStore, WriteFailure, WriteReport
from core.writer import Screen

__all__ = ["Writing", "write_journalled"]

# Two seconds of embedding on two cores: progress moves, and a crash loses little.
_BATCH: Final = 128
_POLL_S: Final = 0.05
_PATIENCE_S: Final = 60.0
# What the index is found to be where it is not as it was seen (core.curation.staleness).
_DIFFERENCES: Final = frozenset({"was changed", "is gone", "is there now", CHANGED_MEANWHILE})
_UNMEASURED: Final = "it adds memories and was not measured"


class Writing:
    """One write of any length, one plan in the journal; `plan_id` is what undoes it. Close it, or use it in a `with`.

    A key may come once, and what the `guard` refuses is among the failures. Where a plan is being applied, a batch waits for
    its end, up to `patience_s`. `recovers` settles first what a crash left, for which it reads all of the journal.
    """

    def __init__(
        self,
        store: MemoryStore,
        ledger: Ledger,
        *,
        actor: Actor,
        title: str,
        policy: str,
        reason: str = "",
        parameters: Mapping[str, Any] | None = None,
        guard: Screen | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: uuid4().hex,
        recovers: bool = True,
        patience_s: float = _PATIENCE_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        register, pace = ledger.register(store.stream), pace_of(store.uri)
        self._place = Workplace(store, ledger.journal, ledger.documents, clock, new_id, register, purge, pace)
        self._place.require(Permission.WRITE, actor)
        info = store.info
        self._plan = Plan(
            new_id(), store.bucket, info.name, title, policy, actor.name, clock(), (), reason, dict(parameters or {})
        )
        self._actor, self._guard, self._patience_s, self._sleep = actor, guard, patience_s, sleep
        self._seen: set[int] = set()
        self._recovers, self._is_unsettled = recovers, False
        self._number = 0  # of its last entry in the journal
        self._batches = self._done = self._failed = 0
        self._counts: Counter[str] = Counter()

    @property
    def plan_id(self) -> str | None:
        """The id to undo it by, None while nothing was written."""
        return self._plan.id if self._done else None

    def write(
        self,
        memories: Iterable[Memory],
        *,
        seen: Mapping[str, Record] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> WriteReport:
        """Embed and store memories as MemoryStore.write does; `seen` is what the caller found under their keys.

        What somebody else changed since is not written over: it is among the failures.
        """
        done = 0
        failed: list[WriteFailure] = []
        numbered = enumerate(memories)
        while part := list(itertools.islice(numbered, _BATCH)):
            failed += self._write(part, seen)
            done += len(part)
            if progress:
                progress(done)
        return WriteReport(done - len(failed), tuple(sorted(failed, key=lambda failure: failure.position)))

    def close(self, error: BaseException | None = None) -> None:
        """End the plan in the journal; `error` is what stopped it."""
        if not self._number or isinstance(error, BusyError):  # whoever has the lease, or the next one, ends it
            return
        if self._is_unsettled:  # it was broken off in the middle of a batch: the index is asked what became of it
            with ExitStack() as stack:
                self._wait(stack)
                recover(self._place, actor=self._actor)
            return
        state, why = (State.PARTIAL if self._failed else State.APPLIED), None
        if isinstance(error, Exception):
            state, why = State.FAILED, str(error) if isinstance(error, MnemoscopeError) else type(error).__name__
        elif error is not None:  # Ctrl-C, or a click on a page that ends its script
            state, why = State.CANCELLED, f"{self._actor.name} stopped it"
        body = {"state": str(state), "done": self._done, "failed": self._failed, "left": 0, "why": why}
        with self._turn():
            self._append(Kind.ENDED, body | {"counts": dict(self._counts)})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close(error)

    def _write(self, part: Sequence[tuple[int, Memory]], seen: Mapping[str, Record] | None) -> Iterator[WriteFailure]:
        positions: dict[str, int] = {}
        records: dict[str, Record] = {}
        texts: dict[str, str] = {}
        metadata_of = self._place.store.metadata_of()
        for position, memory in part:
            try:
                memory = memory if self._guard is None else self._guard.screen(memory)[0]
                metadata = metadata_of(memory)
            except InvalidMemoryError as error:
                yield WriteFailure(memory.key, str(error), position)
                continue
            if memory.key in records or hash(memory.key) in self._seen:
                yield WriteFailure(memory.key, "The same write had this key before: give one of them another.", position)
                continue
            positions[memory.key], records[memory.key], texts[memory.key] = position, Record(metadata), memory.content
        if not records:
            return
        vectors = self._place.store.embedder().embed(list(texts.values()))
        after = {key: Record(each.metadata, vector) for (key, each), vector in zip(records.items(), vectors, strict=True)}
        self._seen.update(map(hash, after))
        for key, why in self._put(after, seen).items():
            reason = f"Somebody else was faster: the memory {why}. Write it again." if why in _DIFFERENCES else why
            yield WriteFailure(key, reason, positions[key])

    def _put(self, after: Mapping[str, Record], seen: Mapping[str, Record] | None) -> dict[str, str]:
        """Put records in one turn, and return those that were not, each with why."""
        failed: dict[str, str] = {}
        with self._turn():
            before = self._place.read(after, actor=self._actor) if seen is None else seen
            changes = [self._change(key, record, before.get(key)) for key, record in after.items()]
            for batch in batches(changes, dimension=self._place.store.info.dimension):
                done = Step(self._place, self._actor, self._append).run(self._batches, batch)
                self._done += len(done.done)
                self._failed += len(done.failed)
                self._batches += 1
                self._counts[str(batch[0].action)] += len(done.done)
                failed |= done.failed
                if done.stopped is not None:
                    raise done.stopped
        return failed

    def _change(self, key: str, record: Record, before: Record | None) -> Change:
        action = Action.PUT if before is None else Action.REPLACE
        return Change(key, action, self._plan.title, self._plan.policy, before, record)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Hold the lease for the block, in a plan that is open."""
        with ExitStack() as stack:
            self._wait(stack)
            if not self._number and self._recovers:
                recover(self._place, actor=self._actor)
            if not self._number or self._is_taken_for_dead():
                self._append(Kind.BEGUN, self._begun(resumed=self._number > 0))
            yield

    def _is_taken_for_dead(self) -> bool:
        """Say whether another process ended the plan between two batches."""
        later = self._place.journal.entries(self._place.stream, plan_id=self._plan.id, after=self._number)
        return any(entry.kind is Kind.ENDED for entry in later)

    def _wait(self, stack: ExitStack) -> None:
        waited = 0.0
        while True:
            try:
                lease = self._place.journal.lease(self._place.stream, plan_id=self._plan.id, actor=self._actor.name)
                return stack.enter_context(lease)
            except BusyError:
                if waited >= self._patience_s:
                    raise
            self._sleep(_POLL_S)
            waited += _POLL_S

    def _append(self, kind: Kind, body: Mapping[str, Any], images: Sequence[Image] = ()) -> Entry:
        plan = self._plan
        entry = self._place.append(
            kind, body, plan_id=plan.id, plan_hash=plan.hash, actor=self._actor, reason=plan.reason, images=images
        )
        self._number = entry.number
        self._is_unsettled = kind is Kind.PREPARED
        return entry

    def _begun(self, *, resumed: bool) -> dict[str, Any]:
        plan = self._plan
        return {
            "title": plan.title,
            "policy": plan.policy,
            "index": plan.index,
            "bucket": plan.bucket,
            "tenant": self._place.store.info.tenant,
            "author": plan.author,
            "undoes": None,
            "changes": 0,  # nobody knows before the end
            "counts": {},
            "fingerprint": plan.fingerprint,
            "preflight": None,
            "unmeasured": _UNMEASURED,
            "acknowledged": None,
            "approved_by": None,
            "resumed": resumed,
            "parameters": dict(plan.parameters),
            "note": plan.reason,
        }


def write_journalled(
    store: MemoryStore, memories: Iterable[Memory], *, actor: Actor, title: str, policy: str = "write", **options: Any
) -> tuple[WriteReport, str | None]:
    """Write memories in one go, and return the report with the id that undoes it; `options` are those of Writing."""
    if store.archive is None:
        raise ConfigError("This store was opened without its journal: open it with open_catalog.")
    options = {"recovers": False} | options
    with Writing(store, store.archive.ledger, actor=actor, title=title, policy=policy, **options) as writing:
        report = writing.write(memories)
    return report, writing.plan_id

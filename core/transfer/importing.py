"""Bring memories from JSON lines into a store: line by line, resumable by its keys, no bad line loses another.

Nothing is remembered beside the store itself: a row that is already there, field by field, is left alone, so the same
command after Ctrl-C or a crash goes on where it stopped, and a second import writes nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from core.access import Actor
from core.curation.writing import Writing
from core.errors import FileReadError, InvalidMemoryError
from core.guard import Guard, Mode
from core.hostile import one_line
from core.memory import NON_FILTERABLE, OURS, Memory
from core.memory.record import Record
from core.memory.sameness import is_stored
from core.store import MemoryStore
from core.transfer.given import GivenVectors
from core.transfer.lines import Line, Source, read_lines
from core.transfer.reports import ERRORS_KEPT, ImportReport, LineError, Progress
from core.transfer.rows import Row, fallback_key, parse_line, row_digest, to_memory, vector_of

__all__ = ["ERRORS_KEPT", "ImportReport", "Importer", "LineError", "Progress"]

# The store writes 128 at a time; where a batch takes less than half a second the next one is larger.
_BATCH_MIN: Final = 128
_BATCH_MAX: Final = 512
_QUICK_S: Final = 0.5
_NAME_CHARS: Final = 80
# Fields that recalling changes: where a row does not state them, the store's own values stay.
_REINFORCEMENT: Final = ("recall_count", "last_recalled_at")


@dataclass(frozen=True)
class _Candidate:
    """A good row that waits for its batch."""

    source: str
    line: int
    memory: Memory
    stated: frozenset[str]
    vector: np.ndarray | None = None


class Importer:
    """Imports sources into one store; `report` is true at any moment, also after an interruption.

    Rows with one key: equal ones count as repeated; a different one is an error, for a put would replace the first.
    A row's own vector is used only with `given`, which must be the store's embedder, else left out and counted.
    `guard` looks at each row before anything else does, and what it refuses is an error line.
    A dry run writes nothing; without a store it checks the lines alone.
    """

    def __init__(
        self,
        store: MemoryStore | None,
        *,
        actor: Actor,
        given: GivenVectors | None = None,
        dry_run: bool = False,
        guard: Guard | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        on_error: Callable[[LineError], None] | None = None,
    ) -> None:
        self.report = ImportReport(dry_run=dry_run)
        self._store = store
        self._actor = actor
        self._non_filterable = store.info.non_filterable if store else NON_FILTERABLE
        self._schema = store.schema if store else OURS
        self._given, self._guard = given, guard
        self._on_progress = on_progress or (lambda _: None)
        self._on_error = on_error or (lambda _: None)
        self._seen: dict[bytes, tuple[bytes, str, int]] = {}
        self._batch_size = _BATCH_MIN
        self._started = time.monotonic()
        self._writing: Writing | None = None

    def run(self, sources: Iterable[Source]) -> ImportReport:
        """Import every source; a damaged one is an error line and the next one follows. Storage errors are raised."""
        opened = list(sources)
        with self._journalled(opened) as self._writing:
            self._read(opened)
        return self.report

    def _journalled(self, sources: Sequence[Source]) -> AbstractContextManager[Writing | None]:
        """Return what writes the memories; None for a dry run, and for a store without a journal."""
        store = self._store
        if store is None or store.archive is None or self.report.dry_run:
            return nullcontext()
        title = f"Import of {', '.join(one_line(Path(source.name).name, _NAME_CHARS) for source in sources)}"
        return Writing(store, store.archive.ledger, actor=self._actor, title=title, policy="import")

    def _read(self, opened: list[Source]) -> None:
        batch: list[_Candidate] = []
        for candidate in self._candidates(opened):
            batch.append(candidate)
            if len(batch) >= self._batch_size:
                self._flush(batch, opened)
                batch = []
        self._flush(batch, opened)

    def _candidates(self, sources: list[Source]) -> Iterator[_Candidate]:
        for source in sources:
            occurrences: dict[bytes, int] = {}
            try:
                for line in read_lines(source):
                    candidate = self._candidate(source, line, occurrences)
                    if candidate is not None:
                        yield candidate
            except FileReadError as error:
                self._fail(LineError(source.name, source.line_reached, str(error)))

    def _candidate(self, source: Source, line: Line, occurrences: dict[bytes, int]) -> _Candidate | None:
        try:
            row = parse_line(line)
            digest = row_digest(row)
            fallback = fallback_key(digest, occurrence=occurrences.get(digest, 0))
            memory = to_memory(row, fallback=fallback, non_filterable=self._non_filterable, schema=self._schema)
            vector = self._vector(row)
            memory, vector = self._guarded(memory, vector)
        except InvalidMemoryError as error:
            if line.whole:  # else the damage is reported, and this is its splinter
                self._fail(LineError(source.name, line.number, str(error)))
            return None
        if memory.key == fallback:
            occurrences[digest] = occurrences.get(digest, 0) + 1
        if not self._is_new(memory.key, digest, source, line):
            return None
        self.report.vectors_left_out += row.vector is not None and vector is None
        return _Candidate(source.name, line.number, memory, frozenset(row.fields), vector)

    def _guarded(self, memory: Memory, vector: np.ndarray | None) -> tuple[Memory, np.ndarray | None]:
        """Return what the guard lets in; the vector of a text that it changed says what was cut out, so it goes too."""
        if self._guard is None:
            return memory, vector
        screened, findings = self._guard.screen(memory)
        self.report.redacted += bool(findings.of(Mode.REDACT))
        self.report.quarantined += bool(findings.of(Mode.QUARANTINE))
        return screened, vector if screened.content == memory.content else None

    def _vector(self, row: Row) -> np.ndarray | None:
        return None if self._given is None else vector_of(row, dimension=self._given.dimension)

    def _is_new(self, key: str, digest: bytes, source: Source, line: Line) -> bool:
        here = (digest, source.name, line.number)
        first = self._seen.setdefault(hashlib.blake2b(key.encode(), digest_size=16).digest(), here)
        if first is here:
            return True
        if first[0] == digest:
            self.report.repeated += 1
        else:
            self._fail(
                LineError(
                    source.name,
                    line.number,
                    f"The key is taken by another row, line {first[2]:,} of {first[1]}, and a put would replace it: "
                    "give one of them another key.",
                    key,
                )
            )
        return False

    def _flush(self, batch: list[_Candidate], sources: list[Source]) -> None:
        began = time.monotonic()
        if batch and self._store:
            self._write(self._store, batch, sources)
        elif batch:
            self.report.written += len(batch)
        took = time.monotonic() - began
        if took < _QUICK_S:
            self._batch_size = min(self._batch_size * 2, _BATCH_MAX)
        self.report.seconds = time.monotonic() - self._started
        self._tell(sources)

    def _write(self, store: MemoryStore, batch: list[_Candidate], sources: list[Source]) -> None:
        there = store.records.get([candidate.memory.key for candidate in batch], actor=self._actor, vectors=False)
        known = {key: store.memory_of(key, record.metadata) for key, record in there.items()}
        changed = [c for c in (_reinforced(candidate, known) for candidate in batch) if not self._is_there(store, c, known)]
        self.report.unchanged += len(batch) - len(changed)
        if self.report.dry_run:
            self._count(changed, known)
        elif changed:
            self._put(store, changed, known, there, sources)

    def _put(
        self,
        store: MemoryStore,
        changed: list[_Candidate],
        known: Mapping[str, Memory],
        there: Mapping[str, Record],
        sources: list[Source],
    ) -> None:
        done = 0

        def progress(count: int) -> None:
            nonlocal done
            done = count
            self._tell(sources, more=count)

        if self._given:
            self._given.give((candidate.memory, candidate.vector) for candidate in changed)
        try:
            memories = [candidate.memory for candidate in changed]
            if self._writing:
                written = self._writing.write(memories, seen=there, progress=progress)
            else:
                written = store.write(memories, actor=self._actor, progress=progress)
        except BaseException:
            self._count(changed[:done], known)
            raise
        failed = {failure.position: failure.reason for failure in written.failed}
        for position, reason in failed.items():
            candidate = changed[position]
            self._fail(LineError(candidate.source, candidate.line, reason, candidate.memory.key))
        self._count([candidate for position, candidate in enumerate(changed) if position not in failed], known)

    def _count(self, stored: Sequence[_Candidate], known: Mapping[str, Memory]) -> None:
        self.report.plan_id = self._writing.plan_id if self._writing else None
        replaced = sum(candidate.memory.key in known for candidate in stored)
        self.report.replaced += replaced
        self.report.written += len(stored) - replaced

    def _is_there(self, store: MemoryStore, candidate: _Candidate, known: Mapping[str, Memory]) -> bool:
        if not is_stored(candidate.memory, known.get(candidate.memory.key), non_filterable=self._non_filterable):
            return False
        if candidate.vector is None:
            return True
        stored = store.vectors([candidate.memory.key], actor=self._actor)
        return np.array_equal(stored[candidate.memory.key], candidate.vector)

    def _fail(self, error: LineError) -> None:
        if self._guard is not None:  # a message quotes the value that is wrong
            key = None if error.key is None else self._guard.clean(error.key)
            error = replace(error, reason=self._guard.clean(error.reason), key=key)
        self.report.fail(error)
        self._on_error(error)

    def _tell(self, sources: list[Source], *, more: int = 0) -> None:
        sizes = [source.size for source in sources]
        total = None if None in sizes else sum(size or 0 for size in sizes)
        read = sum(source.bytes_read for source in sources)
        self._on_progress(Progress(read, total, self.report.rows + more, self.report.failed))


def _reinforced(candidate: _Candidate, known: Mapping[str, Memory]) -> _Candidate:
    there = known.get(candidate.memory.key)
    if there is None:
        return candidate
    kept = {name: getattr(there, name) for name in _REINFORCEMENT if name not in candidate.stated}
    return replace(candidate, memory=replace(candidate.memory, **kept))

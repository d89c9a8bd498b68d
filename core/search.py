"""The two halves of a query, by vector and by words, each within a scope of which the service may filter only a part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from core.analysis.frame import to_frame
from core.candidates import Candidate, Mode, clip_text, merge
from core.errors import ConfigError
from core.exact import Found, Seen, exact_cosines, nearest, notes_of, take
from core.index import IndexInfo
from core.memory import TEXT_KEY, Memory, Schema, from_metadata
from core.records import vector_of
from core.scope import Scope
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN
from core.vectors.limits import GET_VECTORS_MAX, TOP_K_MAX

__all__ = ["Search", "asked"]

# So many of the nearest may be gone since a snapshot was taken.
_SPARE: Final = GET_VECTORS_MAX
_CUT: Final = f"The list of the {TOP_K_MAX:,} best by {{half}} ended before there were enough that pass the filters."


@dataclass(frozen=True)
class Search:
    """Searches one index through three readings of it.

    `query` yields every hit of QueryVectors, a page at a time; `get` yields the records of keys that exist, in their order;
    `scan` returns every record with its vector.
    """

    info: IndexInfo
    schema: Schema
    query: Callable[[dict[str, Any]], Iterator[dict[str, Any]]]
    get: Callable[..., Iterator[tuple[str, dict[str, Any]]]]
    scan: Callable[[], pa.Table]

    @property
    def text_key(self) -> str:
        """Return the metadata key with the text, as a query by words names it."""
        return self.schema.place(TEXT_KEY) or TEXT_KEY

    @property
    def has_text(self) -> bool:
        """Say whether the index can be searched by words."""
        return self.text_key in self.info.text_keys

    def find(
        self,
        text: str | None,
        vector: np.ndarray | None,
        *,
        mode: Mode,
        k: int,
        scope: Scope,
        now: datetime,
        snapshot: Seen | None,
    ) -> Found:
        """Return the best k of each half that the mode has, merged, the vector list first."""
        service, ours = scope.split(self.schema, non_filterable=self.info.non_filterable)
        common: dict[str, Any] = {"topK": TOP_K_MAX if ours else k, "returnMetadata": True}
        if condition := service.to_filter(now=now, schema=self.schema):
            common["filter"] = condition
        notes = notes_of(ours, self.schema)
        halves: list[Found] = []
        if vector is not None:
            # What expired or is hidden is rare: the service's list, read on until there are enough, is as exact as a scan.
            whole = ours is not None and replace(ours, include_expired=False, include_hidden=False) != Scope()
            part = self._exactly(vector, scope, k, now, snapshot) if whole else self._by_vector(vector, common, ours, k, now)
            halves.append(part)
        if mode is Mode.TEXT or (mode is Mode.HYBRID and self.has_text):
            halves.append(self._by_text(text, common, ours, k, now))
        notes += tuple(note for half in halves for note in half.notes)
        if vector is None or len(halves) == 1:
            return Found(halves[0].candidates, notes)
        by_vector, by_text = (half.candidates for half in halves)
        return Found(merge(by_vector, by_text, self._cosines(vector, by_vector, by_text)), notes)

    def near(self, vector: np.ndarray, k: int) -> list[Candidate]:
        """Return the k nearest memories of the whole index."""
        common: dict[str, Any] = {"topK": k, "returnMetadata": True}
        return self._by_vector(vector, common, None, k, self.info.created_at).candidates

    def memory(self, record: dict[str, Any]) -> Memory:
        """Return the memory of a record of the service."""
        return from_metadata(record["key"], record.get("metadata") or {}, self.schema)

    def _by_vector(self, vector: np.ndarray, common: dict[str, Any], ours: Scope | None, k: int, now: datetime) -> Found:
        hits = self.query({"queryVector": {"float32": vector}, "returnDistance": True, **common})
        found = (Candidate(self.memory(hit), cosine=self._cosine(hit["distance"])) for hit in hits)
        taken = take(found, k, admits=_within(ours, now), ranked=_by_meaning)
        return Found(taken.candidates, (_CUT.format(half="meaning"),) if taken.cut else ())

    def _by_text(self, text: str | None, common: dict[str, Any], ours: Scope | None, k: int, now: datetime) -> Found:
        if not self.has_text:
            raise ConfigError(f"Index {self.info.name!r} has no text search on {self.text_key!r}: use the mode vector.")
        texts = [{"metadataKey": self.text_key, "text": clip_text(asked(text))}]
        hits = self.query({"queryTexts": texts, "returnScores": True, **common})
        found = (Candidate(self.memory(hit), bm25=hit["scores"]["bm25Scores"][0]["score"]) for hit in hits)
        taken = take(found, k, admits=_within(ours, now), ranked=_by_words)
        return Found(taken.candidates, (_CUT.format(half="words"),) if taken.cut else ())

    def _exactly(self, vector: np.ndarray, scope: Scope, k: int, now: datetime, snapshot: Seen | None) -> Found:
        """Return the nearest of the records that the scope admits, of the snapshot or else of a scan."""
        if snapshot is not None and snapshot.has_vectors:
            frame, matrix = snapshot.frame, snapshot.vectors()
            notes = () if snapshot.total == snapshot.rows else (_sampled(snapshot),)
        else:
            table, notes = self.scan(), ()
            frame, matrix = to_frame(table, info=self.info, schema=self.schema), _matrix(table, self.info.dimension)
        rows = np.flatnonzero(scope.mask(frame, now=now).to_numpy())
        best = nearest(matrix, rows, vector, k=k + _SPARE, metric=self.info.metric)
        keys = frame[KEY_COLUMN.removeprefix("$")].to_numpy()
        cosines = {str(keys[row]): cosine for row, cosine in best}
        # As they are stored now: what changed since the snapshot may be out of scope, or gone; then the next ones follow.
        stored = (self.memory(record) for _, record in self.get(cosines, returnMetadata=True))
        found = (Candidate(memory, cosine=cosines[memory.key]) for memory in stored)
        return Found(take(found, k, admits=_within(scope, now), ranked=_by_meaning).candidates, notes)

    def _cosines(self, vector: np.ndarray, by_vector: Sequence[Candidate], by_text: Sequence[Candidate]) -> dict[str, float]:
        known = {candidate.memory.key for candidate in by_vector}
        missing = [candidate.memory.key for candidate in by_text if candidate.memory.key not in known]
        found = {key: vector_of(record) for key, record in self.get(missing, returnData=True)}
        cosines = exact_cosines(vector, np.stack(list(found.values()))).tolist() if found else []
        return dict(zip(found, cosines, strict=True))

    def _cosine(self, distance: float) -> float:
        # Between vectors of length 1, as every embedder of ours makes them, d² = 2 - 2 cos.
        return 1 - distance if self.info.metric == "cosine" else 1 - distance * distance / 2


def asked(text: str | None) -> str:
    """Return the text of a query; raise ConfigError for an empty one."""
    if not text or not text.strip():
        raise ConfigError("The query is empty: write what to look for.")
    return text


def _within(scope: Scope | None, now: datetime) -> Callable[[Candidate], bool] | None:
    return None if scope is None else lambda candidate: scope.admits(candidate.memory, now=now)


def _by_meaning(candidate: Candidate, rank: int) -> Candidate:
    return Candidate(candidate.memory, candidate.cosine, candidate.bm25, rank, candidate.text_rank)


def _by_words(candidate: Candidate, rank: int) -> Candidate:
    return Candidate(candidate.memory, candidate.cosine, candidate.bm25, candidate.vector_rank, rank)


def _matrix(table: pa.Table, dimension: int) -> np.ndarray:
    flat = table[VECTOR_COLUMN].combine_chunks().flatten()
    return np.asarray(flat.to_numpy(zero_copy_only=False), dtype=np.float32).reshape(-1, dimension)


def _sampled(snapshot: Seen) -> str:
    whole = f"of {snapshot.total:,} " if snapshot.total is not None else ""
    return f"Searched {snapshot.rows:,} {whole}memories: the snapshot is a sample, and the filters run over it."

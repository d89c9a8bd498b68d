"""An index as it is and as a plan would leave it, in memory, answering as core.recall does over the engine: exactly.

The records of a snapshot are the rows; a plan takes some of them away and puts others behind them, as the engine does. Both
indexes share what was prepared for the rows, and the ranking is the one of every recall (core.answering).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.analysis.frame import to_frame
from core.candidates import Candidate, Mode
from core.curation.corpus import Corpus, of_records, stacked
from core.curation.in_force import InForce
from core.curation.plan import Action, Plan
from core.curation.wordindex import WordSearch
from core.exact import Found, exact_cosines
from core.index import IndexInfo
from core.memory import Memory
from core.memory.record import Record
from core.scope import Scope
from core.search import Search
from core.vectors.columns import Mask
from core.vectors.validation import query_vector

__all__ = ["SimulatedIndex", "as_changed", "as_it_is", "as_planned"]

_FEW: Final = 256  # rows that are scored in float64 at once
_BLOCK: Final = 64  # rows whose best stands for them when the k-th best is sought
_AHEAD: Final = 128  # memories that are read at once
# The order in which a plan is applied (core.curation.apply): what is put last is last among equals.
_ORDER: Final = (Action.PUT, Action.REPLACE)
_NEVER: Final[Mapping[str, datetime]] = {}
_USUAL: Final = InForce()

_Ints = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float32]
_Seen = Callable[[Memory], Memory]


class SimulatedIndex:
    """Rows of several corpora, behind one another, as far as they are `alive`; `seen` turns each memory. For one thread."""

    def __init__(
        self, parts: Sequence[Corpus], alive: Mask, used: Mapping[str, datetime], rules: InForce, seen: _Seen | None = None
    ) -> None:
        self._parts = [part for place, part in enumerate(parts) if part.rows or not place]
        self._alive, self._used, self._rules, self._seen = alive, used, rules, seen
        self._first = parts[0]
        self._starts = list(accumulate((part.rows for part in self._parts), initial=0))
        self._masks: dict[str, Mask] = {}

    @property
    def info(self) -> IndexInfo:
        """What the index is."""
        return self._first.info

    @property
    def has_text(self) -> bool:
        """Say whether the index can be searched by words."""
        return self._search.has_text

    @property
    def rows(self) -> int:
        """How many memories there are."""
        return int(np.count_nonzero(self._alive))

    def search(self, text: str, vector: np.ndarray | None, *, mode: Mode, k: int, scope: Scope, now: datetime) -> Found:
        """Return the best k of each half that the mode has, merged, the vector list first."""
        return self._search.find(text, vector, mode=mode, k=k, scope=scope, now=now, snapshot=_Rows(self))

    def candidates(self, keys: Iterable[str], *, vector: np.ndarray | None) -> list[Candidate]:
        """Return the memories that exist as candidates, with their exact cosines where there is a vector."""
        rows = [row for key in dict.fromkeys(keys) if (row := self._row(key)) is not None]
        cosines: list[float | None] = [None] * len(rows)
        if vector is not None and rows:
            cosines = exact_cosines(vector, self._vectors(np.array(rows))).tolist()
        return [Candidate(memory, cosine=cosine) for memory, cosine in zip(self._memories(rows), cosines, strict=True)]

    def last_used(self, keys: Collection[str]) -> Mapping[str, datetime]:
        """Return when memories were last recalled by those who use them, as far as the recall log says."""
        return {key: self._used[key] for key in keys if key in self._used}

    def rules(self) -> InForce:
        """Return the decay rules that rank the index."""
        return self._rules

    def prepare(self, vectors: Sequence[_Floats]) -> None:
        """Get ready for queries with these vectors: all rows are gone through once for all of them."""
        units = [self._unit(vector).astype(np.float32) for vector in vectors]
        for part in self._parts:
            part.prepare(units)

    @cached_property
    def _search(self) -> Search:
        return _Search(self.info, self._first.schema, self._query, self._get, self.table)

    @cached_property
    def _words(self) -> WordSearch:
        parts = [part.words for part in self._parts]
        return WordSearch([words for words in parts if words is not None], self._alive)

    def _row(self, key: str) -> int | None:
        for start, part in zip(self._starts, self._parts, strict=False):
            place = part.places.get(key)
            if place is not None and self._alive[start + place]:
                return start + place
        return None

    def _memories(self, rows: Sequence[int]) -> list[Memory]:
        if len(self._parts) == 1 and self._seen is None:
            return self._first.memories(rows)
        found: dict[int, Memory] = {}
        for start, part in zip(self._starts, self._parts, strict=False):
            inside = [row for row in rows if start <= row < start + part.rows]
            found.update(zip(inside, part.memories([row - start for row in inside]), strict=True))
        return [found[row] if self._seen is None else self._seen(found[row]) for row in rows]

    def _vectors(self, rows: _Ints) -> _Floats:
        found = np.empty((len(rows), self.info.dimension), np.float32)
        for start, part in zip(self._starts, self._parts, strict=False):
            inside = (rows >= start) & (rows < start + part.rows)
            found[inside] = part.matrix[rows[inside] - start]
        return found

    def _get(self, keys: Iterable[str], **fields: bool) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the records that exist: with the memory, or in the service's own shape with the vector."""
        found = {key: row for key in dict.fromkeys(keys) if (row := self._row(key)) is not None}
        rows = list(found.values())
        if fields.get("returnData"):
            vectors = self._vectors(np.array(rows, np.int64))
            yield from ((key, {"data": {"float32": vector}}) for key, vector in zip(found, vectors, strict=True))
        else:
            yield from ((key, {"memory": memory}) for key, memory in zip(found, self._memories(rows), strict=True))

    def _query(self, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the hits of a query by vector or by one text, as QueryVectors gives them, with their memories."""
        chosen, k = self._chosen(arguments.get("filter")), arguments["topK"]
        if "queryVector" in arguments:
            rows, distances = self._nearest(np.asarray(arguments["queryVector"]["float32"]), chosen, k)
            fields = [{"distance": distance} for distance in distances.tolist()]
        else:
            (asked,) = arguments["queryTexts"]
            found, name = self._words.matches(asked["text"], chosen, k), asked["metadataKey"]
            rows = found.rows
            fields = [{"scores": {"bm25Scores": [{"metadataKey": name, "score": score}]}} for score in found.scores.tolist()]
        for start in range(0, len(rows), _AHEAD):
            memories = self._memories(rows[start : start + _AHEAD].tolist())
            for memory, more in zip(memories, fields[start : start + _AHEAD], strict=True):
                yield {"memory": memory, **more}

    def _chosen(self, condition: Mapping[str, Any] | None) -> Mask:
        """Return which rows live and satisfy a filter."""
        name = repr(condition)
        if name not in self._masks:
            self._masks[name] = np.concatenate([part.mask(condition) for part in self._parts]) & self._alive
        return self._masks[name]

    def _nearest(self, vector: _Floats, chosen: Mask, k: int) -> tuple[_Ints, npt.NDArray[np.float64]]:
        """Return the k nearest of the chosen rows with their distances; ties in the order of the rows."""
        cosine, unit = self.info.metric == "cosine", self._unit(vector)
        rows = self._hopeful(unit.astype(np.float32), chosen, k, cosine=cosine)
        vectors = self._vectors(rows).astype(np.float64)
        if cosine:  # as the engine has it: equal rows are at equal distances
            products = np.einsum("ij,j->i", vectors, unit)
            distances = np.clip(1 - products / np.linalg.norm(vectors, axis=1), 0, 2)
        else:
            distances = np.linalg.norm(vectors - unit, axis=1)
        order = np.lexsort((rows, distances))[:k]
        return rows[order], distances[order]

    def _unit(self, vector: _Floats) -> npt.NDArray[np.float64]:
        """Return a query's vector as distances want it; raise ValidationError for one that the service refuses."""
        cosine = self.info.metric == "cosine"
        exact = query_vector({"float32": vector}, dimension=self.info.dimension, cosine=cosine).astype(np.float64)
        return exact / np.linalg.norm(exact) if cosine else exact

    def _hopeful(self, unit: _Floats, chosen: Mask, k: int, *, cosine: bool) -> _Ints:
        """Return rows among which the k nearest are for certain."""
        if any(part.extreme for part in self._parts) or np.count_nonzero(chosen) <= max(_FEW, 2 * k):
            return np.flatnonzero(chosen)
        products = np.concatenate([part.products(unit) for part in self._parts])
        rough = np.where(chosen, products * self._factors if cosine else products - self._factors, -np.inf)
        longest = np.float64(1.0) if cosine else np.sqrt(2 * self._factors.max())
        length = np.float64(1.0) if cosine else np.linalg.norm(unit.astype(np.float64))
        # Higham 2002, 3.1: what a product in float32 is off, whatever the order of summation; twice that, and both ways.
        slack = 4 * (self.info.dimension + 32) * 2.0**-24 * longest * (length + longest)
        near = np.flatnonzero(rough >= _kth_best(rough, k) - slack)
        least = np.partition(rough[near], len(near) - k)[len(near) - k]
        rows: _Ints = near[rough[near] >= least - slack]
        return rows

    @cached_property
    def _factors(self) -> _Floats:
        squares = np.concatenate([part.lengths for part in self._parts])
        factors = 1 / np.sqrt(squares) if self.info.metric == "cosine" else squares / 2
        return np.asarray(factors, np.float32)

    def table(self) -> pa.Table:
        """Return every record as one table, without its vector."""
        ends = self._starts[1:-1]
        return stacked(list(zip([part.table for part in self._parts], np.split(self._alive, ends), strict=True)))

    def matrix(self) -> _Floats:
        """Return the vectors in the order of the table."""
        return self._vectors(np.flatnonzero(self._alive))

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The memories as a frame, in the order of the table."""
        return to_frame(self.table(), info=self.info, schema=self._first.schema)


@dataclass(frozen=True)
class _Search(Search):
    """The search of every store over rows in memory, whose records have their memories."""

    def memory(self, record: dict[str, Any]) -> Memory:
        """Return the memory of a record."""
        memory: Memory = record["memory"]
        return memory


class _Rows:
    """The rows as a snapshot, made at the first need: for a scope that the service cannot filter."""

    has_vectors = True

    def __init__(self, index: SimulatedIndex) -> None:
        self._index = index

    @property
    def frame(self) -> pd.DataFrame:
        return self._index.frame

    @property
    def rows(self) -> int:
        return self._index.rows

    @property
    def total(self) -> int:
        return self._index.rows

    def vectors(self) -> _Floats:
        return self._index.matrix()


def as_it_is(corpus: Corpus, *, used: Mapping[str, datetime] = _NEVER, rules: InForce = _USUAL) -> SimulatedIndex:
    """Return an index as it is; `used` is when the recall log last saw memories in use, `rules` decays their confidence."""
    return SimulatedIndex([corpus], np.ones(corpus.rows, np.bool_), used, rules)


def as_planned(
    corpus: Corpus, plan: Plan, *, used: Mapping[str, datetime] = _NEVER, rules: InForce = _USUAL
) -> SimulatedIndex:
    """Return the index that a plan leaves; a replacement without a vector of what is gone meanwhile is left out."""
    added: dict[str, Record] = {}
    for change in sorted((each for each in plan if each.action in _ORDER), key=lambda each: _ORDER.index(each.action)):
        row = corpus.places.get(change.key)
        assert change.after is not None
        vector = change.after.vector
        if vector is None and row is not None:
            vector = corpus.matrix[row]
        if vector is not None:
            added[change.key] = Record(change.after.metadata, vector)
    more = of_records(added, info=corpus.info, schema=corpus.schema)
    return as_changed(corpus, [change.key for change in plan], more, used=used, rules=rules)


def as_changed(
    corpus: Corpus,
    gone: Iterable[str],
    more: Corpus,
    *,
    used: Mapping[str, datetime] = _NEVER,
    rules: InForce = _USUAL,
    seen: _Seen | None = None,
) -> SimulatedIndex:
    """Return an index without some keys, and with other records put behind the rest; what these replace goes too."""
    alive = np.ones(corpus.rows, np.bool_)
    alive[[row for key in (*gone, *more.keys) if (row := corpus.places.get(key)) is not None]] = False
    return SimulatedIndex([corpus, more], np.concatenate([alive, np.ones(more.rows, np.bool_)]), used, rules, seen)


def _kth_best(values: _Floats, k: int) -> float:
    """Return a value that at least k reach, close to the k-th best: the k-th best of the blocks' bests."""
    blocks = len(values) // _BLOCK
    best = values[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1) if 4 * k <= blocks else values
    return float(np.partition(best, len(best) - k)[len(best) - k])

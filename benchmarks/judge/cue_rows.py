"""Pairs of texts as the weights of the cues are fitted on them: signs, the verdicts that each allows, what each counts."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.judge.edits import edits
from core.eval.conflicts import read_labelled
from core.eval.rows import read_rows
from core.models.embedding import default_embedder
from core.models.judge import CLASHING, ConflictVerdict, JudgedPair, Side
from core.models.judges.crossencoder import CrossEncoder
from core.models.judges.cues import noticed, rows_of
from core.models.judges.joint import MODEL_SIGNS, signs_of_model
from core.models.judges.signs import SIGNS

__all__ = ["CLASHES_AT", "FOLDS", "VERDICTS", "Reader", "Rows", "every_row", "kept", "of_memories"]

VERDICTS: Final = tuple(ConflictVerdict)
CLASHES_AT: Final = np.array([verdict in CLASHING for verdict in VERDICTS])
_BATCH: Final = 256
FOLDS: Final = 5
# At most so many pairs of a set, and what each counts.
_NLI: Final = {
    "mnli_dev_matched": (2_400, 0.08),
    "negnli_mnli": (1_000, 0.08),
    "hans_mnli_contradicting": (256, 0.1),
    "conjnli": (1_500, 0.06),
    "clcd": (800, 0.04),
    "ambient": (1_500, 0.06),
    "numeric_edit_generated": (600, 0.06),
}
_ALLOWED: Final = {
    "contradiction": {ConflictVerdict.CONTRADICTION},
    "entailment": {ConflictVerdict.DUPLICATE, ConflictVerdict.BOTH_TRUE},
    "neutral": {ConflictVerdict.BOTH_TRUE, ConflictVerdict.UNRELATED, ConflictVerdict.DUPLICATE},
}
# Of a store: the lengths of the texts, how near two are, at most so many pairs, and what each counts.
_SHORTEST, _LONGEST = 20, 1_500
_NEAR: Final = 0.5
_STORE_PAIRS: Final = 1_500
_STORE_WEIGHT: Final = 0.1
_EDIT_WEIGHT: Final = 0.15


@dataclass(frozen=True)
class Rows:
    """Pairs as they are fitted: signs, the verdicts that each allows, what each counts, and its fold."""

    table: np.ndarray
    allowed: np.ndarray
    weights: np.ndarray
    folds: np.ndarray


@dataclass(frozen=True)
class Reader:
    """Pairs to tables: where embeddings are kept, and the model whose logits are signs too."""

    cache: Path | None
    model: CrossEncoder | None = None

    @property
    def names(self) -> list[str]:
        """The columns of a table."""
        return [*SIGNS, *(MODEL_SIGNS if self.model else ())]

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Return a vector of each text."""
        embedder = default_embedder(self.cache)
        return np.concatenate([embedder.embed(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)])

    def table(self, pairs: Sequence[JudgedPair]) -> np.ndarray:
        """Return (pairs, columns), embedding each text once."""
        texts = sorted({side.text for pair in pairs for side in (pair.left, pair.right)}, key=len)
        vectors, place = self.vectors(texts), {text: at for at, text in enumerate(texts)}
        cosines = [float(vectors[place[pair.left.text]] @ vectors[place[pair.right.text]]) for pair in pairs]
        signs = [noticed(replace(pair, cosine=cosine)) for pair, cosine in zip(pairs, cosines, strict=True)]
        told = rows_of(signs)
        if self.model is None:
            return told
        return np.column_stack([told, signs_of_model(self.model.logits([(p.left.text, p.right.text) for p in pairs]))])


def kept(rows: Rows, kept: np.ndarray) -> Rows:
    return Rows(*(getattr(rows, name)[kept] for name in Rows.__dataclass_fields__))


def _joined(sets: Sequence[Rows]) -> Rows:
    return Rows(*(np.concatenate([getattr(rows, name) for rows in sets]) for name in Rows.__dataclass_fields__))


def of_memories(paths: Sequence[Path], reader: Reader) -> Rows:
    labelled = [pair for path in paths for pair in read_labelled(path)]
    pairs = [JudgedPair(pair.left, pair.right, 0.0) for pair in labelled]
    allowed = np.array([[verdict is pair.verdict for verdict in VERDICTS] for pair in labelled], float)
    return Rows(reader.table(pairs), allowed, np.ones(len(pairs)), _folds([(p.left.text, p.right.text) for p in pairs]))


def _bare(rows: Rows) -> Rows:
    """Return the pairs without times and agents."""
    names = [*SIGNS, *MODEL_SIGNS][: rows.table.shape[1]]
    gone = np.isin(names, ["times", "days", "change", "one agent", "two agents", "clash days", "change days", "near days"])
    return Rows(rows.table * ~gone, rows.allowed, rows.weights * 0.5, rows.folds)


def _edited(paths: Sequence[Path], folds: np.ndarray, reader: Reader) -> Rows:
    """Return memories beside changed copies of themselves, in the folds of their pairs."""
    labelled = [pair for path in paths for pair in read_labelled(path)]
    found = [
        (pair.left.text, copy, allowed, fold)
        for at, (pair, fold) in enumerate(zip(labelled, folds, strict=True))
        if len(pair.left.text) < _LONGEST / 3
        for copy, allowed in edits(pair.left.text, at)
    ]
    pairs = [JudgedPair(Side(text), Side(copy), 0.0) for text, copy, _, _ in found]
    allowed = np.array([[verdict in each for verdict in VERDICTS] for _, _, each, _ in found], float)
    return Rows(reader.table(pairs), allowed, np.full(len(pairs), _EDIT_WEIGHT), np.array([fold for *_, fold in found]))


def every_row(args: argparse.Namespace, memory: Rows, reader: Reader) -> Rows:
    """Return all that is fitted: the memories, with and without times, changed copies of them, and other sets."""
    return _joined([memory, _bare(memory), _edited(args.pairs, memory.folds, reader), *_others(args, reader)])


def _others(args: argparse.Namespace, reader: Reader) -> list[Rows]:
    stores = [_store(path, reader) for path in args.stores]
    return stores + (_nli(args.nli, reader) if args.nli else [])


def _store(path: Path, reader: Reader) -> Rows:
    """Return pairs of memories of one team that are near each other: of those hardly one in a thousand clashes."""
    rows = [row for _, row in read_rows(path) if _SHORTEST <= len(row["content"]) <= _LONGEST]
    vectors = reader.vectors([row["content"] for row in rows])
    cosines = np.triu(vectors @ vectors.T, 1)
    teams = np.array([row["task_id"] or row["team_id"] for row in rows])
    first, second = np.nonzero((cosines >= _NEAR) & (cosines < 0.97) & (teams[:, None] == teams))
    chosen = np.random.default_rng(7).permutation(len(first))[:_STORE_PAIRS]
    pairs = [JudgedPair(_side(rows[first[at]]), _side(rows[second[at]]), 0.0) for at in chosen]
    allowed = np.tile((~CLASHES_AT).astype(float), (len(pairs), 1))
    folds = _folds([(pair.left.text, pair.right.text) for pair in pairs])
    return Rows(reader.table(pairs), allowed, np.full(len(pairs), _STORE_WEIGHT), folds)


def _side(row: Mapping[str, str]) -> Side:
    return Side(row["content"], datetime.fromisoformat(row["created_at"]), row["agent_id"])


def _nli(folder: Path, reader: Reader) -> list[Rows]:
    found = []
    for name, (most, weight) in _NLI.items():
        rows = [row for _, row in read_rows(folder / f"{name}.jsonl.gz")]
        rows = rows[:: max(1, -(-len(rows) // most))]
        pairs = [JudgedPair(Side(row["text_a"]), Side(row["text_b"]), 0.0) for row in rows]
        allowed = np.array([[verdict in _ALLOWED[row["label"]] for verdict in VERDICTS] for row in rows], float)
        folds = _folds([(pair.left.text, pair.right.text) for pair in pairs])
        found.append(Rows(reader.table(pairs), allowed, np.full(len(pairs), weight), folds))
    return found


def _folds(texts: Sequence[tuple[str, str]]) -> np.ndarray:
    """Return the fold of each pair; those that share a text, by whatever chain, are in one."""
    head: dict[str, str] = {}

    def root(text: str) -> str:
        while head.setdefault(text, text) != text:
            text = head[text]
        return text

    for a, b in texts:
        head[root(a)] = root(b)
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(root(a), len(numbers)) % FOLDS for a, _ in texts])

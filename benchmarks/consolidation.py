"""What remains answerable with fewer memories: consolidated, deleted by chance, or the oldest deleted.

    python benchmarks/consolidation.py --memories FILE --questions FILE [--types T,T] [--by session] [--embeddings DIR]

A question is answerable when one of its evidence memories is among the first k, or a merged memory is that has a sentence
which stands on one ("said"; "source" also counts merged memories that name it as a source without saying it). Merged ones
are longer, so "same KB" reads no more of what was found than one reads of all memories on average. A row of questions is a
question with evidence_keys, or a reflection_key, whose memory then asks and is not in the index.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.access import LOCAL_ADMIN
from core.analysis.frame import to_frame
from core.catalog import Catalog
from core.config import open_catalog
from core.curation.consolidation import WAYS, SourceGroup, coverage, groups_of, merged_memory, sentences_of, summarise
from core.eval.retrieval import Question
from core.eval.rows import read_rows
from core.memory import Memory, from_row
from core.models.embedding import default_embedder
from core.models.protocol import Embedder
from core.recall import recall
from core.scope import Scope
from core.store import MemoryStore
from core.vectors.client import VECTOR_COLUMN

_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_COLUMNS = ("memories", "KB", "said", "same KB", "source", "recall", "KB read")


@dataclass(frozen=True)
class Kept:
    """The memories that remain, and for each merged one the sources that its sentences stand on."""

    memories: tuple[Memory, ...]
    said: Mapping[str, frozenset[str]]


def main() -> int:
    """Print a table and, as the last line, JSON."""
    arguments = _arguments()
    memories, questions = _read(arguments)
    embedder = default_embedder(arguments.embeddings)
    table: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
        catalog = open_catalog(folder, embedder_factory=lambda: embedder)
        whole = _store(catalog, "whole", memories)
        table["all memories"] = _measured(whole, Kept(memories, {}), questions, arguments)
        budget = table["all memories"]["KB read"]
        for fewer in arguments.fewer:
            left = len(memories) - round(len(memories) * fewer / 100)
            for name, kept in _ways(whole, memories, left, embedder, arguments):
                store = _store(catalog, f"{name.replace(' ', '-')}-{fewer}", kept.memories)
                table[f"{fewer} % fewer: {name}"] = _measured(store, kept, questions, arguments, budget)
        catalog.close()
    print(f"{len(questions):,} questions, k = {arguments.k}, groups by {arguments.by}")
    print(f"{'':<28}" + "".join(f"{name:>10}" for name in _COLUMNS))
    for name, row in table.items():
        shown = (f"{row[one]:>10,.0f}" if one == "memories" else f"{row[one]:>10.3f}" for one in _COLUMNS)
        print(f"{name:<28}" + "".join(shown))
    print(json.dumps(table))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memories", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--types", default="", help="only memories of these types, with commas")
    parser.add_argument("--teams", default="", help="only memories and questions of these teams, with commas")
    parser.add_argument("--by", choices=[way for way in WAYS if way != "given"], default="session")
    parser.add_argument("--within", choices=["agent", "team"], default="team")
    parser.add_argument("--share", type=float, default=0.5, help="of the sentences that a draft keeps")
    parser.add_argument("--most", type=int, help="how many memories a group has at most; else as few as it takes")
    parser.add_argument("--fewer", type=lambda text: [int(part) for part in text.split(",")], default=[25, 50, 75])
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="store_true", help="leave out the two ways of deleting")
    parser.add_argument("--embeddings", type=Path, help="keep the embeddings there for the next run")
    return parser.parse_args()


def _read(arguments: argparse.Namespace) -> tuple[tuple[Memory, ...], list[Question]]:
    """Return the memories that are measured and the questions whose evidence is among them."""
    types, teams = ({part for part in text.split(",") if part} for text in (arguments.types, arguments.teams))
    rows = [from_row(row, fallback_key=f"line:{number}") for number, row in read_rows(arguments.memories)]
    every = {one.key: one for one in rows if not teams or one.team_id in teams}
    asking: set[str] = set()
    questions: list[Question] = []
    for _, row in read_rows(arguments.questions):
        own = every.get(str(row.get("reflection_key")))
        asking |= {own.key} if own else set()
        text, team = (own.content, own.team_id) if own else (row.get("question"), row.get("team_id"))
        evidence = tuple(key for key in row.get("evidence_keys") or () if key in every)
        if text and evidence and (not teams or team in teams):
            questions.append(Question(text, evidence, team))
    kept = tuple(one for one in every.values() if one.key not in asking and (not types or one.memory_type in types))
    held = {one.key for one in kept}
    return kept, [one for one in questions if held & set(one.evidence)]


def _ways(
    whole: MemoryStore, memories: Sequence[Memory], left: int, embedder: Embedder, arguments: argparse.Namespace
) -> Iterator[tuple[str, Kept]]:
    yield "consolidated", _consolidated(whole, memories, left, embedder, arguments)
    if arguments.only:
        return
    yield "by chance", Kept(tuple(random.Random(arguments.seed).sample(list(memories), left)), {})
    by_age = sorted(memories, key=lambda one: (one.created_at or _NOW, one.key))
    yield "newest", Kept(tuple(by_age[len(by_age) - left :]), {})


def _consolidated(
    whole: MemoryStore, memories: Sequence[Memory], left: int, embedder: Embedder, arguments: argparse.Namespace
) -> Kept:
    """Return the memories with the most coherent groups merged until so many are left, in the smallest groups that do."""
    by_key = {one.key: one for one in memories}
    table = whole.scan(actor=LOCAL_ADMIN, columns=None, vectors=True)
    matrix = np.stack(table.column(VECTOR_COLUMN).to_numpy()).astype(np.float32)
    frame = to_frame(table, info=whole.info)
    groups: Sequence[SourceGroup] = ()
    for most in [arguments.most] if arguments.most else (2, 3, 4, 5, 6, 8, 10, 12, 16, 24):
        groups = groups_of(
            frame, matrix, by=arguments.by, now=_NOW, within=arguments.within, fewest=2, most=most, likeness=0.3
        )
        if len(memories) - sum(len(group.keys) - 1 for group in groups) <= left:
            break
    merged: list[Memory] = []
    gone: set[str] = set()
    shares: list[float] = []
    for group in groups:
        if len(memories) - len(gone) + len(merged) <= left:
            break
        sources = [by_key[key] for key in group.keys]
        draft = summarise(sources, embedder=embedder, share=arguments.share)
        if draft.sentences:
            shares.append(coverage(draft, sources, embedder).share)
            merged.append(merged_memory(draft, sources, key=f"merged:{len(merged)}", now=_NOW))
            gone.update(group.keys)
    print(f"{len(merged):,} groups of up to {most}, mean coverage {np.mean(shares):.3f}", file=sys.stderr)
    said = {one.key: frozenset(key for line in sentences_of(one) for key in line.sources) for one in merged}
    return Kept((*(one for one in memories if one.key not in gone), *merged), said)


def _store(catalog: Catalog, name: str, memories: Sequence[Memory]) -> MemoryStore:
    store = catalog.create(name, actor=LOCAL_ADMIN)
    report = store.write(memories, actor=LOCAL_ADMIN)
    for failure in report.failed:
        print(f"{failure.key}: {failure.reason}", file=sys.stderr)
    return store


def _measured(
    store: MemoryStore, kept: Kept, questions: Sequence[Question], arguments: argparse.Namespace, budget: float | None = None
) -> dict[str, float]:
    """Return the share of answerable questions in three ways, the share of evidence, and what is read for it."""
    rows = []
    for question in questions:
        scope = Scope(teams=(question.team,) if question.team else (), include_expired=True)
        found = recall(store, question.text, actor=LOCAL_ADMIN, now=_NOW, k=arguments.k, scope=scope, log=False)
        hits = [hit.memory for hit in found.hits]
        wanted = set(question.evidence)
        said = wanted & _said(hits, kept)
        named = wanted & {key for one in hits if one.key in kept.said for key in one.derived_from}
        short = wanted & _said(_within(hits, budget), kept)
        read = sum(_kilobytes(one) for one in hits)
        rows.append((bool(said), bool(short), bool(said | named), len(said) / len(wanted), read))
    size = sum(_kilobytes(one) for one in kept.memories)
    means = np.array(rows, dtype=np.float64).mean(axis=0).tolist()
    return dict(zip(_COLUMNS, (float(len(kept.memories)), size, *means), strict=True))


def _said(hits: Sequence[Memory], kept: Kept) -> set[str]:
    """Return the keys of what some memories say, or whose sentences they have."""
    return {key for one in hits for key in kept.said.get(one.key, {one.key})}


def _within(hits: Sequence[Memory], budget: float | None) -> list[Memory]:
    """Return what fits into a budget in KB, best first; what does not fit makes room for what comes after it."""
    taken, left = [], float("inf") if budget is None else budget
    for one in hits:
        if _kilobytes(one) <= left:
            taken.append(one)
            left -= _kilobytes(one)
    return taken


def _kilobytes(memory: Memory) -> float:
    return len(memory.content.encode()) / 1024


if __name__ == "__main__":
    sys.exit(main())

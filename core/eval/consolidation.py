"""What remains answerable with fewer memories: consolidated, deleted by chance, or the oldest deleted.

A question is answerable when one of its evidence memories is among the first k, or a merged memory is that has a sentence
which stands on one ("said"; "source" also counts merged memories that name it as a source without saying it). Merged ones
are longer, so "same size" reads no more of what was found than one reads of all memories on average. A row of questions is a
question with evidence_keys, or a reflection_key, whose memory then asks and is not in the index.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.access import LOCAL_ADMIN
from core.analysis.frame import to_frame
from core.catalog import Catalog
from core.curation.consolidation import (
    WAYS,
    SourceGroup,
    checked,
    coverage,
    groups_of,
    merged_memory,
    sentences_of,
    summarise,
)
from core.errors import ConfigError, FileReadError, InvalidMemoryError
from core.eval.retrieval import Question
from core.eval.rows import read_rows
from core.memory import Memory, from_row
from core.memory.fields import preview
from core.models.protocol import Embedder
from core.recall import recall
from core.scope import Scope
from core.store import MemoryStore
from core.vectors.client import VECTOR_COLUMN
from core.vectors.limits import TOP_K_MAX

__all__ = ["Kept", "add_arguments", "answerable", "read_labelled", "run"]

# No figure depends on the day of the measurement.
_NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
_SIZES: Final = (2, 3, 4, 5, 6, 8, 10, 12, 16, 24)
_LIKENESS: Final = 0.3
_COLUMNS: Final = ("memories", "KB", "said", "same size", "source", "recall", "KB read")


@dataclass(frozen=True)
class Kept:
    """The memories that remain, and for each merged one the sources that its sentences stand on.

    `coverage` is the mean share of the sources that the merged ones say; `sentences` are theirs, `unsupported` those that no
    source says when they are checked as if a person had written them.
    """

    memories: tuple[Memory, ...]
    said: Mapping[str, frozenset[str]]
    coverage: float = 1.0
    sentences: int = 0
    unsupported: int = 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `eval consolidation`."""
    parser.add_argument("--memories", type=Path, required=True, metavar="FILE", help="the memories: JSON lines or .csv")
    parser.add_argument(
        "--questions", type=Path, required=True, metavar="FILE", help="question or reflection_key, with evidence_keys"
    )
    parser.add_argument("--types", default="", metavar="A,B", help="only memories of these types")
    parser.add_argument("--teams", default="", metavar="A,B", help="only memories and questions of these teams")
    ways = [way for way in WAYS if way != "given"]
    parser.add_argument("--by", choices=ways, default="session", help="what belongs together (default: session)")
    parser.add_argument("--within", choices=["agent", "team"], default="team", help="default: team")
    parser.add_argument("--share", type=float, default=0.5, metavar="0-1", help="of the sentences that a draft keeps (0.5)")
    parser.add_argument("--most", type=int, metavar="N", help="memories in a group at most (default: as few as it takes)")
    parser.add_argument("--fewer", type=_shares, default=[25, 50, 75], metavar="25,50,75", help="%% of the memories that go")
    parser.add_argument("--k", type=int, default=10, metavar="N", help="how many memories a question gets (default: 10)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what is deleted by chance")
    parser.add_argument("--only", action="store_true", help="leave out the two ways of deleting")
    parser.add_argument("--embeddings", type=Path, metavar="DIR", help="keep the embeddings there for the next run")


def run(args: argparse.Namespace) -> int:
    """Measure in stores of its own, print a table and one line of JSON."""
    from core.config import open_catalog
    from core.models.embedding import default_embedder

    if not 1 <= args.k <= TOP_K_MAX:
        raise ConfigError(f"--k is {args.k}: choose from 1 to {TOP_K_MAX:,}.")
    memories, questions = read_labelled(args.memories, args.questions, types=args.types, teams=args.teams)
    embedder = default_embedder(args.embeddings)
    with tempfile.TemporaryDirectory(prefix="mnemoscope-eval-") as folder:
        catalog = open_catalog(folder, embedder_factory=lambda: embedder)
        try:
            table, figures = _measured(catalog, memories, questions, embedder, args)
        finally:
            catalog.close()
    print(f"{len(questions):,} questions, k = {args.k}, groups by {args.by}")
    print(f"{'':<28}" + "".join(f"{name:>10}" for name in _COLUMNS))
    for name, row in table.items():
        shown = (f"{row[one]:>10,.0f}" if one == "memories" else f"{row[one]:>10.3f}" for one in _COLUMNS)
        print(f"{name:<28}" + "".join(shown))
    print(json.dumps(figures))
    return 0


def read_labelled(
    memories: Path, questions: Path, *, types: str = "", teams: str = ""
) -> tuple[tuple[Memory, ...], list[Question]]:
    """Return the memories that are measured and the questions whose evidence is among them.

    Raises FileReadError naming the line that cannot be used, and where no question has evidence among the memories.
    """
    wanted, of_teams = ({part for part in text.split(",") if part} for text in (types, teams))
    every = {one.key: one for one in _memories(memories) if not of_teams or one.team_id in of_teams}
    asking: set[str] = set()
    found: list[Question] = []
    for number, row in read_rows(questions):
        text, reflection, evidence = row.get("question"), row.get("reflection_key"), row.get("evidence_keys")
        if not isinstance(evidence or [], list) or not isinstance(reflection or text, str):
            raise FileReadError(
                f"{questions} line {number}: a question needs the text `question` or the `reflection_key` of a memory that "
                "asks, and the list `evidence_keys`."
            )
        own = every.get(str(reflection))
        asking |= {own.key} if own else set()
        said, team = (own.content, own.team_id) if own else (text, row.get("team_id"))
        if team is not None and not isinstance(team, str):
            raise FileReadError(
                f"{questions} line {number}: team_id {preview(team)} must be text, as it is in the memories."
            )
        if said and (not of_teams or team in of_teams):
            found.append(Question(str(said), tuple(dict.fromkeys(map(str, evidence or ()))), team))
    kept = tuple(one for one in every.values() if one.key not in asking and (not wanted or one.memory_type in wanted))
    held = {one.key for one in kept}
    fit = [Question(one.text, tuple(held & set(one.evidence)), one.team) for one in found if held & set(one.evidence)]
    if not fit:
        raise FileReadError(
            f"None of the {len(found):,} questions of {questions} has evidence among the {len(kept):,} memories of "
            f"{memories}: its evidence_keys must be keys of these memories."
        )
    return kept, fit


def answerable(
    store: MemoryStore, kept: Kept, questions: Sequence[Question], *, k: int, budget: float | None = None
) -> dict[str, float]:
    """Return the share of answerable questions in three ways, the share of evidence, and what is read for it, in KB."""
    rows = []
    for question in questions:
        scope = Scope(teams=(question.team,) if question.team else (), include_expired=True)
        found = recall(store, question.text, actor=LOCAL_ADMIN, now=_NOW, k=k, scope=scope, log=False)
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


def _measured(
    catalog: Catalog, memories: Sequence[Memory], questions: Sequence[Question], embedder: Embedder, args: argparse.Namespace
) -> tuple[dict[str, dict[str, float]], dict[str, Any]]:
    """Return the table by the name of its row, and the figures for a machine."""
    whole = _store(catalog, "whole", memories)
    before = answerable(whole, Kept(tuple(memories), {}), questions, k=args.k)
    table = {"all memories": before}
    figures: dict[str, Any] = {"questions": len(questions), "k": args.k, "memories": len(memories)}
    figures |= {"before": round(before["said"], 4), "fewer": {}}
    for fewer in args.fewer:
        left = len(memories) - round(len(memories) * fewer / 100)
        told: dict[str, Any] = {}
        for name, kept, seconds in _ways(whole, memories, left, embedder, args):
            store = _store(catalog, f"{name}-{fewer}", kept.memories)
            row = answerable(store, kept, questions, k=args.k, budget=before["KB read"])
            table[f"{fewer} % fewer: {name}"] = row
            told[name] = round(row["said"], 4)
            if name == "after":
                told |= {"memories": len(kept.memories), "same_size": round(row["same size"], 4)}
                told |= {"coverage": round(kept.coverage, 4), "sentences": kept.sentences, "unsupported": kept.unsupported}
                told |= {"kilobytes": round(row["KB"], 1), "seconds": round(seconds, 1)}
        figures["fewer"][str(fewer)] = told
    return table, figures


def _ways(
    whole: MemoryStore, memories: Sequence[Memory], left: int, embedder: Embedder, args: argparse.Namespace
) -> Iterator[tuple[str, Kept, float]]:
    """Yield each way to have fewer memories: its name, what it keeps, and how long it took in seconds."""
    started = time.perf_counter()
    yield "after", _consolidated(whole, memories, left, embedder, args), time.perf_counter() - started
    if args.only:
        return
    yield "random", Kept(tuple(random.Random(args.seed).sample(list(memories), left)), {}), 0.0
    by_age = sorted(memories, key=lambda one: (one.created_at or _NOW, one.key))
    yield "newest", Kept(tuple(by_age[len(by_age) - left :]), {}), 0.0


def _consolidated(
    whole: MemoryStore, memories: Sequence[Memory], left: int, embedder: Embedder, args: argparse.Namespace
) -> Kept:
    """Return the memories with the most coherent groups merged until so many are left, in the smallest groups that do."""
    by_key = {one.key: one for one in memories}
    groups = _groups(whole, len(memories), left, args)
    merged: list[Memory] = []
    gone: set[str] = set()
    shares: list[float] = []
    sentences = unsupported = 0
    for group in groups:
        if len(memories) - len(gone) + len(merged) <= left:
            break
        sources = [by_key[key] for key in group.keys]
        draft = summarise(sources, embedder=embedder, share=args.share)
        if draft.sentences:
            shares.append(coverage(draft, sources, embedder).share)
            sentences += len(draft.sentences)
            unsupported += len(checked(draft.text, sources, embedder).unsupported)
            merged.append(merged_memory(draft, sources, key=f"merged:{len(merged)}", now=_NOW))
            gone.update(group.keys)
            print(f"\r{len(merged):,} groups merged", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    said = {one.key: frozenset(key for line in sentences_of(one) for key in line.sources) for one in merged}
    kept = (*(one for one in memories if one.key not in gone), *merged)
    return Kept(kept, said, float(np.mean(shares)) if shares else 1.0, sentences, unsupported)


def _groups(whole: MemoryStore, count: int, left: int, args: argparse.Namespace) -> Sequence[SourceGroup]:
    table = whole.scan(actor=LOCAL_ADMIN, columns=None, vectors=True)
    matrix = np.stack(table.column(VECTOR_COLUMN).to_numpy()).astype(np.float32)
    frame = to_frame(table, info=whole.info)
    groups: Sequence[SourceGroup] = ()
    for most in [args.most] if args.most else _SIZES:
        told: dict[str, Any] = {"fewest": 2, "most": most, "likeness": _LIKENESS}
        groups = groups_of(frame, matrix, by=args.by, now=_NOW, within=args.within, **told)
        if count - sum(len(group.keys) - 1 for group in groups) <= left:
            break
    return groups


def _memories(path: Path) -> Iterator[Memory]:
    for number, row in read_rows(path):
        try:
            yield from_row(row, fallback_key=f"line:{number}")
        except InvalidMemoryError as error:
            raise FileReadError(f"{path} line {number} is no memory: {error}") from None


def _store(catalog: Catalog, name: str, memories: Sequence[Memory]) -> MemoryStore:
    store = catalog.create(name, actor=LOCAL_ADMIN)
    for failure in store.write(memories, actor=LOCAL_ADMIN).failed:
        print(f"{failure.key}: {failure.reason}", file=sys.stderr)
    return store


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


def _shares(text: str) -> list[int]:
    """Return the percentages of "25,50,75"."""
    parts = text.split(",")
    if not all(part.isdecimal() and 1 <= int(part) <= 99 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} are no percentages: write some of 1 to 99 with commas, as 25,50,75")
    return [int(part) for part in parts]

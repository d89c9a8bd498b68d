"""How many questions find their evidence: hit@k, recall@k and MRR of recall over labelled memories and questions.

Memories are import rows; a question has `question`, `evidence_keys`, and where known `team_id`, `category`. Questions
without evidence are left out. hit = some evidence is among the first k; recall = its share that is; MRR = the
mean of 1 / rank of the first evidence among the first k (0 without any).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from core.access import LOCAL_ADMIN
from core.errors import ConfigError, FileReadError, InvalidMemoryError
from core.eval.rows import read_rows
from core.memory import from_row
from core.memory.fields import preview
from core.recall import Mode, recall
from core.scope import Scope
from core.store import MemoryStore
from core.vectors.client import KEY_COLUMN
from core.vectors.limits import TOP_K_MAX

__all__ = ["Figures", "Outcome", "Question", "add_arguments", "ask", "figures", "load_memories", "read_questions", "run"]

_INDEX: Final = "evaluation"


@dataclass(frozen=True)
class Question:
    """A question with the keys of the memories that answer it."""

    text: str
    evidence: tuple[str, ...]
    team: str | None = None
    category: str = "other"


@dataclass(frozen=True)
class Outcome:
    """What one question found: `ranks` of its evidence among the first k, the time in milliseconds."""

    question: Question
    ranks: tuple[int, ...]
    ms: float


@dataclass(frozen=True)
class Figures:
    """The means over some outcomes."""

    questions: int
    hit: float
    recall: float
    mrr: float
    ms_per_query: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `eval retrieval`."""
    parser.add_argument(
        "--memories", required=True, type=Path, metavar="FILE", help="the memories: JSON lines, plain or gzip"
    )
    parser.add_argument(
        "--questions", required=True, type=Path, metavar="FILE", help="the questions with their evidence_keys"
    )
    parser.add_argument("--k", type=int, default=10, metavar="N", help="how many memories a question gets (default: 10)")
    parser.add_argument("--mode", choices=[str(mode) for mode in Mode], default=str(Mode.HYBRID), help="default: hybrid")
    parser.add_argument("--per-team", action="store_true", help="search only the question's own team")
    parser.add_argument("--embeddings", type=Path, metavar="DIR", help="keep the embeddings there for the next run")


def run(args: argparse.Namespace) -> int:
    """Write the memories into a store of its own, ask every question, print a table and one line of JSON."""
    from core.config import open_catalog
    from core.models.embedding import default_embedder

    if not 1 <= args.k <= TOP_K_MAX:
        raise ConfigError(f"--k is {args.k}: choose from 1 to {TOP_K_MAX:,}.")
    questions = [question for question in read_questions(args.questions) if question.evidence]
    with tempfile.TemporaryDirectory(prefix="mnemoscope-eval-") as directory:
        catalog = open_catalog(directory, embedder_factory=lambda: default_embedder(args.embeddings))
        try:
            store = catalog.create(_INDEX, actor=LOCAL_ADMIN)
            written = load_memories(store, args.memories)
            _tell_missing(store, questions)
            found = list(ask(store, questions, k=args.k, mode=Mode(args.mode), per_team=args.per_team))
        finally:
            catalog.close()
    _print(found, memories=written, args=args)
    return 0


def ask(store: MemoryStore, questions: Iterable[Question], *, k: int, mode: Mode, per_team: bool) -> Iterator[Outcome]:
    """Yield what each question finds with the product's own recall, as someone who asks now, expired memories included."""
    for question in questions:
        teams = (question.team,) if per_team and question.team else ()
        result = recall(
            store,
            question.text,
            actor=LOCAL_ADMIN,
            now=datetime.now(UTC),
            k=k,
            mode=mode,
            scope=Scope(teams=teams, include_expired=True),
            log=False,
        )
        ranks = tuple(hit.rank for hit in result.hits if hit.memory.key in question.evidence)
        yield Outcome(question, ranks, result.total_ms)


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Return the means of hit, recall, reciprocal rank and time; zeros for no outcomes."""
    count = len(outcomes)
    if not count:
        return Figures(0, 0.0, 0.0, 0.0, 0.0)
    return Figures(
        questions=count,
        hit=sum(bool(one.ranks) for one in outcomes) / count,
        recall=sum(len(one.ranks) / len(one.question.evidence) for one in outcomes) / count,
        mrr=sum(1 / one.ranks[0] if one.ranks else 0.0 for one in outcomes) / count,
        ms_per_query=sum(one.ms for one in outcomes) / count,
    )


def read_questions(path: Path) -> list[Question]:
    """Return the questions of a file; raise FileReadError naming the line that cannot be used."""
    questions = []
    for number, row in read_rows(path):
        text, keys = row.get("question"), row.get("evidence_keys") or []
        if not isinstance(text, str) or not text.strip() or not isinstance(keys, list):
            raise FileReadError(f"{path} line {number}: a question needs the text `question` and the list `evidence_keys`.")
        team = row.get("team_id")
        if team is not None and not isinstance(team, str):
            raise FileReadError(f"{path} line {number}: team_id {preview(team)} must be text, as it is in the memories.")
        evidence = tuple(dict.fromkeys(str(key) for key in keys))
        questions.append(Question(text, evidence, team, str(row.get("category") or "other")))
    return questions


def load_memories(store: MemoryStore, path: Path) -> int:
    """Write the memories of a file and return how many the index holds then; lines that are no memory are reported."""

    def memories() -> Iterator[Any]:
        for number, row in read_rows(path):
            try:
                yield from_row(row, fallback_key=f"line:{number}")
            except InvalidMemoryError as error:
                print(f"{path} line {number}: {error}", file=sys.stderr)

    def progress(done: int) -> None:
        print(f"\r{done:,} memories embedded and written", end="", file=sys.stderr, flush=True)

    report = store.write(memories(), actor=LOCAL_ADMIN, progress=progress)
    print(file=sys.stderr)
    for failure in report.failed:
        print(f"{failure.key}: {failure.reason}", file=sys.stderr)
    return store.count(LOCAL_ADMIN)


def _tell_missing(store: MemoryStore, questions: Sequence[Question]) -> None:
    """Say on stderr how much evidence is not among the memories: it counts as not found."""
    wanted = {key for question in questions for key in question.evidence}
    held = set(store.scan(actor=LOCAL_ADMIN, columns=[]).column(KEY_COLUMN).to_pylist())
    if missing := sorted(wanted - held):
        print(
            f"{len(missing):,} of {len(wanted):,} evidence keys are not among the memories and count as not found, "
            f"as {preview(missing[0])}",
            file=sys.stderr,
        )


def _print(found: Sequence[Outcome], *, memories: int, args: argparse.Namespace) -> None:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in found:
        groups[outcome.question.category].append(outcome)
    rows = [(name, figures(outcomes)) for name, outcomes in sorted(groups.items())] + [("all", figures(found))]
    where = "within the question's team" if args.per_team else "among all memories"
    print(f"{memories:,} memories, mode {args.mode}, k = {args.k}, {where}")
    print(f"{'category':<16}{'questions':>10}{'hit':>8}{'recall':>8}{'mrr':>8}{'ms':>8}")
    for name, one in rows:
        print(f"{name[:15]:<16}{one.questions:>10,}{one.hit:>8.3f}{one.recall:>8.3f}{one.mrr:>8.3f}{one.ms_per_query:>8.1f}")
    total = rows[-1][1]
    print(
        json.dumps(
            {
                "mode": args.mode,
                "k": args.k,
                "per_team": args.per_team,
                "memories": memories,
                "questions": total.questions,
                "hit": round(total.hit, 4),
                "recall": round(total.recall, 4),
                "mrr": round(total.mrr, 4),
                "ms_per_query": round(total.ms_per_query, 2),
            }
        )
    )

"""How much of what answers a question reaches the prompt: context blocks beside cutting the list of hits off.

For each budget, the mean share of a question's evidence whose text is in the block. "Cut off" takes the hits by score up to
the first that does not fit, "filled" goes on with those that do; all three from the same hits, in the same layout, counted
the same. Questions are those of `eval retrieval`, or reflections that ask (see `eval consolidation`).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from core.access import LOCAL_ADMIN
from core.budget import Packing, TokenCounter, token_counter
from core.budget.layout import entry_of, fence_of, text_of
from core.errors import ConfigError
from core.eval.consolidation import read_labelled
from core.eval.retrieval import Question
from core.recall import Mode, RecallResult, recall
from core.scope import Scope
from core.store import MemoryStore
from core.vectors.limits import TOP_K_MAX

__all__ = ["WAYS", "add_arguments", "covered", "cut_off", "run"]

# No figure depends on the day of the measurement.
_NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
_INDEX: Final = "evaluation"
WAYS: Final = ("cut off", "filled", "chosen")


@dataclass(frozen=True)
class _Row:
    """What one budget gives one question in each way: the share of its evidence; tokens of the block, and milliseconds."""

    shares: tuple[float, ...]
    tokens: int
    ms: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `eval context`."""
    parser.add_argument("--memories", type=Path, required=True, metavar="FILE", help="the memories: JSON lines or .csv")
    parser.add_argument(
        "--questions", type=Path, required=True, metavar="FILE", help="question or reflection_key, with evidence_keys"
    )
    parser.add_argument("--types", default="", metavar="A,B", help="only memories of these types")
    parser.add_argument("--teams", default="", metavar="A,B", help="only memories and questions of these teams")
    parser.add_argument("--budgets", type=_numbers, default=[500, 1_000, 2_000], metavar="500,1000,2000", help="tokens")
    parser.add_argument("--k", type=int, default=100, metavar="N", help="how many memories are recalled (default: 100)")
    parser.add_argument("--mode", choices=[str(mode) for mode in Mode], default=str(Mode.HYBRID), help="default: hybrid")
    parser.add_argument("--tokenizer", metavar="NAME", help="estimate (the default), minilm, file:PATH, tiktoken:NAME")
    parser.add_argument("--embeddings", type=Path, metavar="DIR", help="keep the embeddings there for the next run")


def run(args: argparse.Namespace) -> int:
    """Measure in a store of its own, print a table and one line of JSON."""
    from core.config import open_catalog
    from core.models.embedding import default_embedder

    if not 1 <= args.k <= TOP_K_MAX:
        raise ConfigError(f"--k is {args.k}: choose from 1 to {TOP_K_MAX:,}.")
    counter = token_counter(args.tokenizer)
    memories, questions = read_labelled(args.memories, args.questions, types=args.types, teams=args.teams)
    with tempfile.TemporaryDirectory(prefix="mnemoscope-eval-") as folder:
        catalog = open_catalog(folder, embedder_factory=lambda: default_embedder(args.embeddings))
        try:
            store = catalog.create(_INDEX, actor=LOCAL_ADMIN)
            for failure in store.write(memories, actor=LOCAL_ADMIN).failed:
                print(f"{failure.key}: {failure.reason}", file=sys.stderr)
            rows = [_asked(store, question, counter, args) for question in questions]
        finally:
            catalog.close()
    _print(rows, counter, memories=len(memories), args=args)
    return 0


def covered(result: RecallResult, used: Collection[str], evidence: Iterable[str]) -> float:
    """Return which share of the evidence is in a block, by its text: a copy of a memory says what the memory says."""
    texts = {hit.memory.key: hit.memory.content for hit in result.hits}
    said, wanted = {texts[key] for key in used}, list(evidence)
    return sum(key in texts and texts[key] in said for key in wanted) / len(wanted)


def cut_off(result: RecallResult, budget: int, counter: TokenCounter, *, fill: bool) -> list[str]:
    """Return the keys of the first hits that fit; with `fill` those after one that does not fit have their chance too."""
    fence = fence_of(hit.memory.content for hit in result.hits)
    entries: list[str] = []
    keys: list[str] = []
    for hit in result.hits:
        entry = entry_of(hit.memory, fence)
        if counter.count(text_of([*entries, entry])) <= budget:
            entries.append(entry)
            keys.append(hit.memory.key)
        elif not fill:
            break
    return keys


def _asked(store: MemoryStore, question: Question, counter: TokenCounter, args: argparse.Namespace) -> list[_Row]:
    """Return a row for each budget."""
    scope = Scope(teams=(question.team,) if question.team else (), include_expired=True)
    mode = Mode(args.mode)
    result = recall(store, question.text, actor=LOCAL_ADMIN, now=_NOW, k=args.k, mode=mode, scope=scope, log=False)
    vectors = store.vectors([hit.memory.key for hit in result.hits], actor=LOCAL_ADMIN)
    rows = []
    for budget in args.budgets:
        plain = [cut_off(result, budget, counter, fill=fill) for fill in (False, True)]
        started = time.perf_counter()
        block = Packing(result, counter, vectors).at(budget)
        ms = (time.perf_counter() - started) * 1e3
        if block.tokens > budget:
            raise ConfigError(
                f"A block of {budget:,} tokens has {block.tokens:,}: the tokenizer counts no text twice the same."
            )
        shares = tuple(covered(result, used, question.evidence) for used in (*plain, block.used))
        rows.append(_Row(shares, block.tokens, ms))
    return rows


def _print(rows: Sequence[Sequence[_Row]], counter: TokenCounter, *, memories: int, args: argparse.Namespace) -> None:
    print(f"{memories:,} memories, {len(rows):,} questions, k = {args.k}, mode {args.mode}, tokens by {counter.name}")
    print(f"{'budget':<10}" + "".join(f"{name:>10}" for name in (*WAYS, "tokens", "ms")))
    told = {}
    for place, budget in enumerate(args.budgets):
        each = [row[place] for row in rows]
        shares = [sum(one.shares[way] for one in each) / len(each) for way in range(len(WAYS))]
        tokens, ms = sum(one.tokens for one in each) / len(each), sum(one.ms for one in each) / len(each)
        print(f"{budget:<10,}" + "".join(f"{share:>10.3f}" for share in shares) + f"{tokens:>10,.0f}{ms:>10.1f}")
        named = {name.replace(" ", "_"): round(share, 4) for name, share in zip(WAYS, shares, strict=True)}
        told[str(budget)] = named | {"tokens": round(tokens, 1), "ms": round(ms, 2)}
    common = {"memories": memories, "questions": len(rows), "k": args.k, "mode": args.mode, "tokenizer": counter.name}
    print(json.dumps(common | {"budgets": told}))


def _numbers(text: str) -> list[int]:
    """Return the numbers of "500,1000,2000"."""
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) >= 1 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} are no budgets: write whole numbers from 1 with commas, as 500,1000")
    return [int(part) for part in parts]

"""`eval retrieval`, `context`, `engine`, `clusters`, `pairs`, `consolidation`, `guard` and `extract`: our own figures."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
from typing import Final

from core.commands.console import Console
from core.errors import ConfigError

EXAMPLE: Final = """\
  python -m core eval retrieval --memories memories.jsonl.gz --questions questions.jsonl.gz --mode hybrid --per-team
  python -m core eval context --memories memories.jsonl.gz --questions questions.jsonl.gz --budgets 500,1000,2000
  python -m core eval engine --rows 100000 --dim 384
  python -m core eval clusters --texts texts.jsonl.gz
  python -m core eval pairs --pairs pairs.jsonl.gz --task duplicate
  python -m core eval consolidation --memories memories.jsonl.gz --questions questions.jsonl.gz --fewer 25,50,75
  python -m core eval guard --corpus benchmarks/guard/corpus.jsonl --split held
  python -m core eval extract --turns turns.jsonl --split test

A table, then one line of JSON; with --json the JSON alone."""
_KINDS: Final = (
    ("retrieval", "how many questions find their evidence among the first k"),
    ("context", "how much of the evidence reaches the prompt within budgets of tokens"),
    ("engine", "rates and times of the embedded engine, as ratios to a bare matrix-vector product"),
    ("clusters", "how well the clusters of the map agree with labels, beside k-means"),
    ("pairs", "how well pairs of texts that say the same are told from others"),
    ("consolidation", "how many questions are still answered with fewer memories: merged, or deleted"),
    ("guard", "how well secrets and orders to the reader are found in what is written"),
    ("extract", "how well facts, decisions, outcomes, procedures and preferences are found in agents' turns"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add all kinds, each with its own options."""
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    for name, summary in _KINDS:
        child = kinds.add_parser(
            name,
            help=summary,
            description=f"Measure {summary}.",
            epilog=f"example:\n{EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module = importlib.import_module(f"core.eval.{name}")
        module.add_arguments(child)
        child.add_argument("--json", action="store_true", dest="as_json", help="print the JSON alone")
        child.set_defaults(measure=module.run)


def run(args: argparse.Namespace, console: Console) -> int:
    """Run the evaluation; with --json its last line, which is JSON, is all that is printed."""
    if not console.as_json:
        return int(args.measure(args))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = int(args.measure(args))
    lines = printed.getvalue().strip().splitlines()
    if not lines:
        raise ConfigError(f"The evaluation {args.kind!r} printed nothing: run it without --json to see why.")
    console.result(json.loads(lines[-1]), [])
    return code

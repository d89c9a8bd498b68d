"""`context`: what is recalled, as a block for a prompt."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from core.commands.console import Console
from core.commands.options import (
    actor,
    add_index_option,
    add_query_options,
    add_scope_options,
    add_store_options,
    open_catalog_of,
    open_store_of,
    positive,
    scope_of,
)
from core.commands.recall import recall_for
from core.hostile import one_line

if TYPE_CHECKING:
    from core.budget import ContextBlock, Step

EXAMPLE: Final = """\
  python -m core context "what did the customer ask for" --index support --budget 800
  python -m core context "who owns the launch" --k 50 --budget 1500 --tokenizer file:tokenizer.json --why

The block goes to stdout; how many memories and tokens it took goes to stderr."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_query_options(parser)
    parser.add_argument("--budget", type=positive, default=1_000, metavar="N", help="tokens at most (default: 1000)")
    parser.add_argument(
        "--tokenizer", metavar="NAME", help="estimate (the default), minilm, file:PATH of a tokenizer.json, tiktoken:NAME"
    )
    parser.add_argument("--why", action="store_true", help="say on stderr why each memory is in the block, or is not")
    add_index_option(parser)
    add_store_options(parser)
    add_scope_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the block of the best memories that fit into the budget."""
    from core.budget import ESTIMATE, Packing, token_counter
    from core.operate.recalls import as_logged

    now, counter = datetime.now(UTC), token_counter(args.tokenizer)
    with open_catalog_of(args, read_only=True, log_recalls=True) as catalog:
        store = open_store_of(catalog, args.index)
        result = recall_for(store, args, now=now, log=False)
        vectors = store.vectors([hit.memory.key for hit in result.hits], actor=actor())
        packing = Packing(result, counter, vectors, now=None if args.include_expired else now)
        block = packing.at(args.budget)
        if store.archive:
            scope = scope_of(args, include_expired=args.include_expired, include_hidden=args.include_hidden)
            said = as_logged(result, store.stream, at=now, actor=actor().name, channel="cli", scope=scope)
            store.archive.recalls.append(replace(said, context_keys=block.used))
    step = packing.frontier(args.budget)
    console.result(
        {
            "index": store.info.name,
            "query": args.query,
            "text": block.text,
            "used": list(block.used),
            "entered": [asdict(one) for one in block.entered],
            "left_out": [asdict(one) for one in block.left_out],
            "next": asdict(step) if step else None,
            "tokens": block.tokens,
            "budget": args.budget,
            "counted_by": block.counted_by,
        },
        block.text.splitlines(),
    )
    for line in _why(block, step) if args.why else ():
        console.say(line)
    about = "about " if counter is ESTIMATE else ""
    console.say(
        f"{len(block.used):,} memories, {about}{block.tokens:,} of {args.budget:,} tokens; {len(block.left_out):,} left out."
    )
    return 0


def _why(block: ContextBlock, step: Step | None) -> Iterator[str]:
    for number, one in enumerate(block.entered, start=1):
        yield f"[{number}] {one_line(one.key, 80)}: {one.tokens:,} tokens. {one.sentence}"
    for left in block.left_out:
        yield f"Not in it: {one_line(left.key, 80)}. {left.sentence}"
    if step is not None:
        yield f"Next: {one_line(step.key, 80)} enters with {step.more:,} tokens more, at {step.budget:,}."

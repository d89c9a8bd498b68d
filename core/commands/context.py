"""`context`: what is recalled, as a block for a prompt."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

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

EXAMPLE: Final = """\
  python -m core context "what did the customer ask for" --index support --budget 800

The block goes to stdout; how many memories and tokens it took goes to stderr."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_query_options(parser)
    parser.add_argument(
        "--budget", type=positive, default=1_000, metavar="N", help="tokens at most, estimated (default: 1000)"
    )
    add_index_option(parser)
    add_store_options(parser)
    add_scope_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the block of the best memories that fit into the budget."""
    from core.operate.recalls import as_logged
    from core.recall import context_block

    now = datetime.now(UTC)
    with open_catalog_of(args, read_only=True, log_recalls=True) as catalog:
        store = open_store_of(catalog, args.index)
        result = recall_for(store, args, now=now, log=False)
        block = context_block(result, budget_tokens=args.budget)
        if store.archive:
            scope = scope_of(args, include_expired=args.include_expired, include_hidden=args.include_hidden)
            said = as_logged(result, store.stream, at=now, actor=actor().name, channel="cli", scope=scope)
            store.archive.recalls.append(replace(said, context_keys=block.used))
    console.result(
        {
            "index": store.info.name,
            "query": args.query,
            "text": block.text,
            "used": list(block.used),
            "left_out": list(block.left_out),
            "tokens": block.tokens,
            "budget": args.budget,
        },
        block.text.splitlines(),
    )
    console.say(
        f"{len(block.used):,} memories, about {block.tokens:,} of {args.budget:,} tokens; {len(block.left_out):,} left out."
    )
    return 0

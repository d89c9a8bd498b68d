"""`recall`: find memories, and say why each was found."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from core.commands.console import Console
from core.commands.options import (
    actor,
    add_index_option,
    add_query_options,
    add_scope_options,
    add_store_options,
    open_catalog_of,
    open_store_of,
    scope_of,
)
from core.commands.past import add_past_options, as_of_line, as_of_values, then_of
from core.commands.recall_explained import Told, add_explain_options, tell
from core.errors import ConfigError
from core.hostile import clean_text, one_line

if TYPE_CHECKING:
    from core.catalog import Catalog
    from core.memory import Memory
    from core.past.then import Then
    from core.recall import Recalled, RecallResult, Weights
    from core.store import MemoryStore

__all__ = ["EXAMPLE", "add_arguments", "recall_for", "run"]

EXAMPLE: Final = """\
  python -m core recall "when does the report go out" --index team --agent planner
  python -m core recall "refund rules" --mode text --k 3 --weight recency=0 --json
  python -m core recall "who owns the launch" --index team --as-of 2026-11-14T10:32:05Z
  python -m core recall "refund rules" --index team --explain --why-not KEY"""
_BAR: Final = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_query_options(parser)
    add_past_options(parser)
    add_explain_options(parser)
    parser.add_argument("--full", action="store_true", help="print each memory's whole text")
    add_index_option(parser)
    add_store_options(parser)
    add_scope_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the memories, best first, each with the parts of its score."""
    with open_catalog_of(args, read_only=True, log_recalls=True) as catalog:
        store = open_store_of(catalog, args.index)
        then = then_of(store, args.as_of, args.clock, vectors=True) if args.as_of else None
        now = datetime.now(UTC)
        result = _recall_then(store, then, args) if then else recall_for(store, args, now=now)
        told = _told(catalog, store, then, args, now=now) if args.explain or args.why_not is not None else Told()
    looked, head = (as_of_values(then), [as_of_line(then), *then.notes, ""]) if then else ({}, [])
    values = _as_dict(result, index=store.info.name) | looked | told.as_dict()
    console.result(values, chain(head, _lines(result, args, console), told.lines()))
    return 0


def _told(catalog: Catalog, store: MemoryStore, then: Then | None, args: argparse.Namespace, *, now: datetime) -> Told:
    from core.explanation import Settings, inquire, inquire_then

    if then is None:
        inquiry = inquire(store, args.query, actor=actor(), now=now)
    else:
        inquiry = inquire_then(store, then, args.query, actor=actor(), snapshot=then.base)
    return tell(catalog, inquiry, Settings(**_asked(args), budget=args.budget), args, store=store)


def _recall_then(store: MemoryStore, then: Then, args: argparse.Namespace) -> RecallResult:
    from core.past.searching import recall_then

    return recall_then(store, then, args.query, actor=actor(), snapshot=then.base, **_asked(args))


def recall_for(store: MemoryStore, args: argparse.Namespace, *, now: datetime, log: bool = True) -> RecallResult:
    """Recall as the query options ask."""
    from core.recall import recall

    return recall(store, args.query, actor=actor(), now=now, channel="cli", log=log, **_asked(args))


def _asked(args: argparse.Namespace) -> dict[str, Any]:
    from core.recall import Mode

    return {
        "k": args.k,
        "mode": Mode(args.mode),
        "scope": scope_of(args, include_expired=args.include_expired, include_hidden=args.include_hidden),
        "weights": _weights(args),
    }


def _weights(args: argparse.Namespace) -> Weights:
    from core.recall import Weights

    names = {field.name for field in dataclasses.fields(Weights)} - {"half_life_days"}
    given = dict(args.weight)
    unknown = sorted(given.keys() - names)
    if unknown:
        raise ConfigError(f"There is no weight {unknown[0]!r}: choose from {', '.join(sorted(names))}.")
    if args.half_life is not None:
        given["half_life_days"] = args.half_life
    return Weights(**given)


def _lines(result: RecallResult, args: argparse.Namespace, console: Console) -> Iterator[str]:
    for hit in result.hits:
        text = clean_text(hit.memory.content) if args.full else one_line(hit.memory.content, max(console.width * 2 - 10, 60))
        yield f"{hit.rank:>3}. {hit.score:.3f}  {text}"
        yield f"      {_about(hit.memory)}"
        for part in hit.parts:
            full = min(max(round(part.value * _BAR), 0), _BAR)
            sums = f"{part.value:.2f} × {part.weight:.2f} = {part.contribution:.3f}"
            yield f"      {part.label:<13.13} {'█' * full}{'·' * (_BAR - full)} {sums}  {part.explanation}"
        yield ""
    if not result.hits:
        yield f"Nothing was recalled for {one_line(args.query, 80)!r}."
    for reason, count in result.left_out.items():
        if count:
            yield f"Left out: {count:,} ({reason})."
    yield from result.notes
    yield f"{len(result.hits):,} of {result.considered:,} considered, in {result.total_ms:,.0f} ms."


def _about(memory: Memory) -> str:
    named = (memory.memory_type, memory.agent_id, memory.team_id, memory.task_id)
    when = memory.created_at.strftime("%Y-%m-%d %H:%M UTC") if memory.created_at else None
    return " · ".join([one_line(part, 40) for part in (*named, when) if part] + [f"key {one_line(memory.key, 80)}"])


def _as_dict(result: RecallResult, *, index: str) -> dict[str, Any]:
    return {
        "index": index,
        "query": result.query,
        "mode": str(result.mode),
        "k": result.k,
        "considered": result.considered,
        "left_out": dict(result.left_out),
        "notes": list(result.notes),
        "embed_ms": round(result.embed_ms, 3),
        "query_ms": round(result.query_ms, 3),
        "total_ms": round(result.total_ms, 3),
        "hits": [_hit(hit) for hit in result.hits],
    }


def _hit(hit: Recalled) -> dict[str, Any]:
    from core.memory import to_row

    return {
        "rank": hit.rank,
        "score": hit.score,
        "cosine": hit.cosine,
        "bm25": hit.bm25,
        "vector_rank": hit.vector_rank,
        "text_rank": hit.text_rank,
        "parts": [dataclasses.asdict(part) for part in hit.parts],
        "memory": to_row(hit.memory),
    }

"""`journal since`: what became of the memories of an index since a moment."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.commands.console import Console
from core.commands.options import open_store_of
from core.commands.past import as_of_line, as_of_values, then_of
from core.errors import ConfigError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.catalog import Catalog
    from core.past.difference import Difference

__all__ = ["since"]


def since(args: argparse.Namespace, catalog: Catalog, console: Console) -> int:
    """Print what was written, edited, hidden, retired and erased since a moment, and what expired."""
    from core.past.difference import difference
    from core.past.versions import versions_of

    store = open_store_of(catalog, args.index)
    if store.archive is None:
        raise ConfigError("This store has no journal beside it: open it with open_catalog.")
    then = then_of(store, args.when, args.clock)
    versions = versions_of(store.archive.ledger.journal, store.stream)
    found = difference(then, then.base.frame, versions, now=datetime.now(UTC))
    value = {
        "index": store.info.name,
        **as_of_values(then),
        "memories_then": found.rows_then,
        "memories_now": found.rows_now,
        "counts": {str(what): count for what, count in found.counts.items()},
        "changes": [vars(each) | {"at": each.at.isoformat() if each.at else None} for each in found.changes],
    }
    notes = [one_line(note, 500) for note in then.notes]
    console.result(value, [as_of_line(then), *notes, found.sentence(), *_rows(found, args.limit, console)])
    return 0


def _rows(found: Difference, limit: int, console: Console) -> Iterator[str]:
    if not found.changes:
        return
    yield ""
    rows = [["what", "when (UTC)", "who", "key", "why"]]
    rows += [
        [
            each.what,
            f"{each.at:%Y-%m-%d %H:%M:%S}" if each.at else "–",
            one_line(each.actor, 40) or "–",
            one_line(each.key, 60),
            one_line(each.reason, 80) or "–",
        ]
        for each in found.changes[:limit]
    ]
    yield from console.table(rows)
    if len(found.changes) > limit:
        yield f"… and {len(found.changes) - limit:,} more: --limit {len(found.changes)} shows them."

"""`stats`: what an index holds."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from core.commands.console import Console
from core.commands.options import actor, add_index_option, add_store_options, index_name, open_catalog_of, positive
from core.commands.past import add_past_options, as_of_line, as_of_values, then_of
from core.errors import StorageError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.analysis.stats import Counts, LimitUse, Totals
    from core.catalog import Catalog, UnreadableIndex
    from core.memory.detection import Detection
    from core.store import IndexInfo

EXAMPLE: Final = """\
  python -m core stats --index team
  python -m core stats --json
  python -m core stats --index team --as-of 7d

Without --index, a store with several indexes lists them; the exit code is 1 if some cannot be read."""
_FIELDS: Final = (("memory_type", "type"), ("agent_id", "agent"), ("team_id", "team"), ("task_id", "task"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_index_option(parser)
    add_past_options(parser)
    add_store_options(parser)
    parser.add_argument("--top", type=positive, default=10, metavar="N", help="how many values of each field (default: 10)")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the figures of one index, or the list of them."""
    with open_catalog_of(args, read_only=True) as catalog:
        names = catalog.names(actor=actor())
        if args.index is None and not args.as_of and (len(names) > 1 or catalog.unreadable(actor=actor())):
            return _list(catalog, console)
        return _describe(catalog, index_name(catalog, args.index), args, console, indexes=len(names))


def _list(catalog: Catalog, console: Console) -> int:
    held, unreadable = _counted(catalog)
    entries = [
        {"index": info.name, "memories": count, "tenant": info.tenant, "scope": info.scope, "embedder": info.embedder}
        for info, count in held
    ]
    rows = [["index", "memories", "tenant", "scope", "embedder"]] if held else []
    rows += [
        [info.name, f"{count:,}", info.tenant or "–", info.scope or "–", info.embedder or "unknown"] for info, count in held
    ]
    lines = console.table(rows, right=(1,))
    if unreadable:
        lines += [*([""] if lines else []), "cannot be read", *(f"  {one_line(each.reason, 2_000)}" for each in unreadable)]
    broken = [{"index": each.name, "tenant": each.tenant, "reason": each.reason} for each in unreadable]
    console.result({"store": catalog.uri, "indexes": entries, "unreadable": broken}, lines)
    return 1 if unreadable else 0


def _counted(catalog: Catalog) -> tuple[list[tuple[IndexInfo, int]], list[UnreadableIndex]]:
    """Return the readable indexes with their counts, and the others; some damage shows only when records are read."""
    from core.catalog import UnreadableIndex

    infos, unreadable = catalog.survey(actor=actor())
    held = []
    for info in infos:
        try:
            held.append((info, catalog.open(info.name, actor=actor()).count(actor())))
        except StorageError as error:
            unreadable.append(UnreadableIndex(info.name, info.tenant, str(error)))
    return held, sorted(unreadable, key=lambda each: each.name)


def _describe(catalog: Catalog, index: str, args: argparse.Namespace, console: Console, *, indexes: int) -> int:
    from core.analysis.stats import counts, limits_use, totals

    store = catalog.open(index, actor=actor())
    then = then_of(store, args.as_of, args.clock) if args.as_of else None
    frame = then.snapshot.frame if then else store.frame(actor=actor())
    figures = totals(frame, now=args.as_of or datetime.now(UTC))
    fields = [counts(frame, name, top=args.top) for name, _ in _FIELDS]
    limits = limits_use(frame, indexes=indexes)
    value = {
        "store": catalog.uri,
        "index": index,
        "tenant": store.info.tenant,
        "scope": store.info.scope,
        "embedder": store.info.embedder,
        "dimension": store.info.dimension,
        "schema": _schema(store.detection()),
        **_plain(dataclasses.asdict(figures)),
        "by": {field.field: dataclasses.asdict(field) | {"values": dict(field.values)} for field in fields},
        "limits": [dataclasses.asdict(limit) for limit in limits],
        **(as_of_values(then) if then else {}),
    }
    console.result(
        value,
        [
            *([as_of_line(then), *then.notes, ""] if then else []),
            *_head(store.info, figures),
            *_schema_lines(store.detection()),
            *_tallies(fields, console),
            *_limits(limits, console),
        ],
    )
    return 0


def _schema(detection: Detection) -> dict[str, Any]:
    return {
        "name": detection.schema.name,
        "sure": detection.sure,
        "reasons": list(detection.reasons),
        "fields": dict(detection.schema.fields),
    }


def _schema_lines(detection: Detection) -> Iterator[str]:
    """Yield the schema, and of another than ours which key holds which field."""
    schema = detection.schema
    yield f"Schema    {one_line(schema.name)}{'' if detection.sure else ', not sure'}"
    if not schema.is_ours or not detection.sure:
        yield from (f"          {one_line(reason, 500)}" for reason in detection.reasons)
    if not schema.is_ours:
        yield from (f"          {name} is {one_line(place)}" for name, place in schema.fields.items())


def _plain(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in figures.items()}


def _head(info: IndexInfo, figures: Totals) -> Iterator[str]:
    yield f"Index {one_line(info.name)}: {figures.memories:,} {'memory' if figures.memories == 1 else 'memories'}"
    if figures.oldest and figures.newest:
        yield f"Created   {figures.oldest:%Y-%m-%d %H:%M} to {figures.newest:%Y-%m-%d %H:%M} UTC"
    if figures.no_time:
        yield f"Untimed   {figures.no_time:,} do not say when they were created"
    yield f"Expiry    {figures.expired:,} expired, {figures.expiring_soon:,} expire within 7 days"
    yield f"Doubtful  {figures.low_confidence:,} with a confidence below 0.5, {figures.no_confidence:,} state none"
    yield f"Text      {_size(figures.content_bytes)}"
    yield f"Embedder  {one_line(info.embedder or 'unknown')}"
    if info.tenant:
        yield f"Tenant    {one_line(info.tenant)}"
    if info.scope:
        yield f"Scope     {one_line(info.scope)}"


def _tallies(fields: list[Counts], console: Console) -> Iterator[str]:
    for (_, label), field in zip(_FIELDS, fields, strict=True):
        rows = [[name, f"{count:,}"] for name, count in field.values]
        if field.other:
            rows.append([f"{field.other_values:,} others", f"{field.other:,}"])
        if field.unknown:
            rows.append(["unknown", f"{field.unknown:,}"])
        if rows:
            yield ""
            yield f"By {label}"
            yield from (f"  {line}" for line in console.table(rows, right=(1,)))


def _limits(limits: tuple[LimitUse, ...], console: Console) -> Iterator[str]:
    yield ""
    yield "Against the limits of S3 Vectors"
    rows = [[limit.label, f"{limit.used:,.0f}", f"of {limit.limit:,.0f} {limit.unit}", limit.key or ""] for limit in limits]
    yield from (f"  {line}" for line in console.table(rows, right=(1,)))


def _size(count: int) -> str:
    size, unit = float(count), "B"
    for larger in ("KB", "MB", "GB"):
        if size < 1_000:
            break
        size, unit = size / 1_000, larger
    return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"

"""`journal list`, `show`, `since` and `verify`: what was done to the memory, and whether its record is whole."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from core.access import Permission
from core.commands.console import Console
from core.commands.options import (
    actor,
    add_actions,
    add_index_option,
    add_store_options,
    index_name,
    moment,
    open_catalog_of,
    positive,
)
from core.commands.past import add_clock_option
from core.commands.since import since
from core.errors import ConfigError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.catalog import Catalog
    from core.curation.history import Deed
    from core.curation.journal import Entry, Ledger
    from core.curation.verification import Verification

EXAMPLE: Final = """\
  python -m core journal list --index team
  python -m core journal show 6f1d0c… --index team
  python -m core journal since 7d --index team
  python -m core journal verify --index team --expect 9b2c…

Without --index it is every index with a journal. The exit code of verify is 1 where something is wrong. It prints the hash
of the last entry: keep it somewhere else and give it to --expect, for only that shows when the end was cut off."""
_SHOWN: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions, each with its own options."""
    actions = {
        "list": ("list the plans that were applied, the latest first", _list),
        "show": ("show the entries of one plan", _show),
        "since": ("say what became of the memories since a moment", since),
        "verify": ("check that nothing in the journal was changed, dropped or put in", _verify),
    }
    for name, child in add_actions(parser, actions, example=EXAMPLE):
        if name == "list":
            child.add_argument("--limit", type=positive, default=50, metavar="N", help="at most so many (default: 50)")
        if name == "show":
            child.add_argument("plan_id", metavar="PLAN_ID", help="as `journal list` prints it")
        if name == "since":
            child.add_argument("when", type=moment, metavar="WHEN", help="the moment: 2h, 2026-11-01, an ISO time")
            add_clock_option(child)
            child.add_argument("--limit", type=positive, default=50, metavar="N", help="at most so many (default: 50)")
        if name == "verify":
            child.add_argument("--expect", metavar="HASH", help="an entry with this hash must be there")
        add_index_option(child)
        add_store_options(child)


def run(args: argparse.Namespace, console: Console) -> int:
    """Do what was asked and return the exit code."""
    with open_catalog_of(args, read_only=True) as catalog:
        code: int = args.run_action(args, catalog, console)
    return code


def _list(args: argparse.Namespace, catalog: Catalog, console: Console) -> int:
    from core.curation.history import chronicle_of

    journal = _ledger(catalog).journal
    told = [
        (_index_of(stream), deed)
        for stream in _streams(args, catalog)
        for deed in chronicle_of(journal, stream).deeds().values()
    ]
    told.sort(key=lambda each: (each[1].at, each[1].first), reverse=True)
    deeds = [{"index": index} | deed.to_json() for index, deed in told[: args.limit]]
    console.result({"journal": _ledger(catalog).label, "plans": len(told), "deeds": deeds}, _rows(told, args.limit, console))
    return 0


def _rows(told: list[tuple[str, Deed]], limit: int, console: Console) -> list[str]:
    if not told:
        return ["Nothing was done yet."]
    rows = [["when (UTC)", "index", "who", "what", "state", "done", "of", "undone", "plan"]]
    rows += [
        [
            f"{deed.at:%Y-%m-%d %H:%M:%S}",
            index,
            deed.actor,
            deed.title,
            str(deed.state),
            f"{deed.done:,}",
            f"{deed.changes:,}",
            f"{deed.undone:,}" if deed.undone else "–",
            deed.plan_id,
        ]
        for index, deed in told[:limit]
    ]
    lines = console.table(rows, right=(5, 6, 7))
    if len(told) > limit:
        lines.append(f"… and {len(told) - limit:,} earlier: --limit {len(told)} shows them.")
    return lines


def _show(args: argparse.Namespace, catalog: Catalog, console: Console) -> int:
    journal = _ledger(catalog).journal
    for stream in _streams(args, catalog):
        if entries := list(journal.entries(stream, plan_id=args.plan_id)):
            value = {"index": _index_of(stream), "entries": [entry.to_json() for entry in entries]}
            console.result(value, _told(stream, entries))
            return 0
    raise ConfigError(f"No plan {one_line(args.plan_id, 80)!r} was applied here: `python -m core journal list` has all.")


def _told(stream: str, entries: list[Entry]) -> Iterator[str]:
    """Yield the entries as sentences; what a plan says of itself may hold anything."""
    yield f"Plan {one_line(entries[0].plan_id, 80)} on index {one_line(_index_of(stream), 80)}"
    for entry in entries:
        who, said = one_line(entry.actor, 60), "; ".join(_sentences(entry))
        yield f"{entry.number:>6,}  {entry.at:%Y-%m-%d %H:%M:%S} UTC  {entry.kind:<8}  by {who}: {said}"
        changes = [each for each in _listed(entry, "changes") if isinstance(each, dict)]
        for change in changes[:_SHOWN]:
            stand_in = f"  (found in its place: {_line(change['replaced_by'])})" if change.get("replaced_by") else ""
            yield f"          {change.get('action')}  {_line(change.get('key'))}  {_line(change.get('reason'))}{stand_in}"
        if len(changes) > _SHOWN:
            yield f"          … and {len(changes) - _SHOWN:,} more"
        for failed in [each for each in _listed(entry, "failed") if isinstance(each, dict)][:_SHOWN]:
            yield f"          failed  {_line(failed.get('key'))}  {_line(failed.get('reason'))}"
        for spared in [each for each in _listed(entry, "spared") if isinstance(each, dict)][:_SHOWN]:
            yield f"          stays  {_line(spared.get('key'))}  {_line(spared.get('reason'))}"


def _sentences(entry: Entry) -> Iterator[str]:
    from core.curation.journal import Kind

    body = entry.body
    if entry.reason:
        yield _line(entry.reason)
    if entry.kind is Kind.BEGUN:
        counted = f"{_line(body['changes'])} changes, " if body.get("changes") else ""  # an import learns them as they come
        yield f"{_line(body.get('title'))} ({counted}{_line(body.get('policy'))})"
        if body.get("acknowledged"):
            yield f"regressions acknowledged: {_line(body['acknowledged'])}"
    elif entry.kind is Kind.PREPARED:
        yield f"batch {_line(body.get('batch'))}, {len(_listed(entry, 'changes')):,} changes"
    elif entry.kind is Kind.APPLIED:
        done, failed = len(_listed(entry, "done")), len(_listed(entry, "failed"))
        stay = f", {len(spared):,} stay" if (spared := _listed(entry, "spared")) else ""
        yield f"batch {_line(body.get('batch'))}, {done:,} done, {failed:,} failed{stay}"
    elif entry.kind is Kind.ENDED:
        why = f": {_line(body['why'])}" if body.get("why") else ""
        yield f"{_line(body.get('state'))}{why}"
    elif body.get("plans") or body.get("golden"):
        plans, golden = _line(body.get("plans")), _line(body.get("golden"))
        yield f"what quoted them was removed: kept plans {plans}, golden queries {golden}"
    else:
        yield f"{len(_listed(entry, 'keys')):,} keys erased, {_line(body.get('images'))} images with them"


def _verify(args: argparse.Namespace, catalog: Catalog, console: Console) -> int:
    from core.curation.verification import verify

    ledger = _ledger(catalog)
    if args.expect and args.index is None:
        streams = [_stream(catalog, index_name(catalog, None))]  # it may have no journal any more
    else:
        streams = _streams(args, catalog)
    found = [verify(ledger.journal, stream, expected=args.expect) for stream in streams]
    sound = all(each.sound and not each.unpurged for each in found)
    lines = [line for each in found for line in _outcome(each)]
    value = {"journal": ledger.label, "sound": sound, "streams": [each.to_json() for each in found]}
    console.result(value, lines or ["There is no journal here yet."])
    return 0 if sound else 1


def _outcome(found: Verification) -> Iterator[str]:
    name = one_line(_index_of(found.stream), 80)
    checked = f"{found.entries:,} entries and {found.images:,} images were checked"
    yield f"{name}: {checked}, all as they were written." if found.sound else f"{name}: {checked}, and something is wrong."
    yield from (f"  entry {flaw.number:,}: {one_line(flaw.wrong, 400)}" for flaw in found.broken)
    for flaw in found.unpurged:
        yield f"  entry {flaw.number:,}: {one_line(flaw.wrong, 400)}; apply its plan again to end the erasure"
    if found.head:
        yield f"  head: entry {found.head.number:,}, {found.head.hash}"


def _ledger(catalog: Catalog) -> Ledger:
    if catalog.archive is None:
        raise ConfigError(f"The store {catalog.uri} has no journal.")
    return catalog.archive.ledger


def _streams(args: argparse.Namespace, catalog: Catalog) -> list[str]:
    """Return the streams of the index, or of all that the actor may read; one that was removed is for who sees all."""
    who = actor()
    who.require(Permission.READ, what="the journal")
    if args.index is None:
        kept = [stream for stream in _ledger(catalog).journal.streams() if stream == _stream(catalog, _index_of(stream))]
        mine = set(catalog.names(actor=who)) if who.tenants is not None else None
        return [stream for stream in kept if mine is None or _index_of(stream) in mine]
    if who.tenants is not None:
        catalog.open(args.index, actor=who)  # raises where it is another tenant's
    stream = _stream(catalog, args.index)
    if stream not in _ledger(catalog).journal.streams() and args.index not in catalog.names(actor=who):
        index_name(catalog, args.index)  # raises, and says which there are
    return [stream]


def _stream(catalog: Catalog, index: str) -> str:
    return f"{catalog.bucket}/{index}"


def _index_of(stream: str) -> str:
    return stream.partition("/")[2]


def _listed(entry: Entry, name: str) -> list[Any]:
    value = entry.body.get(name)
    return value if isinstance(value, list) else []


def _line(value: object) -> str:
    return one_line(str(value), 160)

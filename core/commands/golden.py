"""`golden`: the queries whose answers must stay, kept beside the journal, and run against the index."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.commands.console import Console
from core.commands.options import (
    actor,
    add_actions,
    add_index_option,
    add_scope_options,
    add_store_options,
    open_catalog_of,
    open_store_of,
    positive,
    scope_of,
)
from core.errors import ConfigError, FileReadError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.curation.golden import GoldenQueries, GoldenQuery
    from core.curation.judging import Outcome
    from core.store import MemoryStore

EXAMPLE: Final = """\
  python -m core golden add "when does the report go out" --expect planner:q3:6f… --within 3 --index team
  python -m core golden list --index team
  python -m core golden export golden.jsonl --index team
  python -m core golden import golden.jsonl --index team
  python -m core golden run --index team --json

The exit code of run is 1 where an expectation is not met. A plan that would break one is held back (see `preflight`)."""
_TEXT: Final = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions, each with its own options."""
    actions = {
        "add": ("keep a golden query", _add),
        "list": ("list the golden queries", _list),
        "remove": ("remove golden queries by name", _remove),
        "import": ("keep the golden queries of a file of JSON lines", _import),
        "export": ("write the golden queries as JSON lines", _export),
        "run": ("ask the golden queries and say which are not answered", _run),
    }
    for name, child in add_actions(parser, actions, example=EXAMPLE):
        if name == "add":
            _add_query_options(child)
        if name == "remove":
            child.add_argument("names", nargs="+", metavar="NAME", help="as `golden list` prints it")
        if name in ("import", "export"):
            child.add_argument("file", metavar="FILE", help="JSON lines; - is stdin or stdout")
        add_index_option(child)
        add_store_options(child)


def _add_query_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", metavar="QUERY", help="what somebody looks for, in plain words")
    parser.add_argument("--expect", action="append", default=[], metavar="KEY", help="a memory that must be found")
    parser.add_argument("--forbid", action="append", default=[], metavar="KEY", help="a memory that must not be found")
    parser.add_argument("--within", type=positive, metavar="RANK", help="how deep an expected one may be (default: --k)")
    parser.add_argument("--k", type=positive, default=10, metavar="N", help="how many memories the query gets (default: 10)")
    parser.add_argument("--mode", choices=("hybrid", "vector", "text"), default="hybrid", help="how to match")
    parser.add_argument("--name", metavar="NAME", help="what to call it (default: the query)")
    parser.add_argument("--note", default="", metavar="TEXT", help="why it matters")
    parser.add_argument("--replace", action="store_true", help="also where one of that name is kept")
    parser.add_argument("--include-expired", action="store_true", help="also memories whose time is over")
    add_scope_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Do what was asked and return the exit code."""
    from core.curation.golden import golden_of

    with open_catalog_of(args, read_only=args.action in ("list", "export", "run")) as catalog:
        store = open_store_of(catalog, args.index)
        code: int = args.run_action(args, console, store, golden_of(store, actor=actor()))
    return code


def _add(args: argparse.Namespace, console: Console, store: MemoryStore, golden: GoldenQueries) -> int:
    from core.candidates import Mode
    from core.curation.golden import GoldenQuery, golden_to_json
    from core.curation.journal import ANY_VERSION

    query = GoldenQuery(
        name=args.name or " ".join(args.query.split())[:80],
        text=args.query,
        expected=tuple(args.expect),
        forbidden=tuple(args.forbid),
        scope=scope_of(args, include_expired=args.include_expired),
        within=args.within,
        k=args.k,
        mode=Mode(args.mode),
        owner=actor().name,
        note=args.note,
        created_at=datetime.now(UTC),
    )
    missing = _missing(store, [query])
    if not args.replace and golden.get(query.name) is not None:
        raise ConfigError(f"A golden query {one_line(query.name, 80)!r} is kept already: add --replace, or another --name.")
    golden.save(query, expected=ANY_VERSION if args.replace else None)
    console.result(golden_to_json(query) | {"missing": missing}, [f"Kept as {one_line(query.name)!r}.", *_unknown(missing)])
    return 0


def _list(args: argparse.Namespace, console: Console, store: MemoryStore, golden: GoldenQueries) -> int:  # noqa: ARG001
    from core.curation.golden import golden_to_json

    queries = [kept.query for kept in golden.every()]
    rows = [["name", "query", "expected", "forbidden", "within", "owner"]] if queries else []
    for each in queries:
        counts = [f"{len(each.expected):,}", f"{len(each.forbidden):,}", f"{each.depth:,}"]
        rows.append([one_line(each.name, _TEXT), one_line(each.text, _TEXT), *counts, one_line(each.owner, 30)])
    lines = console.table(rows, right=(2, 3, 4)) if rows else ["No golden query is kept for this index."]
    console.result({"index": store.info.name, "golden": [golden_to_json(each) for each in queries]}, lines)
    return 0


def _remove(args: argparse.Namespace, console: Console, store: MemoryStore, golden: GoldenQueries) -> int:
    gone = [name for name in args.names if golden.remove(name)]
    unknown = [name for name in args.names if name not in gone]
    lines = [f"{len(gone):,} removed.", *(f"Not found: {one_line(name, 120)}" for name in unknown)]
    console.result({"index": store.info.name, "removed": gone, "not_found": unknown}, lines)
    return 1 if unknown else 0


def _import(args: argparse.Namespace, console: Console, store: MemoryStore, golden: GoldenQueries) -> int:
    from core.curation.golden import golden_from_lines

    queries = list(golden_from_lines(_lines_of(args.file, console)))
    for each in queries:
        golden.save(each)
    missing = _missing(store, queries)
    value = {"index": store.info.name, "imported": [each.name for each in queries], "missing": missing}
    console.result(value, [f"{len(queries):,} golden queries kept.", *_unknown(missing)])
    return 0


def _export(args: argparse.Namespace, console: Console, store: MemoryStore, golden: GoldenQueries) -> int:
    from core.curation.golden import golden_to_json, golden_to_lines

    queries = [kept.query for kept in golden.every()]
    lines = list(golden_to_lines(queries))
    if args.file == "-":
        console.result({"index": store.info.name, "golden": [golden_to_json(each) for each in queries]}, lines)
        return 0
    try:
        Path(args.file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{one_line(args.file, 120)} cannot be written ({error.strerror}): name another file.") from error
    console.result({"index": store.info.name, "exported": len(lines)}, [f"{len(lines):,} golden queries written."])
    return 0


def _run(args: argparse.Namespace, console: Console, store: MemoryStore, golden: GoldenQueries) -> int:  # noqa: ARG001
    from core.curation.judging import ask_golden

    outcomes = [ask_golden(store, kept.query, actor=actor(), now=datetime.now(UTC)) for kept in golden.every()]
    failed = [each for each in outcomes if each.problems]
    value = {"index": store.info.name, "golden": [each.to_json() for each in outcomes], "failed": len(failed)}
    console.result(value, _report(outcomes))
    return 1 if failed else 0


def _report(outcomes: list[Outcome]) -> Iterator[str]:
    for each in outcomes:
        if each.problems:
            yield f"✗ {one_line(each.query.name, _TEXT)}: {one_line(each.query.text, 2 * _TEXT)}"
            yield from (f"    {one_line(problem.what, 300)}" for problem in each.problems)
    met = sum(not each.problems for each in outcomes)
    yield f"{met:,} of {len(outcomes):,} golden queries are answered." if outcomes else "No golden query is kept."


def _lines_of(name: str, console: Console) -> list[str]:
    if name == "-":
        return console.stdin.read().splitlines()
    try:
        return Path(name).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or error
        raise FileReadError(f"{one_line(name, 120)} cannot be read ({said}): name a file of `golden export`.") from error


def _missing(store: MemoryStore, queries: list[GoldenQuery]) -> list[str]:
    """Return the expected keys that the index does not have."""
    wanted = list(dict.fromkeys(key for query in queries for key in query.expected))
    held = store.records.get(wanted, actor=actor(), vectors=False)
    return [key for key in wanted if key not in held]


def _unknown(missing: list[str]) -> Iterator[str]:
    yield from (f"The index has no memory {one_line(key, 120)} now." for key in missing)

"""Options that commands share, and what they stand for: a catalog, one of its indexes, a scope, a time."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from core.access import Actor, actor_from_environment
from core.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from core.catalog import Catalog
    from core.guard import Guard
    from core.scope import Scope
    from core.store import MemoryStore

__all__ = [
    "actor",
    "add_actions",
    "add_guard_option",
    "add_index_option",
    "add_query_options",
    "add_scope_options",
    "add_store_options",
    "guard_for",
    "index_name",
    "moment",
    "open_catalog_of",
    "open_store_of",
    "positive",
    "scope_of",
    "share",
    "span",
    "split_list",
    "store_exists",
]

_SPAN: Final = re.compile(r"(?P<count>\d{1,6})(?P<unit>[smhdw])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def actor() -> Actor:
    """Return who runs the command: whom $MNEMOSCOPE_ACTOR names, else the local admin."""
    return actor_from_environment()


def add_actions(
    parser: argparse.ArgumentParser, actions: Mapping[str, tuple[str, Callable[..., Any] | None]], *, example: str
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Add the actions of a command by name, each with what it does and what does it, as the argument `run_action`.

    Yield the parser of each for its options.
    """
    group = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, (summary, action) in actions.items():
        child = group.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=f"example:\n{example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        child.set_defaults(run_action=action)
        yield name, child


def add_store_options(parser: argparse.ArgumentParser) -> None:
    """Add --store, --bucket, --json and --embedder."""
    parser.add_argument(
        "--store",
        metavar="URI",
        help="a directory, or s3vectors://BUCKET?region=REGION (default: $MNEMOSCOPE_STORE, else ~/.local/share/mnemoscope)",
    )
    parser.add_argument("--bucket", metavar="NAME", help="another vector bucket of that store than its own")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object on stdout")
    parser.add_argument(
        "--embedder",
        type=embedder_name,
        metavar="NAME",
        help="default, titan-v2, cohere-v4, … (default: that of the index; for a new one $MNEMOSCOPE_EMBEDDER)",
    )


def add_index_option(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add --index; where it is not required, a store with one index needs none."""
    rest = "" if required else "; not needed where the store has only one"
    parser.add_argument("--index", metavar="NAME", required=required, help=f"the index{rest}")


def add_guard_option(parser: argparse.ArgumentParser) -> None:
    """Add --no-guard, for what was looked at before."""
    parser.add_argument(
        "--no-guard", action="store_true", help="take secrets and orders to the reader as they are (only for admins)"
    )


def guard_for(store: MemoryStore | None, args: argparse.Namespace) -> Guard | None:
    """Return the guard of an index, the usual one where there is no index yet; None where an admin wants none."""
    from core.access import Permission
    from core.guard import Guard, guard_of

    if not args.no_guard:
        return Guard() if store is None else guard_of(store, actor=actor())
    if store is not None:
        info = store.info
        what = f"writing to index {info.name!r} past its guard"
        actor().require(Permission.ADMINISTER, what=what, tenant=info.tenant, known=info.tags_known)
    return None


def add_scope_options(parser: argparse.ArgumentParser) -> None:
    """Add the filters of a scope; "unknown" selects memories without the field."""
    group = parser.add_argument_group("filters", "repeat one for several values; 'unknown' means without that field")
    for name, what in (
        ("team", "team_id"),
        ("agent", "agent_id"),
        ("task", "task_id"),
        ("session", "session_id"),
        ("type", "memory_type"),
        ("source", "source"),
        ("tag", "tag"),
    ):
        group.add_argument(f"--{name}", action="append", default=[], metavar=name.upper(), help=f"only this {what}")
    group.add_argument("--since", type=moment, metavar="WHEN", help="created at or after: 7d, 2026-11-01 or an ISO time")
    group.add_argument("--until", type=moment, metavar="WHEN", help="created before, written the same way")
    group.add_argument("--min-confidence", type=share, metavar="0-1", help="stated confidence of at least this")


def add_query_options(parser: argparse.ArgumentParser) -> None:
    """Add the query and what shapes its ranking."""
    parser.add_argument("query", metavar="QUERY", help="what to look for, in plain words")
    parser.add_argument("--k", type=positive, default=10, metavar="N", help="how many memories at most (default: 10)")
    parser.add_argument(
        "--mode", choices=("hybrid", "vector", "text"), default="hybrid", help="how to match (default: hybrid)"
    )
    parser.add_argument("--half-life", type=days, metavar="DAYS", help="days after which recency counts half")
    parser.add_argument(
        "--weight",
        action="append",
        default=[],
        type=weight,
        metavar="PART=NUMBER",
        help="weight of a part of the score: recency=0.2",
    )
    parser.add_argument("--include-expired", action="store_true", help="also memories whose time is over")
    parser.add_argument("--include-hidden", action="store_true", help="also memories that are hidden")


def scope_of(args: argparse.Namespace, *, include_expired: bool, include_hidden: bool = False) -> Scope:
    """Return the scope that the options ask for."""
    from core.scope import Scope

    return Scope(
        teams=tuple(args.team),
        agents=tuple(args.agent),
        tasks=tuple(args.task),
        sessions=tuple(args.session),
        types=tuple(args.type),
        sources=tuple(args.source),
        tags=tuple(args.tag),
        created_from=args.since,
        created_to=args.until,
        min_confidence=args.min_confidence,
        include_expired=include_expired,
        include_hidden=include_hidden,
    )


@contextmanager
def open_catalog_of(
    args: argparse.Namespace, *, read_only: bool = False, log_recalls: bool | None = None
) -> Iterator[Catalog]:
    """Open the store that --store names, and close it at the end (see open_catalog)."""
    from core.config import open_catalog

    opened = open_catalog(args.store, embedder=args.embedder, read_only=read_only, log_recalls=log_recalls)
    with closing(opened) as catalog:
        yield catalog.in_bucket(args.bucket) if args.bucket else catalog


def store_exists(args: argparse.Namespace) -> bool:
    """Say whether there is something at --store; what it is, opening it says."""
    from core.config import default_store, parse_store_uri

    directory = parse_store_uri(args.store or default_store()).directory
    return directory is None or directory.exists()


def open_store_of(catalog: Catalog, index: str | None) -> MemoryStore:
    """Open the index, or the only one there is; raise ConfigError with the names to choose from."""
    if index is not None:
        with suppress(NotFoundError):
            return catalog.open(index, actor=actor())
    return catalog.open(index_name(catalog, index), actor=actor())


def index_name(catalog: Catalog, index: str | None) -> str:
    """Return the name of an index that exists, readable or not: the one asked for, or the only one."""
    names = catalog.names(actor=actor())
    if index is None and len(names) == 1:
        return names[0]
    if not names:
        raise ConfigError(f"The store {catalog.uri} has no index yet: import a file, or try `python -m core demo load`.")
    if index is None:
        raise ConfigError(f"The store has {len(names):,} indexes: name one with --index ({_listed(names)}).")
    if index not in names:
        raise ConfigError(f"The store has no index {index!r}: name one of {_listed(names)} with --index.")
    return index


def embedder_name(text: str) -> str:
    """Return the name of an embedder that there is."""
    from core.models.registry import embedder_names, is_embedder

    if not is_embedder(text):
        raise argparse.ArgumentTypeError(f"{text!r} is none: choose one of {', '.join(embedder_names())}")
    return text


def _listed(names: list[str], *, most: int = 10) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def moment(text: str) -> datetime:
    """Return the time of "7d" (that long ago), a date or an ISO time; without a zone it is UTC."""
    try:
        if _SPAN.fullmatch(text):
            return datetime.now(UTC) - span(text)
        value = datetime.fromisoformat(text)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write 7d, 2026-11-01 or 2026-11-01T09:30:00Z") from None


def span(text: str) -> timedelta:
    """Return the duration of "90s", "15m", "6h", "7d" or "2w"."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: write 90s, 15m, 6h, 7d or 2w")
    return timedelta(seconds=int(match["count"]) * _UNITS[match["unit"]])


def share(text: str) -> float:
    """Return a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return value


def days(text: str) -> float:
    """Return a number of days above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days above 0")
    return value


def weight(text: str) -> tuple[str, float]:
    """Return the part and number of "recency=0.2"."""
    name, _, number = text.partition("=")
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if not name or not 0.0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no weight: write a part and a number from 0, as recency=0.2")
    return name, value


def positive(text: str) -> int:
    """Return a whole number from 1."""
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return value


def split_list(values: list[str]) -> tuple[str, ...]:
    """Return the values of an option that may be repeated and may hold commas, each once, in order."""
    parts = (part.strip() for value in values for part in value.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))

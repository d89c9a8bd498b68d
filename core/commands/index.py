"""`index create`, `index list` and `index delete`: the indexes of a store."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from core.commands.console import Console
from core.commands.options import actor, add_actions, add_store_options, open_catalog_of
from core.errors import ConfigError, ConflictError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.catalog import Catalog, UnreadableIndex
    from core.store import IndexInfo

EXAMPLE: Final = """\
  python -m core index create agents-now --scope short-term
  python -m core index create acme-support --tenant acme --scope long-term --embedder titan-v2
  python -m core index list
  python -m core index delete agents-now --yes

Only an empty index can be deleted. The exit code of list is 1 if some indexes cannot be read."""
_METRICS: Final = ("cosine", "euclidean")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the three actions, each with its own options."""
    actions = {
        "create": ("make an empty index", _create),
        "list": ("list the indexes", _list),
        "delete": ("remove an index that holds nothing", _delete),
    }
    for name, child in add_actions(parser, actions, example=EXAMPLE):
        if name != "list":
            child.add_argument("name", metavar="NAME", help="the index: 3 to 63 characters a-z, 0-9, - and .")
        if name == "create":
            child.add_argument("--tenant", metavar="NAME", help="whose it is (default: every tenant's)")
            child.add_argument("--scope", metavar="WORD", help="what it is to hold: short-term, long-term or any other word")
            child.add_argument("--metric", choices=_METRICS, default="cosine", help="the distance (default: cosine)")
        if name == "delete":
            child.add_argument("--yes", "-y", action="store_true", help="do not ask")
        add_store_options(child)


def run(args: argparse.Namespace, console: Console) -> int:
    """Do what was asked and return the exit code."""
    code: int = args.run_action(args, console)
    return code


def _create(args: argparse.Namespace, console: Console) -> int:
    with open_catalog_of(args) as catalog:
        try:
            store = catalog.create(args.name, actor=actor(), tenant=args.tenant, scope=args.scope, metric=args.metric)
        except ConflictError as error:
            raise ConfigError(
                f"There is an index {args.name!r} in {catalog.uri} already: choose another name, or use that one."
            ) from error
        value = {"store": catalog.uri, **_plain(store.info)}
    line = f"Index {store.info.name} was made: {store.info.dimension:,} dimensions, {store.info.metric}."
    console.result(value, [line, f"Embedder  {store.info.embedder}"])
    return 0


def _list(args: argparse.Namespace, console: Console) -> int:
    with open_catalog_of(args, read_only=True) as catalog:
        infos, unreadable = catalog.survey(actor=actor())
    value = {
        "store": catalog.uri,
        "indexes": [_plain(info) for info in infos],
        "unreadable": [{"index": each.name, "tenant": each.tenant, "reason": each.reason} for each in unreadable],
    }
    console.result(value, _lines(catalog, infos, unreadable, console))
    return 1 if unreadable else 0


def _lines(catalog: Catalog, infos: list[IndexInfo], unreadable: list[UnreadableIndex], console: Console) -> list[str]:
    if not infos and not unreadable:
        return [f"There is no index in {catalog.uri} yet."]
    rows = [["index", "dimensions", "metric", "tenant", "scope", "embedder"]] if infos else []
    rows += [
        [
            info.name,
            f"{info.dimension:,}",
            info.metric,
            info.tenant or ("–" if info.tags_known else "unknown"),
            info.scope or "–",
            info.embedder or "unknown",
        ]
        for info in infos
    ]
    lines = console.table(rows, right=(1,))
    if unreadable:
        lines += [*([""] if lines else []), "cannot be read", *(f"  {one_line(each.reason, 2_000)}" for each in unreadable)]
    return lines


def _delete(args: argparse.Namespace, console: Console) -> int:
    with open_catalog_of(args) as catalog:
        if not args.yes:
            _confirm_or_refuse(args.name, catalog, console)
        catalog.delete(args.name, actor=actor())
        value = {"store": catalog.uri, "deleted": args.name}
    console.result(value, [f"Index {one_line(args.name)} was deleted."])
    return 0


def _confirm_or_refuse(name: str, catalog: Catalog, console: Console) -> None:
    if not console.can_ask:
        raise ConfigError(f"This deletes index {name!r} of {catalog.uri}, and nobody is there to confirm it: add --yes.")
    if not console.ask(f"Delete index {name!r} of {catalog.uri}?"):
        raise ConfigError("Nothing was deleted.")


def _plain(info: IndexInfo) -> dict[str, Any]:
    names = ("dimension", "metric", "tenant", "scope", "embedder", "mode", "arn")
    return {"index": info.name} | {name: getattr(info, name) for name in names} | {"created_at": info.created_at.isoformat()}

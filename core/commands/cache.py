"""`cache show` and `cache clear`: the cache of answers that processes share."""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from core.commands.console import Console
from core.commands.options import actor, add_actions, add_index_option, add_store_options, open_catalog_of, open_store_of
from core.errors import ConfigError

if TYPE_CHECKING:
    from core.operate.cache import SemanticCache

EXAMPLE: Final = """\
  python -m core cache show --index team
  python -m core cache clear --index team --yes

The server is the one that MNEMOSCOPE_CACHE names, as in rediss://cache.example.com:6379/0?ttl=600.
The exit code of show is 1 if the server does not answer. What a process keeps by itself, only that process can show."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two actions, each with its own options."""
    actions = {
        "show": ("say how often an index was answered from the cache, and how much is kept of it", _show),
        "clear": ("drop what is kept of an index", _clear),
    }
    for name, child in add_actions(parser, actions, example=EXAMPLE):
        add_index_option(child)
        if name == "clear":
            child.add_argument("--yes", "-y", action="store_true", help="do not ask")
        add_store_options(child)


def run(args: argparse.Namespace, console: Console) -> int:
    """Do what was asked and return the exit code."""
    code: int = args.run_action(args, console)
    return code


def _opened() -> SemanticCache:
    from core.operate.cache import CACHE_VARIABLE, cache_settings, open_cache

    settings, cache = cache_settings(), open_cache()
    if settings is None or settings.url is None or cache is None:
        raise ConfigError(
            f"{CACHE_VARIABLE} names no server, so no cache is shared: set it to the agents' own, as in redis://HOST:6379/0."
        )
    return cache


def _show(args: argparse.Namespace, console: Console) -> int:
    with closing(_opened()) as cache, open_catalog_of(args, read_only=True) as catalog:
        store = open_store_of(catalog, args.index)
        state, counts = cache.state(store), cache.counts(store)
    value = {"index": store.info.name, **asdict(state), **({} if counts is None else asdict(counts))}
    if counts is None or not state.reachable:
        console.result(value, [f"The cache at {state.where} does not answer: recalls go without it."])
        return 1
    rate = counts.hit_rate
    asked = counts.exact + counts.near + counts.missed + counts.unsure
    lines = [
        f"{store.info.name}: {state.answers:,} answers of {(state.bytes or 0) / 1024:,.0f} KiB at {state.where}.",
        (
            f"{asked:,} recalls: {counts.exact:,} answered by the same words, {counts.near:,} by near ones, "
            f"{counts.missed:,} not answered, {counts.unsure:,} not looked for."
        ),
        "Hit rate: –." if rate is None else f"Hit rate: {rate:.1%}.",
    ]
    console.result(value | {"hit_rate": rate}, lines)
    return 0


def _clear(args: argparse.Namespace, console: Console) -> int:
    with closing(_opened()) as cache, open_catalog_of(args, read_only=True) as catalog:
        from core.access import Permission

        store = open_store_of(catalog, args.index)
        info = store.info
        who = actor()
        who.require(Permission.DELETE, what=f"index {info.name!r}", tenant=info.tenant, known=info.tags_known)
        if not args.yes and not console.ask(f"Drop every kept answer of index {info.name!r}?"):
            console.say("Nothing was dropped.")
            return 1
        gone = cache.clear(store)
    console.result({"index": info.name, "dropped": gone}, [f"{gone:,} answers were dropped."])
    return 0

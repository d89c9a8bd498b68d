"""Whose memories an agent used, and who used its own: by the log of recalls and by what memories say they are made from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from core.operate.recalls import LoggedRecall

__all__ = ["Asked", "Exchange", "asked", "given_to", "used_by_others"]


@dataclass(frozen=True)
class Asked:
    """What an agent recalled: how often, through which channels, when last, and its questions with their counts.

    `redacted` recalls have no question any more. `empty` brought nothing back. `hits` counts what was given, `memories` how
    many different ones that were.
    """

    recalls: int
    first: datetime | None = None
    last: datetime | None = None
    channels: tuple[tuple[str, int], ...] = ()
    queries: tuple[tuple[str, int], ...] = ()
    redacted: int = 0
    empty: int = 0
    hits: int = 0
    memories: int = 0


@dataclass(frozen=True)
class Exchange:
    """What went from one agent to another, by the other's name (None: unknown, or no longer in the index).

    `given` counts hits of recalls, `memories` the different ones among them, `derived` what says that it is made from one.
    """

    agent: str | None
    given: int = 0
    memories: int = 0
    derived: int = 0
    keys: frozenset[str] = field(default=frozenset(), repr=False)


def asked(recalls: Sequence[LoggedRecall], *, top: int = 8) -> Asked:
    """Return what an agent's recalls say together."""
    if not recalls:
        return Asked(0)
    queries = Counter(recall.query for recall in recalls if recall.query is not None)
    return Asked(
        recalls=len(recalls),
        first=min(recall.at for recall in recalls),
        last=max(recall.at for recall in recalls),
        channels=tuple(Counter(str(recall.channel) for recall in recalls).most_common()),
        queries=tuple(sorted(queries.items(), key=lambda each: (-each[1], each[0]))[:top]),
        redacted=sum(recall.query is None for recall in recalls),
        empty=sum(not recall.hits for recall in recalls),
        hits=sum(len(recall.hits) for recall in recalls),
        memories=len({key for recall in recalls for key in recall.keys}),
    )


def given_to(frame: pd.DataFrame, agent: str, recalls: Iterable[LoggedRecall]) -> tuple[Exchange, ...]:
    """Return whose memories an agent used, most first: authors of what its recalls gave, and of what it derived from."""
    recalled, sources = [recall.keys for recall in recalls], list(frame.loc[frame["agent_id"] == agent, "derived_from"])
    authors = _authors(frame, {key for keys in (*recalled, *sources) for key in keys})
    given: dict[str | None, Counter[str]] = defaultdict(Counter)
    for key in (key for keys in recalled for key in keys):
        given[authors.get(key)][key] += 1
    derived = Counter(authors.get(key) for keys in sources for key in keys)
    return _exchanges(given, derived)


def used_by_others(frame: pd.DataFrame, agent: str, recalls: Iterable[LoggedRecall]) -> tuple[Exchange, ...]:
    """Return who used an agent's memories, most first; `recalls` are those of everybody."""
    own = frozenset(frame.loc[frame["agent_id"] == agent, "key"])
    given: dict[str | None, Counter[str]] = defaultdict(Counter)
    for recall in recalls:
        if found := own.intersection(recall.keys):
            given[recall.actor].update(found)
    derived: Counter[str | None] = Counter()
    for place, sources in enumerate(frame["derived_from"].to_numpy()):
        if len(sources) and (found := own.intersection(sources)):
            author = frame["agent_id"].iloc[place]
            derived[None if pd.isna(author) else str(author)] += len(found)
    return _exchanges(given, derived)


def _authors(frame: pd.DataFrame, keys: set[str]) -> dict[str, str | None]:
    known = frame.loc[frame["key"].isin(keys), ["key", "agent_id"]]
    return {key: None if pd.isna(name) else str(name) for key, name in zip(known["key"], known["agent_id"], strict=True)}


def _exchanges(given: dict[str | None, Counter[str]], derived: Counter[str | None]) -> tuple[Exchange, ...]:
    found = [
        Exchange(name, given[name].total(), len(given[name]), derived[name], frozenset(given[name]))
        for name in {*given, *derived}
    ]
    return tuple(sorted(found, key=lambda each: (-each.given - each.derived, each.agent is None, each.agent or "")))

"""What was made from some memories, generation by generation: what still says, or may say, what a poisoned one says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from core.memory import Memory

__all__ = ["Descendant", "children_of", "descendants"]


@dataclass(frozen=True)
class Descendant:
    """One memory that was made from others: of which, in which generation from 1 on, by whom and when.

    `here` is False for one that was retired since.
    """

    key: str
    generation: int
    made_from: tuple[str, ...]
    agent: str | None = None
    at: datetime | None = None
    here: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        at = None if self.at is None else self.at.isoformat()
        return vars(self) | {"made_from": list(self.made_from), "at": at}


def children_of(
    frame: pd.DataFrame, gone: Iterable[Memory] = (), heirs: Mapping[str, str] | None = None
) -> dict[str, list[str]]:
    """Return by key what was made from it: of a snapshot frame, of what was retired, and what stands for it (`heirs`)."""
    made: dict[str, list[str]] = {}
    for key, sources in zip(frame["key"].to_numpy(), frame["derived_from"].to_numpy(), strict=True):
        for source in sources:
            made.setdefault(source, []).append(str(key))
    for memory in gone:
        for source in memory.derived_from:
            made.setdefault(source, []).append(memory.key)
    for source, heir in (heirs or {}).items():
        made.setdefault(source, []).append(heir)
    return made


def descendants(
    frame: pd.DataFrame, keys: Collection[str], *, gone: Collection[Memory] = (), heirs: Mapping[str, str] | None = None
) -> tuple[Descendant, ...]:
    """Return what was made from these memories and is none of them, by generation and then by key."""
    made, known = children_of(frame, gone, heirs), set(keys)
    rows = {str(key): row for row, key in enumerate(frame["key"].to_numpy())}
    out = {memory.key: memory for memory in gone}
    found: list[Descendant] = []
    level, generation = set(keys), 0
    while level:
        generation += 1
        following: dict[str, set[str]] = {}
        for key in level:
            for child in made.get(key, ()):
                if child not in known:
                    following.setdefault(child, set()).add(key)
        found += [
            _descendant(child, generation, following[child], frame, rows.get(child), out.get(child))
            for child in sorted(following)
        ]
        known |= following.keys()
        level = set(following)
    return tuple(found)


def _descendant(
    key: str, generation: int, made_from: Collection[str], frame: pd.DataFrame, row: int | None, memory: Memory | None
) -> Descendant:
    said = Descendant(key, generation, tuple(sorted(made_from)), here=row is not None)
    if row is None:
        return said if memory is None else _by(said, memory.agent_id, memory.created_at)
    agent, at = frame["agent_id"].iloc[row], frame["created_at"].iloc[row]
    return _by(said, None if pd.isna(agent) else str(agent), None if pd.isna(at) else at.to_pydatetime())


def _by(said: Descendant, agent: str | None, at: datetime | None) -> Descendant:
    return Descendant(said.key, said.generation, said.made_from, agent, at, said.here)

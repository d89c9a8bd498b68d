"""What a plan does: to one query, and to the memories as a whole. Data for the report, plain and JSON-able."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from typing import Any

from core.candidates import Mode
from core.scope import Scope

__all__ = ["Affected", "Move", "Problem", "ProblemKind", "QueryEffect", "Savings", "Tally", "as_json"]


class ProblemKind(StrEnum):
    """What a plan would break in a query."""

    LOST_EXPECTED = "lost_expected"
    RANKED_TOO_LOW = "ranked_too_low"
    SHOWS_FORBIDDEN = "shows_forbidden"
    GOES_EMPTY = "goes_empty"


@dataclass(frozen=True)
class Problem:
    """One expectation that fails after the plan and held before it, or (`standing`) failed before too.

    Ranks are from 1; None: not among the first k. `what` says it in a sentence with the key and both ranks.
    """

    kind: ProblemKind
    key: str | None
    before: int | None
    after: int | None
    what: str


@dataclass(frozen=True)
class Move:
    """A hit whose rank changes, from 1."""

    key: str
    before: int
    after: int


@dataclass(frozen=True)
class QueryEffect:
    """One query before and after the plan; `before` and `after` are the keys of its hits, best first.

    `name` is that of the golden query, None for a real one from the recall log. `successors` names the memory that a plan
    puts in the place of an expected one. `recall` counts expected keys (of a real query: its hits before) among the hits,
    `mrr` is 1 / rank of the first of them.
    """

    name: str | None
    text: str
    mode: Mode
    k: int
    scope: Scope
    owner: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    recall_before: float
    recall_after: float
    mrr_before: float
    mrr_after: float
    regressions: tuple[Problem, ...] = ()
    standing: tuple[Problem, ...] = ()
    successors: Mapping[str, str] = field(default_factory=dict)
    times: int = 1  # how often a real query was asked lately

    @property
    def is_golden(self) -> bool:
        """Say whether somebody vouched for the answers."""
        return self.name is not None

    @property
    def lost(self) -> tuple[str, ...]:
        """The hits that are none any more, in their order."""
        return tuple(key for key in self.before if key not in self.after)

    @property
    def gained(self) -> tuple[str, ...]:
        """The hits that are new, in their order."""
        return tuple(key for key in self.after if key not in self.before)

    @property
    def moved(self) -> tuple[Move, ...]:
        """The hits whose rank changes, in the order of before."""
        after = {key: rank for rank, key in enumerate(self.after, 1)}
        pairs = ((key, rank, after.get(key, rank)) for rank, key in enumerate(self.before, 1))
        return tuple(Move(key, was, now) for key, was, now in pairs if was != now)

    @property
    def goes_empty(self) -> bool:
        """Say whether it had hits and will have none."""
        return bool(self.before) and not self.after

    @property
    def changed(self) -> bool:
        """Say whether its hits or their order change."""
        return self.before != self.after

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        derived = {"lost": self.lost, "gained": self.gained, "moved": self.moved, "changed": self.changed}
        plain = {name: value for name, value in vars(self).items() if name != "scope"}
        return {name: as_json(value) for name, value in (plain | derived).items()} | {"scope": self.scope.to_params()}


@dataclass(frozen=True)
class Tally:
    """How many memories of one agent, team, type or tenant the plan takes away, changes and adds, and how many it has."""

    value: str | None  # None: memories that do not say
    taken: int = 0
    changed: int = 0
    added: int = 0
    total: int = 0


@dataclass(frozen=True)
class Affected:
    """Whose memories the plan touches, most first."""

    agents: tuple[Tally, ...] = ()
    teams: tuple[Tally, ...] = ()
    types: tuple[Tally, ...] = ()
    tenants: tuple[Tally, ...] = ()


@dataclass(frozen=True)
class Savings:
    """What the plan frees (negative: takes): memories, tokens of their texts, bytes of vectors, keys and metadata.

    Dollars are None for a store that costs none: storage a month that is saved, and what applying costs once.
    """

    memories: int = 0
    tokens: int = 0
    bytes: int = 0
    storage_usd_month: float | None = None
    applying_usd: float | None = None


def as_json(value: Any) -> Any:
    """Return a value of these classes as JSON values."""
    if is_dataclass(value):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {name: as_json(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [as_json(item) for item in value]
    return str(value) if isinstance(value, StrEnum) else value

"""One question to one index at one moment, asked in as many ways as one likes.

What the index said is kept: another weight ranks the same candidates again, and asks nothing of a service. The ranking is
that of every recall (core.answering), so what is explained is what an agent is given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Final

import numpy as np

from core.answering import Answering, Asked, Gathered, pool_size, trace
from core.budget import ContextBlock, Packing
from core.candidates import Candidate, Mode
from core.curation.in_force import InForce
from core.exact import Found
from core.index import IndexInfo
from core.recalled import Recalled, RecallResult
from core.scope import Scope
from core.scoring import Kept, Scored, Weights
from core.vectors.limits import TOP_K_MAX

__all__ = ["DEFAULT_BUDGET", "Explained", "Inquiry", "Place", "Settings"]

DEFAULT_BUDGET: Final = 1_000
_REMEMBERED: Final = 64
# How far down each half is read to tell the place of a memory that is no candidate.
_DEPTHS: Final = (1_000, TOP_K_MAX)
_EVERYTHING: Final = Scope()
_DEFAULT: Final = Weights()


@dataclass(frozen=True)
class Settings:
    """How a question is asked: all that a reader can turn."""

    mode: Mode = Mode.HYBRID
    k: int = 10
    scope: Scope = _EVERYTHING
    weights: Weights = _DEFAULT
    budget: int = DEFAULT_BUDGET


@dataclass(frozen=True)
class Explained:
    """A recall under some settings with all that it came from; the block of the budget is made when it is looked at."""

    settings: Settings
    result: RecallResult
    gathered: Gathered
    ranked: tuple[Scored, ...]

    @cached_property
    def packing(self) -> Packing:
        """The results, ready to be put into any budget."""
        return Packing(self.result)

    @cached_property
    def block(self) -> ContextBlock:
        """What an agent would be given within the budget."""
        return self.packing.at(self.settings.budget)

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """The rank of each candidate, from 1."""
        return {one.candidate.memory.key: rank for rank, one in enumerate(self.ranked, start=1)}

    def hit(self, key: str) -> Recalled | None:
        """Return a result, None for what is not among the first k."""
        rank = self.ranks.get(key)
        return self.result.hits[rank - 1] if rank is not None and rank <= len(self.result.hits) else None

    def given(self, key: str) -> bool:
        """Say whether a memory is in the block."""
        return key in self.block.used


@dataclass(frozen=True)
class Place:
    """The place of a memory in one half of a search, None beyond the `searched` best; `listed` of these are ranked."""

    rank: int | None
    searched: int
    listed: int
    value: float | None


class Inquiry:
    """A question to an index; `embed` gives the vector of its text and is called once at most. For one thread."""

    def __init__(self, index: Answering, text: str, *, now: datetime, embed: Callable[[str], np.ndarray]) -> None:
        self.text, self.now = text, now
        self._index, self._embed = _Remembering(index), embed
        self._known: dict[Settings, Explained] = {}
        self._kept: dict[float, Kept] = {}

    @cached_property
    def vector(self) -> np.ndarray:
        """The vector of the question."""
        return self._embed(self.text)

    def explain(self, settings: Settings) -> Explained:
        """Return the recall under these settings; raise ConfigError for settings without sense."""
        known = self._known.get(settings)
        if known is None:
            asked = Asked(self.text, settings.mode, settings.k, settings.scope, settings.weights, self.now)
            kept = self._kept.setdefault(settings.weights.half_life_days, {})
            found = trace(self._index, replace(asked, kept=kept), lambda _: self.vector)
            ran = replace(settings, mode=found.asked.mode)
            known = Explained(ran, found.result, found.gathered, found.ranked)
            while len(self._known) >= _REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[settings] = known
        return known

    def find(self, key: str, mode: Mode) -> Candidate | None:
        """Return a memory of the index whatever the filters say, with its cosine but in text mode; else None."""
        found = self._index.candidates([key], vector=None if mode is Mode.TEXT else self.vector)
        return found[0] if found else None

    def place(self, key: str, half: Mode, settings: Settings) -> Place | None:
        """Return where a memory stands by meaning (VECTOR) or words (TEXT) alone; None where the index has no such half."""
        if half is Mode.TEXT and not self._index.has_text:
            return None
        vector = self.vector if half is Mode.VECTOR else None
        listed = pool_size(settings.k)
        for depth in (listed, *(each for each in _DEPTHS if each > listed)):
            found = self._index.search(self.text, vector, mode=half, k=depth, scope=settings.scope, now=self.now).candidates
            for rank, one in enumerate(found, start=1):
                if one.memory.key == key:
                    return Place(rank, depth, listed, one.cosine if half is Mode.VECTOR else one.bm25)
            if len(found) < depth:
                break
        return Place(None, len(found), listed, None)


@dataclass(frozen=True)
class _Remembering:
    """An index that is asked nothing twice: all that is said of a question is of one moment."""

    index: Answering
    found: dict[tuple[Mode, int, Scope], Found] = field(default_factory=dict)
    fetched: dict[tuple[tuple[str, ...], bool], list[Candidate]] = field(default_factory=dict)
    used: dict[str, datetime | None] = field(default_factory=dict)
    ruled: list[InForce] = field(default_factory=list)

    @property
    def info(self) -> IndexInfo:
        return self.index.info

    @property
    def has_text(self) -> bool:
        return self.index.has_text

    def search(self, text: str, vector: np.ndarray | None, *, mode: Mode, k: int, scope: Scope, now: datetime) -> Found:
        """Return the best k of each half that the mode has."""
        asked = (mode, k, scope)
        if asked not in self.found:
            self.found[asked] = self.index.search(text, vector, mode=mode, k=k, scope=scope, now=now)
        return self.found[asked]

    def candidates(self, keys: Iterable[str], *, vector: np.ndarray | None) -> list[Candidate]:
        """Return the memories that exist as candidates."""
        asked = (tuple(keys), vector is not None)
        if asked not in self.fetched:
            self.fetched[asked] = self.index.candidates(asked[0], vector=vector)
        return self.fetched[asked]

    def last_used(self, keys: Collection[str]) -> Mapping[str, datetime]:
        """Return when memories were last recalled, by key."""
        if unknown := [key for key in keys if key not in self.used]:
            told = self.index.last_used(unknown)
            self.used.update({key: told.get(key) for key in unknown})
        return {key: at for key in keys if (at := self.used[key]) is not None}

    def rules(self) -> InForce:
        """Return the decay rules that rank the index."""
        if not self.ruled:
            self.ruled.append(self.index.rules())
        return self.ruled[0]

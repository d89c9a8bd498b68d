"""From the hits of a recall to a block: what stays out of any budget, what a budget takes, and which budget a hit needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from core.budget.block import ContextBlock, Entered, LeftOut, Reason, Step
from core.budget.choosing import Chosen, choose
from core.budget.layout import INTRO, entry_of, fence_of, text_of
from core.budget.same import Sameness
from core.budget.tokens import ESTIMATE, TokenCounter
from core.budget.worth import Worth, relevance_of, worths
from core.errors import ConfigError
from core.hostile import one_line
from core.recalled import RecallResult

__all__ = ["Packing", "context_block"]

_STEPS_LOOKED: Final = 12
_MOSTLY: Final = 0.5
_SHOWN: Final = 0.005
_SHOWN_VALUE: Final = 0.001
_KEY_CHARS: Final = 80


@dataclass(frozen=True, eq=False)
class Packing:
    """The hits of one recall, ready to be put into any budget; what does not depend on the budget is found once.

    `vectors` are those of hits, by key, as far as they are known. A hit that expired by `now`, or has less than
    `least_relevance` of the best one's relevance, stays out of every block.
    """

    result: RecallResult
    tokens: TokenCounter = ESTIMATE
    vectors: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    now: datetime | None = None
    least_relevance: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.least_relevance <= 1:
            raise ConfigError(f"least_relevance is {self.least_relevance}: choose a share of the best from 0 to 1.")

    def at(self, budget: int) -> ContextBlock:
        """Return the block of a budget of tokens, which it never exceeds; raise ConfigError for one below 1."""
        if budget < 1:
            raise ConfigError(f"budget_tokens is {budget}: give at least 1.")
        chosen = choose(
            [worth.value for worth in self._worths],
            self._costs,
            budget=budget,
            same=self._same,
            candidates=[place for place in range(len(self.result.hits)) if place not in self._out],
            count=self._count,
        )
        places = sorted(chosen.taken)
        text = self._text(places)
        taken, hits = self.tokens.count(text), self.result.hits
        return ContextBlock(
            text=text,
            used=tuple(hits[place].memory.key for place in places),
            left_out=tuple(
                self._left_out(place, chosen, taken, budget) for place in range(len(hits)) if place not in chosen.members
            ),
            tokens=taken,
            budget=budget,
            counted_by=self.tokens.name,
            entered=tuple(map(self._entered, places)),
        )

    def needs(self, key: str) -> int | None:
        """Return a budget with which a hit enters while it does not with one token less; None where none helps."""
        if key in {hit.memory.key for hit in self.result.hits}:
            return self._reached(lambda block: key in block.used, 1)
        raise ConfigError(f"{one_line(key, 80)!r} is not among the hits of the recall: recall more, or name one that is.")

    def frontier(self, budget: int) -> Step | None:
        """Return the next hit that enters as the budget grows, found by choosing again; None where all is in that can be."""
        now = self.at(budget)
        missing = sorted({one.short for one in now.left_out if one.short})
        inside = set(now.used)
        for short in missing[:_STEPS_LOOKED]:
            if (key := self._newcomer(budget + short, inside)) is not None:
                return Step(key, budget + short, short)
        reached = self._reached(lambda block: bool(set(block.used) - inside), budget + 1) if missing else None
        key = None if reached is None else self._newcomer(reached, inside)
        return None if reached is None or key is None else Step(key, reached, reached - budget)

    def _newcomer(self, budget: int, inside: Collection[str]) -> str | None:
        return next((key for key in self.at(budget).used if key not in inside), None)

    def _reached(self, there: Callable[[ContextBlock], bool], low: int) -> int | None:
        """Return a budget from `low` on where something holds that does not with one token less; None if it never does."""
        most = self.tokens.count(INTRO) + sum(self._costs) + len(self._costs)
        without, budget = low - 1, low
        while not there(self.at(budget)):
            if budget >= most:
                return None
            without, budget = budget, min(2 * budget, most)
        while budget - without > 1:
            middle = (budget + without) // 2
            if there(self.at(middle)):
                budget = middle
            else:
                without = middle
        return budget

    def _text(self, places: Collection[int]) -> str:
        return text_of([self._entries[place] for place in sorted(places)])

    def _count(self, places: Collection[int]) -> int:
        return self.tokens.count(self._text(places) if places else INTRO)

    def _entered(self, place: int) -> Entered:
        worth, hit = self._worths[place], self.result.hits[place]
        value = f"a value of {worth.value:.2g}" if worth.value >= _SHOWN_VALUE else "next to no value"
        said = f"Relevance {worth.relevance:.2f}, confidence {worth.confidence:.2f}: {value}"
        if worth.beside is not None and worth.lent >= _SHOWN:
            said += f"; {worth.lent:.2f} of its relevance is for standing beside {self._key(worth.beside)}"
        return Entered(hit.memory.key, self._costs[place], worth.value, worth.relevance, worth.confidence, f"{said}.")

    def _left_out(self, place: int, chosen: Chosen, tokens: int, budget: int) -> LeftOut:
        """Say why a hit is not among the chosen ones, which take so many tokens."""
        key = self.result.hits[place].memory.key
        if place in self._out:
            reason, said, twin = self._out[place]
            if twin is None:
                return LeftOut(key, reason, said)
            inside = "which is in the block" if twin in chosen.members else "which ranks before it and has no room either"
            return LeftOut(key, reason, f"Says word for word what {self._key(twin)} says, {inside}.", by=self._plain(twin))
        short = max(1, (tokens or self._count(())) + self._costs[place] - budget)
        said, by = f"{short:,} tokens short beside what is in the block.", chosen.by[place]
        if by is None or chosen.said[place] < _MOSTLY:
            return LeftOut(key, Reason.NO_ROOM, said[0].upper() + said[1:], short)
        made = by in self._same.sources[place]
        as_much = "Made from" if made else f"Very likely ({chosen.said[place]:.2f}) says the same as"
        return LeftOut(
            key, Reason.SAID_ALREADY, f"{as_much} {self._key(by)}, which is in the block; {said}", short, self._plain(by)
        )

    def _plain(self, place: int) -> str:
        return self.result.hits[place].memory.key

    def _key(self, place: int) -> str:
        return one_line(self._plain(place), _KEY_CHARS)

    @cached_property
    def _out(self) -> dict[int, tuple[Reason, str, int | None]]:
        """Return what no budget takes, by place: why, and where it is a copy, of which hit."""
        out: dict[int, tuple[Reason, str, int | None]] = {}
        first: dict[str, int] = {}
        relevances = [relevance_of(hit) for hit in self.result.hits]
        least = self.least_relevance * max(relevances, default=0.0)
        for place, hit in enumerate(self.result.hits):
            expires = hit.memory.expires_at
            if self.now is not None and expires is not None and hit.memory.is_expired(self.now):
                out[place] = Reason.EXPIRED, f"Expired at {expires:%Y-%m-%d %H:%M} UTC.", None
            elif relevances[place] < least:
                out[place] = Reason.BELOW, f"Its relevance of {relevances[place]:.2f} is below {least:.2f}.", None
            elif (twin := first.setdefault(self._same.hashes[place], place)) != place:
                out[place] = Reason.SAME_TEXT, "", twin
        return out

    @cached_property
    def _worths(self) -> list[Worth]:
        return worths(self.result.hits, alone=self._out)

    @cached_property
    def _same(self) -> Sameness:
        return Sameness(self.result.hits, self.vectors)

    @cached_property
    def _entries(self) -> list[str]:
        fence = fence_of(hit.memory.content for hit in self.result.hits)
        return [entry_of(hit.memory, fence) for hit in self.result.hits]

    @cached_property
    def _costs(self) -> list[int]:
        """Return the tokens of each entry by itself, with the widest number that it can have."""
        number = len(self._entries)
        return [self.tokens.count(f"\n\n[{number}] {entry}") for entry in self._entries]


def context_block(
    result: RecallResult,
    *,
    budget_tokens: int,
    tokens: TokenCounter | None = None,
    vectors: Mapping[str, npt.NDArray[np.float32]] | None = None,
    now: datetime | None = None,
    least_relevance: float = 0.0,
) -> ContextBlock:
    """Return the hits that are worth most within a budget, in the order of their ranks, and why the others are not in it.

    Without `tokens` they are estimated, without `vectors` (of hits, by key) what says the same is known by its words. What
    expired by `now` stays out, and what has less than that share of the best relevance. Raises ConfigError for a budget
    below 1.
    """
    packing = Packing(result, tokens or ESTIMATE, vectors or {}, now, least_relevance)
    return packing.at(budget_tokens)

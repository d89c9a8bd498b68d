"""Why a memory that somebody expected did not come: the stage that dropped it, the smallest changes that bring it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.answering import recalled_as
from core.candidates import Mode
from core.errors import ConfigError
from core.explanation.changes import Change, smallest_changes
from core.explanation.filtering import Barrier, barriers
from core.explanation.inquiry import Explained, Inquiry, Place, Settings
from core.explanation.waterfall import Step, beside
from core.explanation.whereabouts import NOWHERE, Whereabouts
from core.hostile import one_line
from core.memory import Memory
from core.memory.status import is_quarantined, status_of
from core.recalled import Recalled
from core.vectors.limits import TOP_K_MAX

__all__ = ["Reason", "WhyNot", "why_not"]

_NAME_CHARS: Final = 80


class Reason(StrEnum):
    """The stage that dropped a memory."""

    ABSENT = "not in the index"
    EXPIRED = "expired"
    HIDDEN = "hidden"
    QUARANTINED = "in quarantine"
    FILTERED = "filtered out"
    NO_CANDIDATE = "not a candidate"
    LATE = "expired or hidden past the filter"
    BELOW = "ranked too low"
    OVER_BUDGET = "over the budget"
    GIVEN = "given"


@dataclass(frozen=True)
class WhyNot:
    """Where a memory was lost, in one sentence, with the figures behind it.

    `rank` and `scored` are there for a candidate; `last` is the result that it would have to pass, `gap` how much its score
    lacks. `meaning` and `words` are its places in the halves alone. `changes` each bring it back; `steps` are its waterfall
    beside the last result.
    """

    key: str
    memory: Memory | None
    reason: Reason
    sentence: str
    rank: int | None = None
    scored: Recalled | None = None
    last: Recalled | None = None
    gap: float | None = None
    meaning: Place | None = None
    words: Place | None = None
    barriers: tuple[Barrier, ...] = ()
    steps: tuple[Step, ...] = ()
    changes: tuple[Change, ...] = ()
    where: Whereabouts = NOWHERE


def why_not(inquiry: Inquiry, key: str, settings: Settings, *, look: Callable[[str], Whereabouts] | None = None) -> WhyNot:
    """Return why a memory is not in the context block of a recall; `look` tells where one is that is not in the index."""
    if not key.strip():
        raise ConfigError("There is no key to look for: name the memory that you expected.")
    found = inquiry.explain(settings)
    candidate = inquiry.find(key, found.settings.mode)
    if candidate is None:
        where = look(key) if look else NOWHERE
        return WhyNot(key, None, Reason.ABSENT, where.sentence, where=where)
    memory = candidate.memory
    kept_out = barriers(settings.scope, memory, now=inquiry.now)
    case = _Case(inquiry, key, memory, settings, found)
    if kept_out:
        return case.filtered(kept_out)
    rank = found.ranks.get(key)
    if rank is None:
        return case.no_candidate()
    if found.hit(key) is None:
        return case.below(rank)
    return case.over_budget(rank) if not found.given(key) else case.given(rank)


@dataclass(frozen=True)
class _Case:
    inquiry: Inquiry
    key: str
    memory: Memory
    settings: Settings
    found: Explained

    def filtered(self, kept_out: tuple[Barrier, ...]) -> WhyNot:
        reason = Reason.FILTERED
        if len(kept_out) == 1 and kept_out[0].key == "include_expired":
            reason = Reason.EXPIRED
        if len(kept_out) == 1 and kept_out[0].key == "include_hidden":
            reason = Reason.QUARANTINED if is_quarantined(status_of(self.memory)) else Reason.HIDDEN
        sentence = " ".join(each.why for each in kept_out)
        changes = smallest_changes(self.inquiry, self.key, self.settings, found=kept_out)
        return WhyNot(self.key, self.memory, reason, sentence, barriers=kept_out, changes=changes)

    def no_candidate(self) -> WhyNot:
        if any(one.memory.key == self.key for one in self.found.gathered.late):
            return WhyNot(
                self.key, self.memory, Reason.LATE, "The service's filter passed it, but its time is over or it is hidden."
            )
        mode = self.found.settings.mode
        meaning = self.inquiry.place(self.key, Mode.VECTOR, self.settings) if mode is not Mode.TEXT else None
        words = self.inquiry.place(self.key, Mode.TEXT, self.settings) if mode is not Mode.VECTOR else None
        said = [_place("by meaning", meaning), _place("by words", words)]
        sentence = f"It is not among the candidates: {' and '.join(each for each in said if each)}."
        changes = smallest_changes(self.inquiry, self.key, self.settings, found=())
        return WhyNot(self.key, self.memory, Reason.NO_CANDIDATE, sentence, meaning=meaning, words=words, changes=changes)

    def below(self, rank: int) -> WhyNot:
        scored, last = self._scored(rank), self.found.result.hits[-1]
        gap = last.score - scored.score
        named, count = one_line(last.memory.key, _NAME_CHARS), len(self.found.result.hits)
        returned = "1 is" if count == 1 else f"{count:,} are"
        sentence = (
            f"It ranks {rank:,} of {len(self.found.ranked):,} candidates, {returned} returned: its "
            f"score {scored.score:.3f} is {gap:.3f} below that of the last one, {named}."
        )
        changes = smallest_changes(self.inquiry, self.key, self.settings, found=())
        return WhyNot(
            self.key,
            self.memory,
            Reason.BELOW,
            sentence,
            rank=rank,
            scored=scored,
            last=last,
            gap=gap,
            steps=beside(scored, last),
            changes=changes,
        )

    def over_budget(self, rank: int) -> WhyNot:
        block = self.found.block
        why = next(one.sentence for one in block.left_out if one.key == self.key)
        used = "1 memory takes" if len(block.used) == 1 else f"{len(block.used):,} memories take"
        sentence = (
            f"It is result {rank:,}, but the context block of {self.settings.budget:,} tokens leaves it out, in which "
            f"{used} about {block.tokens:,}. {why}"
        )
        changes = smallest_changes(self.inquiry, self.key, self.settings, found=(), block=True)
        scored = self._scored(rank)
        return WhyNot(
            self.key,
            self.memory,
            Reason.OVER_BUDGET,
            sentence,
            rank=rank,
            scored=scored,
            steps=beside(scored, None),
            changes=changes,
        )

    def given(self, rank: int) -> WhyNot:
        sentence = f"It is there: result {rank:,}, and in the context block of {self.settings.budget:,} tokens."
        scored = self._scored(rank)
        return WhyNot(self.key, self.memory, Reason.GIVEN, sentence, rank=rank, scored=scored, steps=beside(scored, None))

    def _scored(self, rank: int) -> Recalled:
        return recalled_as(self.found.ranked[rank - 1], rank)


def _place(half: str, place: Place | None) -> str:
    if place is None:
        return ""
    if place.rank is not None:
        return f"{half} it is number {place.rank:,}, of which the first {place.listed:,} are ranked"
    if place.searched < TOP_K_MAX:  # the list ended before
        if not place.searched:
            return f"{half} no memory matches"
        others = "1 other memory matches" if place.searched == 1 else f"{place.searched:,} other memories match"
        return f"{half} {others}, and this one does not"
    return f"{half} it is beyond the first {place.searched:,}"

"""The smallest change of each control that brings a memory back; each was run before it is offered.

Smallest is: a filter opened by as little as lets it in; the least k; a budget one token below which it is not in; the
value of a weight that is nearest to the one now, in steps of 0.001 (0.01 for the share of words, a day for the half-life).
For a place in the block, one value of a weight is tried for each rank that it gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from core.answering import count_for
from core.candidates import Mode
from core.errors import ConfigError
from core.explanation.filtering import Barrier, opened
from core.explanation.frontier import Blocks, enters_at
from core.explanation.grid import CONTROLS, Control, Grid
from core.explanation.inquiry import Explained, Inquiry, Settings
from core.scoring import Weights
from core.vectors.limits import TOP_K_MAX

__all__ = ["Change", "Edit", "smallest_changes"]

# Runs that one control may take: what is foretold is nearly always so, but ties and other candidates may decide otherwise.
_TRIES: Final = 24
_MODES: Final = {Mode.HYBRID: "meaning and words", Mode.VECTOR: "meaning", Mode.TEXT: "words"}


@dataclass(frozen=True)
class Edit:
    """One control with its value before and after, as values and in words."""

    control: str
    before: Any
    after: Any
    said: str


@dataclass(frozen=True)
class Change:
    """Settings that bring a memory back: what to turn, the rank that it then has, and whether it is then in the block."""

    edits: tuple[Edit, ...]
    settings: Settings
    rank: int
    given: bool

    @property
    def control(self) -> str:
        """The control that is turned; where filters must go first, the one beyond them."""
        return self.edits[-1].control

    @property
    def said(self) -> str:
        """What to turn, in words."""
        return ", and ".join(edit.said for edit in self.edits)


@dataclass(frozen=True)
class _Case:
    """A memory that is to come back, from settings that the filters are already opened in; `block` is where it must be."""

    inquiry: Inquiry
    key: str
    base: Settings
    first: tuple[Edit, ...]
    block: bool

    def run(self, settings: Settings) -> Explained | None:
        """Return what settings bring back if the memory is among it, else None."""
        try:
            found = self.inquiry.explain(settings)
        except ConfigError:  # more values than the service compares in one filter
            return None
        there = found.hit(self.key) is not None and (not self.block or found.given(self.key))
        return found if there else None

    def change(self, settings: Settings, *edits: Edit) -> Change | None:
        """Return a change if it really brings the memory back."""
        found = self.run(settings)
        return (
            None if found is None else Change((*self.first, *edits), settings, found.ranks[self.key], found.given(self.key))
        )


def smallest_changes(
    inquiry: Inquiry, key: str, settings: Settings, *, found: tuple[Barrier, ...], block: bool = False
) -> tuple[Change, ...]:
    """Return the smallest change of each control that brings a memory back into the results, or with `block` into the block.

    `found` are the filters that leave it out. Where they must open and that is not enough, each change has both.
    """
    if found:
        ways = [(False, *_opened(settings, found, wide=False)), (True, *_opened(settings, found, wide=True))]
        direct = [
            change
            for _, wider, edits in ways
            if (change := _Case(inquiry, key, wider, (), block).change(wider, *edits)) is not None
        ]
        if direct:
            return tuple({change.settings: change for change in direct}.values())
        _, base, first = ways[0]
    else:
        base, first = settings, ()
    case = _Case(inquiry, key, base, first, block)
    return tuple(change for change in _beyond(case) if change is not None)


def _beyond(case: _Case) -> Iterator[Change | None]:
    yield _budget(case)
    yield _count(case)
    yield from _modes(case)
    for control in CONTROLS:
        yield _weight(case, control)


def _opened(settings: Settings, found: tuple[Barrier, ...], *, wide: bool) -> tuple[Settings, tuple[Edit, ...]]:
    scope = opened(settings.scope, found, wide=wide)
    edits = tuple(
        Edit(each.key, getattr(settings.scope, each.key), getattr(scope, each.key), _opening(each, wide=wide))
        for each in found
    )
    return replace(settings, scope=scope), edits


def _opening(barrier: Barrier, *, wide: bool) -> str:
    row = barrier.filter
    if row.key in ("include_expired", "include_hidden"):
        return f"include {row.label}"
    if wide or barrier.wider == barrier.none:
        return f"take away the filter {row.label}"
    return f"ask for what is {row.sentence(barrier.wider)}"


def _budget(case: _Case) -> Change | None:
    """Return the budget that takes the memory into the block, where nothing else keeps it out."""
    found = case.inquiry.explain(case.base)
    if not case.block or found.hit(case.key) is None:
        return None
    at = enters_at(Blocks(found.packing), case.key, above=case.base.budget)
    if at is None:
        return None
    said = f"a budget of {at:,} tokens instead of {case.base.budget:,}"
    return case.change(replace(case.base, budget=at), Edit("budget", case.base.budget, at, said))


def _count(case: _Case) -> Change | None:
    """Return the least k: the rank that the memory has among the candidates of that k, more of which are asked for."""
    if case.block:
        return None
    k = case.base.k
    if case.key not in case.inquiry.explain(case.base).ranks:
        k = max(k, _first_with(case))
    while k <= TOP_K_MAX:
        rank = case.inquiry.explain(replace(case.base, k=k)).ranks.get(case.key)
        if rank is None:
            return None
        if rank <= k:
            said = f"{k:,} results instead of {case.base.k:,}"
            return case.change(replace(case.base, k=k), Edit("k", case.base.k, k, said))
        k = rank
    return None


def _first_with(case: _Case) -> int:
    """Return the least count of results for which so many candidates are asked for that the memory is one; else too many."""
    mode = case.inquiry.explain(case.base).settings.mode
    halves = [half for half in (Mode.VECTOR, Mode.TEXT) if mode in (half, Mode.HYBRID)]
    places = [case.inquiry.place(case.key, half, case.base) for half in halves]
    return min((count_for(place.rank) for place in places if place and place.rank), default=TOP_K_MAX + 1)


def _modes(case: _Case) -> Iterator[Change | None]:
    ran = case.inquiry.explain(case.base).settings.mode
    for mode, words in _MODES.items():
        if mode is ran:
            continue
        settings = replace(case.base, mode=mode)
        try:
            now = case.inquiry.explain(settings).settings.mode
        except ConfigError:  # no text search in this index
            continue
        if now is mode:
            yield case.change(settings, Edit("mode", ran, mode, f"search by {words} instead of {_MODES[ran]}"))


def _weight(case: _Case, control: Control) -> Change | None:
    """Return the nearest value of a weight with which the memory comes back."""
    for weights in _hopeful(case, control):
        before, after = getattr(case.base.weights, control.name), getattr(weights, control.name)
        unit = " days" if control.name == "half_life_days" else ""
        edit = Edit(control.name, before, after, f"{control.label} {after:g}{unit} instead of {before:g}{unit}")
        if change := case.change(replace(case.base, weights=weights), edit):
            return change
    return None


def _hopeful(case: _Case, control: Control) -> Iterable[Weights]:
    """Yield the weights that may bring the memory back, the nearest first; in the block, one for each rank."""
    base = case.base
    if control.name == "lineage" and not base.weights.lineage:
        # Sources are candidates only where lineage counts at all.
        base = replace(base, weights=replace(base.weights, lineage=1 / control.steps))
        yield base.weights
    found = case.inquiry.explain(base)
    if case.key not in found.ranks:
        return
    wanted = _wanted(found, case)
    tried = 0
    for weights, rank in Grid(found, case.key).ranks(control):
        if wanted(rank):
            yield weights
            tried += 1
        if tried == _TRIES:
            return


def _wanted(found: Explained, case: _Case) -> Callable[[int], bool]:
    if not case.block:
        return lambda rank: rank <= case.base.k
    seen = {found.ranks[case.key]}

    def fresh(rank: int) -> bool:
        new = rank <= case.base.k and rank not in seen
        seen.add(rank)
        return new

    return fresh

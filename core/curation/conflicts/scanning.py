"""A scan: what in a snapshot may contradict what, judged in batches, as cards for the inbox. Pure but for the judge.

The most promising pairs are judged first, so many at a time. A memory is marked with what it was and down to which promise
its pairs were judged, by which threshold: the next scan goes on where that one ended, and judges pairs of new and changed
memories, all where the threshold is lower now. So scans that follow each other find what one scan of everything finds, as
far as no bound cuts off a neighbour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.curation.conflicts.candidates import DEFAULT_BOUNDS, Bounds, Candidates, candidates
from core.curation.conflicts.card import Card, card_id
from core.curation.conflicts.grounds import has_grounds
from core.curation.conflicts.marks import reached, written
from core.curation.conflicts.reach import why_compared
from core.curation.conflicts.sampling import Sample
from core.curation.conflicts.sides import Sides, carded
from core.curation.duplicates.distinct import Told, part_of, teller
from core.curation.duplicates.exact import content_hash
from core.errors import CancelledError, ModelError
from core.models.judge import Judge, JudgedPair, Judgement

__all__ = ["DEFAULT_ORDER", "Scan", "ScanOrder", "scan"]

_BATCH: Final = 256
_PAIRS: Final = 40_000
_Pair = tuple[int, int, float]


@dataclass(frozen=True)
class ScanOrder:
    """What a scan is asked for: pairs of at least `threshold` (None: the judge's own), at most so many cards, the likeliest.

    So many `pairs` are judged, the most promising, None for all, 0 for as many as the judge reads in half a minute: the
    next scan goes on with the others.
    Of the pairs below it a `share` is drawn as samples, five times as many of the doubtful, `samples` at most; `seed` says
    which. `tenant` says that the whole index is one tenant's.
    """

    threshold: float | None = None
    most: int = 2_000
    pairs: int | None = 0
    share: float = 0.01
    samples: int = 20
    seed: int = 0
    tenant: bool = False
    bounds: Bounds = DEFAULT_BOUNDS


DEFAULT_ORDER: Final = ScanOrder()


@dataclass(frozen=True)
class Scan:
    """What a scan found: cards, the likeliest first, with the samples behind them, and what was done to find them.

    `checked` are the marks of the memories by key, for the next scan; "" for one that it must look at again. `present` is
    the content hash of every memory of the index. `dropped` are the ids of pairs that were looked at and are no cards.
    `compared` counts the memories that may be in a pair, `near` the pairs at or above the gate of cosine, `judged` what the
    judge saw of them. `recall` is the share of the nearest neighbours that the search found, `cut` counts the texts that had
    more promising partners than were judged, `series` those that differ from others in their digits alone, `momentary` the
    pairs of a state that comes and goes, `over` the cards beyond the most, `left` the pairs that are for the next scan.
    `stopped` says that it was before its end, `fault` for what reason where the judge could not be asked any more.
    """

    cards: tuple[Card, ...]
    judge: str
    threshold: float
    checked: Mapping[str, str] = field(repr=False)
    present: Mapping[str, str] = field(repr=False)
    dropped: frozenset[str] = field(repr=False)
    compared: int
    near: int
    judged: int
    recall: float
    cut: int
    series: int
    momentary: int
    over: int
    left: int
    stopped: bool = False
    fault: str = ""

    @property
    def found(self) -> int:
        """How many cards are above the threshold."""
        return sum(not card.sample for card in self.cards)


def scan(
    frame: pd.DataFrame,
    matrix: npt.NDArray[np.float32],
    judge: Judge,
    *,
    now: datetime,
    checked: Mapping[str, str] | None = None,
    waiting: Iterable[Card] = (),
    order: ScanOrder = DEFAULT_ORDER,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Scan:
    """Return the possible conflicts of a snapshot; `matrix` (n, dim) has the vector of each row of the frame.

    `checked` is what the last scan by the same judge returned: None to judge everything. `waiting` are cards of before, of
    which those that are no candidates any more are dropped. Once `stop` returns true while the judge is at it, or it can be
    asked no more, what was found so far comes back; before, CancelledError or ModelError is raised. `progress` hears 0 to 1.
    """
    told = teller("conflicts", stop, progress)
    sides, known = Sides(frame), checked or {}
    threshold = judge.threshold if order.threshold is None else order.threshold
    found = candidates(
        frame,
        matrix,
        now=now,
        tenant=order.tenant,
        bounds=order.bounds,
        reached=None if checked is None else lambda texts: reached(texts, sides, known, threshold)[0],
        seed=order.seed,
        stop=stop,
        progress=part_of(told, 0.0, 0.4),
    )
    run = _Run(sides, found, judge, replace(order, threshold=threshold), now)
    run.all(told=part_of(told, 0.4, 0.6))
    present = run.present(frame)
    run.drop(waiting, present)
    return run.done(present, known)


class _Run:
    """One run over candidates: what is kept of it is bounded by the most cards and samples."""

    def __init__(self, sides: Sides, found: Candidates, judge: Judge, order: ScanOrder, now: datetime) -> None:
        self.sides, self.candidates, self.by, self.order, self.now = sides, found, judge, order, now
        self.threshold = order.threshold or 0.0
        self.rules = {"tenant": order.tenant, "same_agent": order.bounds.same_agent}
        self.above: list[tuple[float, str, _Pair, Judgement]] = []
        self.sample: Sample[tuple[_Pair, Judgement]] = Sample(
            share=order.share, most=order.samples, threshold=self.threshold, seed=order.seed
        )
        self.dropped: set[str] = set()
        self.left_out: set[int] = set()
        self.judged = self.momentary = self.over = self.seen = 0
        self.stopped, self.fault = False, ""

    def all(self, *, told: Told) -> None:
        """Judge as many candidates as were ordered, until it is stopped."""
        most = _PAIRS if self.order.pairs == 0 else self.order.pairs
        wanted = len(self.candidates) if most is None else min(most, len(self.candidates))
        try:
            for start in range(0, wanted, _BATCH):
                told(start / wanted)
                self.judge(slice(start, min(start + _BATCH, wanted)))
        except CancelledError:
            self.stopped = True
        except ModelError as error:
            if not self.seen:
                raise
            self.stopped, self.fault = True, str(error)

    def judge(self, part: slice) -> None:
        """Judge some candidates, and keep those above the threshold that have grounds, and some others as samples."""
        pairs = list(self._pairs(part))
        asked = [JudgedPair(self.sides.judged(left), self.sides.judged(right), cosine) for left, right, cosine in pairs]
        told = self.by.judge(asked)
        self.judged, self.seen = self.judged + len(pairs), int(part.stop)
        for pair, shown, judgement in zip(pairs, asked, told, strict=True):
            name = card_id(self._hash(pair[0]), self._hash(pair[1]))
            if judgement.clash >= self.threshold and has_grounds(shown, judgement):
                self.above.append((-judgement.clash, name, pair, judgement))
            else:
                self.dropped.add(name)
                self.sample.offer(name, judgement.clash, (pair, judgement))
        if len(self.above) >= 2 * self.order.most + _BATCH:
            self._prune()

    def drop(self, waiting: Iterable[Card], present: Mapping[str, str]) -> None:
        """Drop cards of which both texts are there, but in no scope together, by turns, or one of them in no recall."""
        texts = self.candidates.texts
        members = dict(zip(texts.hashes, texts.members, strict=True))
        spared = frozenset(present.values()) - members.keys()
        for card in waiting:
            left, right = members.get(card.left.hash), members.get(card.right.hash)
            if left is None or right is None:
                if not spared.isdisjoint((card.left.hash, card.right.hash)):
                    self.dropped.add(card.id)
                continue
            if not self.sides.within(left, right, **self.rules) or self.sides.comes_and_goes(left, right):
                self.dropped.add(card.id)

    def done(self, present: Mapping[str, str], known: Mapping[str, str]) -> Scan:
        """Return the scan."""
        self._prune()
        cards = [self._card(pair, judgement) for _, _, pair, judgement in self.above]
        cards += [self._card(pair, judgement, drawn=chance) for (pair, judgement), chance in self.sample.drawn]
        found = self.candidates
        return Scan(
            cards=tuple(cards),
            judge=self.by.tag,
            threshold=self.threshold,
            checked=self._checked(known),
            present=present,
            dropped=frozenset(self.dropped),
            compared=sum(len(members) for members in found.texts.members),
            near=found.near,
            judged=self.judged,
            recall=found.recall,
            cut=found.cut,
            series=found.series,
            momentary=self.momentary,
            over=self.over,
            left=len(found) - self.seen,
            stopped=self.stopped,
            fault=self.fault,
        )

    def _pairs(self, part: slice) -> Iterator[_Pair]:
        """Yield pairs of rows, the older first, without those of a state that comes and goes and what tells of the other."""
        found = self.candidates
        columns = (column[part].tolist() for column in (found.first, found.second, found.cosines))
        for one, other, cosine in zip(*columns, strict=True):
            if self.sides.comes_and_goes(self._members(one), self._members(other)):
                self.momentary += 1
                self.dropped.add(card_id(self._hash(one), self._hash(other)))
                continue
            if self.sides.resolved(one, other):
                self.dropped.add(card_id(self._hash(one), self._hash(other)))
                continue
            yield (*self.sides.ordered(one, other), cosine)

    def _prune(self) -> None:
        """Keep the likeliest; the memories of the others are looked at again the next time."""
        self.above.sort(key=lambda each: each[:2])
        for _, _, pair, _ in self.above[self.order.most :]:
            self.over += 1
            self.left_out.update(pair[:2])
        del self.above[self.order.most :]

    def _card(self, pair: _Pair, judgement: Judgement, *, drawn: float | None = None) -> Card:
        left, right, cosine = pair
        members = self._members(left), self._members(right)
        return carded(
            self.sides.card_side(left, self._hash(left), self.sides.within(members[0], members[1], **self.rules)),
            self.sides.card_side(right, self._hash(right), self.sides.within(members[1], members[0], **self.rules)),
            judgement,
            cosine=cosine,
            why=why_compared(self.sides.whose(left), self.sides.whose(right), **self.rules) or "",
            now=self.now,
            drawn=drawn,
        )

    def _checked(self, known: Mapping[str, str]) -> dict[str, str]:
        """Return the marks of what was looked at; "" for what was left out, and for what is known and was not looked at."""
        found, texts = self.candidates, self.candidates.texts
        reach = self.order.bounds.promise
        if self.seen < len(found):
            reach = float(np.nextafter(found.promise[self.seen], np.float32(np.inf)))
        before, by = reached(texts, self.sides, known, self.threshold)
        by[before > reach] = self.threshold
        again = {found.place[row] for row in self.left_out}
        marks = {
            self.sides.key(row): "" if at in again else written(self.sides.mark(row, digest), min(before[at], reach), by[at])
            for at, (digest, members) in enumerate(zip(texts.hashes, texts.members, strict=True))
            for row in members
        }
        return {key: "" for key, mark in known.items() if mark and key not in marks} | marks

    def present(self, frame: pd.DataFrame) -> dict[str, str]:
        """Return the content hash of every memory of the frame, by key."""
        texts, place = self.candidates.texts, self.candidates.place
        contents = frame["content"].to_numpy()
        return {
            self.sides.key(row): texts.hashes[at] if at >= 0 else content_hash(str(contents[row]))
            for row, at in enumerate(place.tolist())
        }

    def _hash(self, row: int) -> str:
        return self.candidates.texts.hashes[int(self.candidates.place[row])]

    def _members(self, row: int) -> tuple[int, ...]:
        return self.candidates.texts.members[int(self.candidates.place[row])]

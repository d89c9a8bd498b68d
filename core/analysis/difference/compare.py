"""Two texts beside each other: what one says that the other says differently, or not at all. Pure, and no model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from core.analysis.difference.found import Claim, Difference, Kind
from core.analysis.difference.languages import Language
from core.analysis.difference.marks import remarked
from core.analysis.difference.mentioned import Mentioned
from core.analysis.difference.moments import dates_in, same_date, same_day
from core.analysis.difference.naming import filling, names_in
from core.analysis.difference.negation import denied_root, negations_in, set_aside, statuses_in
from core.analysis.difference.numerals import numbers_in, same_number
from core.analysis.difference.parts import turned_about
from core.analysis.difference.polarity import TURNING
from core.analysis.difference.quantities import bounds_in, quantities_in
from core.analysis.difference.reading import Text, Token, read, stem
from core.analysis.difference.roles import exchanged, rewritten, swapped

__all__ = ["claims", "differences", "unsupported"]

# So many differences of a kind are listed: two long texts on two subjects differ in everything.
_MOST: Final = 20
_SHOWN: Final = 80
_WORDS: Final = ("name", "id")
# The articles that say that it is one.
_ONE: Final = frozenset({"a", "an", "one", "ein", "eine", "un", "une", "una", "uno"})


@dataclass(frozen=True, eq=False)
class _Read:
    """A text with its claims."""

    text: Text
    dates: tuple[Claim, ...]
    numbers: tuple[Claim, ...]
    names: tuple[Claim, ...]
    statuses: tuple[Claim, ...]
    negations: tuple[Claim, ...]
    quantities: tuple[Claim, ...]
    denied: frozenset[str]
    mentioned: Mentioned

    @cached_property
    def every(self) -> tuple[Claim, ...]:
        found = (*self.numbers, *self.dates, *self.negations, *self.names, *self.statuses, *self.quantities)
        return tuple(sorted(found, key=lambda claim: claim.span))

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(token.stem for token in self.text.tokens if token.kind == "word")

    def says(self, value: str) -> bool:
        """Say whether the text has a word by its stem; in writing without spaces, whether it has the letters."""
        return value in self.stems or (self.text.language is Language.CHINESE and value in self.text.text)

    @cached_property
    def roots(self) -> frozenset[str]:
        """The stems of what is denied by how a word begins: "unavailable" is not available."""
        words = {token.lower for token in self.text.tokens if token.kind == "word"}
        return frozenset(stem(root) for word in words if (root := denied_root(word)) is not None)

    @cached_property
    def aside(self) -> frozenset[str]:
        return set_aside(self.text)

    @cached_property
    def first(self) -> Mapping[str, Token]:
        """The first token of each stem."""
        return {token.stem: token for token in reversed(self.text.tokens)}

    @cached_property
    def single(self) -> frozenset[str]:
        """The stems of what is said to be one: "a server"."""
        pairs = zip(self.text.words, self.text.words[1:], strict=False)
        return frozenset(stem(noun) for word, noun in pairs if word in _ONE)


@lru_cache(maxsize=8_192)
def _claims(text: str) -> _Read:
    plain = read(text)
    dates, in_dates = dates_in(plain)
    every, in_numbers = numbers_in(plain)
    day_spans = [claim.span for claim in dates]
    numbers = tuple(claim for claim in every if not claim.within(day_spans))
    statuses, turned = statuses_in(plain)
    every_no = negations_in(plain)
    negations = tuple(claim for claim in every_no if claim.value not in turned)
    denied = frozenset(claim.value for claim in every_no)
    quantities = (*quantities_in(plain), *bounds_in(plain))
    names = names_in(plain, in_dates | in_numbers)
    return _Read(plain, dates, numbers, names, statuses, negations, quantities, denied, Mentioned(plain))


def claims(text: str) -> tuple[Claim, ...]:
    """Return the numbers, dates, negations, names, statuses and words of quantity of a text, in their order."""
    return _claims(text).every


def differences(a: str, b: str) -> tuple[Difference, ...]:
    """Return what two texts say differently, clashes first, each kind in the order of the left text.

    A thing that only one of them says is a difference with "" on the other side (see `Difference.clashes`).
    """
    left, right = _claims(a), _claims(b)
    found = [
        *_pairs(Kind.NUMBER, *_numbers(left, right)),
        *_pairs(Kind.DATE, *_dates(left, right)),
        *_negations(left, right),
        *_pairs(Kind.NAME, *_names(left, right)),
        *_axes(Kind.STATUS, left.statuses, right.statuses),
        *_turns(left, right),
        *_axes(Kind.QUANTITY, left.quantities, right.quantities),
    ]
    if not any(difference.clashes for difference in found):
        found += (
            rewritten(left.text, right.text)
            or remarked(left.text, right.text)
            or swapped(left.text, right.text)
            or exchanged(left.text, right.text, left.every, right.every)
            or turned_about(left.text, right.text, left.every, right.every)
        )
    return tuple(sorted(found, key=lambda difference: not difference.clashes))


def unsupported(text: str, sources: Sequence[str]) -> tuple[Claim, ...]:
    """Return the claims of a text that none of its sources makes: a number, name, date or negation of its own.

    A status or a word of quantity is unsupported where sources speak of it and none says the same.
    """
    own, read_sources = _claims(text), [_claims(source) for source in sources]
    lone = set(own.numbers) | set(own.dates) | set(own.negations) | set(own.names)
    for source in read_sources:
        lone -= set(own.numbers) - set(_numbers(own, source)[0])
        lone -= set(own.dates) - set(_dates(own, source)[0])
        lone -= set(own.names) - set(_names(own, source)[0])
        kept = {claim.value for claim in source.negations}
        lone -= {claim for claim in own.negations if claim.value in kept or claim.value in source.roots}
    for mine, theirs in (
        (own.statuses, [each.statuses for each in read_sources]),
        (own.quantities, [each.quantities for each in read_sources]),
    ):
        said = {(claim.about, claim.value) for each in theirs for claim in each}
        axes = {about for about, _ in said}
        lone |= {claim for claim in mine if claim.about in axes and (claim.about, claim.value) not in said}
    return tuple(sorted(lone, key=lambda claim: (claim.span, claim.kind, claim.value)))


def _unmatched(
    left: Sequence[Claim], right: Sequence[Claim], same: Callable[[Claim, Claim], bool]
) -> tuple[list[Claim], list[Claim]]:
    """Return what each side has and the other has not; what both have counts once, however often it is said."""
    # By what is compared first, so that a text of thousands of numbers takes no product of both sides.
    values_left, values_right = {claim.value for claim in left}, {claim.value for claim in right}
    only_left = [claim for claim in left if claim.value not in values_right]
    only_right = [claim for claim in right if claim.value not in values_left]
    most = 4 * _MOST
    bare_left = [claim for claim in only_left if not any(same(claim, other) for other in right[:most])]
    bare_right = [claim for claim in only_right if not any(same(other, claim) for other in left[:most])]
    return _distinct(bare_left), _distinct(bare_right)


def _dates(left: _Read, right: _Read) -> tuple[list[Claim], list[Claim]]:
    days = [any(claim.about == "day" and claim.value[-1] != "-" for claim in each.dates) for each in (left, right)]
    return _unmatched(left.dates, right.dates, same_day if all(days) else same_date)


def _numbers(left: _Read, right: _Read) -> tuple[list[Claim], list[Claim]]:
    """Return the numbers of either side alone; "one" is no number, but it is none of two either."""
    only_left, only_right = _unmatched(left.numbers, right.numbers, same_number)
    return only_left + _ones(left, only_right, only_left), only_right + _ones(right, only_left, only_right)


def _ones(own: _Read, others: Sequence[Claim], mine: Sequence[Claim]) -> list[Claim]:
    """Return a number 1 for what the other text has more of: "a server" beside "three servers"."""
    if mine or not others:
        return []
    counted = [claim for claim in others if claim.about in own.single and not claim.value.startswith("1|")]
    return [Claim(Kind.NUMBER, "1||1", f"one {claim.about}", (0, 0), claim.about) for claim in counted[:1]]


def _names(left: _Read, right: _Read) -> tuple[list[Claim], list[Claim]]:
    only_left = _distinct(name for name in left.names if not right.mentioned.has(name))
    only_right = _distinct(name for name in right.names if not left.mentioned.has(name))
    filled = (
        filling(left.text, left.names, only_left, right.text, right.names, only_right),
        filling(right.text, right.names, only_right, left.text, left.names, only_left),
    )
    return [name for name in only_left if name not in filled[0]], [name for name in only_right if name not in filled[1]]


def _negations(left: _Read, right: _Read) -> list[Difference]:
    """Return what one text denies and the other says, and what only one of them denies."""
    lefts, rights = _alone(left.negations, right.negations)
    found: list[Difference] = []
    for own, other, mine, turned in ((left, right, lefts, False), (right, left, rights, True)):
        for claim in list(mine):
            if other.says(claim.value) and claim.value not in other.roots and claim.value not in other.aside:
                mine.remove(claim)
                found.append(_turned(_difference(Kind.NEGATION, [claim], [_said(other, claim.value)]), turned))
        for token in own.text.tokens:
            root = denied_root(token.lower) if token.kind == "word" else None
            if root is None or stem(root) not in other.stems or token.stem in other.stems or stem(root) in own.stems:
                continue
            if stem(root) not in other.denied:
                claim = Claim(Kind.NEGATION, stem(root), token.text, token.span)
                found.append(_turned(_difference(Kind.NEGATION, [claim], [_said(other, stem(root))]), turned))
    # Other words for the same no; what is left is said by one of them alone.
    lefts, rights = lefts[len(rights) :], rights[len(lefts) :]
    alone = [_difference(Kind.NEGATION, [claim], []) for claim in lefts]
    alone += [_difference(Kind.NEGATION, [], [claim]) for claim in rights]
    return found[:_MOST] + alone[:_MOST]


def _alone(left: Sequence[Claim], right: Sequence[Claim]) -> tuple[list[Claim], list[Claim]]:
    """Return the negations of either side that the other has not: by the word that is denied, then by all it may reach."""
    values = {claim.value for claim in left} & {claim.value for claim in right}
    lefts = [claim for claim in left if claim.value not in values]
    rights = [claim for claim in right if claim.value not in values]
    reached = tuple({word for claim in side for word in claim.about.split()} for side in (rights, lefts))
    first = {claim.value for claim in rights}, {claim.value for claim in lefts}

    def stays(claim: Claim, side: int) -> bool:
        return claim.value not in reached[side] and not first[side] & set(claim.about.split())

    return [claim for claim in lefts if stays(claim, 0)], [claim for claim in rights if stays(claim, 1)]


def _said(read_text: _Read, value: str) -> Claim:
    if (token := read_text.first.get(value)) is not None:
        return Claim(Kind.NEGATION, value, token.text, token.span)
    at = read_text.text.text.find(value)
    return Claim(Kind.NEGATION, value, value, (at, at + len(value)))


def _axes(kind: Kind, left: Sequence[Claim], right: Sequence[Claim]) -> list[Difference]:
    """Return the axes on which each text has one value, and not the same one."""
    found = []
    by_left, by_right = _by_axis(left), _by_axis(right)
    for axis, mine in by_left.items():
        theirs = by_right.get(axis, [])
        values, others = {claim.value for claim in mine}, {claim.value for claim in theirs}
        if theirs and not values & others:
            found.append(_difference(kind, _distinct(mine), _distinct(theirs)))
    return found[:_MOST]


def _turns(left: _Read, right: _Read) -> list[Difference]:
    """Return where only one text says that something failed, was removed, rejected, …: the weaker side of an axis."""
    found = []
    for mine, theirs, turned in ((left.statuses, right.statuses, False), (right.statuses, left.statuses, True)):
        axes = {claim.about for claim in theirs}
        weak = _distinct(
            claim for claim in mine if claim.about in TURNING and claim.value == "1" and claim.about not in axes
        )
        found += [_turned(_difference(Kind.STATUS, [claim], []), turned) for claim in weak]
    return found[:_MOST]


def _by_axis(found: Iterable[Claim]) -> dict[str, list[Claim]]:
    axes: dict[str, list[Claim]] = {}
    for claim in found:
        axes.setdefault(claim.about, []).append(claim)
    return axes


def _pairs(kind: Kind, left: list[Claim], right: list[Claim]) -> list[Difference]:
    """Return what is said on either side alone, paired by what it is said of, then in order."""
    found = []
    rest = list(right)
    for claim in left[:_MOST]:
        beside = next((other for other in rest if other.about == claim.about), None)
        if beside is None and kind is Kind.NUMBER and rest:
            beside = rest[0]
        if beside is None and kind is Kind.NAME and claim.about in _WORDS:
            beside = next((other for other in rest if other.about in _WORDS), None)
        if beside is not None:
            rest.remove(beside)
        found.append(_difference(kind, [claim], [] if beside is None else [beside]))
    return found + [_difference(kind, [], [claim]) for claim in rest[:_MOST]]


def _difference(kind: Kind, left: Sequence[Claim], right: Sequence[Claim]) -> Difference:
    said = tuple(", ".join(claim.text for claim in side[:3])[:_SHOWN] for side in (left, right))
    spans = tuple(tuple(claim.span for claim in side) for side in (left, right))
    return Difference(kind, said[0], said[1], (spans[0], spans[1]))


def _turned(difference: Difference, turned: bool) -> Difference:
    left, right = difference.spans
    return Difference(difference.kind, difference.right, difference.left, (right, left)) if turned else difference


def _distinct(found: Iterable[Claim]) -> list[Claim]:
    return list({(claim.about, claim.value): claim for claim in reversed(list(found))}.values())[::-1]

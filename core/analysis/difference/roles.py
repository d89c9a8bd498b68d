"""Texts in one frame: what stands at the same place in each of them, and words that have changed places. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from core.analysis.difference.found import Claim, Difference, Kind
from core.analysis.difference.languages import NEGATORS, Language
from core.analysis.difference.polarity import QUANTITIES
from core.analysis.difference.reading import Text, Token

__all__ = ["exchanged", "rewritten", "swapped"]

# So many words at most stand elsewhere: more is another wording, and not two that changed places.
_MOST: Final = 6
# Two texts are in one frame where they share this part of their tokens, and are this long at most: the alignment takes
# time by the square.
_FRAME: Final = 0.7
_LONGEST: Final = 160
_SEGMENT: Final = 6
_KINDS: Final = {"number": Kind.NUMBER, "version": Kind.NUMBER, "moment": Kind.DATE, "time": Kind.DATE}
_NO: Final = NEGATORS[Language.ENGLISH] | {"not"}


def swapped(left: Text, right: Text) -> list[Difference]:
    """Return the places where texts of the same words differ, as one difference; none where they differ in their words.

    Where a text says from what to what something went, it is enough that the two have changed places there.
    """
    one, other = _telling(left), _telling(right)
    if len(one) == len(other) and Counter(token.stem for token in one) == Counter(token.stem for token in other):
        moved = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a.stem != b.stem]
        if 2 <= len(moved) <= _MOST:
            return [_difference([one[place] for place in moved], [other[place] for place in moved])]
    ends, others = _from_to(one), _from_to(other)
    if ends and others and ends[0].stem == others[1].stem and ends[1].stem == others[0].stem:
        return [_difference(list(ends), list(others))]
    return []


def rewritten(left: Text, right: Text) -> list[Difference]:
    """Return the first place at which data or code differ; none in prose, where other words may say the same."""
    if not (left.is_structured and right.is_structured):
        return []
    one, other = _written(left), _written(right)
    at = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a.lower != b.lower), min(len(one), len(other))
    )
    if at == len(one) == len(other):
        return []
    sides = [(tokens[at].text, (tokens[at].span,)) if at < len(tokens) else ("…", ()) for tokens in (one, other)]
    kinds = {_KINDS.get(tokens[at].kind, Kind.NAME) for tokens in (one, other) if at < len(tokens)}
    kind = kinds.pop() if len(kinds) == 1 else Kind.NAME
    return [Difference(kind, sides[0][0], sides[1][0], (sides[0][1], sides[1][1]))]


def _written(text: Text) -> list[Token]:
    """Return the tokens of data or code, operators among them; brackets and quotes are no tokens."""
    return [token for token in text.tokens if token.kind != "sign" or token.text not in ".!?:;\n"]


def exchanged(left: Text, right: Text, mine: Sequence[Claim], theirs: Sequence[Claim]) -> list[Difference]:
    """Return the claims of two texts that stand at the same place of one frame and are not the same.

    So a value is found that the other text has too, but elsewhere: "from 2013 to 2014" beside "from 2014 to 2014".
    """
    one, other = _telling(left), _telling(right)
    found = []
    for a, b in _segments(one, other):
        for kind in (Kind.NUMBER, Kind.DATE, Kind.NAME, Kind.STATUS, Kind.QUANTITY):
            own = [claim for claim in mine if claim.kind is kind and _within(claim, a)]
            beside = [claim for claim in theirs if claim.kind is kind and _within(claim, b)]
            if kind is Kind.STATUS:  # two words of one axis
                beside = [claim for claim in beside if claim.about in {other.about for other in own}]
            if own and beside and not {claim.value for claim in own} & {claim.value for claim in beside}:
                spans = tuple(claim.span for claim in own), tuple(claim.span for claim in beside)
                found.append(Difference(kind, own[0].text, beside[0].text, spans))
        if _is_no(a) != _is_no(b) and (_is_share(a) or _is_share(b)):
            found.append(Difference(Kind.NEGATION, _said(a), _said(b), (_spans(a), _spans(b))))
    return found


def _segments(one: Sequence[Token], other: Sequence[Token]) -> Iterator[tuple[Sequence[Token], Sequence[Token]]]:
    """Yield what stands at the same place in two texts of one frame, each a few tokens."""
    if not one or not other or max(len(one), len(other)) > _LONGEST:
        return
    stems, others = [token.stem for token in one], [token.stem for token in other]
    shared = sum((Counter(stems) & Counter(others)).values())
    if 2 * shared < _FRAME * (len(one) + len(other)):
        return
    for what, start, end, begin, stop in SequenceMatcher(None, stems, others, autojunk=False).get_opcodes():
        if what == "replace" and end - start <= _SEGMENT and stop - begin <= _SEGMENT:
            yield one[start:end], other[begin:stop]


def _telling(text: Text) -> list[Token]:
    return [token for token in text.tokens if token.kind != "sign"]


def _within(claim: Claim, segment: Sequence[Token]) -> bool:
    return segment[0].span[0] <= claim.span[0] and claim.span[1] <= segment[-1].span[1] + 1


def _is_no(segment: Sequence[Token]) -> bool:
    return any(token.lower in _NO or token.lower.endswith("n't") for token in segment)


def _is_share(segment: Sequence[Token]) -> bool:
    return len(segment) == 1 and segment[0].lower in QUANTITIES


def _from_to(tokens: Sequence[Token]) -> tuple[Token, Token] | None:
    """Return what stands behind "from" and behind the "to" after it."""
    for at, token in enumerate(tokens[:-3]):
        if token.lower == "from":
            for place in range(at + 2, min(at + 5, len(tokens) - 1)):
                if tokens[place].lower in ("to", "into"):
                    return tokens[at + 1], tokens[place + 1]
    return None


def _difference(left: Sequence[Token], right: Sequence[Token]) -> Difference:
    kinds = {_KINDS.get(token.kind, Kind.NAME) for token in left}
    kind = kinds.pop() if len(kinds) == 1 else Kind.NAME
    return Difference(kind, _said(left), _said(right), (_spans(left), _spans(right)))


def _said(tokens: Sequence[Token]) -> str:
    return " … ".join(token.text for token in tokens[:2])


def _spans(tokens: Sequence[Token]) -> tuple[tuple[int, int], ...]:
    return tuple(token.span for token in tokens)

"""Texts in one frame: what stands at the same place in each of them, and words that have changed places. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final

from core.analysis.difference.found import Claim, Difference, Kind
from core.analysis.difference.languages import NEGATORS, Language
from core.analysis.difference.moments import same_date
from core.analysis.difference.naming import same_name
from core.analysis.difference.numerals import same_number
from core.analysis.difference.polarity import AXES, QUANTITIES
from core.analysis.difference.reading import Text, Token

__all__ = ["exchanged", "have_same_words", "rewritten", "swapped"]

# Two texts are in one frame where they share this part of their tokens, and are this long at most: the alignment takes
# time by the square.
_FRAME: Final = 0.7
_LONGEST: Final = 160
_SEGMENT: Final = 6
_WORDS: Final = 2
# The axes of which a no stands for itself: "finished" and "failed" are not on one, and exclude each other.
_VERDICTS: Final = frozenset({"outcome", "right", "verdict", "merge", "enabled"})
_ARTICLES: Final = frozenset({"a", "an", "the"})
_KINDS: Final = {"number": Kind.NUMBER, "version": Kind.NUMBER, "moment": Kind.DATE, "time": Kind.DATE}
# Words that begin a phrase that can stand elsewhere, and the particles of verbs.
_PHRASES: Final = frozenset(
    "instead despite unless once whenever like between among near under inside outside behind through per via according "
    "in on at from to into during after before since until when while if because although as for with without by off up "
    "down out back over today yesterday tomorrow now currently recently".split()
)
_VERBS: Final = frozenset("is are was were has have had will can does did".split())
_SAME: Final[Mapping[Kind, Callable[[Claim, Claim], bool]]] = {
    Kind.NUMBER: same_number,
    Kind.DATE: same_date,
    Kind.NAME: same_name,
    Kind.STATUS: lambda one, other: one.value == other.value,
    Kind.QUANTITY: lambda one, other: one.value == other.value,
}
_NO: Final = NEGATORS[Language.ENGLISH] | {"not"}


def have_same_words(left: Text, right: Text) -> bool:
    """Say whether two texts have the same words but for articles, in whatever order."""
    one, other = _ordered(left), _ordered(right)
    return len(one) == len(other) and Counter(token.stem for token in one) == Counter(token.stem for token in other)


def swapped(left: Text, right: Text) -> list[Difference]:
    """Return the places where texts of the same words differ, as one difference; none where they differ in their words.

    Where a text says from what to what something went, it is enough that the two have changed places there.
    """
    one, other = _ordered(left), _ordered(right)
    if have_same_words(left, right):
        moved = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a.stem != b.stem]
        if moved and not _as_a_whole(left.text, one, other, moved[0], moved[-1] + 1):
            return [_difference([one[place] for place in moved], [other[place] for place in moved])]
    ends, others = _from_to(one), _from_to(other)
    if ends and others and ends == others[::-1] and ends[0] != ends[1]:
        return [_difference(*([token for token in tokens if token.stem in ends] for tokens in (one, other)))]
    return []


def _ordered(text: Text) -> list[Token]:
    return [token for token in _telling(text) if token.lower not in _ARTICLES]


def _as_a_whole(text: str, one: Sequence[Token], other: Sequence[Token], start: int, end: int) -> bool:
    """Say whether words have moved as a phrase: "on Friday" to the beginning, the two sides of an "and", or sentences."""
    if len(one) > _LONGEST or _sentences(one) == _sentences(other):
        return True
    mine, theirs = one[start:end], [token.stem for token in other[start:end]]
    stems = [token.stem for token in mine]
    for cut in range(1, len(stems)):
        if stems[cut:] + stems[:cut] != theirs:
            continue
        if "," in text[mine[cut - 1].span[1] : mine[cut].span[0]] and len(stems) == 2:
            return True
        if phrase := _phrase(mine[cut:]) or _phrase(mine[:cut]):
            # A particle, or a phrase that stood or stands at the beginning.
            return len(phrase) == 1 or start == 0
    joint = next((at for at, token in enumerate(mine) if token.lower in ("and", "or", "but")), 0)
    # "Red is on and blue is off" has two sides as well, but each says something of its own.
    lists = start == 0 or end == len(one) or one[end].lower not in _VERBS
    return bool(joint) and lists and [*stems[joint + 1 :], stems[joint], *stems[:joint]] == theirs


def _phrase(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return words that can stand elsewhere in a sentence, else none."""
    begins = tokens[0].lower in _PHRASES or tokens[0].kind in _KINDS
    return tokens if begins and not any(token.lower in QUANTITIES or token.lower in _NO for token in tokens) else ()


def _sentences(tokens: Sequence[Token]) -> list[tuple[str, ...]]:
    """Return the sentences by their stems, in one order."""
    found: list[list[str]] = [[]]
    for token in tokens:
        if token.opens:
            found.append([])
        found[-1].append(token.stem)
    return sorted(tuple(sentence) for sentence in found if sentence)


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
    # Of a text in the passive doer and done to stand the other way round: parts.py looks at them.
    turns = any(token.lower == "by" for token in one) != any(token.lower == "by" for token in other)
    values = {claim.value for claim in mine} & {claim.value for claim in theirs}
    found = []
    for a, b in _segments(one, other):
        for kind in _SAME:
            own = [claim for claim in mine if claim.kind is kind and _within(claim, a)]
            beside = [claim for claim in theirs if claim.kind is kind and _within(claim, b)]
            if kind is Kind.STATUS:  # two words of one axis
                found += _overturned(own, beside, a, b)
                beside = [claim for claim in beside if claim.about in {other.about for other in own}]
            if turns and kind is Kind.NAME and all(claim.value in values for claim in (*own, *beside)):
                continue
            if own and beside and not any(_SAME[kind](a_claim, b_claim) for a_claim in own for b_claim in beside):
                spans = tuple(claim.span for claim in own), tuple(claim.span for claim in beside)
                found.append(Difference(kind, own[0].text, beside[0].text, spans))
        if _is_no(a) != _is_no(b) and (_is_share(a) or _is_share(b)):
            found.append(Difference(Kind.NEGATION, _said(a), _said(b), (_spans(a), _spans(b))))
    return found


def _overturned(own: Sequence[Claim], beside: Sequence[Claim], a: Sequence[Token], b: Sequence[Token]) -> list[Difference]:
    """Return that something failed, was removed, rejected, ... where the other text has another word or two."""
    weak, others = (
        [claim for claim in side if claim.about in _VERDICTS and claim.value == "1" and claim.text.lower() in AXES]
        for side in (own, beside)
    )
    if bool(weak) == bool(others) or max(len(a), len(b)) > _WORDS:
        return []
    return [Difference(Kind.STATUS, _said(a), _said(b), (_spans(a), _spans(b)))]


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


def _from_to(tokens: Sequence[Token]) -> tuple[str, str] | None:
    """Return what stands behind "from" and behind the "to" after it."""
    for at, token in enumerate(tokens[:-3]):
        if token.lower == "from":
            for place in range(at + 2, min(at + 5, len(tokens) - 1)):
                if tokens[place].lower in ("to", "into"):
                    return tokens[at + 1].stem, tokens[place + 1].stem
    return None


def _difference(left: Sequence[Token], right: Sequence[Token]) -> Difference:
    kinds = {_KINDS.get(token.kind, Kind.NAME) for token in left}
    kind = kinds.pop() if len(kinds) == 1 else Kind.NAME
    return Difference(kind, _said(left), _said(right), (_spans(left), _spans(right)))


def _said(tokens: Sequence[Token]) -> str:
    return " … ".join(token.text for token in tokens[:2])


def _spans(tokens: Sequence[Token]) -> tuple[tuple[int, int], ...]:
    return tuple(token.span for token in tokens)

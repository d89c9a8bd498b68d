"""Which part a word has in what a text says: behind which preposition, doer or done to, beside which name. Pure.

Texts of other words may say the contrary by who stands where: "the planner passed it to the reviewer" beside "the reviewer
handed it to the planner". Each rule asks for two words that both texts have and that have changed parts; what moved as a
whole, as "on Friday" from the end to the beginning, has changed none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from core.analysis.difference.found import Claim, Difference, Kind
from core.analysis.difference.reading import Text, Token
from core.analysis.difference.roles import have_same_words

__all__ = ["turned_about"]

# Words that say which part the next one has; of one part those that may stand for each other.
_PARTS: Final[Mapping[str, str]] = {
    "from": "from", "to": "to", "into": "to", "onto": "to", "by": "by", "before": "before", "after": "after",
    "than": "against", "over": "against", "of": "of",
}  # fmt: skip
_NO_OBJECT: Final = frozenset(
    "a an the this that these those its his her their our my your it which who as and or but is are was were be been has "
    "have had in on at for with because since when while if so than not no".split()
)
_BEING: Final = frozenset("is are was were be been being get gets got gotten".split())
_COMPARED: Final = frozenset({"compared", "contrast", "contrary"})
_OBJECT: Final = 2
_FAR: Final = 8
# A text is read this way only as far as its parts can be told.
_LONGEST: Final = 60
# How much farther a word is behind a comma or an "and", and by how much one name must be nearer than another.
_COMMA: Final = 6
_AND: Final = 3
_NEARER: Final = 2
_JOINS: Final = frozenset({"and", "but", "while", "whereas", "with"})


def turned_about(left: Text, right: Text, mine: Sequence[Claim], theirs: Sequence[Claim]) -> list[Difference]:
    """Return the first two words that have changed parts, as one difference; none in texts too long to tell."""
    one, other = _prose(left), _prose(right)
    if not one or not other or have_same_words(left, right) or max(len(one), len(other)) > _LONGEST:
        return []
    common = {token.stem for token in one} & {token.stem for token in other}
    done = _done_to(other, one, common)
    found = _behind(one, other, common) or _done_to(one, other, common) or (done and done[::-1])
    if found is None and not any(token.lower == "by" for token in (*one, *other)):
        found = _beside(left, right, mine, theirs)
    if found is None:
        return []
    first = next(token for token in one if token.stem == found[0])
    second = next(token for token in other if token.stem == found[1])
    return [Difference(Kind.NAME, first.text, second.text, ((first.span,), (second.span,)))]


def _prose(text: Text) -> list[Token]:
    return [token for token in text.tokens if token.kind != "sign" or token.text in ".!?;:\n"]


def _behind(one: Sequence[Token], other: Sequence[Token], common: Collection[str]) -> tuple[str, str] | None:
    """Return the words that stand behind one preposition, each of which the other text has elsewhere."""
    lefts, rights = _objects(one), _objects(other)
    for part in lefts.keys() & rights.keys():
        left, right = lefts[part], rights[part]
        mine = [stem for stem in left if stem in common]
        theirs = [stem for stem in right if stem in common]
        if mine and theirs and not set(left) & set(right):
            return mine[0], theirs[0]
    return None


def _objects(tokens: Sequence[Token]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for at, token in enumerate(tokens):
        part = _PARTS.get(token.lower)
        before = tokens[at - 1].lower if at else ""
        if token.lower == "of":
            part = "against" if before == "instead" else None
        elif before in _COMPARED:
            part = "against"
        if part is None:
            continue
        own = found.setdefault(part, [])
        place = at + 1
        while place < len(tokens) and place <= at + 2 and tokens[place].lower in _NO_OBJECT:
            place += 1
        for beside in tokens[place : place + _OBJECT]:
            if beside.kind == "sign" or beside.lower in _NO_OBJECT or beside.lower in _PARTS:
                break
            own.append(beside.stem)
    return {part: own for part, own in found.items() if own}


def _passive(tokens: Sequence[Token]) -> tuple[str, Token] | None:
    """Return what is done and by whom: "the task was passed by the planner"."""
    for at, token in enumerate(tokens):
        if token.lower != "by" or not at:
            continue
        being = next((place for place in range(at - 1, max(-1, at - _FAR), -1) if tokens[place].lower in _BEING), at)
        after = next(
            (each for each in tokens[at + 1 : at + 3] if each.lower not in _NO_OBJECT and each.kind != "sign"), None
        )
        done = [
            each
            for each in tokens[being + 1 : at]
            if each.kind == "word" and each.lower not in _NO_OBJECT and not each.lower.endswith("ing")
        ]
        if done and after is not None:
            return next((each.stem for each in done if each.lower.endswith("ed")), done[0].stem), after
    return None


def _done_to(one: Sequence[Token], other: Sequence[Token], common: Collection[str]) -> tuple[str, str] | None:
    """Return the doer in a passive text, and whom the other, which is none, has do it to that one."""
    said = _passive(one)
    if said is None or _passive(other) is not None or not {said[0], said[1].stem} <= set(common):
        return None
    places = {token.stem: at for at, token in reversed(list(enumerate(other)))}
    verb, doer = places[said[0]], places[said[1].stem]
    before = next((each.stem for each in reversed(other[:verb]) if each.lower not in _NO_OBJECT and each.kind != "sign"), "")
    return (said[1].stem, before) if verb < doer and before in common else None


def _beside(left: Text, right: Text, mine: Sequence[Claim], theirs: Sequence[Claim]) -> tuple[str, str] | None:
    """Return two names that have changed places beside what is said of them."""
    places, beyond = _places(left), _places(right)
    # A name that opens a sentence of one text is told by the other.
    said = [*_named(left, mine), *_named(right, theirs)]
    names = [stem for stem in dict.fromkeys(said) if stem in places and stem in beyond]
    if len(names) != 2:
        return None
    straight, crossed = 0, list[tuple[str, str]]()
    for stem in (places.keys() & beyond.keys()) - set(names) - _NO_OBJECT - _JOINS:
        near, beside = _nearest(places, stem, names), _nearest(beyond, stem, names)
        if near is not None and beside is not None:
            straight += near == beside
            if near != beside:
                crossed.append((near, beside))
    return min(crossed) if crossed and not straight else None


def _named(text: Text, claims: Sequence[Claim]) -> list[str]:
    spans = {claim.span for claim in claims if claim.kind is Kind.NAME and claim.about in ("name", "id")}
    return [token.stem for token in text.tokens if token.span in spans]


def _places(text: Text) -> dict[str, int]:
    """Return how far on each word stands that a text has once; what is behind a comma or an "and" stands farther on."""
    counts = Counter(token.stem for token in text.tokens)
    found, at, end = dict[str, int](), 0, 0
    for token in text.tokens:
        start = token.span[0]
        at += (
            1
            + _COMMA * (token.kind == "sign" or any(mark in text.text[end:start] for mark in ",;("))
            + _AND * (token.lower in _JOINS)
        )
        end = token.span[1]
        if counts[token.stem] == 1 and token.kind != "sign":
            found[token.stem] = at
    return found


def _nearest(places: Mapping[str, int], stem: str, names: Sequence[str]) -> str | None:
    """Return the name that is clearly the nearest to a word."""
    ranked = sorted((abs(places[stem] - places[name]), name) for name in names)
    return ranked[0][1] if ranked[1][0] - ranked[0][0] >= _NEARER else None

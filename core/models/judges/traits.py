"""What one text says, read once for all pairs that it is in: words, names, claims, stands, scopes, and how it is meant."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from core.analysis.difference import Claim, Kind, Span, claims
from core.analysis.difference.languages import NEGATORS, Language
from core.analysis.difference.negation import denied_root
from core.analysis.difference.reading import Text, Token, read, uninflected
from core.models.judges.lexicon import MANNERS, PAIRS, SCOPES, STANDS, Phrases

__all__ = ["Said", "Sentence", "Traits", "traits_of"]

# Words that say nothing by themselves.
_SILENT: Final = frozenset(
    "a an the is are was were be been being am do does did of to in on at by for and or as it its he she we you i they his "
    "her their our my your me him us them this that these those there here has have had will would can could should may "
    "might with from into so if but when while which who whom what that's it's than then not no der die das und ist ein "
    "eine den dem zu le la les des et est un une du de el los las y es il lo e o os as da do em para con por que".split()
)
_NO: Final = NEGATORS[Language.ENGLISH] | {"nor", "ain't"}
# What turns a sentence as a negation does: "cannot go on without it", "none until Friday".
_TURNS: Final = frozenset("without unless until except less missing absent ohne sin sans".split())
_NEAR: Final = 4
_ENDS: Final = frozenset(".!?;\n")
_LABELS: Final = frozenset(
    "of to in on at by for and or is are was be about over under from until till than with around only just the a an "
    "costs cost pays paid least most up after before between every each within has have had its reached takes took".split()
)
# The table of the lexicon, its axis, the value there.
_Meaning = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """A word or two of the lexicon, where they stand in a text; `no` says that a negation stands before them."""

    axis: str
    value: str
    span: Span
    no: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A part of a text between two ends, by its place, and the stems that tell something."""

    span: Span
    stems: frozenset[str]


@dataclass(frozen=True, eq=False)
class Traits:
    """One text as the cues look at it."""

    text: Text
    telling: frozenset[str]
    bigrams: frozenset[tuple[str, str]]
    stands: Mapping[str, tuple[Said, ...]]
    pairs: Mapping[str, tuple[Said, ...]]
    scopes: Mapping[str, frozenset[str]]
    manners: Mapping[str, int]
    negations: int
    turns: int
    labels: Mapping[str, frozenset[str]]
    sentences: tuple[Sentence, ...]

    @cached_property
    def claims(self) -> Mapping[Kind, tuple[Claim, ...]]:
        """The claims of the text by kind."""
        found: dict[Kind, list[Claim]] = {}
        for claim in claims(self.text.text):
            found.setdefault(claim.kind, []).append(claim)
        return {kind: tuple(each) for kind, each in found.items()}

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of people, places and things."""
        return frozenset(claim.value for claim in self.claims.get(Kind.NAME, ()) if claim.about == "name")

    @cached_property
    def ids(self) -> frozenset[str]:
        """The identifiers, addresses, paths and hashes."""
        return frozenset(claim.value for claim in self.claims.get(Kind.NAME, ()) if claim.about != "name")

    @cached_property
    def rare(self) -> frozenset[str]:
        """The words that tell what a text is about: names, identifiers, and long words."""
        return self.names | self.ids | frozenset(word for word in self.telling if len(word) > 5)

    def sentence(self, place: int) -> Sentence | None:
        """Return the sentence that has a place of the text, None where none has."""
        return next((each for each in self.sentences if each.span[0] <= place < each.span[1]), None)

    @cached_property
    def asks(self) -> bool:
        """Say whether the text is a question."""
        return self.text.text.rstrip()[-1:] in ("?", "？")


@lru_cache(maxsize=16_384)
def traits_of(text: str) -> Traits:
    """Return what a text says."""
    plain = read(text)
    tokens = [token for token in plain.tokens if token.kind != "sign"]
    stems = [token.stem for token in tokens]
    told = {token.stem for token in tokens if token.lower not in _SILENT}
    found = list(_said(plain))
    return Traits(
        plain,
        telling=frozenset(told),
        bigrams=frozenset(itertools.pairwise(stems)),
        stands=_by_axis(each for kind, each in found if kind == "stands"),
        pairs=_by_axis(each for kind, each in found if kind == "pairs"),
        scopes=_values(each for kind, each in found if kind == "scopes"),
        manners=_counted(each for kind, each in found if kind == "manners"),
        negations=sum(_negates(token, plain.language) for token in tokens),
        turns=sum(token.lower in _TURNS or denied_root(token.lower) is not None for token in tokens),
        labels=_labels(tokens),
        sentences=tuple(_sentences(plain)),
    )


def _index() -> tuple[dict[str, tuple[_Meaning, ...]], dict[str, tuple[tuple[tuple[str, ...], _Meaning], ...]]]:
    """Return the words of the lexicon, and by their first word what has several."""
    one: dict[str, tuple[_Meaning, ...]] = {}
    more: dict[str, tuple[tuple[tuple[str, ...], _Meaning], ...]] = {}
    tables: dict[str, Phrases] = {"stands": STANDS, "pairs": PAIRS, "scopes": SCOPES, "manners": MANNERS}
    for kind, table in tables.items():
        for form, meant in table.items():
            for axis, value in meant:
                if len(form) == 1:
                    one[form[0]] = (*one.get(form[0], ()), (kind, axis, value))
                else:
                    more[form[0]] = (*more.get(form[0], ()), (form[1:], (kind, axis, value)))
    return one, more


_ONE, _MORE = _index()


@lru_cache(maxsize=65_536)
def _meant(word: str) -> tuple[_Meaning, ...]:
    return _ONE.get(word) or _ONE.get(f"~{uninflected(word)}", ())


def _said(text: Text) -> Iterator[tuple[str, Said]]:
    """Yield what the lexicon knows of a text, in order."""
    tokens, last = text.tokens, -_NEAR - 1
    for at, token in enumerate(tokens):
        if token.kind == "sign":
            last = -_NEAR - 1 if token.text in _ENDS else last
            continue
        no = at - last <= _NEAR
        start = tokens[last].span[0] if no else token.span[0]
        for kind, axis, value in _meant(token.lower):
            yield kind, Said(axis, value, (start, token.span[1]), no)
        for rest, (kind, axis, value) in _MORE.get(token.lower, ()):
            beside = tokens[at + 1 : at + 1 + len(rest)]
            if len(beside) == len(rest) and all(one.lower == word for one, word in zip(beside, rest, strict=True)):
                yield kind, Said(axis, value, (start, beside[-1].span[1]), no)
        if _negates(token, text.language):
            last = at


def _negates(token: Token, language: Language) -> bool:
    word = token.lower
    return word in NEGATORS[language] or word in _NO or word.endswith("n't")


def _by_axis(found: Iterator[Said]) -> dict[str, tuple[Said, ...]]:
    axes: dict[str, tuple[Said, ...]] = {}
    for each in found:
        axes[each.axis] = (*axes.get(each.axis, ()), each)
    return axes


def _values(found: Iterator[Said]) -> dict[str, frozenset[str]]:
    axes: dict[str, frozenset[str]] = {}
    for each in found:
        axes[each.axis] = axes.get(each.axis, frozenset()) | {each.value}
    return axes


def _counted(found: Iterator[Said]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in found:
        counts[each.axis] = counts.get(each.axis, 0) + 1
    return counts


def _labels(tokens: Sequence[Token]) -> dict[str, frozenset[str]]:
    """Return the numbers that stand behind a word as its name, by the word: "truck 31", "ward 2"."""
    found: dict[str, frozenset[str]] = {}
    for word, number in itertools.pairwise(tokens):
        if number.kind in ("number", "version") and word.kind == "word" and word.lower not in _LABELS:
            found[word.stem] = found.get(word.stem, frozenset()) | {number.lower.rstrip(".,")}
    return found


def _sentences(text: Text) -> Iterator[Sentence]:
    start, stems = None, set[str]()
    end = 0
    for token in text.tokens:
        if token.kind == "sign":
            if token.text in _ENDS and start is not None:
                yield Sentence((start, token.span[1]), frozenset(stems))
                start, stems = None, set()
            continue
        start, end = token.span[0] if start is None else start, token.span[1]
        if token.lower not in _SILENT:
            stems.add(token.stem)
    if start is not None:
        yield Sentence((start, end), frozenset(stems))

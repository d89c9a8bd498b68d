"""Both sides of a card to read beside each other: the words that the other lacks, and the places that clash.

Everything is escaped here. Neither side is marked as the right one: who reads decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import Final

from core.hostile import clean_text
from core.models.judge import Span
from pages.shared.markup import escaped, is_code

__all__ = ["both_sides", "excerpt", "side_text"]

_WORDS: Final = re.compile(r"\S+")
# Comparing takes the product of the lengths at worst.
_WORDS_MAX: Final = 1_200
_TEXT: Final = 20_000
_AROUND: Final = 60
# Below this share of words in common a tint on nearly everything says nothing.
_ALIKE: Final = 0.3

Spans = tuple[tuple[Span, ...], tuple[Span, ...]]


@lru_cache(maxsize=128)
def both_sides(left: str, right: str, spans: Spans) -> tuple[str, str]:
    """Return both texts as HTML; the words of one that the other lacks are tinted, what clashes is marked."""
    only_left, only_right = _alone(left, right)
    return side_text(left, spans[0], only_left), side_text(right, spans[1], only_right)


def side_text(text: str, clash: Sequence[Span], alone: Sequence[Span] = ()) -> str:
    """Return a text as HTML with its marks; of more than 20,000 characters the beginning."""
    shown = text[:_TEXT]
    if not clean_text(shown).strip():
        return f"<div class='mn-text mn-muted'>({'only white space' if text else 'no text'})</div>"
    parts: list[str] = []
    for start, end, kind in _pieces(len(shown), clash, alone):
        said = escaped(shown[start:end])
        parts.append(f"<mark class='mn-clash'>{said}</mark>" if kind == 2 else _tinted(said) if kind == 1 else said)
    more = f"<div class='mn-more'>{len(text):,} characters in all: open it</div>" if len(text) > _TEXT else ""
    mono = " mn-mono" if is_code(text) else ""
    return f"<div class='mn-text{mono}' dir='auto' tabindex='0'>{''.join(parts)}</div>{more}"


def excerpt(text: str, clash: Sequence[Span], *, limit: int = 160) -> str:
    """Return the part of a text around its first clash on one line, as HTML."""
    first = min((start for start, _ in clash), default=0)
    start = max(0, first - _AROUND) if len(text) > limit else 0
    cut = text[start : start + limit]
    inside = [(max(0, a - start), min(len(cut), b - start)) for a, b in clash if b > start and a < start + len(cut)]
    body = "".join(
        f"<mark class='mn-clash'>{escaped(cut[a:b])}</mark>" if kind else escaped(cut[a:b])
        for a, b, kind in _pieces(len(cut), inside, ())
    )
    return f"{'…' if start else ''}{body}{'…' if start + limit < len(text) else ''}" or "(no text)"


def _tinted(said: str) -> str:
    return f"<span class='mn-differs'>{said}</span>" if said.strip() else said


def _alone(left: str, right: str) -> tuple[list[Span], list[Span]]:
    """Return the places of the words of each text that the other lacks at that place."""
    ours, theirs = (list(_WORDS.finditer(text[:_TEXT])) for text in (left, right))
    if max(len(ours), len(theirs)) > _WORDS_MAX:
        return [], []
    matcher = SequenceMatcher(None, [each[0] for each in ours], [each[0] for each in theirs], autojunk=False)
    if matcher.ratio() < _ALIKE:
        return [], []
    found: tuple[list[Span], list[Span]] = [], []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            for words, start, end, spans in ((ours, a, b, found[0]), (theirs, c, d, found[1])):
                if start < end:
                    spans.append((words[start].start(), words[end - 1].end()))
    return found


def _pieces(length: int, clash: Iterable[Span], alone: Iterable[Span]) -> list[tuple[int, int, int]]:
    """Cut a text into pieces: start, end, and 2 for what clashes, 1 for what the other lacks, 0 for the rest."""
    kinds = [(1, _within(alone, length)), (2, _within(clash, length))]
    edges = sorted({0, length, *(edge for _, spans in kinds for span in spans for edge in span)})
    pieces: list[tuple[int, int, int]] = []
    for start, end in pairwise(edges):
        kind = max((kind for kind, spans in kinds for a, b in spans if a <= start and end <= b), default=0)
        if pieces and pieces[-1][2] == kind:
            pieces[-1] = (pieces[-1][0], end, kind)
        else:
            pieces.append((start, end, kind))
    return pieces


def _within(spans: Iterable[Span], length: int) -> list[Span]:
    return [(max(0, a), min(length, b)) for a, b in spans if max(0, a) < min(length, b)]

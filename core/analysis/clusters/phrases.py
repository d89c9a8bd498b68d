"""Phrases: words of a label that stand side by side in the texts, put together again and spelt as they are written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from core.analysis.clusters.words import stems, tokens_at
from core.hostile import one_line

__all__ = ["phrases"]

_TOGETHER: Final = 0.5  # of the texts that have a phrase's rarer word have the phrase
_LONGEST: Final = 3
_LONGEST_OF_PAIRS: Final = 6  # where words are read as overlapping pairs of characters
_SMALL_LETTERS: Final = 0.3  # a word that is so often written small is no name
_TERM_CHARS: Final = 40
_JOINS: Final = frozenset({" ", "  ", "_", "-", "\n"})
_CODE_LENGTH: Final = 5  # capitals alone, and so many: an id, unless many texts have it
_CODE_SHARE: Final = 0.25
_LEADS: Final = frozenset({"New"})  # of names: no term, but part of New York
_Pair = tuple[str, str]


def phrases(words: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Return the words in their order as the texts spell them, those of a phrase as one term at its first word's place."""
    wanted = frozenset(words)
    seen: Counter[str] = Counter()
    pairs: Counter[_Pair] = Counter()
    spelt: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        said = _said(text, wanted)
        seen.update({word for word, _, _ in said})
        for word, spelling, _ in said:
            spelt[word][spelling] += 1
        sides = {(one, other) for (one, _, at), (other, _, place) in pairwise(said) if place == at + 1}
        pairs.update(pair for pair in sides if pair[0] != pair[1])
    fixed = {pair: times for pair, times in pairs.items() if times >= max(2, _TOGETHER * min(seen[word] for word in pair))}
    found, used = [], set[str]()
    for word in words:
        if word not in used and word in spelt:
            chain = _chain(word, fixed, used)
            used.update(chain)
            term = _spelling(chain, spelt)
            if not _is_code(term) or seen[word] >= _CODE_SHARE * len(texts):
                found.append(term)
    return found


def _said(text: str, wanted: frozenset[str]) -> list[tuple[str, str, int]]:
    """Return the wanted words of a text with their spelling and place; places that follow each other are side by side."""
    said, place, before = [], 0, ""
    for gap, token in tokens_at(text):
        place += 1 if gap in _JOINS else 2
        known = stems(token.lower())
        if len(known) == 1 and known[0] in wanted:
            leads = before in _LEADS and gap == " " and token[:1].isupper()
            said.append((known[0], f"{before} {token}" if leads else token, place))
        before = token
    return said


def _chain(word: str, fixed: dict[_Pair, int], used: set[str]) -> list[str]:
    """Return the words of the phrase that a word is part of, grown at the end that is more frequent."""
    chain = [word]
    while len(chain) < (_LONGEST if word.isascii() or len(word) > 2 else _LONGEST_OF_PAIRS):
        free = {pair: times for pair, times in fixed.items() if not used & set(pair)}
        after = [(times, [*chain, pair[1]]) for pair, times in free.items() if pair[0] == chain[-1] and pair[1] not in chain]
        before = [(times, [pair[0], *chain]) for pair, times in free.items() if pair[1] == chain[0] and pair[0] not in chain]
        if not (grown := after + before):
            break
        chain = max(grown)[1]
    return chain


def _spelling(chain: Sequence[str], spelt: dict[str, Counter[str]]) -> str:
    """Return the term; pairs of characters of a script without spaces overlap, and are laid over each other."""
    term = ""
    for word in chain:
        part = _usual(spelt[word])
        if term and not part.isascii() and part[:1] == term[-1:]:
            term += part[1:]
        else:
            term += f" {part}" if term else part
    return one_line(term.removesuffix("'s"), _TERM_CHARS)


def _usual(spellings: Counter[str]) -> str:
    """Return the most frequent spelling, a small one where that is not rare: the others begin sentences."""
    small = Counter({one: times for one, times in spellings.items() if one == one.lower()})
    chosen = small if small.total() >= _SMALL_LETTERS * spellings.total() else spellings
    return max(sorted(chosen), key=lambda one: chosen[one])


def _is_code(term: str) -> bool:
    return term.isupper() and term.isascii() and len(term) >= _CODE_LENGTH

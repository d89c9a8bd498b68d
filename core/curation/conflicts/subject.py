"""Whether two texts speak of one thing, told from their words alone and for very many pairs at once. Pure.

Each text is a set of 1,024 bits, one for each word that says something; what two sets share is counted in a few nanoseconds.
Two texts near by their vectors that share next to no word are of one topic, but seldom of one thing.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.difference.reading import stem
from core.curation.duplicates.lexical import SILENT

__all__ = ["identities", "of_other_things", "promise", "signatures"]

_BITS: Final = 1_024
# Of a long text its first words count: a set that is full tells nothing.
_WORDS, _CHARS = 96, 4_000
_PARTS: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[^\W_]+")
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# A ticket, a booking, a user, a commit: what names one thing among many of its kind. No version, no unit, no word.
_IDENTITY: Final = re.compile(
    r"(?<![\w.])(?=[\w-]{0,60}\d)(?=[\w-]{0,60}[A-Za-z])"
    r"(?:[A-Za-z]{1,10}-\d{2,12}|[A-Z0-9]{5,40}|[a-z]{1,30}(?:_[a-z]{1,30}){0,5}_\d{2,12}|[0-9a-f]{7,40})(?![\w-]|\.\d)"
)
_AT_ONCE: Final = 200_000
# What a shared word adds to a cosine when it is decided which pairs are worth a look.
_SHARED: Final = 0.4
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_DRAWN: Final = 1e-3 / 2**24

_Sets = npt.NDArray[np.uint64]
_Floats = npt.NDArray[np.float32]


def signatures(texts: Sequence[str], *, told: Callable[[float], None]) -> _Sets:
    """Return the words of texts as sets of bits, (n, 16) uint64; `told` hears 0 to 1."""
    known: dict[str, int] = {}
    found = np.zeros((len(texts), _BITS // 8), np.uint8)
    for place, text in enumerate(texts):
        if place % 10_000 == 0:
            told(place / len(texts))
        bits = [_bit(word, known) for word in _words(text)]
        if bits:
            own = np.array(bits, np.int64)
            np.bitwise_or.at(found[place], own >> 3, (1 << (own & 7)).astype(np.uint8))
    return found.view(np.uint64)


def promise(sets: _Sets, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], cosines: _Floats) -> _Floats:
    """Return how likely pairs of texts, by their places, are to be of one thing, (p,): the cosine and what words they share.

    Symmetric, and of the two texts alone, so that it is the same in every index. A thousandth at most is drawn from the
    words, so that hardly two pairs are equally promising.
    """
    sizes = np.maximum(1, np.bitwise_count(sets).sum(axis=1, dtype=np.int32))
    found = np.empty(len(first), np.float32)
    for start in range(0, len(first), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        one, other = sets[first[part]], sets[second[part]]
        shared = np.bitwise_count(one & other).sum(axis=1, dtype=np.int32)
        drawn = (np.bitwise_xor.reduce(one ^ other, axis=1) * _MIX) >> np.uint64(40)
        found[part] = _SHARED * shared / np.minimum(sizes[first[part]], sizes[second[part]]) + drawn * _DRAWN
    return cosines + found


def identities(texts: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return what things texts name by an id, as sets of 64 bits, (n,) uint64; 0 where they name none."""
    return np.array([_identities(text) for text in texts], np.uint64)


def of_other_things(
    named: npt.NDArray[np.uint64], first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Return which pairs of texts, by their places, name things by ids of which they share none, (p,)."""
    one, other = named[first], named[second]
    return np.asarray((one > 0) & (other > 0) & ((one & other) == 0), np.bool_)


def _identities(text: str) -> int:
    found = 0
    for match in _IDENTITY.finditer(text[:_CHARS]):
        found |= 1 << (zlib.crc32(match.group().encode()) % 64)
    return found


def _words(text: str) -> list[str]:
    words: dict[str, None] = {}
    for part in _PARTS.findall(text[:_CHARS].lower()):
        if _CJK.match(part):
            words.update(dict.fromkeys(part[at : at + 2] for at in range(max(1, len(part) - 1))))
        elif part not in SILENT:
            words[stem(part)] = None
        if len(words) >= _WORDS:
            break
    return list(words)


def _bit(word: str, known: dict[str, int]) -> int:
    if word not in known:
        known[word] = zlib.crc32(word.encode("utf-8", "surrogatepass")) % _BITS
    return known[word]

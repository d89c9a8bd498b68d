"""Labels of clusters: the words that a cluster has more often than the others, by class-based TF-IDF (Grootendorst 2022).

weight of a word in a cluster = the share of the cluster's texts that have it · ln(1 + mean of words, a cluster ÷ texts that
have it, in all clusters). Texts are counted, not occurrences, so that no single text makes a label.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import chain, count, islice
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.clusters.density import NOISE, Codes
from core.analysis.clusters.phrases import phrases
from core.analysis.clusters.stopwords import stop_words
from core.analysis.clusters.words import stems, tokens
from core.hostile import one_line

__all__ = ["labels", "terms"]

_CANDIDATES: Final = 12
_COUNTED_ALL: Final = 300_000  # texts are counted about; of a cluster its share of them, and so many at least
_COUNTED_LEAST: Final = 1_000
_LOOKED_AT: Final = 200  # texts of a cluster in which phrases and spellings are looked for
# So many of a cluster's texts have each of its terms, or it says too little of them; fewer where the label would be short.
_LEAST_SHARE: Final = 0.12
_SHARE_OF_FEW: Final = 0.06
_FEW: Final = 3
_LEAST_TEXTS: Final = 2
_ENDING: Final = 4  # letters by which two words of one stem differ
_LABEL_TERMS: Final = 4
_LABEL_CHARS: Final = 80
_BETWEEN: Final = " · "


def terms(texts: Sequence[str], codes: Codes, *, most: int = 8) -> tuple[tuple[str, ...], ...]:
    """Return the terms of each cluster, by code, the most telling first; noise only tells which words are common.

    Of a cluster beyond its share of 300,000 texts, and beyond 1,000, a sample is counted, the same each time.
    """
    clusters = int(codes.max(initial=NOISE)) + 1
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(NOISE, clusters + 1))
    groups = [_sampled(order[bounds[at] : bounds[at + 1]], clusters) for at in range(clusters + 1)]
    counted = [_counted([texts[row] for row in rows]) for rows in groups]
    totals: Counter[str] = Counter()
    for size, rows, words in zip(np.diff(bounds).tolist(), groups, counted, strict=True):
        stands_for = size / max(1, len(rows))
        totals.update(words if stands_for == 1 else {word: stands_for * times for word, times in words.items()})
    mean = sum(totals.values()) / max(1, sum(map(bool, counted)))
    found = []
    for rows, words in zip(groups[1:], counted[1:], strict=True):
        weights = {word: times / len(rows) * math.log1p(mean / totals[word]) for word, times in words.items()}
        ranked = _frequent(sorted(weights, key=lambda word: (-weights[word], word)), words, len(rows))
        sample = [texts[row] for row in rows[:: max(1, len(rows) // _LOOKED_AT)]]
        found.append(tuple(phrases(_various(ranked), sample)[:most]))
    return tuple(found)


def _sampled(rows: npt.NDArray[np.int64], clusters: int) -> list[int]:
    """Return the rows of a cluster that are counted, in order: all, or a sample drawn with a fixed seed."""
    most = max(_COUNTED_LEAST, _COUNTED_ALL // (clusters + 1))
    chosen = rows if len(rows) <= most else np.sort(np.random.default_rng(0).choice(rows, most, replace=False))
    return [int(row) for row in chosen]


def labels(found: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return one line for the terms of each cluster, "" for none; further terms, or a number, tell alike ones apart."""
    made: list[str] = []
    known: set[str] = set()
    for told in found:
        lines = [_line(told[:_LABEL_TERMS])]
        lines += [_line([*told[: _LABEL_TERMS - 1], term]) for term in told[_LABEL_TERMS:]]
        numbered = (f"{lines[0]} ({number})" for number in count(2))
        made.append(next(line for line in chain(lines, numbered) if line not in known or not line))
        known.add(made[-1])
    return tuple(made)


def _line(some: Sequence[str]) -> str:
    """Return as many of the terms as fit on a line."""
    line = some[0] if some else ""
    for term in some[1:]:
        if len(line) + len(_BETWEEN) + len(term) > _LABEL_CHARS:
            break
        line += _BETWEEN + term
    return one_line(line, _LABEL_CHARS)


def _frequent(ranked: Sequence[str], words: Counter[str], texts: int) -> list[str]:
    """Return the words that many of the texts have, then, where those are few, others; all where no word is in many."""
    least, fewest = (max(_LEAST_TEXTS, share * texts) for share in (_LEAST_SHARE, _SHARE_OF_FEW))
    many = [word for word in ranked if words[word] >= least]
    some = [word for word in ranked if fewest <= words[word] < least]
    return many + some[: max(0, _FEW - len(many))] or list(ranked)


def _counted(texts: Sequence[str]) -> Counter[str]:
    """Return in how many of the texts each telling word is."""
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(tokens(text))
    words: Counter[str] = Counter()
    silent = stop_words(seen, len(texts))
    for token, times in seen.items():
        for stem in () if token in silent else stems(token):
            if stem not in silent:
                words[stem] = min(len(texts), words[stem] + times)
    return words


def _various(ranked: Sequence[str]) -> list[str]:
    """Return the first candidates without other forms of a word that is among them."""
    kept: list[str] = []
    for word in islice(ranked, 4 * _CANDIDATES):
        if not any(_akin(word, other) for other in kept):
            kept.append(word)
        if len(kept) == _CANDIDATES:
            break
    return kept


def _akin(one: str, other: str) -> bool:
    """Say whether two words differ in an ending alone, as "book" and "booking"."""
    short, long = sorted((one, other), key=len)
    if long == f"{short}s":
        return True
    common = len(short) - (short[-1] in "ey")
    return len(short) >= _ENDING and long.isascii() and len(long) - len(short) <= _ENDING and long[:common] == short[:common]

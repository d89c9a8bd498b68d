"""Pairs as the arrays that the network reads: `[CLS] a [SEP] b [SEP]`, those of similar length in one batch."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from benchmarks.judge.pairs import LABELS, Pair

__all__ = ["Batch", "Pieces", "batches", "shuffled"]

_CLS, _SEP = 101, 102
_AROUND: Final = 3
# Lengths are sorted within so many batches: little padding, and the order stays random.
_POOL: Final = 40
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """What the network reads, (n, length) each; `allowed` (n, 3) is true for the classes a pair may have."""

    rows: list[int]
    ids: Ids
    mask: Ids
    types: Ids
    allowed: npt.NDArray[np.bool_]


class Pieces:
    """Texts to word pieces, each text once; what is longer than `most` loses the end of its longer text."""

    def __init__(self, tokenizer: Path, *, most: int) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._most = most - _AROUND
        self._known: dict[str, list[int]] = {}

    def both(self, pair: Pair) -> tuple[list[int], list[int]]:
        """Return the word pieces of both texts, together short enough."""
        left, right = self._of(pair.left), self._of(pair.right)
        half, rest = self._most // 2, self._most
        if len(left) + len(right) > rest:
            left_most = max(half, rest - len(right))
            right_most = rest - min(len(left), left_most)
            left, right = left[:left_most], right[:right_most]
        return left, right

    def _of(self, text: str) -> list[int]:
        if text not in self._known:
            said = text.encode("utf-8", "replace").decode()
            self._known[text] = self._tokenizer.encode(said, add_special_tokens=False).ids
        return self._known[text]


def shuffled(pairs: Sequence[Pair], pieces: Pieces, *, size: int, seed: int) -> list[Batch]:
    """Return batches in random order, of pairs of similar length out of a random pool."""
    found: list[Batch] = []
    for start in range(0, len(pairs), _POOL * size):
        found += batches(pairs[start : start + _POOL * size], pieces, size=size)
    random.Random(seed).shuffle(found)
    return found


def batches(pairs: Sequence[Pair], pieces: Pieces, *, size: int) -> Iterator[Batch]:
    """Yield batches of pairs of similar length; `rows` are their places."""
    both = [pieces.both(pair) for pair in pairs]
    order = sorted(range(len(pairs)), key=lambda place: sum(map(len, both[place])))
    for start in range(0, len(order), size):
        places = order[start : start + size]
        yield _batch(places, [both[place] for place in places], [pairs[place].allowed for place in places])


def _batch(places: list[int], both: list[tuple[list[int], list[int]]], allowed: list[tuple[int, ...]]) -> Batch:
    longest = max(len(left) + len(right) for left, right in both) + _AROUND
    ids, mask, types = (np.zeros((len(places), longest), np.int64) for _ in range(3))
    may = np.zeros((len(places), len(LABELS)), bool)
    for row, (left, right) in enumerate(both):
        said = [_CLS, *left, _SEP, *right, _SEP]
        ids[row, : len(said)] = said
        mask[row, : len(said)] = 1
        types[row, len(left) + 2 : len(said)] = 1
        may[row, list(allowed[row])] = True
    return Batch(places, ids, mask, types, may)

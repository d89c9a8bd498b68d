"""The groups that a page offers: at a threshold, within the filters, in an order; and what merging them frees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from core.budget import BYTES_PER_TOKEN
from core.curation.duplicates import Group, Suspect
from core.operate.prices import storage_cost
from core.scope import Scope
from pages.shared.duplicates.search import Search
from pages.shared.here import Here
from pages.shared.words import bytes_text, plural

__all__ = ["Freed", "certain", "effect_words", "freed", "offered_of", "ordered"]


_T = TypeVar("_T", Group, Suspect)


@dataclass(frozen=True)
class Freed:
    """What merging groups frees, about: how many memories, tokens of their texts, bytes stored, dollars a month.

    Of each group all but one go, and which one is not asked: each counts as the mean of its group.
    """

    memories: int = 0
    tokens: int = 0
    size: int = 0
    usd_month: float | None = None


def offered_of(search: Search, found: Sequence[_T], here: Here) -> list[_T]:
    """Return the groups or pairs that are still there, and of which a memory at least fits the filters."""
    keys = [each.keys if isinstance(each, Group) else (each.first, each.second) for each in found]
    if not keys or here.frame is None:
        return []
    rows, starts = _flat(search, keys)
    kept = np.ones(len(keys), np.bool_)
    if here.frame is not search.frame:
        kept &= np.logical_and.reduceat(search.frame["key"].iloc[rows].isin(here.frame["key"]).to_numpy(dtype=bool), starts)
    if here.scope != Scope():
        fits = here.scope.mask(search.frame, now=here.now).to_numpy(dtype=bool)
        kept &= np.logical_or.reduceat(fits[rows], starts)
    return [each for each, wanted in zip(found, kept.tolist(), strict=True) if wanted]


def ordered(groups: Sequence[Group], order: str) -> list[Group]:
    """Return groups in an order of the page; they come with the least similar first and those of one text last."""
    if order == "most":
        return sorted(groups, key=lambda group: (not group.is_exact, -group.certainty, group.keys))
    if order == "largest":
        return sorted(groups, key=lambda group: (-len(group.keys), group.certainty, group.keys))
    return list(groups)


def certain(groups: Sequence[Group], least: float) -> list[Group]:
    """Return the groups of at least a certainty; 1 is the same text."""
    return [group for group in groups if group.certainty >= least]


def freed(search: Search, groups: Sequence[Group], here: Here) -> Freed:
    """Return what merging groups frees."""
    if not groups or here.store is None:
        return Freed()
    rows, starts = _flat(search, [group.keys for group in groups])
    counts = np.diff([*starts.tolist(), len(rows)])
    left = (counts - 1) / counts
    tokens = np.ceil(_column(search.frame, "content_bytes", rows) / BYTES_PER_TOKEN)
    keys = np.fromiter((len(key.encode("utf-8", "replace")) for group in groups for key in group.keys), float)
    size = _column(search.frame, "metadata_bytes", rows) + keys + 4 * here.store.info.dimension
    total = int((np.add.reduceat(size, starts) * left).sum())
    usd = storage_cost(total) if here.store.uri.startswith("s3vectors:") else None
    return Freed(int((counts - 1).sum()), int((np.add.reduceat(tokens, starts) * left).sum()), total, usd)


def effect_words(found: Freed) -> str:
    """Return what is freed in words: "12 memories fewer, about 240 tokens and 23 KB"."""
    if not found.memories:
        return "nothing"
    cost = f" ({_usd(found.usd_month)} a month)" if found.usd_month is not None else ""
    said = f"{plural(found.tokens, 'token')} and {bytes_text(found.size)}{cost}"
    return f"{plural(found.memories, 'memory')} fewer, about {said} less"


def _flat(search: Search, keys: Sequence[tuple[str, ...]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of all keys, one group behind the other, and where each begins."""
    sizes = np.fromiter((len(each) for each in keys), np.int64, len(keys))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    return search.rows([key for each in keys for key in each]), starts


def _column(frame: pd.DataFrame, name: str, rows: np.ndarray) -> np.ndarray:
    found: np.ndarray = frame[name].to_numpy(dtype=float)[rows]
    return found


def _usd(dollars: float) -> str:
    if dollars >= 0.01:
        return f"${dollars:,.2f}"
    digits = max(2, 1 - math.floor(math.log10(dollars))) if dollars > 0 else 2
    return "under $0.000001" if 0 < dollars < 1e-6 else f"${dollars:.{digits}f}"

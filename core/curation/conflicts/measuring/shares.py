"""Shares of counts with what is not known about them: Wilson's interval, and too few to say anything."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Share", "share_of", "weighted_share", "wilson"]

_Z: Final = 1.959963984540054  # 95 %


@dataclass(frozen=True)
class Share:
    """A share with its 95 % interval, from `n` decisions; the numbers are None where fewer than `needed` were made."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    needed: int
    why: str = ""

    @property
    def known(self) -> bool:
        """Whether there were enough decisions to say it."""
        return self.value is not None

    @property
    def words(self) -> str:
        """The share as a person reads it."""
        if self.value is None or self.low is None or self.high is None:
            return self.why or f"too few decisions to say: {self.n:,} of {self.needed:,}"
        return f"{self.value:.0%} ({self.low:.0%} to {self.high:.0%}, of {self.n:,})"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n, "words": self.words}


def wilson(hits: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927), 0 to 1 where n is 0; counts may be fractions, as effective ones."""
    if n <= 0:
        return 0.0, 1.0
    share, square = hits / n, _Z * _Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def share_of(said: Iterable[bool], *, needed: int) -> Share:
    """Return the share of those that are true."""
    given = [bool(each) for each in said]
    return weighted_share(given, [1.0] * len(given), needed=needed)


def weighted_share(said: Iterable[bool], weights: Iterable[float], *, needed: int) -> Share:
    """Return the share of the true ones by weight; its interval is that of Kish's effective number of decisions (1965)."""
    pairs = [(bool(each), float(weight)) for each, weight in zip(said, weights, strict=True)]
    total = sum(weight for _, weight in pairs)
    if len(pairs) < needed or total <= 0:
        return Share(None, None, None, len(pairs), needed)
    value = min(1.0, sum(weight for each, weight in pairs if each) / total)
    effective = total * total / sum(weight * weight for _, weight in pairs)
    low, high = wilson(value * effective, effective)
    return Share(value, low, high, len(pairs), needed)

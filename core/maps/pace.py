"""How far a map is, and how long it will take: by what each stage took elsewhere, corrected by how long it takes here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.analysis.neighbours import EXACT_MOST
from core.maps.parameters import LANDMARKS, LANDMARKS_ABOVE
from core.maps.state import Stage

__all__ = ["Pace", "expected"]

# Seconds on two cores of an AMD EPYC with AVX-512 (benchmarks/README.md); only their proportions matter much.
_PRODUCTS_S: Final = 5e10
_CELLS_ROW_S: Final = 6e-5
_LAYOUT_SMALL_ROW_S, _LAYOUT_ROW_S = 2e-4, 8e-5
_SMALL: Final = 10_000
_CLUSTER_ROW_S: Final = 2e-4
_CHOSEN_ROW_S, _PLACED_ROW_S, _TOLD_ROW_S = 4e-6, 2e-5, 6e-5  # around landmarks
_ORDER: Final[tuple[Stage, ...]] = ("reading", "first picture", "neighbours", "layout", "clusters")
_SURE_S: Final = 1.0


def expected(rows: int, dimension: int, *, kept: bool = False) -> dict[Stage, float]:
    """Return the seconds that each stage of a map may take; a `kept` one is not laid out again."""
    whole = rows <= LANDMARKS_ABOVE
    laid = rows if whole else LANDMARKS
    exact = 2.0 * laid * laid * dimension / _PRODUCTS_S
    placing, choosing = (0.0, 0.0) if whole else (rows * _PLACED_ROW_S, rows * _CHOSEN_ROW_S)
    return {
        "reading": 0.1,
        "first picture": 0.05,
        "neighbours": 0.05 + choosing + (exact if laid <= EXACT_MOST else laid * _CELLS_ROW_S),
        "layout": 0.0 if kept else 0.1 + placing + laid * (_LAYOUT_SMALL_ROW_S if laid <= _SMALL else _LAYOUT_ROW_S),
        "clusters": 0.1 + rows * (_CLUSTER_ROW_S if whole else _TOLD_ROW_S),
    }


@dataclass(frozen=True)
class Pace:
    """A computation in progress: its stage, the part of it that is done, and when it began and got there, in seconds."""

    stages: Mapping[Stage, float]
    began: float
    stage: Stage = "reading"
    part: float = 0.0
    at: float = 0.0

    def _parts(self) -> tuple[float, float]:
        """Return the expected seconds of what is done and of everything."""
        total = sum(self.stages.values()) or 1.0
        before = sum(self.stages[stage] for stage in _ORDER[: _ORDER.index(self.stage)])
        return before + self.part * self.stages[self.stage], total

    def progress(self) -> float:
        """Return the share that is done, 0 to 1."""
        done, total = self._parts()
        return min(1.0, done / total)

    def eta_s(self, now: float) -> float | None:
        """Return the seconds to the end, None while too little was seen to say; never less than 0."""
        done, total = self._parts()
        if now - self.began < _SURE_S or done <= 0:
            return None
        slower = max(0.2, (self.at - self.began) / done) if self.at > self.began else 1.0
        return max(0.0, (total - done) * slower - (now - self.at))

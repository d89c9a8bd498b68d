"""What a map is asked to be: dimensions, neighbours, how tight it lies, and the seed that makes it repeat."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from core.errors import ConfigError

__all__ = ["LANDMARKS", "LANDMARKS_ABOVE", "MapParameters"]

# Above so many memories some of them are laid out, and the others placed between their neighbours: of 200,000 that takes a
# third of the time and half of the 1.1 GB, and keeps less of what lies next to what (benchmarks/README.md).
LANDMARKS_ABOVE: Final = 200_000
LANDMARKS: Final = 20_000

_MOST_NEIGHBOURS: Final = 200


@dataclass(frozen=True)
class MapParameters:
    """The parameters of one map; two maps of the same memories and parameters are the same.

    `neighbours`, `min_dist` and `spread` are UMAP's own (McInnes et al. 2018); the defaults are those of umap-learn.
    """

    dims: int = 2
    neighbours: int = 15
    min_dist: float = 0.1
    spread: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no map can be drawn with."""
        if self.dims not in (2, 3):
            raise ConfigError(f"A map has 2 or 3 dimensions, not {self.dims!r}: choose one of them.")
        if not 2 <= self.neighbours <= _MOST_NEIGHBOURS:
            raise ConfigError(f"A map takes 2 to {_MOST_NEIGHBOURS} neighbours, not {self.neighbours!r}: choose a number.")
        if not 0 <= self.min_dist <= self.spread <= 10 or self.spread <= 0:
            raise ConfigError(
                f"min_dist {self.min_dist!r} and spread {self.spread!r} make no map: 0 ≤ min_dist ≤ spread ≤ 10, spread > 0."
            )
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"The seed {self.seed!r} is not one of 0 to {2**32 - 1}: choose a smaller number.")

    def as_dict(self) -> dict[str, float]:
        """Return the parameters as plain values, for files and messages."""
        return asdict(self)

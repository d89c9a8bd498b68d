"""Which memories are near which: k-NN of a whole index, shared by the map, duplicates, conflicts and the inspector. Pure."""

from core.analysis.neighbours.found import METRICS, Neighbours
from core.analysis.neighbours.hubness import Magnet, isolation, magnets, occurrences, outliers, skewness
from core.analysis.neighbours.probed import Probed
from core.analysis.neighbours.search import EXACT_MOST, nearest, nearest_to

__all__ = [
    "EXACT_MOST",
    "METRICS",
    "Magnet",
    "Neighbours",
    "Probed",
    "isolation",
    "magnets",
    "nearest",
    "nearest_to",
    "occurrences",
    "outliers",
    "skewness",
]

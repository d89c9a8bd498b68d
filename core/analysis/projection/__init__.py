"""Projections to a plane or a space: a first picture, how true a map is, and how it stays familiar. Pure, over numpy."""

from core.analysis.projection.alignment import Alignment, aligned, alignment
from core.analysis.projection.framing import turned
from core.analysis.projection.landmarks import landmarks
from core.analysis.projection.pca import Coords, pca, unit_box
from core.analysis.projection.placing import placed
from core.analysis.projection.quality import Quality, quality

__all__ = [
    "Alignment",
    "Coords",
    "Quality",
    "aligned",
    "alignment",
    "landmarks",
    "pca",
    "placed",
    "quality",
    "turned",
    "unit_box",
]

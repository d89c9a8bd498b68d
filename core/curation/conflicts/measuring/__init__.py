"""How well conflicts are found, measured by people's decisions. Pure, but for what reads and saves them."""

from core.curation.conflicts.measuring.index import measure_index
from core.curation.conflicts.measuring.measures import Measures, measure
from core.curation.conflicts.measuring.outlook import GRID, Outlook, least_threshold
from core.curation.conflicts.measuring.shares import Share
from core.curation.conflicts.measuring.threshold import (
    Chosen,
    Thresholds,
    load_thresholds,
    save_threshold,
    threshold_in_force,
)

__all__ = [
    "GRID",
    "Chosen",
    "Measures",
    "Outlook",
    "Share",
    "Thresholds",
    "least_threshold",
    "load_thresholds",
    "measure",
    "measure_index",
    "save_threshold",
    "threshold_in_force",
]

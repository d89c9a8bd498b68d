"""Why a recall is what it is: stages with counts, the waterfall of each score, why not, budgets, comparisons.

Everything here works on the ranking of every recall (core.answering), of the index as it is or as it was at a moment.
"""

from __future__ import annotations

from core.explanation.changes import Change, Edit, smallest_changes
from core.explanation.comparing import Comparison, Move, compare
from core.explanation.filtering import Barrier, barriers
from core.explanation.frontier import Entry, Rung, frontier, rungs
from core.explanation.inquiry import DEFAULT_BUDGET, Explained, Inquiry, Place, Settings
from core.explanation.missing import Reason, WhyNot, why_not
from core.explanation.opening import inquire, inquire_then
from core.explanation.pipeline import Dropped, Scoped, Stage, pipeline, scoped
from core.explanation.waterfall import Step, beside, waterfall
from core.explanation.whereabouts import Whereabouts, whereabouts

__all__ = [
    "DEFAULT_BUDGET",
    "Barrier",
    "Change",
    "Comparison",
    "Dropped",
    "Edit",
    "Entry",
    "Explained",
    "Inquiry",
    "Move",
    "Place",
    "Reason",
    "Rung",
    "Scoped",
    "Settings",
    "Stage",
    "Step",
    "Whereabouts",
    "WhyNot",
    "barriers",
    "beside",
    "compare",
    "frontier",
    "inquire",
    "inquire_then",
    "pipeline",
    "rungs",
    "scoped",
    "smallest_changes",
    "waterfall",
    "whereabouts",
    "why_not",
]

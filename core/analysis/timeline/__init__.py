"""Timelines: the memories of a frame as events in lanes, over all time or one window of it. Pure, over numpy and pandas."""

from core.analysis.timeline.colour import COLOUR_FIELDS, Colouring, colouring
from core.analysis.timeline.density import Density
from core.analysis.timeline.event import Axis, Events, events, micros, moment, neighbour, steps_of
from core.analysis.timeline.handoff import Handoffs, handoffs
from core.analysis.timeline.lane import LANE_FIELDS, OTHERS, Lanes, lanes
from core.analysis.timeline.mark import Mark, conflicts, marks
from core.analysis.timeline.picture import EXACT, NOT_STATED, Arrows, Expiries, Picture, Points, picture
from core.analysis.timeline.region import inside
from core.analysis.timeline.stretch import main_stretch
from core.analysis.timeline.structure import Gaps, Spans, Structure, structure

__all__ = [
    "COLOUR_FIELDS",
    "EXACT",
    "LANE_FIELDS",
    "NOT_STATED",
    "OTHERS",
    "Arrows",
    "Axis",
    "Colouring",
    "Density",
    "Events",
    "Expiries",
    "Gaps",
    "Handoffs",
    "Lanes",
    "Mark",
    "Picture",
    "Points",
    "Spans",
    "Structure",
    "colouring",
    "conflicts",
    "events",
    "handoffs",
    "inside",
    "lanes",
    "main_stretch",
    "marks",
    "micros",
    "moment",
    "neighbour",
    "picture",
    "steps_of",
    "structure",
]

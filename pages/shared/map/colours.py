"""The colours of a map: those of every page, clusters by their hues, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.analysis.timeline import Colouring
from pages.shared.map.places import Groups
from pages.shared.palette import palette
from pages.shared.theme import AGENT_CYCLE, TYPES, is_dark

__all__ = ["map_palette", "name_of"]

# What is in no group, and the smallest groups together: behind the others.
_NONE: Final = ("#b3b8c6", "#4f5567")


def map_palette(colouring: Colouring, groups: Groups, *, agents: Mapping[str, str]) -> tuple[str, ...]:
    """Return a CSS colour for each code."""
    if colouring.field != "cluster":
        return palette(colouring, agents=agents)
    own = [AGENT_CYCLE[groups.hues[int(each)]][is_dark()] if each else _NONE[is_dark()] for each in colouring.ids]
    return tuple(own)


def name_of(colouring: Colouring, code: int) -> str:
    """Return what a colour means."""
    value = colouring.ids[code]
    return TYPES[value].label if colouring.field == "memory_type" and value in TYPES else colouring.names[code]

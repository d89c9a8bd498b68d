"""The colours of a map: those of every page, clusters by their hues, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from core.analysis.timeline import Colouring
from pages.shared.map.places import Groups
from pages.shared.palette import palette
from pages.shared.theme import AGENT_CYCLE, TYPES, is_dark, tokens

__all__ = ["behind", "map_palette", "name_of"]

# What is in no group, and the smallest groups together: behind the others.
_NONE: Final = ("#b3b8c6", "#4f5567")
# What has no conflict and no status: nearly all, so that the others are seen.
_IN_FORCE: Final = ("#8a90a2", "#7d8398")


def map_palette(colouring: Colouring, groups: Groups, *, agents: Mapping[str, str]) -> tuple[str, ...]:
    """Return a CSS colour for each code."""
    if colouring.field == "status":
        return (_IN_FORCE[is_dark()], *palette(colouring, agents=agents)[1:])
    if colouring.field != "cluster":
        return palette(colouring, agents=agents)
    if not groups.labels:
        return (tokens().bar,) * len(colouring)
    own = [AGENT_CYCLE[groups.hues[int(each)]][is_dark()] if each else _NONE[is_dark()] for each in colouring.ids]
    return tuple(own)


def behind(colouring: Colouring) -> tuple[int, ...]:
    """Return the codes that lie behind the others, smaller: what says nothing; none where there is nothing else."""
    quiet = {colouring.others, colouring.unknown} | ({0} if colouring.field == "status" else set())
    front = any(count for code, count in enumerate(colouring.counts.tolist()) if code not in quiet)
    return tuple(sorted(code for code in quiet if code is not None)) if front else ()


def name_of(colouring: Colouring, code: int) -> str:
    """Return what a colour means."""
    value = colouring.ids[code]
    return TYPES[value].label if colouring.field == "memory_type" and value in TYPES else colouring.names[code]

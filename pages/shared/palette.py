"""The colours of a drawing's points: types and agents as on every page, the others told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.analysis.timeline import Colouring
from pages.shared.here import Here
from pages.shared.theme import AGENT_CYCLE, is_dark, know_types, tokens, type_hue

__all__ = ["learn_types", "palette", "type_colours"]

# Fields of which the colours are steps: one hue from dark to light; the surer, newer, more used, the stronger.
_GRADED: Final = ("confidence", "age", "use")
_BANDS: Final = (
    ("#3a37a8", "#5d5bd0", "#8a88dc", "#b0aee6", "#cfcdf0"),
    ("#b9b8ff", "#9694ef", "#7674cc", "#5957a4", "#424080"),
)

# The values beyond those of the legend, and memories without one: both stay behind the colours.
_REST: Final = (("#b9bdca", "#8a90a2"), ("#4f5567", "#7d8398"))


def palette(colouring: Colouring, *, agents: Mapping[str, str]) -> tuple[str, ...]:
    """Return a CSS colour for each code: types and agents as on every page, the others from the agents' cycle by place."""
    t = tokens()
    if colouring.field in _GRADED:
        own: list[str] = [*_BANDS[is_dark()]]
    elif colouring.field == "status":
        own = [t.accent, t.bad, AGENT_CYCLE[5][is_dark()], t.warn, t.muted, AGENT_CYCLE[11][is_dark()]]
    elif colouring.field == "memory_type":
        own = type_colours(colouring.ids)
    else:
        own = _apart(colouring.ids, agents if colouring.field == "agent_id" else {})
    colours = (own + [t.muted] * len(colouring))[: len(colouring)]
    for code, colour in zip((colouring.others, colouring.unknown), _REST[is_dark()], strict=True):
        if code is not None:
            colours[code] = colour
    return tuple(colours)


def learn_types(here: Here) -> None:
    """Give the types of the index, then and now, their colours for this run."""
    frames = {id(each.frame): each.frame for each in (here, here.at_present) if each.frame is not None}
    know_types({str(name) for frame in frames.values() for name in frame["memory_type"].dropna().unique()})


def type_colours(ids: Sequence[str | None]) -> list[str]:
    """Return a colour for each type: the one it has on every page, another where one before it took that."""
    named = [value for value in ids if value]
    found = dict(zip(named, _apart(named, {value: type_hue(value).now for value in named}), strict=True))
    return [found[value] if value else type_hue(value).now for value in ids]


def _apart(ids: Sequence[str | None], known: Mapping[str, str]) -> list[str]:
    """Return a colour for each value: the one it has everywhere, another where one before it in the legend took that."""
    cycle = [colour[is_dark()] for colour in AGENT_CYCLE]
    wanted = [known.get(str(value), "") for value in ids]
    left = [colour for colour in cycle if colour not in wanted]
    found: list[str] = []
    for place, own in enumerate(wanted):
        spare = cycle[place % len(cycle)] if not left or (own and own not in found) else left.pop(0)
        found.append(own if own and own not in found else spare)
    return found

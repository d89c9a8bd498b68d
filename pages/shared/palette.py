"""The colours of a drawing's points: types and agents as on every page, the others told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.analysis.timeline import Colouring
from pages.shared.theme import AGENT_CYCLE, TYPES, is_dark, tokens, type_hue

__all__ = ["palette", "type_colours"]

# Types that we do not know are greys elsewhere. Points must be told apart, so they take what the three types leave over.
_FOREIGN: Final = (6, 4, 5, 9, 8, 11, 1, 7, 0)
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


def type_colours(ids: Sequence[str | None]) -> list[str]:
    """Return a colour for each type: the three that we know have their own, the others what these leave over, by name."""
    foreign = sorted({value for value in ids if value and value not in TYPES})
    places = {value: AGENT_CYCLE[_FOREIGN[place % len(_FOREIGN)]] for place, value in enumerate(foreign)}
    return [places[value][is_dark()] if value in places else type_hue(value).now for value in ids]


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

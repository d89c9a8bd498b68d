"""The timeline's legend: what the colours mean, with counts; a click filters by a value where the rail can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from core.analysis.timeline import Colouring
from core.hostile import markdown_escape
from core.scope import UNKNOWN
from pages.shared import state
from pages.shared.markup import escaped
from pages.shared.theme import AGENT_CYCLE, TYPES, is_dark, tokens, type_hue
from pages.shared.timeline.prepared import Prepared

__all__ = ["legend", "palette", "shown_names", "type_colours"]

# What a field is called in the link of the rail's scope.
_FILTERS: Final[Mapping[str, str]] = {
    "memory_type": "type",
    "agent_id": "agent",
    "team_id": "team",
    "task_id": "task",
    "session_id": "session",
    "source": "source",
}
# Types that we do not know are greys elsewhere. Points must be told apart, so they take what the three types leave over.
_FOREIGN: Final = (6, 4, 5, 9, 8, 11, 1, 7, 0)
# One hue from dark to light: the surer, the stronger.
_BANDS: Final = (
    ("#3a37a8", "#5d5bd0", "#8a88dc", "#b0aee6", "#cfcdf0"),
    ("#b9b8ff", "#9694ef", "#7674cc", "#5957a4", "#424080"),
)

# The values beyond those of the legend, and memories without one: both stay behind the colours.
_REST: Final = (("#b9bdca", "#8a90a2"), ("#4f5567", "#7d8398"))


def palette(colouring: Colouring, *, agents: Mapping[str, str]) -> tuple[str, ...]:
    """Return a CSS colour for each code: types and agents as on every page, the others from the agents' cycle by place."""
    t = tokens()
    if colouring.field == "confidence":
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


def legend(prepared: Prepared, colours: Sequence[str]) -> None:
    """Draw the colours with their counts, as buttons where a click filters."""
    colouring, param = prepared.colouring, _FILTERS.get(prepared.colouring.field)
    shown = [code for code in range(len(colouring)) if colouring.counts[code] or param is None]
    names = shown_names(colouring)
    chosen = set(state.get_all(param)) if param else set()
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="timeline_legend"):
        for code in shown:
            value = UNKNOWN if code == colouring.unknown else colouring.ids[code]
            if param is None or code == colouring.others or value is None:
                continue
            st.button(
                f"{markdown_escape(names[code])} :gray[{colouring.counts[code]:,}]",
                key=f"timeline_legend_{code}",
                type="tertiary",
                help="Show all again." if value in chosen else "Show only these; click again to show all.",
                on_click=state.toggle,
                args=(param, value),
            )
        fixed = [code for code in shown if param is None or code == colouring.others]
        if chips := [_chip(colours[code], names[code], int(colouring.counts[code])) for code in fixed]:
            st.html(f"<div class='mn-key'>{''.join(chips)}</div>", width="content")
    # The colours are ours, never a text of the memories: the buttons' dots take them from here.
    st.html(f"<style>{''.join(_dot(code, colours[code]) for code in shown)}</style>")


def shown_names(colouring: Colouring) -> tuple[str, ...]:
    """Return the name of each code as every page has it: "Episodic" where the value is episodic."""
    own = TYPES if colouring.field == "memory_type" else {}
    return tuple(
        own[value].label if value in own else name for value, name in zip(colouring.ids, colouring.names, strict=True)
    )


def _dot(code: int, colour: str) -> str:
    return f".st-key-timeline_legend_{code} button::before{{background:{colour}}}"


def _chip(colour: str, name: str, count: int) -> str:
    counted = f" · <span class='mn-num'>{count:,}</span>"
    return f"<span class='mn-chip'><em style='background:{colour}'></em><span>{escaped(name)}{counted}</span></span>"

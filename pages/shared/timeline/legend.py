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
from pages.shared.theme import TYPES
from pages.shared.timeline.prepared import Prepared

__all__ = ["legend", "shown_names"]

# What a field is called in the link of the rail's scope.
_FILTERS: Final[Mapping[str, str]] = {
    "memory_type": "type",
    "agent_id": "agent",
    "team_id": "team",
    "task_id": "task",
    "session_id": "session",
    "source": "source",
}


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

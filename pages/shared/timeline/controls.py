"""What the timeline is asked to show: its lanes, colours and axis, and what is drawn beside the memories.

All of it is in the link.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import pandas as pd
import streamlit as st

from core.analysis.timeline import Axis
from pages.shared import state

__all__ = ["AXES", "COLOURS", "LANES", "Asked", "asked", "controls"]

Weight = Literal["", "size", "opacity"]
# Name in the link → what it is called and which field it is.
LANES: Final[Mapping[str, tuple[str, str]]] = {
    "agent": ("Agents", "agent_id"),
    "task": ("Tasks", "task_id"),
    "team": ("Teams", "team_id"),
    "session": ("Sessions", "session_id"),
    "type": ("Types", "memory_type"),
}
COLOURS: Final[Mapping[str, tuple[str, str]]] = {
    "type": ("Type", "memory_type"),
    "agent": ("Agent", "agent_id"),
    "task": ("Task", "task_id"),
    "team": ("Team", "team_id"),
    "session": ("Session", "session_id"),
    "source": ("Source", "source"),
    "confidence": ("Confidence", "confidence"),
    "status": ("Status", "status"),
}
AXES: Final[Mapping[Axis, tuple[str, str]]] = {
    Axis.CREATED: ("When written", "By the agents' own clocks, in UTC."),
    Axis.RECORDED: ("When stored", "When a memory came into the store, as far as its journal tells."),
    Axis.EXPIRES: ("When it expires", "Memories that never expire have no place on it."),
    Axis.ORDER: ("In order", "One step each, so that nothing lies on top of another."),
}
ORDERS: Final[Mapping[str, str]] = {"count": "Most memories", "first": "First memory", "name": "Name"}
MOST: Final = (15, 30, 60, 120, 300)
SHOWS: Final[Mapping[str, tuple[str, str]]] = {
    "marks": ("Retired, expired and hidden memories", "Each with its own shape; off, only what recall can find is shown."),
    "sessions": ("Sessions", "A band from a session's first memory to its last."),
    "gaps": ("Long silences", "With their length."),
    "handoffs": ("Handoffs on a task", "From one agent's memory to the next agent's on the same task."),
    "expiry": ("What expires", "Ticks ahead of now."),
}
WEIGHTS: Final[Mapping[Weight, str]] = {"": "Not shown", "size": "Size", "opacity": "Opacity"}
_DEFAULT_MOST: Final = 30
_NOTHING: Final = "none"


@dataclass(frozen=True)
class Asked:
    """What to draw; `lanes` and `colour` are names of LANES and COLOURS, `shows` of SHOWS."""

    lanes: str = "agent"
    order: str = "count"
    most: int = _DEFAULT_MOST
    colour: str = "type"
    axis: Axis = Axis.CREATED
    weight: Weight = ""
    shows: frozenset[str] = frozenset(SHOWS)

    @property
    def lane_field(self) -> str:
        """The frame's column of the lanes."""
        return LANES[self.lanes][1]

    @property
    def colour_field(self) -> str:
        """The frame's column of the colours, or "confidence" or "status"."""
        return COLOURS[self.colour][1]

    @property
    def is_time(self) -> bool:
        """Say whether x is a time."""
        return self.axis in (Axis.CREATED, Axis.RECORDED, Axis.EXPIRES)


def usual(frame: pd.DataFrame) -> Asked:
    """Return what is shown unless a link says otherwise: lanes by what tells memories apart, colours by the next."""
    lanes = next((name for name in LANES if frame[LANES[name][1]].nunique() > 1), None)
    lanes = lanes or next((name for name in LANES if frame[LANES[name][1]].notna().any()), "agent")
    axis = Axis.CREATED if frame["created_at"].notna().any() else Axis.ORDER
    # Without a type all would be grey: what tells memories apart beside the lanes, else the lanes again.
    told = (name for name in COLOURS if name != lanes and name in LANES and frame[LANES[name][1]].notna().any())
    return Asked(lanes=lanes, colour=next(told, lanes), axis=axis)


def asked(frame: pd.DataFrame) -> Asked:
    """Return what the view asks for; what makes no sense is left at its default."""
    found = usual(frame)
    lanes, order, most = (*state.get("lanes").split("."), "", "", "")[:3]
    shows = state.get("shows").split(",") if state.get("shows") else []
    return replace(
        found,
        lanes=lanes if lanes in LANES else found.lanes,
        order=order if order in ORDERS else found.order,
        most=int(most) if most.isascii() and most.isdecimal() and int(most) in MOST else found.most,
        colour=state.get("colour") if state.get("colour") in COLOURS else found.colour,
        axis=Axis(state.get("axis")) if state.get("axis") in AXES else found.axis,
        weight=next((weight for weight in WEIGHTS if weight in shows), ""),
        shows=frozenset(shows) & frozenset(SHOWS) if shows else found.shows,
    )


def controls(frame: pd.DataFrame) -> Asked:
    """Draw the controls in one row and return what they ask for."""
    found, default = asked(frame), usual(frame)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="timeline_controls"):
        _select("Lanes", "lanes", LANES, found.lanes, on_change=_lanes_changed, args=(found, "lanes", default.lanes))
        _select("Colour", "colour", COLOURS, found.colour, on_change=_changed, args=("colour", default.colour))
        _select("Along", "axis", AXES, found.axis, on_change=_axis_changed, args=(default.axis,), width=150)
        _popover(found, default.lanes)
    return found


def _select(
    label: str,
    name: str,
    options: Mapping[Any, tuple[str, str]],
    value: str,
    *,
    on_change: Callable[..., None],
    args: tuple[Any, ...] = (),
    width: int = 130,
) -> None:
    key = f"timeline_{name}"
    state.prepare_widget(key, value)
    st.selectbox(
        label,
        list(options),
        key=key,
        width=width,
        format_func=lambda option: options[option][0],
        help=_axis_help() if name == "axis" else None,
        on_change=on_change,
        args=args,
    )


def _popover(found: Asked, usual_lanes: str) -> None:
    """Draw what is set rarely; made only while it is open, as a closed popover would lose what is set from here."""
    popover = st.popover("Show", icon=":material/tune:", key="timeline_show", on_change="rerun")
    if not popover.open:
        return
    with popover:
        for name, (label, said) in SHOWS.items():
            state.prepare_widget(f"timeline_show_{name}", name in found.shows)
            st.toggle(label, key=f"timeline_show_{name}", help=said, on_change=_shows_changed)
        state.prepare_widget("timeline_weight", found.weight)
        st.segmented_control(
            "Confidence as",
            list(WEIGHTS),
            key="timeline_weight",
            format_func=WEIGHTS.__getitem__,
            required=True,
            on_change=_shows_changed,
        )
        state.prepare_widget("timeline_order", found.order)
        st.segmented_control(
            "Order of the lanes",
            list(ORDERS),
            key="timeline_order",
            format_func=ORDERS.__getitem__,
            required=True,
            on_change=_lanes_changed,
            args=(found, "order", usual_lanes),
        )
        state.prepare_widget("timeline_most", found.most)
        st.segmented_control(
            "Lanes at most",
            MOST,
            key="timeline_most",
            required=True,
            help="The others share one lane.",
            on_change=_lanes_changed,
            args=(found, "most", usual_lanes),
        )


def _axis_help() -> str:
    return "  \n".join(f"**{label}**: {said}" for label, said in AXES.values())


def _changed(name: str, default: str) -> None:
    value = st.session_state.get(f"timeline_{name}")
    state.put(name, None if value == default else str(value))


def _axis_changed(default: Axis) -> None:
    """Take another axis: what was in view and what was drawn around belongs to the former one."""
    _changed("axis", default)
    state.clear(("window", "region"))


def _lanes_changed(found: Asked, name: str, usual_lanes: str) -> None:
    """Keep field, order and number of the lanes as one value: "task", "task.first", "task.first.60"."""
    value = st.session_state[f"timeline_{name}"]
    wanted = replace(found, **{name: value})
    parts = [wanted.lanes, wanted.order, str(wanted.most)]
    while len(parts) > 1 and parts[-1] == (usual_lanes, Asked.order, str(Asked.most))[len(parts) - 1]:
        parts.pop()
    state.put("lanes", None if parts == [usual_lanes] else ".".join(parts))
    state.put("region", None)


def _shows_changed() -> None:
    chosen = [name for name in SHOWS if st.session_state.get(f"timeline_show_{name}")]
    weight = st.session_state.get("timeline_weight") or ""
    if len(chosen) == len(SHOWS) and not weight:
        state.put("shows", None)
    else:
        state.put("shows", ",".join([*(chosen or [_NOTHING]), *([weight] if weight else [])]))

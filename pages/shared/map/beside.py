"""What is drawn beside the map: the same memories in other colours, or the map as of another moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import streamlit as st

from core.past.moment import Moment
from pages.shared import state
from pages.shared.here import Here
from pages.shared.past_stops import at, micros, moment_words, stop_labels, stops
from pages.shared.problem import attempt

__all__ = ["Beside", "beside", "beside_control", "other_moment"]

_AT: Final = "at."
_NOW: Final = "at.now"


@dataclass(frozen=True)
class Beside:
    """The other map: its colour where that is another, its moment where that is; None for the present."""

    colour: str = ""
    moment: Moment | None = None
    is_time: bool = False


def beside(colours: Mapping[str, str]) -> Beside | None:
    """Return what the view asks for beside the map, None for nothing or what makes no sense."""
    text = state.get("beside")
    if text in colours:
        return Beside(colour=text)
    if text == _NOW:
        return Beside(is_time=True)
    found = attempt(lambda: Moment.parse(text.removeprefix(_AT), state.get("clock"))) if text.startswith(_AT) else None
    return Beside(moment=found, is_time=True) if found else None


def beside_control(here: Here, colours: Mapping[str, str]) -> None:
    """Draw the choice of what lies beside the map and, for a moment, the way to another one."""
    text, moments = state.get("beside"), _moments(here)
    chosen = "time" if text.startswith(_AT) else text if text in colours else ""
    state.prepare_widget("map_beside", chosen)
    labels = {"": "Nothing", "time": "Another time", **{name: f"By {label.lower()}" for name, label in colours.items()}}
    st.selectbox(
        "Beside it",
        [name for name in labels if name != "time" or moments or chosen == "time"],
        key="map_beside",
        width=150,
        format_func=labels.__getitem__,
        help="Draw the map twice, in other colours or as of another time. What is selected in one is selected in both.",
        on_change=_changed,
        args=(here, moments),
    )
    if chosen == "time":
        _moment_control(here, moments)


def other_moment(here: Here, wanted: Beside) -> Here:
    """Return the surroundings at the moment of the other map, those of now without one."""
    from core.past.then import look_back

    present, moment = here.at_present, wanted.moment
    if moment is None or moment.at >= present.now:
        return present
    assert present.store is not None
    assert present.snapshot is not None
    then = look_back(present.store, present.snapshot, moment, actor=present.actor)
    return replace(present, past=then, present=present, snapshot=then.snapshot, now=moment.at)


def _moments(here: Here) -> list[int]:
    """Return the stops at which something happened, in µs since 1970."""
    found = attempt(lambda: stops(here))
    if not found:
        return []
    return found.slider(found.last)


def _changed(here: Here, moments: list[int]) -> None:
    value = st.session_state["map_beside"]
    if value == "time":
        value = _NOW if here.past else _AT + Moment(at(moments[len(moments) // 2])).text
    state.put("beside", value or None)


def _moment_control(here: Here, moments: list[int]) -> None:
    """Draw the slider over the moments of the other map."""
    wanted = beside({})
    moment: datetime = wanted.moment.at if wanted and wanted.moment else here.today
    options = sorted({*moments, micros(moment)})
    if len(options) < 2:
        return
    labels = stop_labels(options)
    if here.past:
        labels[options[-1]] = "Now" if micros(here.today) == options[-1] else labels[options[-1]]
    place = options.index(micros(moment))
    if st.session_state.get("map_moment") != options[place] or st.session_state.get("map_moments") != options:
        st.session_state["map_moment"], st.session_state["map_moments"] = options[place], options
    st.select_slider(
        "Moment of the other map",
        options,
        key="map_moment",
        width=260,
        format_func=lambda value: labels.get(value, ""),
        help=f"{moment_words(moment)} UTC",
        on_change=_slid,
    )


def _slid() -> None:
    state.put("beside", _AT + Moment(at(st.session_state["map_moment"])).text)

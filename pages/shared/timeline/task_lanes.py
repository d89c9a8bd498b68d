"""A task as lanes over time: who was at it when and who handed over to whom, or its runs one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from core.analysis.story import Kind, Trouble
from core.analysis.timeline import (
    Axis,
    Colouring,
    Events,
    Lanes,
    Picture,
    colouring,
    events,
    inside,
    lanes,
    main_stretch,
    marks,
    neighbour,
    picture,
    structure,
)
from core.hostile import one_line
from core.past.moment import Clock, Moment
from pages.shared import state
from pages.shared.here import Here
from pages.shared.markup import escaped, slug
from pages.shared.palette import type_colours
from pages.shared.theme import AGENT_CYCLE, is_dark, tokens
from pages.shared.timeline.chart import MOST_ARROWS, Gesture, timeline_chart
from pages.shared.timeline.legend import shown_names
from pages.shared.timeline.links import moved_to
from pages.shared.timeline.outside import ways_outside
from pages.shared.timeline.task_steps import choose_steps
from pages.shared.timeline.task_told import Told

__all__ = ["draw", "kind_colour"]

_LANES: Final = {"agent_id": "agents", "session_id": "sessions"}
_AXES: Final = {Axis.CREATED: "Time", Axis.ELAPSED: "Since its start", Axis.ORDER: "Order"}
_PREVIEWS: Final = 1_500
_UNKNOWN_ROWS: Final = 200
# Kinds that matter to the eye have hues, those that only fill a task are greys.
_HUES: Final[Mapping[Kind, int]] = {
    Kind.CLAIM: 7,
    Kind.HANDOFF: 0,
    Kind.DECISION: 6,
    Kind.CALL: 1,
    Kind.RESULT: 2,
    Kind.PROGRESS: 10,
    Kind.DONE: 9,
    Kind.OUTCOME: 9,
    Kind.PLAN: 11,
    Kind.TASK: 11,
    Kind.ARTEFACT: 4,
    Kind.REFLECTION: 5,
}
_BAD: Final = frozenset({Kind.BLOCKED, Kind.CONFLICT, Kind.FAILED})
# What was seen is told apart from what was said.
_FAINT: Final = frozenset({Kind.OBSERVATION, Kind.NOTE})
_FAINT_GREY: Final = ("#8d93a6", "#70778d")


def kind_colour(kind: Kind) -> str:
    """Return the colour of a kind of step, in the appearance in use."""
    if kind in _BAD:
        return tokens().bad
    if kind in _FAINT:
        return _FAINT_GREY[is_dark()]
    return AGENT_CYCLE[_HUES[kind]][is_dark()] if kind in _HUES else tokens().muted


def draw(here: Here, read: Told, *, agents: Mapping[str, str]) -> None:
    """Draw the lanes with what they are and what x is."""
    name, axes = slug(repr(read.story.task)), _axes(read)
    attempts = read.story.attempts
    field = "agent_id"
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="task_lanes_choice"):
        if len(read.story.runs) > 1:
            names = {"agent_id": "Agents", "session_id": "Runs" if attempts else "Sessions"}
            field = st.segmented_control(
                "Lanes",
                list(names),
                default="session_id" if attempts else "agent_id",
                required=True,
                key=f"task_lanes_{name}",
                format_func=names.__getitem__,
                label_visibility="collapsed",
            )
        axis = st.segmented_control(
            "Along",
            sorted(axes, key=list(_AXES).index),
            default=axes[0],
            required=True,
            key=f"task_axis_{name}",
            format_func=_AXES.__getitem__,
            label_visibility="collapsed",
        )
    _chart(here, read, field, axis, agents)


def _axes(read: Told) -> list[Axis]:
    """Return what x may be, the best one first: runs begin together, and what has no clock is in order."""
    times = read.frame["created_at"]
    if times.notna().sum() < len(times) / 2 or times.nunique() < 2:
        return [Axis.ORDER, Axis.CREATED]
    return [Axis.ELAPSED, Axis.CREATED, Axis.ORDER] if read.story.attempts else [Axis.CREATED, Axis.ORDER]


@dataclass(frozen=True, eq=False)
class _Lanes:
    """What is drawn, made from a story's memories."""

    frame: pd.DataFrame
    placed: Events
    lanes: Lanes
    colours: Colouring
    palette: Sequence[str]
    names: Sequence[str]
    picture: Picture
    by: str


@st.fragment
def _chart(here: Here, read: Told, field: str, axis: Axis, agents: Mapping[str, str]) -> None:
    """Draw the chart and act on what was done in it; a zoom runs this part alone."""
    name = f"{slug(repr(read.story.task))}_{field}_{axis.value}"
    window = f"task_window_{name}"
    made = _made(here, read, field, axis, st.session_state.get(window))
    _legend(made)
    selected = np.flatnonzero(made.frame["key"] == state.get("sel"))
    with st.container(horizontal=True, gap="small", key="task_outside"):
        at = made.placed.x[made.placed.rows == selected[0]] if len(selected) else ()
        opened = int(at[0]) if len(at) else None
        ways_outside(made.placed, made.picture, opened=opened, go=lambda to: _show(window, to), name="task")
    gesture = timeline_chart(
        made.picture,
        key=f"task_chart_{name}",
        palette=made.palette,
        names=made.names,
        lane_colours=[agents.get(lane) if lane and field == "agent_id" else None for lane in made.lanes.ids],
        # Between sessions that are laid over each other no work is handed on; too many arrows hide what they connect.
        shows={"sessions", "gaps", "marks", "expiry"} | ({"handoffs"} if _has_arrows(made, field) else set()),
        now=here.today if here.past else here.now,
        as_of=here.now if here.past else None,
        selected_row=int(selected[0]) if len(selected) else None,
        previews=_previews(read),
        title=one_line(f"Task {read.story.task[1]}: {_LANES[field]} over the task, coloured by {made.by}", 200),
        file_name=f"{here.index}-task",
        on_gesture=lambda gesture: _keep_window(gesture, window),
    )
    if gesture is not None and gesture.kind != "window":
        _act(gesture, read, made, window)
        st.rerun(scope="app")


def _made(here: Here, read: Told, field: str, axis: Axis, window: tuple[int, int] | None) -> _Lanes:
    story, by_kind = read.story, _tells_kinds(read)
    frame = _by_kind(read) if by_kind else read.frame
    steps = np.zeros(len(frame))
    steps[[step.row for step in story.steps]] = [step.number for step in story.steps]
    placed = events(frame, axis=axis, steps=steps)
    rows, colours = lanes(placed, frame, field, order="first"), colouring(placed, frame, "memory_type")
    flagged = (sign.step for sign in story.signs if sign.kind in (Trouble.CONFLICT, Trouble.OVERLAP))
    keys = frozenset(story.steps[number - 1].key for number in flagged)
    drawn = picture(
        placed,
        rows,
        colours,
        frame,
        now=here.now,
        window=window or main_stretch(placed),
        marks=marks(frame, now=here.now, conflicting=keys),
        between=structure(placed, rows, frame, to_agent=read.to_agent),
        to_agent=read.to_agent,
        unknown_rows=_UNKNOWN_ROWS,
    )
    palette, names = _kind_colours(colours) if by_kind else (type_colours(colours.ids), shown_names(colours))
    return _Lanes(frame, placed, rows, colours, palette, names, drawn, "kind of step" if by_kind else "type")


def _tells_kinds(read: Told) -> bool:
    """Say whether kinds tell steps apart, or nothing does: where all are of one kind, their types may."""
    return len({step.kind for step in read.story.steps}) > 1 or read.frame["memory_type"].nunique() < 2


def _kind_colours(colours: Colouring) -> tuple[list[str], Sequence[str]]:
    return [kind_colour(Kind(kind)) if kind else tokens().muted for kind in colours.ids], colours.names


def _has_arrows(made: _Lanes, field: str) -> bool:
    return field == "agent_id" and made.picture.handoffs.total <= MOST_ARROWS


def _act(gesture: Gesture, read: Told, made: _Lanes, window: str) -> None:
    """Open a step, go to the next one, or keep what was drawn around for the list of steps. `window` names the view."""
    story = read.story
    key = state.get("sel")
    at = next((step.row for step in story.steps if step.key == key), None) if key else None
    by_row = {step.row: step for step in story.steps}
    row = gesture.row if gesture.kind == "open" else None
    if gesture.kind == "step":
        row = neighbour(made.placed, at, gesture.step, window=made.picture.window)
        _follow(made, row, window)
    if row in by_row:
        state.put("sel", by_row[row].key)
    if gesture.kind == "as_of" and gesture.x is not None:
        clock = Clock.RECORDED if state.get("clock") == Clock.RECORDED else Clock.CREATED
        state.put("as_of", Moment.from_us(gesture.x, clock).text)
    if gesture.kind == "clear":
        state.put("sel", None)
    if gesture.kind in ("region", "clear"):
        chosen = inside(made.placed, made.lanes, gesture.polygon) if gesture.polygon else ()
        choose_steps(by_row[int(row)].number for row in chosen)


def _follow(made: _Lanes, row: int | None, name: str) -> None:
    """Move the window to a step that is outside."""
    x = made.placed.x[made.placed.rows == row]
    if len(x) and (moved := moved_to(made.picture.window, int(x[0]))) != made.picture.window:
        _show(name, moved)


def _show(name: str, window: tuple[int, int] | None) -> None:
    """Let a window be in view, with None the first picture's."""
    st.session_state[name] = window


def _keep_window(gesture: Gesture, name: str) -> None:
    if gesture.kind == "window" and gesture.lo is not None and gesture.hi is not None:
        _show(name, (gesture.lo, gesture.hi))


def _legend(made: _Lanes) -> None:
    """Draw which colour is what, with counts."""
    counts = made.colours.counts.tolist()
    items = "".join(
        f"<span class='mn-chip'><em style='--hue:{colour}'></em>{escaped(name)} {count:,}</span>"
        for colour, name, count in zip(made.palette, made.names, counts, strict=True)
        if count
    )
    st.html(f"<div class='mn-key'>{items}</div>")


def _by_kind(read: Told) -> pd.DataFrame:
    """Return the frame with the kind of each step as its type, which is what colours it."""
    kinds = [""] * len(read.frame)
    for step in read.story.steps:
        kinds[step.row] = step.kind.value
    return read.frame.assign(memory_type=pd.Categorical(kinds))


def _previews(read: Told) -> dict[int, str]:
    steps = read.story.steps[:_PREVIEWS]
    return {step.row: one_line(f"Step {step.shown}, {step.kind.value}: {step.text[:400]}", 180) for step in steps}

"""Everything that happened, as lanes over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.analysis.timeline import EXACT, Axis, Mark, Picture, picture
from core.hostile import one_line
from pages.shared import state
from pages.shared.downloads import download_buttons, file_name
from pages.shared.here import Here
from pages.shared.markup import slug
from pages.shared.palette import palette, type_colours
from pages.shared.regions import tell
from pages.shared.selection import picked
from pages.shared.theme import tokens
from pages.shared.timeline.chart import MOST_ARROWS, Gesture, timeline_chart
from pages.shared.timeline.chosen import bar, chosen_rows, listed
from pages.shared.timeline.controls import COLOURS, LANES, Asked, controls
from pages.shared.timeline.downloads import rows_of
from pages.shared.timeline.gestures import act, choose_rows, open_row, region_drawn, restore, stepped
from pages.shared.timeline.legend import legend, shown_names
from pages.shared.timeline.links import shown_window, write_window
from pages.shared.timeline.outside import ways_outside
from pages.shared.timeline.prepared import Prepared, prepare
from pages.shared.words import plural

__all__ = ["draw"]

# Texts for the tip over a point go with the drawing only while they are few: 1,500 are 200 KB.
_PREVIEWS: Final = 1_500
_PREVIEW_CHARS: Final = 140
_PICKED_DRAWN: Final = 5_000
_UNKNOWN_ROWS: Final = 200
# So many that share their moments with others are better seen in order.
_CROWD: Final = 8
_AGAIN: Final = "timeline_again"


def draw(here: Here, *, agents: Mapping[str, str]) -> None:
    """Draw the controls, the lanes, and below them what was chosen in them."""
    assert here.frame is not None
    asked = controls(here.frame)
    prepared = prepare(here, asked)
    if not prepared.total:
        _nothing()
        return
    if not len(prepared.events):
        _placeless(here, prepared, asked, agents)
        return
    colours = palette(prepared.colouring, agents=agents)
    legend(prepared, colours)
    restore(here, prepared)
    tell()
    rows = chosen_rows(prepared, picked(here))
    bar(here, prepared, rows)
    _lanes(here, prepared, asked, colours, rows, agents)
    listed(here, prepared, rows, label="Selected", agents=agents)


def _nothing() -> None:
    st.html("<p class='mn-empty'>No memory fits the filters on the left. Take one away to see what happened.</p>")
    st.button("Clear filters", key="timeline_clear", on_click=state.clear, args=((*state.SCOPE_PARAMS, *state.TIME_PARAMS),))


def _placeless(here: Here, prepared: Prepared, asked: Asked, agents: Mapping[str, str]) -> None:
    """List memories of which none has a place on the axis: there is nothing to draw."""
    why = {
        Axis.CREATED: "says when it was written",
        Axis.RECORDED: "says when it was stored",
        Axis.EXPIRES: "ever expires",
    }.get(asked.axis, "has a time or the number of a step")
    st.html(
        f"<p class='mn-empty'>None of the {plural(prepared.total, 'memory')} in scope {why}, so there are no lanes to draw."
        " They are listed below.</p>"
    )
    listed(here, prepared, prepared.events.unknown, label="Without a time", agents=agents)


@st.fragment
def _lanes(
    here: Here,
    prepared: Prepared,
    asked: Asked,
    colours: Sequence[str],
    rows: npt.NDArray[np.int32],
    agents: Mapping[str, str],
) -> None:
    """Draw the lanes and act on what a reader did in them; a zoom runs this part alone."""

    def happened(gesture: Gesture) -> None:
        st.session_state[_AGAIN] = act(here, prepared, asked, gesture, extent=drawn.extent)

    if st.session_state.pop(_AGAIN, False):
        st.rerun()
    drawn = _picture(here, prepared, asked)
    _line(here, prepared, drawn, asked)
    timeline_chart(
        drawn,
        key=f"timeline_{slug(here.catalog.bucket + '/' + here.index)}",
        palette=colours,
        names=shown_names(prepared.colouring),
        lane_colours=_lane_colours(prepared, asked, agents),
        weight=asked.weight,
        shows=asked.shows - ({"handoffs"} if drawn.handoffs.total > MOST_ARROWS else set()),
        now=here.now if here.past is None else here.today,
        as_of=here.now if here.past else None,
        selected_row=prepared.row(state.get("sel")) if state.get("sel") else None,
        region=region_drawn(here, prepared),
        picked_rows=rows[:_PICKED_DRAWN].tolist(),
        previews=_previews(prepared, drawn),
        title=f"{LANES[asked.lanes][0]} over time, coloured by {COLOURS[asked.colour][0].lower()}",
        file_name=file_name(here, "timeline"),
        on_gesture=happened,
    )
    state.sync_url()  # a zoom that runs this part alone is in the address too


def _picture(here: Here, prepared: Prepared, asked: Asked) -> Picture:
    """Return the picture of the window that the link asks for."""
    return picture(
        prepared.events,
        prepared.lanes,
        prepared.colouring,
        prepared.frame,
        now=here.now,
        window=shown_window(state.get("window"), prepared.events),
        marks=prepared.memories.marks,
        between=prepared.structure,
        handoffs="handoffs" in asked.shows,
        unknown_rows=_UNKNOWN_ROWS,
    )


def _line(here: Here, prepared: Prepared, drawn: Picture, asked: Asked) -> None:
    """Draw what is in view in words, the steps to the next memory and what can be had of what is in view."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="timeline_line"):
        st.markdown(said(prepared, drawn, asked), width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            _steps(prepared, asked)
            _without_time(here, prepared, asked)
            opened = prepared.row(state.get("sel")) if state.get("sel") else None
            at = prepared.x(opened) if opened is not None else None
            ways_outside(prepared.events, drawn, opened=at, go=_goer(asked), name="timeline")
            _in_order(prepared, drawn, asked)
            rows = prepared.events.rows[prepared.events.within(*drawn.window)]
            download_buttons(here, rows_of(here, prepared), rows, what="timeline", key="timeline_view")


def _steps(prepared: Prepared, asked: Asked) -> None:
    for label, icon, step, shortcut in (
        ("Previous", ":material/arrow_back:", -1, "P"),
        ("Next", ":material/arrow_forward:", 1, "N"),
    ):
        row = stepped(prepared, step)
        pressed = st.button(
            label,
            icon=icon,
            key=f"timeline_step_{shortcut}",
            type="tertiary",
            shortcut=shortcut,
            disabled=row is None,
            help="In the order of the axis, whatever the lane; those without a time come last.",
        )
        if pressed:
            open_row(prepared, asked, row)
            st.rerun()


def _without_time(here: Here, prepared: Prepared, asked: Asked) -> None:
    unknown = prepared.events.unknown
    which = "that never expire" if asked.axis is Axis.EXPIRES else "without a time"
    if len(unknown) and st.button(
        f"List those {which}", key="timeline_unknown", icon=":material/checklist:", type="tertiary"
    ):
        choose_rows(here, prepared, unknown)
        st.rerun()


def _goer(asked: Asked) -> Callable[[tuple[int, int] | None], None]:
    return lambda window: state.put("window", write_window(*window, axis=asked.axis) if window else None)


def _in_order(prepared: Prepared, drawn: Picture, asked: Asked) -> None:
    """Offer the order as the axis where many memories share a moment, so that they lie on top of each other."""
    x = prepared.events.x[prepared.events.within(*drawn.window)]
    if not asked.is_time or len(x) < _CROWD or 4 * (1 + np.count_nonzero(np.diff(x))) > len(x):
        return
    pressed = st.button(
        "Show in order",
        icon=":material/format_list_numbered:",
        key="timeline_in_order",
        type="tertiary",
        help="Many of these share a moment. In order, each has a place of its own: by step, then by key.",
    )
    if pressed:
        state.clear(("window", "region"))
        state.put("axis", Axis.ORDER)
        st.rerun()


def said(prepared: Prepared, drawn: Picture, asked: Asked) -> str:
    """Return how much is shown of how much, in how many lanes, and why not all of it."""
    shown, rows = f"**{plural(prepared.total, 'memory')}**", prepared.events.order
    if drawn.in_view < len(prepared.events):
        shown = f"**{drawn.in_view:,} of {plural(prepared.total, 'memory')}** in view"
        rows = prepared.events.rows[prepared.events.within(*drawn.window)]
    if "marks" in asked.shows and (found := _marked(prepared, rows)):
        shown = f"{shown}, of them {found}"
    parts = [shown, *_lanes_said(prepared, drawn, asked)]
    if drawn.unknown_count:
        which = "never expire" if asked.axis is Axis.EXPIRES else "without a time"
        parts.append(f"{drawn.unknown_count:,} {which}")
    if drawn.kind == "density":
        parts.append(f"drawn as counts while more than {EXACT:,} are in view")
    if "handoffs" in asked.shows and drawn.handoffs.total > MOST_ARROWS:
        parts.append(f"zoom in to see {drawn.handoffs.total:,} handoffs")
    return " · ".join(parts)


def _lanes_said(prepared: Prepared, drawn: Picture, asked: Asked) -> list[str]:
    """Return how many lanes there are, those in view of all: "11 of 15 agents"; nothing where none has a name."""
    found = prepared.lanes
    named = found.total - (None in found.ids)
    if not named:
        return []
    words = plural(named, LANES[asked.lanes][0].lower()[:-1])
    if found.folded:
        return [f"{words}, {found.folded:,} of them in one lane"]
    seen = sum(bool(count) for name, count in zip(found.ids, drawn.lane_counts.tolist(), strict=True) if name is not None)
    return [words if seen == named else f"{seen:,} of {words}"]


def _marked(prepared: Prepared, rows: npt.NDArray[np.int32]) -> str:
    """Return how many rows are retired, expired and so on: "3 retired, 12 expired"."""
    bits = prepared.memories.marks[rows]
    counts = {mark: int(((bits & mark) != 0).sum()) for mark in Mark}
    return ", ".join(f"{count:,} {str(mark.name).lower()}" for mark, count in counts.items() if count)


def _lane_colours(prepared: Prepared, asked: Asked, agents: Mapping[str, str]) -> list[str | None] | None:
    if asked.lanes not in ("agent", "type"):
        return None
    if asked.lanes == "agent":
        folded = prepared.lanes.others  # and an agent has no colour of its own whose memories all were retired
        return [
            agents.get(name, tokens().muted) if name and place != folded else None
            for place, name in enumerate(prepared.lanes.ids)
        ]
    return [*type_colours(prepared.lanes.ids)]


def _previews(prepared: Prepared, drawn: Picture) -> dict[int, str]:
    """Return the beginning of each text that is drawn, by row, while they are few."""
    if drawn.points is None or len(drawn.points) > _PREVIEWS:
        return {}
    rows = drawn.points.row.tolist()
    texts = prepared.frame["content"].iloc[rows].tolist()
    return {row: one_line(str(text), _PREVIEW_CHARS) for row, text in zip(rows, texts, strict=True)}

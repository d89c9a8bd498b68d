"""Results · Pipeline · Why not · What the agent gets · Compare: which view of a recall is open, and what it draws."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.analysis.snapshot import Snapshot
from core.explanation import Inquiry, pipeline, scoped, waterfall
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.explaining.asked import inquiry_of, settings_here
from pages.shared.explaining.compared import compared
from pages.shared.explaining.drawn import stage_row, waterfall_rows
from pages.shared.explaining.given import given
from pages.shared.explaining.missing import missing
from pages.shared.here import Here

__all__ = ["VIEWS", "chosen_view", "explanation", "view_control"]

VIEWS: Final = {
    "results": "Results",
    "pipeline": "Pipeline",
    "missing": "Why not",
    "given": "What the agent gets",
    "compare": "Compare",
}


def chosen_view() -> str:
    """Return the view that is open."""
    asked = state.get("lens")
    return asked if asked in VIEWS else "results"


def view_control() -> str:
    """Draw the choice of a view and return the one that is open."""
    state.prepare_widget("search_lens", chosen_view())
    st.segmented_control(
        "View",
        list(VIEWS),
        key="search_lens",
        required=True,
        format_func=VIEWS.__getitem__,
        on_change=state.store_value,
        args=("lens", "search_lens"),
        kwargs={"empty": "results"},
        label_visibility="collapsed",
    )
    return chosen_view()


def explanation(here: Here, view: str, query: str, snapshot: Snapshot | None) -> None:
    """Draw one of the views that explain the recall."""
    inquiry = inquiry_of(here, query, snapshot)
    if view == "pipeline":
        _pipeline(here, inquiry)
    elif view == "missing":
        missing(here, inquiry)
    elif view == "given":
        given(here, inquiry)
    else:
        compared(here, inquiry)


def _pipeline(here: Here, inquiry: Inquiry) -> None:
    """Draw the stages, each with what it keeps and leaves out, and below them the waterfall of one result's score."""
    found = inquiry.explain(settings_here(here))
    known = None if here.frame is None else scoped(here.frame, found.settings.scope, now=here.now)
    stages = pipeline(found, known)
    most = max((stage.count or 0 for stage in stages[-5:]), default=0)
    st.html(
        "".join(stage_row(stage, most=most if stage.name not in ("index", "filtered") else _all(known)) for stage in stages)
    )
    hits = found.result.hits
    if not hits:
        return
    labels = {hit.memory.key: f"{hit.rank} · {one_line(hit.memory.content, 90)}" for hit in hits}
    selected = state.get("sel")
    key = st.selectbox(
        "How this score comes about",
        list(labels),
        index=list(labels).index(selected) if selected in labels else 0,
        format_func=lambda each: labels[each],
        key="waterfall_of",
    )
    hit = next(each for each in hits if each.memory.key == key)
    st.markdown(f"Rank **{hit.rank}**, score **{hit.score:.3f}**: each part stands upon those before it.")
    st.html(f"<div class='mn-fall'>{waterfall_rows(waterfall(hit), score=hit.score)}</div>")
    for note in found.result.notes:
        st.caption(markdown_escape(note))


def _all(known: object) -> int:
    total = getattr(known, "total", 0)
    return int(total)

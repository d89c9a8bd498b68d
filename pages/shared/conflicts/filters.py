"""Which cards to look at, each choice with how many there are, and the order; and whether the suggestion is shown."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import streamlit as st

from core.curation.conflicts.queue import Queue
from core.scope import UNKNOWN
from pages.shared import state
from pages.shared.conflicts.asked import FOUND, ORDERS, STANDINGS, VERDICTS, Asked, clear_filters
from pages.shared.conflicts.habits import hide_suggestion, hides_suggestion
from pages.shared.conflicts.scan import Scanned, scan_menu
from pages.shared.here import Here
from pages.shared.rail import value_label

__all__ = ["filters"]

_PILLS: Final = 12
_NONE: Final = ""


def filters(here: Here, asked: Asked, queue: Queue, scanned: Scanned | None) -> None:
    """Draw the order, the filters, the way to another scan and the setting in one row."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="conflicts_filters"):
        state.prepare_widget("conflicts_first", asked.order)
        st.selectbox(
            "Order",
            list(ORDERS),
            key="conflicts_first",
            format_func=ORDERS.__getitem__,
            label_visibility="collapsed",
            width=180,
            on_change=state.store_value,
            args=("first", "conflicts_first"),
            kwargs={"empty": "oldest"},
        )
        if asked.view == "list":
            _standing(asked, queue)
        _popover(asked, queue)
        if asked.narrowed:
            st.button(
                "Clear", icon=":material/filter_list_off:", type="tertiary", key="conflicts_clear", on_click=clear_filters
            )
        scan_menu(here, scanned)
        if asked.view == "queue":
            key = "conflicts_hides"
            state.prepare_widget(key, hides_suggestion(here))
            st.toggle(
                "Hide the suggestion",
                key=key,
                on_change=hide_suggestion,
                args=(here, key),
                help="What the judge suggests is shown once you have decided, so that your decisions measure it. "
                "Kept for you.",
            )


def _standing(asked: Asked, queue: Queue) -> None:
    counts = queue.counts.get("standing", {})
    waiting = counts.get("open", 0) + counts.get("assigned", 0)
    state.prepare_widget("conflicts_standing", asked.standing)
    st.segmented_control(
        "Standing",
        list(STANDINGS),
        key="conflicts_standing",
        format_func=lambda name: f"{STANDINGS[name]} · {waiting if name == 'waiting' else counts.get(name, 0):,}",
        required=True,
        wrap=True,
        label_visibility="collapsed",
        on_change=state.store_value,
        args=("standing", "conflicts_standing"),
        kwargs={"empty": "waiting"},
    )


def _popover(asked: Asked, queue: Queue) -> None:
    """Draw the filters; made only while it is open, as a closed popover would lose what is set from here."""
    label = f"Filters · {asked.narrowed}" if asked.narrowed else "Filters"
    popover = st.popover(label, icon=":material/filter_list:", key="conflicts_filter", on_change="rerun", width="content")
    if not popover.open:
        return
    with popover:
        st.caption("Team, task and agent are the filters of the rail; here each with its cards.")
        for facet, param, title in (("team", "team", "Team"), ("task", "task", "Task"), ("agents", "agent", "Agent")):
            _pills(title, param, queue.counts.get(facet, {}))
        _pills("Cue", "cue", queue.counts.get("cues", {}))
        if asked.view == "list" or asked.verdicts:
            _pills(
                "Suggested verdict",
                "verdict",
                queue.counts.get("verdicts", {}),
                names={str(name): said for name, said in VERDICTS.items()},
            )
        _likely(asked)
        state.prepare_widget("conflicts_found", asked.found)
        st.selectbox(
            "Found",
            list(FOUND),
            key="conflicts_found",
            format_func=lambda name: FOUND[name][0],
            on_change=state.store_value,
            args=("found", "conflicts_found"),
        )


def _pills(title: str, param: str, counts: Mapping[str, int], names: Mapping[str, str] = MappingProxyType({})) -> None:
    """Draw the values of a facet, the most first; what is chosen stays though it has no card."""
    rail = param in ("team", "task", "agent")
    counted = {UNKNOWN if rail and value == _NONE else value: count for value, count in counts.items()}
    chosen = state.get_all(param)
    values = list(dict.fromkeys([*chosen, *list(counted)[:_PILLS]]))
    if len(values) < 2 and not chosen:
        return
    key = f"conflicts_by_{param}"
    state.prepare_widget(key, chosen)
    st.pills(
        title,
        values,
        key=key,
        selection_mode="multi",
        format_func=lambda value: f"{names.get(value) or value_label(value, 30) or 'none'} · {counted.get(value, 0):,}",
        on_change=state.store_value,
        args=(param, key),
    )
    if len(counted) > _PILLS:
        st.caption(f"The {_PILLS} with the most cards; the rail has all.")


def _likely(asked: Asked) -> None:
    state.prepare_widget("conflicts_likely", asked.likely)
    st.slider(
        "How likely it is that they clash",
        0,
        100,
        key="conflicts_likely",
        format="%d %%",
        on_change=_likely_changed,
    )


def _likely_changed() -> None:
    low, high = st.session_state["conflicts_likely"]
    state.put("clash", None if (low, high) == (0, 100) else f"{low}-{high}")

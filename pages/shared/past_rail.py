"""The rail's way into the past: now or a moment, a slider over what happened, the events around it, the exact time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import streamlit as st

from core.hostile import clean_text
from pages.shared import state
from pages.shared.here import Here
from pages.shared.past import back_to_now, looks_back
from pages.shared.past_stops import Stops, at, micros, moment_words, stop_labels, stops, versions
from pages.shared.problem import attempt

__all__ = ["as_of_box"]

_BARS: Final = 56
_CHOICES: Final = {"now": "Now", "then": "A moment"}
_TEXT_MAX: Final = 64


def as_of_box(here: Here, page: str) -> None:
    """Draw whether the pages show now or a moment of the past and, for one, the ways to choose it."""
    if here.store is None or not looks_back(page):
        return
    chosen = "then" if state.get("as_of") else "now"
    state.prepare_widget("rail_past", chosen)
    st.segmented_control(
        "As of",
        list(_CHOICES),
        key="rail_past",
        format_func=_CHOICES.__getitem__,
        required=True,
        width="stretch",
        help="Overview, Search, Timeline and Map can show the index as it was at a moment: what was there, and what a "
        "question would have brought back.",
        on_change=_switched,
        args=(here,),
    )
    if chosen == "then":
        with st.container(key="past_box", gap="small"):
            found = attempt(lambda: stops(here))
            if found is not None:
                _scrubber(here, found)
            _exact()
            if found is not None:
                _clock(here)


def _switched(here: Here) -> None:
    if st.session_state["rail_past"] == "now":
        back_to_now()
        return
    found = attempt(lambda: stops(here))
    if found:
        _go(found.last)
    elif found is not None:
        st.toast(
            "No memory of this index says when it was written, and nothing was changed in it.", icon=":material/history:"
        )


def _go(moment: datetime) -> None:
    from core.past.moment import Moment

    state.put("as_of", Moment(moment).text)


def _scrubber(here: Here, found: Stops) -> None:
    """Draw the slider with what happened above it, and the ways to the events around the moment."""
    if not found:
        st.caption("Nothing in this index says when it happened.")
        return
    moment = here.now if here.past else found.last
    options = found.slider(moment)
    place = options.index(micros(moment))
    if len(options) > 1:
        labels = stop_labels(options)
        st.html(_strip(found.strip(options, _BARS), upto=place / (len(options) - 1)))
        if st.session_state.get("rail_moment") != options[place] or st.session_state.get("rail_stops") != options:
            st.session_state["rail_moment"], st.session_state["rail_stops"] = options[place], options
        st.select_slider(
            "Moment",
            options,
            key="rail_moment",
            format_func=lambda value: labels.get(value, ""),
            label_visibility="collapsed",
            on_change=_slid,
        )
    before, after = found.before(moment), found.after(moment)
    with st.container(horizontal=True, gap="small", key="past_steps"):
        _step("Earlier", before, icon=":material/chevron_left:", key="past_earlier")
        _step("Later", after, icon=":material/chevron_right:", key="past_later")


def _slid() -> None:
    _go(at(st.session_state["rail_moment"]))


def _step(label: str, moment: datetime | None, *, icon: str, key: str) -> None:
    way = "before" if label == "Earlier" else "after"
    st.button(
        label,
        icon=icon,
        icon_position="left" if label == "Earlier" else "right",
        key=key,
        disabled=moment is None,
        width="stretch",
        help=f"The event {way} it: {moment_words(moment)} UTC." if moment else f"Nothing happened {way} it.",
        on_click=_go,
        args=(moment,),
    )


def _exact() -> None:
    wanted = clean_text(state.get("as_of"))[:_TEXT_MAX]
    state.prepare_widget("rail_as_of", wanted)
    st.text_input(
        "Exact time, UTC",
        key="rail_as_of",
        max_chars=_TEXT_MAX,
        placeholder="2026-11-14T10:32:05Z",
        help="As precise as you like, to the microsecond: 2026-11-14, 2026-11-14 10:32 or 2026-11-14T10:32:05.123456Z.",
        on_change=state.store_value,
        args=("as_of", "rail_as_of"),
    )


def _clock(here: Here) -> None:
    """Draw by which clock a memory was there, where the journal makes a difference."""
    known = versions(here)
    if not state.get("clock") and (known is None or not known.head):
        return
    from core.past.moment import Clock

    said = {str(clock): clock.sentence.partition(": ") for clock in Clock}
    wanted = state.get("clock") if state.get("clock") in said else str(Clock.CREATED)
    state.prepare_widget("rail_clock", wanted)
    st.radio(
        "Show",
        list(said),
        key="rail_clock",
        format_func=lambda clock: said[clock][0],
        captions=[f"{rest[:1].upper()}{rest[1:]}" for _, _, rest in said.values()],
        on_change=_clock_changed,
    )


def _clock_changed() -> None:
    from core.past.moment import Clock

    state.store_value("clock", "rail_clock", empty=str(Clock.CREATED))


def _strip(counts: list[int], *, upto: float) -> str:
    """Return how much happened when, as bars over the slider: those up to the moment stand out."""
    most = max(1, *counts)
    bars = "".join(
        f"<i class='{'mn-then' if place <= upto * len(counts) else ''}' "
        f"style='height:{0 if not count else max(8, round(100 * (count / most) ** 0.5))}%'></i>"
        for place, count in enumerate(counts)
    )
    return f"<div class='mn-strip' role='img' aria-label='How much happened when'>{bars}</div>"

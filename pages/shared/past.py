"""Looking back: the moment that the view asks for, the index as it was then, and the line that says so above every page.

Explore pages show the past; what curates or operates works on what is there now, and says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

import streamlit as st

from core.errors import ConfigError, MnemoscopeError
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.past_stops import stops
from pages.shared.words import age, plural

if TYPE_CHECKING:
    from core.past.moment import Moment
    from core.past.then import Then

__all__ = ["agent_names", "asked_moment", "back_to_now", "banner", "file_stamp", "looks_back", "refusal", "travelled"]

# The pages that show the index as it was; the overview is the first page, so its address has no name.
EXPLORED: Final = ("", "overview", "search", "timeline", "map")
NOW_ONLY: Final = "You are looking back: go back to now to change memories."
_NOTES: Final = 3
_SINCE: Final = "past_since_asked"


def looks_back(page: str) -> bool:
    """Say whether a page shows the index as it was, where the view asks for a moment."""
    return page in EXPLORED


def asked_moment() -> tuple[Moment | None, str]:
    """Return the moment that the view asks for, and what is wrong with it where it makes no sense."""
    text = state.get("as_of")
    if not text:
        return None, ""
    from core.past.moment import Moment  # most runs look at what is there now

    try:
        return Moment.parse(text, state.get("clock")), ""
    except ConfigError as error:
        return None, str(error)


def travelled(here: Here, page: str) -> Here:
    """Return the surroundings as of the moment of the view, or those of now with why it cannot be had."""
    moment, problem = asked_moment()
    if moment is None or here.store is None or here.snapshot is None or not looks_back(page):
        return replace(here, unseen=problem) if problem else here
    if moment.at > here.now:
        return replace(here, unseen=f"{moment.in_words()} has not come yet.")
    from core.past.then import look_back

    try:
        with st.spinner("Looking back"):
            then = look_back(here.store, here.snapshot, moment, actor=here.actor)
    except MnemoscopeError as error:
        return replace(here, unseen=f"The index cannot be shown as it was: {error}")
    return replace(here, past=then, present=here, snapshot=then.snapshot, now=moment.at)


def back_to_now() -> None:
    """Look at what is there now again; made for `on_click`."""
    state.clear(state.PAST_PARAMS)


def refusal(here: Here) -> str | None:
    """Return why nothing can be changed while a person looks back, None where they look at now."""
    return NOW_ONLY if here.past else None


def file_stamp(here: Here) -> str:
    """Return what the name of a file says of the moment that is looked back to, "" for now."""
    return f"-as-of-{here.past.moment.at:%Y%m%dT%H%M%SZ}" if here.past else ""


def banner(here: Here, page: str) -> bool:
    """Draw the line above a page that says which moment it shows; say whether there is anything to draw below it."""
    if here.past is None:
        _unseen(here) if here.unseen else _elsewhere(page)
        return True
    _line(here, here.past)
    if here.past.notes:
        st.caption(markdown_escape(" ".join(one_line(note, 300) for note in here.past.notes[:_NOTES])))
    if st.session_state.pop(_SINCE, False):
        from pages.shared.past_since import since_dialog

        since_dialog(here)
    if here.past.rows:
        return True
    _nothing(here, here.past)
    return False


def agent_names(here: Here) -> set[str]:
    """Return the agents of the index, then and now, so that each keeps its colour while the moment changes."""
    frames = {id(each.frame): each.frame for each in (here, here.at_present) if each.frame is not None}
    return {str(name) for frame in frames.values() for name in frame["agent_id"].dropna().unique()}


def _line(here: Here, then: Then) -> None:
    counted = f"{plural(then.rows, 'memory')} then, {then.base.rows:,} now"
    clock = "" if then.moment.clock == "created" else " · as the store held it"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="past_banner"):
        st.html(
            f"<div><b>As of {escaped(then.moment.in_words())}</b>, {age(then.moment.at, now=here.today)} · "
            f"<span class='mn-num' style='display:inline-block'>{counted}</span>{clock}</div>",
            width="stretch",
        )
        st.button("What changed since", icon=":material/compare_arrows:", key="past_since", on_click=_ask_since)
        _now_button("primary")


def _ask_since() -> None:
    st.session_state[_SINCE] = True


def _nothing(here: Here, then: Then) -> None:
    """Say that nothing was there yet, with the way to the first memory."""
    first = stops(here).after(then.moment.at)
    held = then.moment.clock == "recorded"
    st.title("Nothing was in the store yet" if held else "Nothing was remembered yet", anchor=False)
    if first is None:
        st.html("<p class='mn-empty'>No memory of this index was there at that moment.</p>")
        return
    came = age(then.moment.at, now=first).replace("ago", "later")
    st.html(f"<p class='mn-empty'>The first thing in this index happened {escaped(came)}.</p>")
    from core.past.moment import Moment

    with st.container(horizontal=True, gap="small"):
        label, given = f"Go to {Moment(first).in_words()}", ("as_of", Moment(first).text)
        st.button(label, icon=":material/skip_next:", key="past_first", on_click=state.put, args=given)
        if held:
            st.button("Show what the agents knew", key="past_knew", on_click=state.put, args=("clock", None))


def _unseen(here: Here) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="past_banner"):
        said = escaped(one_line(here.unseen, 300))
        st.html(f"<div><b>This is what is there now.</b> The moment was left out: {said}</div>", width="stretch")
        _now_button("primary")


def _now_button(kind: Literal["primary", "tertiary"]) -> None:
    st.button("Back to now", icon=":material/update:", key="past_now", type=kind, on_click=back_to_now)


def _elsewhere(page: str) -> None:
    """Say on a page of now that the view asks for a moment, which other pages show."""
    moment, _ = (None, "") if looks_back(page) else asked_moment()
    if moment is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="past_elsewhere"):
        st.caption(
            f"This page works on what is there now. Overview, Search, Timeline and Map look back to {moment.in_words()}.",
            width="stretch",
        )
        _now_button("tertiary")

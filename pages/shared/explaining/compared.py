"""Two ways to ask side by side: the one of the page, and one whose sliders re-rank at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from core.errors import ConfigError
from core.explanation import Explained, Inquiry, Settings, compare
from core.recall import Mode
from core.scope import Scope
from pages.shared import ranking, state
from pages.shared.explaining.asked import BUDGETS, second, settings_here, take, write_settings
from pages.shared.explaining.drawn import move_row
from pages.shared.here import Here
from pages.shared.problem import attempt
from pages.shared.words import plural

__all__ = ["compared"]

_SLIDERS: Final = (*(name for name, _, _ in ranking.SLIDERS), "half_life_days")
_LABELS: Final = {name: label for name, label, _ in ranking.SLIDERS} | {"half_life_days": "Half-life in days"}
_WHOLE: Final = "explain_whole"


@st.fragment
def compared(here: Here, inquiry: Inquiry) -> None:
    """Draw both ways; a slider runs this part alone, and asks nothing of the index that was asked before."""
    if st.session_state.pop(_WHOLE, False):
        st.rerun(scope="app")
    first = settings_here(here)
    other = second(first)
    turn, shown = st.columns([1, 1.7], gap="large")
    with turn:
        _controls(first, other)
    with shown:
        both = attempt(lambda: (inquiry.explain(first), inquiry.explain(other)))
    if both is not None:
        with shown:
            _moves(first, other, *both)
    state.sync_url()


def _moves(first: Settings, other: Settings, one: Explained, two: Explained) -> None:
    same, found = other == first, compare(one, two)
    if same:
        st.markdown("Turn something on the left: the results re-rank beside those of the page.")
    else:
        come, drop = ("comes" if len(found.came) == 1 else "come"), ("drops" if len(found.went) == 1 else "drop")
        st.markdown(
            f"**{found.shared}** of {plural(len(one.result.hits), 'result')} {'stays' if found.shared == 1 else 'stay'}, "
            f"**{len(found.came)}** {come} in, **{len(found.went)}** {drop} out."
        )
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Use these settings", key="compare_use", type="primary", disabled=same, on_click=_use, args=(other, first.scope)
        )
        st.button("Same as the page", key="compare_reset", type="tertiary", disabled=same, on_click=_reset)
    head = "<span>Page</span><i></i><span>Here</span><div>Memory, and what moved it</div>"
    rows = "".join(move_row(move, first=first.k, second=other.k) for move in found.moves)
    st.html(f"<div class='mn-moves'><div class='mn-move mn-muted'>{head}</div>{rows}</div>")


def _controls(first: Settings, other: Settings) -> None:
    _prepared("mode", other.mode)
    st.selectbox("Search by", list(ranking.MODES), key="against_mode", format_func=ranking.MODES.__getitem__, **_told(first))
    left, right = st.columns(2)
    with left:
        _prepared("k", other.k)
        st.number_input("Results", 1, ranking.MOST, key="against_k", **_told(first))
    with right:
        _prepared("budget", other.budget)
        st.number_input("Budget", 1, 1_000_000, step=BUDGETS[0], key="against_budget", **_told(first))
    for name in _SLIDERS:
        value = getattr(other.weights, name)
        if name == "half_life_days":
            _prepared(name, round(float(value)))
            st.slider(_LABELS[name], 1, 365, key=f"against_{name}", **_told(first))
        else:
            _prepared(name, round(float(value), 3))
            st.slider(_LABELS[name], 0.0, 1.0, step=0.025, format="%.3g", key=f"against_{name}", **_told(first))


def _told(first: Settings) -> dict[str, object]:
    return {"on_change": _changed, "args": (first,)}


def _prepared(name: str, value: object) -> None:
    state.prepare_widget(f"against_{name}", value)


def _changed(first: Settings) -> None:
    turned = {name: float(st.session_state[f"against_{name}"]) for name in _SLIDERS}
    try:
        weights = replace(first.weights, **turned)
    except ConfigError as error:
        st.toast(str(error), icon=":material/tune:")
        return
    k, budget = int(st.session_state["against_k"]), int(st.session_state["against_budget"])
    other = replace(first, mode=Mode(st.session_state["against_mode"]), k=k, budget=budget, weights=weights)
    state.put("against", write_settings(other, first) or None)


def _use(settings: Settings, was: Scope) -> None:
    take(settings, was)
    state.put("lens", None)
    st.session_state[_WHOLE] = True


def _reset() -> None:
    state.put("against", None)

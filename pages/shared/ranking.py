"""How results are ranked: the mode, the number of results and the weights of the score, each in the link."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import ConfigError
from core.recall import Mode, Weights
from pages.shared import state

__all__ = [
    "COUNTS",
    "MODES",
    "MOST",
    "NAMES",
    "SLIDERS",
    "controls",
    "how_many",
    "in_range",
    "mode",
    "read_weights",
    "weights_popover",
    "write_weights",
]

COUNTS: Final = (10, 20, 50, 100)
MOST: Final = 1_000
MODES: Final = {
    Mode.HYBRID: "Meaning and words",
    Mode.VECTOR: "Meaning",
    Mode.TEXT: "Words",
}
SLIDERS: Final = (
    ("relevance", "Relevance", "How well the text answers the question, by meaning and by words."),
    ("recency", "Recency", "How new it is; it halves with every half-life."),
    ("reinforcement", "Reinforcement", "How often it was recalled before."),
    ("confidence", "Confidence", "How sure the agent was when it wrote it."),
    ("author", "Author", "Whether the question names the agent that wrote it."),
    ("lineage", "Lineage", "Whether something relevant was derived from it."),
    ("text_share", "Words within relevance", "0 counts the meaning only, 1 the words only; for searching by both."),
)
NAMES: Final = tuple(field.name for field in fields(Weights))


def mode() -> Mode:
    """Return the search mode that the view asks for."""
    asked = state.get("mode", Mode.HYBRID)
    return Mode(asked) if asked in set(Mode) else Mode.HYBRID


def how_many() -> int:
    """Return how many results the view asks for."""
    asked = state.get("k")
    return int(asked) if asked.isdecimal() and len(asked) <= 4 and 1 <= int(asked) <= MOST else COUNTS[0]


def read_weights(text: str) -> Weights:
    """Return the weights of a link, "relevance:0.5,half_life_days:7"; what makes no sense keeps its default."""
    given: dict[str, float] = {}
    for pair in text.split(","):
        name, _, value = pair.partition(":")
        try:
            number = float(value)
        except ValueError:
            continue
        if name in NAMES and in_range(name, number):
            given[name] = number
    try:
        return replace(Weights(), **given)
    except ConfigError:
        return Weights()


def in_range(name: str, value: float) -> bool:
    """Say whether a weight of a link is one that a slider can show."""
    return 1 <= value <= 365 if name == "half_life_days" else 0 <= value <= 1


def write_weights(weights: Weights) -> str:
    """Return the weights as text for a link; "" for the defaults."""
    usual = Weights()
    return ",".join(f"{name}:{getattr(weights, name):g}" for name in NAMES if getattr(weights, name) != getattr(usual, name))


def controls() -> tuple[Weights, DeltaGenerator]:
    """Draw mode, count and weights in one row; return the weights and the row's end, for what follows from the results."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _prepare("search_mode", mode())
        st.segmented_control(
            "Search by",
            list(MODES),
            key="search_mode",
            required=True,
            format_func=MODES.__getitem__,
            on_change=state.store_value,
            args=("mode", "search_mode"),
            kwargs={"empty": Mode.HYBRID.value},
            label_visibility="collapsed",
        )
        _prepare("search_k", how_many())
        st.selectbox(
            "Results",
            sorted({*COUNTS, how_many()}),
            key="search_k",
            width=130,
            format_func=lambda count: f"{count} results",
            label_visibility="collapsed",
            on_change=state.store_value,
            args=("k", "search_k"),
            kwargs={"empty": str(COUNTS[0])},
        )
        weights = weights_popover()
        return weights, st.container(horizontal=True, horizontal_alignment="right", gap="small")


def weights_popover() -> Weights:
    """Draw the weights of the score; they are shares of one score, so only their proportion counts."""
    weights, changed = read_weights(state.get("weights")), bool(state.get("weights"))
    # Tracked, so that the sliders are made when they are seen: a closed popover would lose the values set from here.
    popover = st.popover("Ranking", icon=":material/tune:", key="ranking", on_change="rerun")
    if popover.open:
        with popover:
            _weight_sliders(weights)
            st.button(
                "Back to the defaults",
                type="tertiary",
                disabled=not changed,
                key="weights_reset",
                on_click=state.put,
                args=("weights", None),
            )
    return weights


def _weight_sliders(weights: Weights) -> None:
    st.caption("The score is the weighted mean of its parts, so only the proportions count.")
    for name, label, said in SLIDERS:
        _prepare(f"weight_{name}", round(float(getattr(weights, name)), 3))
        st.slider(label, 0.0, 1.0, step=0.025, format="%.3g", key=f"weight_{name}", help=said, on_change=_weights_changed)
    _prepare("weight_half_life_days", round(float(weights.half_life_days)))
    st.slider(
        "Half-life in days",
        1,
        365,
        key="weight_half_life_days",
        on_change=_weights_changed,
        help="After this many days recency counts half.",
    )


def _weights_changed() -> None:
    chosen = {name: float(st.session_state[f"weight_{name}"]) for name, _, _ in SLIDERS}
    chosen["half_life_days"] = float(st.session_state["weight_half_life_days"])
    try:
        weights = Weights(**chosen)
    except ConfigError as error:
        st.toast(str(error), icon=":material/tune:")
        return
    state.put("weights", write_weights(weights) or None)


def _prepare(key: str, value: object) -> None:
    state.prepare_widget(key, value)

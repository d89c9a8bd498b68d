"""What the map is asked to show: its colours, how fine its clusters are, what lies beside it and what is drawn.

All of it is in the link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

import streamlit as st

from core.analysis.clusters import GRANULARITIES, Granularity
from pages.shared import state
from pages.shared.here import Here
from pages.shared.map.beside import beside_control

__all__ = ["COLOURS", "DRAWS", "Asked", "asked", "controls"]

# Name in the link → what it is called and which field it is.
COLOURS: Final[Mapping[str, tuple[str, str]]] = {
    "cluster": ("Cluster", "cluster"),
    "agent": ("Agent", "agent_id"),
    "team": ("Team", "team_id"),
    "task": ("Task", "task_id"),
    "type": ("Type", "memory_type"),
    "source": ("Source", "source"),
    "confidence": ("Confidence", "confidence"),
    "age": ("Age", "age"),
    "use": ("Use", "use"),
    "status": ("Conflict and status", "status"),
    "tenant": ("Tenant", "tenant"),
}
DRAWS: Final[Mapping[str, tuple[str, str]]] = {
    "labels": ("Names of the clusters", "The words that a cluster has more often than the others. More as you zoom in."),
    "rest": (
        "Memories that the filters leave out",
        "As faint dots, so that the shape of the whole stays in sight; as of a moment, those too that came later.",
    ),
    "size": ("Larger, the more often recalled", "By the recall log and by what the memories say themselves."),
    "space": ("Three dimensions", "A map of its own, to turn and look at. Choose memories in the flat one."),
}
_USUAL: Final = frozenset({"labels", "rest"})
_NAMES: Final[Mapping[Granularity, str]] = {"broad": "Broad", "medium": "Medium", "fine": "Fine"}


@dataclass(frozen=True)
class Asked:
    """What to draw; `colour` is a name of COLOURS, `draws` are names of DRAWS."""

    colour: str = "cluster"
    groups: Granularity = "medium"
    draws: frozenset[str] = _USUAL

    @property
    def field(self) -> str:
        """What the colours are by: a column of the frame, or a field of core.analysis.map_colours."""
        return COLOURS[self.colour][1]


def asked() -> Asked:
    """Return what the view asks for; what makes no sense is left at its default."""
    groups, draws = state.get("clusters"), state.get("draws")
    return Asked(
        state.get("colour") if state.get("colour") in COLOURS else Asked.colour,
        next((each for each in get_args(Granularity) if each == groups), Asked.groups),
        frozenset(draws.split(",")) & frozenset(DRAWS) if draws else _USUAL,
    )


def controls(here: Here) -> Asked:
    """Draw the controls in one row and return what they ask for."""
    found = asked()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="map_controls"):
        _question()
        state.prepare_widget("map_colour", found.colour)
        st.selectbox(
            "Colour",
            list(COLOURS),
            key="map_colour",
            width=150,
            format_func=lambda name: COLOURS[name][0],
            on_change=state.store_value,
            args=("colour", "map_colour"),
            kwargs={"empty": Asked.colour},
        )
        state.prepare_widget("map_clusters", found.groups)
        st.segmented_control(
            "Clusters",
            GRANULARITIES,
            key="map_clusters",
            format_func=_NAMES.__getitem__,
            required=True,
            help="Broad: few large ones. Fine: many small ones.",
            on_change=state.store_value,
            args=("clusters", "map_clusters"),
            kwargs={"empty": Asked.groups},
        )
        beside_control(here, {name: label for name, (label, _) in COLOURS.items()})
        _popover(found)
    return found


def _question() -> None:
    """Draw where a question is asked: the same one as on the search page."""
    state.prepare_widget("map_q", state.get("q"))
    st.text_input(
        "Question",
        key="map_q",
        type="search",
        icon=":material/search:",
        max_chars=1000,
        placeholder="Where does a question land?",
        help="It lands between the memories that it is most like, and those that answer it are ringed.",
        on_change=state.store_value,
        args=("q", "map_q"),
    )


def _popover(found: Asked) -> None:
    """Draw what is set rarely; made only while it is open, as a closed popover would lose what is set from here."""
    popover = st.popover("Show", icon=":material/tune:", key="map_show", on_change="rerun")
    if not popover.open:
        return
    with popover:
        for name, (label, said) in DRAWS.items():
            state.prepare_widget(f"map_draws_{name}", name in found.draws)
            st.toggle(label, key=f"map_draws_{name}", help=said, on_change=_draws_changed)


def _draws_changed() -> None:
    chosen = frozenset(name for name in DRAWS if st.session_state.get(f"map_draws_{name}"))
    state.put("draws", None if chosen == _USUAL else ",".join(sorted(chosen) or ["none"]))

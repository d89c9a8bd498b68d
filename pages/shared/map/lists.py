"""What lies below the map: what was selected, and lists of clusters, answers, memories that stand alone, and magnets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from pages.shared.chosen import listed
from pages.shared.downloads import download_buttons
from pages.shared.here import Here
from pages.shared.hits import results
from pages.shared.map.choice import CHOSE
from pages.shared.map.clusters_list import clusters_list
from pages.shared.map.hubs_list import alone_list, magnets_list, standing
from pages.shared.map.picture import View
from pages.shared.map.question import Answer
from pages.shared.rows import Rows
from pages.shared.words import plural

__all__ = ["Selected", "chosen_rows", "lists"]

_ASKED: Final = "map_list_asked"
# The other lists have files of their own.
_OF_ALL: Final = ("answers", "groups")


@dataclass(frozen=True, eq=False)
class Selected:
    """What is picked, as a moment knows it: its rows there; `shown` is how much of it any of the maps has."""

    here: Here
    source: Rows
    rows: npt.NDArray[np.int64]
    shown: int


def chosen_rows(view: View, keys: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Return the rows in scope of what is picked, the newest first."""
    if not keys:
        return np.zeros(0, dtype=np.int64)
    rows = np.flatnonzero(view.where.rows.mask(keys) & view.where.alive)
    created = view.where.rows.frame["created_at"].iloc[rows]
    newest = created.argsort(kind="stable").to_numpy()[::-1] if len(rows) else rows
    return rows[newest]


def lists(here: Here, view: View, answer: Answer | None, selected: Selected, *, agents: Mapping[str, str]) -> None:
    """Draw the lists, one at a time: what is selected, what answers the question, clusters, strays and magnets."""
    alone, found = standing(view.source)
    names = {
        "selected": f"Selected · {len(selected.rows):,}" if len(selected.rows) else "",
        "answers": f"Answers · {len(answer.result.hits)}" if answer else "",
        "groups": _clusters(view),
        "alone": f"Alone{_counted(view, alone)}",
        "magnets": f"Magnets{_counted(view, found)}",
    }
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="map_lists"):
        chosen = _switch({name: label for name, label in names.items() if label}, answer)
        if chosen in _OF_ALL:
            with st.container(horizontal=True, gap="small", width="content"):
                download_buttons(view.here, view.where.rows, view.where.shown, what="map", key="map_view")
    if chosen == "selected":
        listed(selected.here, selected.source, selected.rows, label="Selected", name="map", agents=agents)
    elif chosen == "answers" and answer:
        _answers(here, view, answer, agents=agents)
    elif chosen == "alone":
        alone_list(here, view, agents=agents)
    elif chosen == "magnets":
        magnets_list(here, view, agents=agents)
    else:
        clusters_list(here, view, agents=agents)


def _counted(view: View, found: Iterable[int]) -> str:
    """Return how many rows of a list are in scope; nothing while the neighbours are not known."""
    alive = view.where.alive
    return f" · {sum(bool(alive[row]) for row in found)}" if view.source.state.neighbours is not None else ""


def _clusters(view: View) -> str:
    if not view.groups.labels and view.source.state.running:
        return "Clusters"
    return f"Clusters · {len(set(view.groups.codes[view.where.shown].tolist()) - {-1}):,}"


def _switch(names: Mapping[str, str], answer: Answer | None) -> str:
    """Draw which list is shown: a new question shows its answers, what was just chosen in the map shows itself."""
    state, query = st.session_state, answer.result.query if answer else ""
    wanted = "selected" if state.pop(CHOSE, False) else "answers" if query and state.get(_ASKED) != query else ""
    state[_ASKED] = query
    if wanted in names:
        state["map_list"] = wanted
    elif state.get("map_list") not in names:
        state["map_list"] = next(name for name in ("answers", "groups") if name in names)
    chosen: str = st.segmented_control(
        "List", list(names), key="map_list", format_func=names.__getitem__, required=True, label_visibility="collapsed"
    )
    return chosen


def _answers(here: Here, view: View, answer: Answer, *, agents: Mapping[str, str]) -> None:
    found = len(answer.result.hits)
    ringed = len(answer.rows(view.where))
    said = "ringed on the map" if ringed == found else f"{ringed} of them ringed on the map"
    st.caption(f"What an agent would be given: {plural(found, 'memory')}, {said}.")
    results(answer.result, here, agents=agents)

"""Memories that stand alone, and magnets: those that come up for many questions that have little to do with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.analysis.neighbours import isolation, magnets, outliers
from pages.shared.chosen import listed
from pages.shared.here import Here
from pages.shared.map.choice import choose_rows, focus
from pages.shared.map.picture import View
from pages.shared.map.places import BY_SOURCE, MapSource, places
from pages.shared.words import plural

__all__ = ["alone_list", "magnets_list", "standing"]

_MOST: Final = 50
_NO_NEIGHBOURS: Final = "The neighbours of the memories are not known yet."

Notes = dict[int, str]


def alone_list(here: Here, view: View, *, agents: Mapping[str, str]) -> None:
    """Draw the memories that are far from all others, the farthest first."""
    alone, _ = standing(view.source)
    said = (
        "They say what no other memory says: a rare fact, a stray, or a text that went wrong. Distances are those of the "
        "vectors (1 − cosine, or Euclidean where the index is)."
    )
    _drawn(here, view, alone, label="Standing alone", name="alone", said=said, agents=agents)


def magnets_list(here: Here, view: View, *, agents: Mapping[str, str]) -> None:
    """Draw the memories that are among the nearest of unusually many others, those of the most first."""
    _, found = standing(view.source)
    said = (
        "They lie near to unusually many memories, and so crowd out better answers: texts that say a little of "
        "everything, boilerplate, or something planted to be found. (k-occurrence; Radovanović et al. 2010)"
    )
    _drawn(here, view, found, label="Magnets", name="magnets", said=said, agents=agents)


def _drawn(here: Here, view: View, found: Notes, *, label: str, name: str, said: str, agents: Mapping[str, str]) -> None:
    if view.source.state.neighbours is None:
        st.html(f"<p class='mn-empty'>{_NO_NEIGHBOURS}</p>")
        return
    rows = np.array([row for row in found if view.where.alive[row]], dtype=np.int64)
    if not len(rows):
        st.html("<p class='mn-empty'>None among the memories in scope.</p>")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"map_{name}_head"):
        st.caption(said, width="stretch")
        st.button(
            f"Select {plural(len(rows), 'memory')}", key=f"map_{name}_select", on_click=_choose, args=(here, view, rows)
        )
    listed(here, view.where.rows, rows, label=label, name=name, agents=agents, notes=found)


def _choose(here: Here, view: View, rows: npt.NDArray[np.int64]) -> None:
    choose_rows(here, view.where, rows)
    focus(here, view.where, rows)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=BY_SOURCE)
def standing(source: MapSource) -> tuple[Notes, Notes]:
    """Return the rows that stand alone and the magnets, each with why, in their order: rows of the moment's memories."""
    known, where = source.state.neighbours, places(source)
    if known is None or not len(known):
        return {}, {}
    row_of = {int(base): row for row, base in enumerate(where.base.tolist()) if base >= 0}
    away = isolation(known)
    usual = float(np.median(away))
    alone = {
        row_of[
            row
        ]: f"on average {away[row]:.2f} away from its {known.k} nearest; half of all memories are within {usual:.2f}"
        for row in outliers(known, most=_MOST).tolist()
        if row in row_of
    }
    found = {
        row_of[each.row]: f"among the {known.k} nearest of {plural(each.occurrences, 'other memory', 'other memories')}, "
        f"{each.times:.1f} times the mean"
        for each in magnets(known, most=_MOST)
        if each.row in row_of
    }
    return alone, found

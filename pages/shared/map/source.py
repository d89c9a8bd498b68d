"""The maps of this server: one for all sessions, and what there is of the open index's now."""

from __future__ import annotations

import streamlit as st

from core.analysis.snapshot import Snapshot
from core.maps import MapParameters, Maps, MapState
from pages.shared.here import Here
from pages.shared.reading import snapshot_with_vectors

__all__ = ["FLAT", "LEAST", "SPACE", "looked", "maps"]

FLAT = MapParameters()
SPACE = MapParameters(dims=3)
# Fewer have no shape: they are listed.
LEAST = 5
# A kept map, and a first picture, are there sooner than a page would be drawn twice.
_WAIT_S = 0.8


@st.cache_resource(max_entries=1, show_spinner=False)
def maps() -> Maps:
    """Return the maps that all sessions share; the worker starts with the first map that is asked for, or when warmed."""
    return Maps()


def looked(here: Here, parameters: MapParameters = FLAT) -> tuple[Snapshot, MapState] | None:
    """Return the index as it is now with its vectors, and its map; None while they are read, which the page then says.

    Of the past there is no map of its own: what was there is shown in the places of now.
    """
    assert here.store is not None
    snapshot = snapshot_with_vectors(here.at_present, said="The map needs the vectors of the index, which are read once.")
    if snapshot is None:
        return None
    seen = maps().look(
        here.store, snapshot, parameters, actor=here.actor, wait_s=_WAIT_S, until=lambda state: state.coords is not None
    )
    return snapshot, seen

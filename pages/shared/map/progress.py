"""How a map comes to be, in words: what is being computed, how long it takes, what stopped it, and how true the map is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.analysis.snapshot import Snapshot
from core.hostile import markdown_escape, one_line
from core.maps import MapParameters, MapState
from pages.shared.here import Here
from pages.shared.map.source import maps
from pages.shared.problem import attempt
from pages.shared.words import plural, share

__all__ = ["eta_words", "progress", "quality_help", "quality_words", "stopped"]

_STAGES: Final[Mapping[str, str]] = {
    "reading": "Reading the vectors",
    "first picture": "Drawing a first picture",
    "neighbours": "Finding the neighbours of each memory",
    "layout": "Laying out the map",
    "clusters": "Finding clusters and their names",
}
_FIRST: Final = "This is a first picture: the two directions in which the memories differ most (PCA)."
# Above it, nearly all; above the other, most: trustworthiness as maps of texts have it.
_TRUE: Final = (
    (0.95, "Memories that lie together here are alike"),
    (0.88, "Memories that lie together here are mostly alike"),
)
_LOOSE: Final = "Distances here are rough"


def eta_words(seconds: float | None) -> str:
    """Return how long something takes as people say it."""
    if seconds is None:
        return ""
    if seconds < 50:
        return f"about {max(1, round(seconds))} s left"
    return f"about {plural(max(1, round(seconds / 60)), 'minute')} left"


@st.fragment(run_every="1s")
def progress(here: Here, snapshot: Snapshot, parameters: MapParameters, seen: MapState) -> None:
    """Draw what is being computed with a way to stop it; once there is something new to draw, the page is drawn anew."""
    assert here.store is not None
    store, actor = here.store, here.actor
    now = maps().look(store, snapshot, parameters, actor=actor)
    if not now.running or now.serial != seen.serial:
        st.rerun()
    if now.coords is not None:
        st.caption(_FIRST if now.method == "pca" else "This is the former map, until the new one is done.")
    drawn = now.stage == "first picture" and now.coords is not None  # the worker is starting, or at another map
    stage = "Waiting for the layout to begin" if drawn else _STAGES.get(now.stage, one_line(now.stage, 60))
    words = " · ".join(part for part in (stage, eta_words(now.eta_s)) if part)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="map_progress"):
        st.progress(min(1.0, max(0.0, now.progress)), words, width="stretch")
        st.button(
            "Cancel",
            icon=":material/stop_circle:",
            key=f"map_cancel_{parameters.dims}",
            help="Stops it for everybody who looks at this index. What is shown stays.",
            on_click=lambda: maps().cancel(store, parameters, actor=actor),
        )


def stopped(here: Here, snapshot: Snapshot, parameters: MapParameters, seen: MapState) -> None:
    """Say that a map could not be computed, was cancelled or lacks memories, with the way on; nothing where all is well."""
    if seen.missing:
        st.info(
            "The map is laid out by an optional part of Mnemoscope that is not installed: umap-learn, hdbscan and what they "
            "need. `make run` installs it, or `pip install 'mnemoscope[map]'`; then start the dashboard again."
            + (" What you see is a simpler picture (PCA), without clusters." if seen.coords is not None else ""),
            icon=":material/extension:",
        )
        return
    if seen.stage == "failed":
        with st.container(key="map_failed"):
            said = markdown_escape(one_line(seen.problem, 400)) or "The computation ended without a word."
            st.error(said, title="The map could not be laid out", icon=":material/error:")
            _again(here, snapshot, parameters, "Start again")
        if seen.coords is not None and seen.method == "pca":
            st.caption(_FIRST)
    elif seen.stage == "cancelled":
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="map_cancelled"):
            st.markdown(f"Laying out the map was cancelled. {_FIRST if seen.method == 'pca' else ''}", width="content")
            _again(here, snapshot, parameters, "Start again")
    elif seen.problem:
        st.caption(markdown_escape(one_line(seen.problem, 400)))
    if seen.placed and not seen.running:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="map_placed"):
            came = plural(seen.placed, "memory came", "memories came")
            lie = "lies" if seen.placed == 1 else "lie"
            st.caption(f"{came} after the map was laid out and {lie} between the nearest others.", width="content")
            _again(here, snapshot, parameters, "Lay out again")


def _again(here: Here, snapshot: Snapshot, parameters: MapParameters, label: str) -> None:
    assert here.store is not None
    store, actor = here.store, here.actor
    st.button(
        label,
        icon=":material/replay:",
        key=f"map_again_{parameters.dims}",
        on_click=lambda: attempt(lambda: maps().refit(store, snapshot, parameters, actor=actor)),
    )


def quality_words(seen: MapState) -> str:
    """Return how far the map can be trusted, in a few words; "" while nobody knows."""
    if seen.quality is None:
        return ""
    trust = seen.quality.trustworthiness
    said = next((words for least, words in _TRUE if trust >= least), _LOOSE)
    return f"{said}: trustworthiness {trust:.2f} of 1"


def quality_help(seen: MapState) -> str:
    """Return what the figures of the quality mean."""
    if seen.quality is None:
        return ""
    found = seen.quality
    kept = share(found.preservation, 1.0)
    return (
        f"A map of two dimensions cannot keep all distances. Trustworthiness {found.trustworthiness:.3f}: 1 where nothing "
        f"lies near on the map that is not near in meaning, 0.5 by chance (Venna and Kaski 2001). {kept} of the {found.k} "
        f"nearest memories of a memory are among its {found.k} nearest here. Measured on {plural(found.sample, 'memory')}."
    )

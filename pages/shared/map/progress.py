"""How a map comes to be, in words: what is being computed, how long it takes, what stopped it, and how true the map is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.analysis.snapshot import Snapshot
from core.hostile import markdown_escape, one_line
from core.maps import MapParameters, MapState
from core.maps.process import WORKER_VARIABLE
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
_OFF: Final = (
    f"Maps beyond this first picture are switched off here: the server was started with `{WORKER_VARIABLE}=off`. With "
    f"`{WORKER_VARIABLE}=asked` a process of its own lays them out once a map is opened, with `start` it is ready before."
)


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
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"map_progress_{parameters.dims}"):
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
    pca = seen.method == "pca"
    if seen.missing:
        st.info(
            "The map is laid out by an optional part of Mnemoscope that is not installed: numba and hdbscan, with what they "
            "need. `make run` installs it, or `pip install 'mnemoscope[map]'`; then start the dashboard again."
            + (f" {_FIRST} There are no clusters." if pca else ""),
            icon=":material/extension:",
        )
    elif seen.stage == "failed" and _off():
        st.info(f"{_OFF} {_FIRST} There are no clusters." if pca else _OFF, icon=":material/toggle_off:")
    elif seen.stage == "failed":
        with st.container(key=f"map_failed_{parameters.dims}"):
            said = markdown_escape(one_line(seen.problem, 400)) or "The computation ended without a word."
            st.error(said, title="The map could not be laid out", icon=":material/error:")
            _again(here, snapshot, parameters, "Start again")
        if pca:
            st.caption(_FIRST)
    elif seen.stage == "cancelled":
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"map_cancelled_{parameters.dims}"):
            st.markdown(f"Laying out the map was cancelled. {_FIRST if pca else ''}", width="content")
            _again(here, snapshot, parameters, "Start again")
    elif seen.problem:
        st.caption(markdown_escape(one_line(seen.problem, 400)))
    if seen.placed and not seen.running:
        _placed(here, snapshot, parameters, seen.placed)


def _off() -> bool:
    return os.environ.get(WORKER_VARIABLE, "").strip() == "off"


def _placed(here: Here, snapshot: Snapshot, parameters: MapParameters, count: int) -> None:
    """Say that memories came after the layout, with the way to a new one."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"map_placed_{parameters.dims}"):
        came = plural(count, "memory came", "memories came")
        lie = "lies" if count == 1 else "lie"
        st.caption(f"{came} after the map was laid out and {lie} between the nearest others.", width="content")
        if not _off():
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
    """Return how far the map can be trusted, as one share in plain words; "" while nobody knows."""
    found = seen.quality
    if found is None or found.k < 1:
        return ""
    kept = share(found.preservation, 1.0)
    if found.k == 1:
        return f"the nearest memory here is the nearest in meaning for {kept}"
    return f"of the {found.k} memories nearest to one here, {kept} are among its {found.k} nearest in meaning"


def quality_help(seen: MapState) -> str:
    """Return what the figures of the quality mean, with both measures."""
    found = seen.quality
    if found is None or found.k < 1:
        return ""
    k, flat = found.k, "A picture" if seen.coords is not None and seen.coords.shape[1] > 2 else "A flat picture"
    return (
        f"{flat} cannot keep all distances of the vectors. Preservation {found.preservation:.3f}: the mean share of the {k} "
        f"nearest here that are among the {k} nearest by the vectors. Trustworthiness {found.trustworthiness:.3f}: how far "
        "from near the others of them are, each counted by its rank among the nearest; 1 if there are none, about 0.5 by "
        f"chance (Venna and Kaski 2001). Both measured on {plural(found.sample, 'memory')} against all."
    )

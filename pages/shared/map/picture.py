"""The map itself, once or twice side by side, and what a reader did in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.analysis.timeline import Colouring
from core.analysis.timeline.colour import STATES
from core.hostile import markdown_escape
from pages.shared import state
from pages.shared.downloads import file_name
from pages.shared.here import Here
from pages.shared.map.chart import map_chart
from pages.shared.map.choice import AGAIN, act, focused, region_drawn, tips
from pages.shared.map.colours import behind, map_palette, name_of
from pages.shared.map.controls import COLOURS, Asked
from pages.shared.map.gesture import Gesture
from pages.shared.map.legend import legend
from pages.shared.map.payload import Label
from pages.shared.map.places import Groups, MapSource, Places, coloured, grouped, places, pointed, used
from pages.shared.map.question import Answer
from pages.shared.markup import slug
from pages.shared.selection import picked
from pages.shared.words import plural

__all__ = ["View", "charts", "view_of"]

_LINK: Final = "map"
_METHODS: Final = {"pca": "PCA", "umap": "UMAP", "umap of landmarks": "UMAP of landmarks"}


@dataclass(frozen=True, eq=False)
class View:
    """One drawing of the map: of a moment, in colours by a field."""

    source: MapSource
    asked: Asked
    where: Places
    groups: Groups
    colouring: Colouring
    colours: tuple[str, ...]
    heading: str = ""

    @property
    def here(self) -> Here:
        """The surroundings of its moment."""
        return self.source.here

    @property
    def title(self) -> str:
        """What the drawing is called."""
        moment = f" as of {self.here.past.moment.in_words()}" if self.here.past else ""
        return f"Map of {self.here.index}{moment}, coloured by {COLOURS[self.asked.colour][0].lower()}"


def view_of(source: MapSource, asked: Asked, *, agents: Mapping[str, str], heading: str = "") -> View:
    """Return what a drawing is made from; what was made before comes from the cache."""
    groups, found = grouped(source, asked.groups), coloured(source, asked.field, asked.groups)
    return View(source, asked, places(source), groups, found, map_palette(found, groups, agents=agents), heading)


@st.fragment
def charts(here: Here, views: list[View], answer: Answer | None) -> None:
    """Draw the map and act on what a reader did in it; a hover or a zoom runs this part alone."""
    if st.session_state.pop(AGAIN, False):
        st.rerun()
    halves = [st.container()] if len(views) == 1 else st.columns(len(views), gap="medium")
    for place, (half, view) in enumerate(zip(halves, views, strict=True)):
        with half:
            if view.heading:
                st.markdown(f"**{markdown_escape(view.heading)}**")
            _chart(here, views, place, answer)
            name = "map_legend" if place == 0 else "map_legend_beside"
            legend(here, view.where, view.colouring, view.colours, key=name, rank=_rank(views))
            for words in _remarks(view):
                st.caption(words)
    state.sync_url()  # a zoom that runs this part alone is in the address too


def _chart(here: Here, views: list[View], place: int, answer: Answer | None) -> None:
    view, where = views[place], views[place].where
    key = f"map_{slug(here.catalog.bucket + '/' + here.index)}{'_beside' * place}"

    def happened(gesture: Gesture) -> None:
        st.session_state[AGAIN] = act(here, where, gesture, chart=key)

    colouring, keys, selected = view.colouring, picked(here), state.get("sel")
    map_chart(
        pointed(view.source, view.asked.field, view.asked.groups, "size" in view.asked.draws),
        key=key,
        on_gesture=happened,
        palette=view.colours,
        names=[name_of(colouring, code) for code in range(len(colouring))],
        title=view.title,
        file_name=file_name(view.here, "map"),
        note=_note(view),
        labels=_labels(view) if "labels" in view.asked.draws else (),
        back=behind(colouring),
        rings=answer.rows(where) if answer else (),
        query=answer.place if answer else None,
        selected_row=where.row(selected) if selected else None,
        region=region_drawn(here, *(each.where for each in views)),
        picked=_dimming(where, keys),
        ghosts="rest" in view.asked.draws,
        tips=tips(view.here, where, chart=key),
        focus=focused(here),
        link=_LINK,
        tells_view=place == 0,
    )


def _dimming(where: Places, keys: tuple[str, ...]) -> npt.NDArray[np.bool_] | None:
    return np.pad(where.rows.mask(keys) & where.alive, (0, len(where.later))) if keys else None


def _labels(view: View) -> list[Label]:
    """Return the names of the clusters that have memories in scope, at the middle of the whole cluster."""
    groups, where = view.groups, view.where
    members = groups.codes[where.shown]
    counts = np.bincount(members[members >= 0], minlength=len(groups.labels))
    return [
        (float(groups.centres[code][0]), float(groups.centres[code][1]), groups.labels[code], float(counts[code]))
        for code in np.flatnonzero(counts).tolist()
    ]


def _rank(views: list[View]) -> npt.NDArray[np.int64] | None:
    """Return how many memories each cluster has in all maps: their legends then have one order. None for other colours."""
    counts = [view.colouring.counts for view in views if view.colouring.field == "cluster"]
    size = max(map(len, counts), default=0)
    return sum((np.pad(each, (0, size - len(each))) for each in counts), np.zeros(size, np.int64)) if counts else None


def _remarks(view: View) -> list[str]:
    """Return what must be said of the colours and sizes: what they lack, and what the largest is."""
    colouring, said = view.colouring, []
    by = COLOURS[view.asked.colour][0].lower()
    none = 0 if colouring.unknown is None or colouring.field == "cluster" else int(colouring.counts[colouring.unknown])
    if none and none == int(colouring.counts.sum()):
        said.append(f"None of these memories says its {by}.")
    if colouring.field == "status" and not colouring.counts[1:].any():
        said.append(
            f"None of these memories is {', '.join(STATES[1:-1])} or {STATES[-1]}, as far as they and the journal say."
        )
    sized = "size" in view.asked.draws
    if sized or colouring.field == "use":
        most = int(used(view.source)[view.where.shown].max(initial=0))
        largest = f"Larger points were recalled more often, the largest {plural(most, 'time')}." if sized else ""
        said.append(largest if most else "No recall of these memories is known, from the log or from what they say.")
    return [words for words in said if words]


def _note(view: View) -> str:
    """Return how the map was made and how true it is, for a download: the drawing says how many memories it has."""
    made = view.source.state
    parts = [_METHODS.get(made.method, "")]
    if made.quality is not None and made.quality.k:
        parts.append(f"trustworthiness {made.quality.trustworthiness:.2f}")
        parts.append(f"preservation of {made.quality.k} neighbours {made.quality.preservation:.2f}")
    return " · ".join(part for part in parts if part)

"""The page of the map: from a question and the controls over the picture to the lists below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import streamlit as st

from core.analysis.snapshot import Snapshot
from core.maps import MapState
from core.recall import RecallResult
from pages.shared import chosen, state
from pages.shared.here import Here
from pages.shared.map.beside import beside, other_moment
from pages.shared.map.choice import let_go, restore
from pages.shared.map.controls import COLOURS, Asked, controls
from pages.shared.map.lists import Selected, chosen_rows, lists
from pages.shared.map.picture import View, charts, view_of
from pages.shared.map.places import source_of
from pages.shared.map.progress import progress, quality_help, quality_words, stopped
from pages.shared.map.question import answered
from pages.shared.map.since import since
from pages.shared.map.source import FLAT, LEAST, looked
from pages.shared.map.space import in_space
from pages.shared.problem import attempt
from pages.shared.regions import tell
from pages.shared.rows import Rows
from pages.shared.selection import picked
from pages.shared.words import plural, share

__all__ = ["draw"]


def draw(here: Here, *, agents: Mapping[str, str]) -> RecallResult | None:
    """Draw the map and what was chosen on it; return what the question brought back, for the inspector."""
    assert here.frame is not None
    if here.at_present.frame is not None and len(here.at_present.frame) < LEAST:
        _few(here, agents=agents)
        return None
    found = looked(here)
    if found is None:
        return None
    snapshot, seen = found
    asked = controls(here)
    stopped(here, snapshot, FLAT, seen)
    if seen.running:
        progress(here, snapshot, FLAT, seen)
    if seen.coords is None:
        return None
    source = source_of(here, snapshot, seen)
    view = view_of(source, asked, agents=agents)
    if not len(view.where.shown):
        _nothing()
        return None
    answer = answered(here, source, state.get("q").strip())
    restore(here, view.where)
    tell()
    flat = "space" not in asked.draws
    views = _views(here, snapshot, seen, view, asked, agents=agents) if flat else [view]
    selected = _selected(views, picked(here))
    _line(here, view, selected, seen if flat else None)
    if not flat:
        in_space(here, view)
    else:
        since(here, views)
        charts(here, views, answer)
    lists(here, view, answer, selected, agents=agents)
    return answer.result if answer else None


def _line(here: Here, view: View, selected: Selected, seen: MapState | None) -> None:
    """Draw the line over the map: what can be done with what is picked, else what is shown; `seen` says how true it is."""
    with st.container(key="map_line"):
        if picked(here):
            reason = chosen.reason(selected.source, selected.rows, where="map")
            chosen.bar(here, selected.shown, reason=reason, on_clear=let_go)
        else:
            st.markdown(_said(view, seen), help=(quality_help(seen) if seen else "") or None)


def _selected(views: list[View], keys: tuple[str, ...]) -> Selected:
    """Return what is picked, as the map that has most of it knows it: at another time there may be none of it."""
    found = [chosen_rows(view, keys) for view in views]
    most = max(range(len(views)), key=lambda place: len(found[place]))
    known = {key for view, rows in zip(views, found, strict=True) for key in view.where.rows.keys(rows)}
    return Selected(views[most].here, views[most].where.rows, found[most], len(known))


def _few(here: Here, *, agents: Mapping[str, str]) -> None:
    """List memories that are too few for a map."""
    assert here.frame is not None
    assert here.snapshot is not None
    assert here.store is not None
    st.html(f"<p class='mn-empty'>A map takes at least {LEAST} memories, to lie near and far. Here is what there is.</p>")
    rows = np.flatnonzero(here.scope.mask(here.frame, now=here.now).to_numpy(dtype=bool))
    source = Rows(here.frame, (here.snapshot.table,), here.store.schema)
    chosen.listed(here, source, rows, label="In scope", name="map", agents=agents)


def _nothing() -> None:
    st.html("<p class='mn-empty'>No memory fits the filters on the left. Take one away to see the map.</p>")
    st.button("Clear filters", key="map_clear", on_click=state.clear, args=((*state.SCOPE_PARAMS, *state.TIME_PARAMS),))


def _said(view: View, seen: MapState | None) -> str:
    """Return what is shown, in words; `seen` is the map whose quality is said."""
    where, shown = view.where, view.where.shown
    whole = f" of {len(where.rows):,}" if len(where.rows) != len(shown) else ""
    parts = [f"**{len(shown):,}{whole} {'memory' if len(where.rows) == 1 else 'memories'}**"]
    codes = view.groups.codes[shown]
    if view.groups.labels:
        none = int(np.count_nonzero(codes < 0))
        alone = f", {share(none, len(shown))} in none" if none else ""
        parts.append(f"{plural(len(set(codes.tolist()) - {-1}), 'cluster')}{alone}")
    if seen is not None and (words := quality_words(seen)):
        parts.append(words)
    return " · ".join(parts)


def _views(
    here: Here, snapshot: Snapshot, seen: MapState, view: View, asked: Asked, *, agents: Mapping[str, str]
) -> list[View]:
    """Return the map and what lies beside it."""
    wanted = beside({name: label for name, (label, _) in COLOURS.items()})
    if wanted is None:
        return [view]
    if wanted.colour:
        other = view_of(
            view.source,
            replace(asked, colour=wanted.colour),
            agents=agents,
            heading=f"By {COLOURS[wanted.colour][0].lower()}",
        )
        return [replace(view, heading=f"By {COLOURS[asked.colour][0].lower()}"), other]
    there = attempt(lambda: other_moment(here, wanted))
    if there is None:
        return [view]
    beside_it = view_of(
        source_of(replace(there, scope=here.scope), snapshot, seen), asked, agents=agents, heading=_when(there)
    )
    return [replace(view, heading=_when(here)), beside_it]


def _when(here: Here) -> str:
    return f"As of {here.past.moment.in_words()}" if here.past else "Now"

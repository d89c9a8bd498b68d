"""The clusters of the map as a list: what each is about, whose memories, how alike, and how it grew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import streamlit as st

from core.analysis.clusters import ClusterInfo, Granularity, growth
from core.analysis.clusters.description import TOP
from core.hostile import markdown_escape, one_line
from pages.shared.here import Here
from pages.shared.inspector import open_memory
from pages.shared.map.choice import choose_rows, focus
from pages.shared.map.picture import View
from pages.shared.map.places import BY_SOURCE, MapSource, places
from pages.shared.markup import chip, escaped
from pages.shared.selection import picked
from pages.shared.theme import AGENT_CYCLE, is_dark, type_hue
from pages.shared.timeline.paging import pager
from pages.shared.words import day_text, exact, plural, share

__all__ = ["clusters_list"]

_A_PAGE: Final = 12
_BINS: Final = 24
_NAMES: Final = 3
_TEXT: Final = 260


def clusters_list(here: Here, view: View, *, agents: Mapping[str, str]) -> None:
    """Draw the clusters that have memories in scope, the largest first, a dozen at a time."""
    infos = _infos(view)
    if not infos:
        computing = view.source.state.running
        said = (
            "The clusters are being found."
            if computing
            else "The memories in scope form no clusters."
            if view.asked.groups == "fine"
            else "The memories in scope form no clusters of this size: try finer ones."
        )
        st.html(f"<p class='mn-empty'>{said}</p>")
        return
    where, groups = view.where, view.groups
    counts = np.bincount(groups.codes[where.shown] + 1, minlength=len(groups.labels) + 1)
    none = int(counts[0])
    alone = f", {share(none, len(where.shown))} of the memories in none" if none else ""
    st.caption(f"{plural(len(infos), 'cluster')}{alone}. Click one to select its memories.")
    first = pager("map_clusters_list", len(infos), _A_PAGE, words=("Larger", "Smaller"))
    chosen = set(picked(here))
    with st.container(key="map_groups_cards"):
        for info in infos[first : first + _A_PAGE]:
            _row(here, view, info, int(counts[info.code + 1]), agents=agents, chosen=chosen)


def _infos(view: View) -> list[ClusterInfo]:
    """Return what is known of the clusters that have memories in scope, the largest in scope first."""
    known = view.source.state.clusters.get(view.asked.groups)
    if known is None:
        return []
    members = view.groups.codes[view.where.shown]
    counts = np.bincount(members[members >= 0], minlength=known.clusters.count)
    return sorted((info for info in known.infos if counts[info.code]), key=lambda info: (-int(counts[info.code]), info.code))


def _row(here: Here, view: View, info: ClusterInfo, count: int, *, agents: Mapping[str, str], chosen: set[str]) -> None:
    where = view.where
    rows = where.shown[view.groups.codes[where.shown] == info.code]
    on = len(chosen) == len(rows) and chosen.issuperset(where.rows.keys(rows))
    with st.container(border=True, gap=None, key=f"{'row_on' if on else 'row'}_group_{info.id}"):
        st.html(_told(view, info, count, agents=agents))
        st.button(
            f"Select the cluster {markdown_escape(one_line(info.label, 60))}",
            key=f"open_row_group_{info.id}",
            type="tertiary",
            on_click=_choose,
            args=(here, view, rows),
        )
        _ways(view, info)


def _choose(here: Here, view: View, rows: np.ndarray) -> None:
    choose_rows(here, view.where, rows)
    focus(here, view.where, rows)


def _ways(view: View, info: ClusterInfo) -> None:
    key = str(view.source.snapshot.frame["key"].iat[info.central])
    if view.where.row(key) is None:
        return
    st.button(
        "Open the most central",
        icon=":material/adjust:",
        key=f"map_central_{info.id}",
        type="tertiary",
        help="The memory that is nearest to the middle of the cluster.",
        on_click=open_memory,
        args=(key,),
    )


def _told(view: View, info: ClusterInfo, count: int, *, agents: Mapping[str, str]) -> str:
    hue = AGENT_CYCLE[view.groups.hues[info.code]][is_dark()]
    whole = f" of {info.size:,}" if info.size != count else ""
    grown = _spark(view.source, view.asked.groups, info.code, hue)
    head = (
        f"<div class='mn-group-head'><i class='mn-dot' style='--hue:{hue}'></i><span><b>{escaped(info.label)}</b> "
        f"<span class='mn-num mn-muted'>{count:,}{whole}</span></span>{grown}</div>"
    )
    text = one_line(str(view.source.snapshot.frame["content"].iat[info.central])[: 4 * _TEXT], _TEXT)
    central = f"<div class='mn-small mn-one'>{escaped(text)}</div>"
    return f"<div class='mn-over mn-group'>{head}{central}<div class='mn-row'>{_facts(info, agents)}</div></div>"


def _facts(info: ClusterInfo, agents: Mapping[str, str]) -> str:
    parts = [_chips(info.agents, "agent", lambda name: (agents.get(name, "var(--mn-muted)"), "dot"))]
    if len(info.types) > 1:
        parts.append(_chips(info.types, "type", lambda name: (type_hue(name).now, type_hue(name).shape)))
    if info.first is not None and info.last is not None:
        days = day_text(info.first), day_text(info.last)
        said = days[0] if days[0] == days[1] else f"{days[0]} to {days[1]}"
        parts.append(f"<span title='{exact(info.first)} to {exact(info.last)}'>{said}</span>")
    title = "cohesion: mean cosine of its memories to their middle, 1 where all say the same"
    parts.append(f"<span title='{title}'>cohesion {info.cohesion:.2f}</span>")
    return "".join(parts)


def _chips(found: tuple[tuple[str, int], ...], word: str, mark: Callable[[str], tuple[str, str]]) -> str:
    """Return the most frequent names as chips with counts; `mark` gives the colour and the shape of each."""
    shown = ""
    for name, count in found[:_NAMES]:
        hue, shape = mark(name)
        shown += chip(f"{one_line(name, 24)} {count:,}", hue=hue, mark=shape, title=f"{word} {name}: {count:,}")
    left = len(found) - _NAMES
    if left < 1:
        return shown
    return shown + (f"<span>and {plural(left, word)} more</span>" if len(found) < TOP else f"<span>and other {word}s</span>")


def _spark(source: MapSource, granularity: Granularity, code: int, hue: str) -> str:
    """Return how many memories a cluster got when, as bars over the time of the whole index."""
    counts = _growth(source, granularity)
    if counts is None or not counts.shape[1] > 1:
        return ""
    own = counts[code]
    most = max(1, int(own.max()))
    bars = "".join(
        f"<i style='height:{0 if not count else max(12, round(100 * count / most))}%'></i>" for count in own.tolist()
    )
    label = f"{plural(int(own.sum()), 'memory')} of it over the time of the whole index"
    return f"<span class='mn-spark' style='--hue:{hue}' role='img' aria-label='{label}' title='{label}'>{bars}</span>"


@st.cache_resource(max_entries=6, show_spinner=False, hash_funcs=BY_SOURCE)
def _growth(source: MapSource, granularity: Granularity) -> np.ndarray | None:
    view = source.state.clusters.get(granularity)
    if view is None:
        return None
    where = places(source)
    codes = view.clusters.codes[where.near]
    return growth(codes, where.rows.frame["created_at"], _BINS).counts

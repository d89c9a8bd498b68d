"""The scope rail: which store, index, team, agent, type, task and time a person looks at, with a count beside each value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import pandas as pd
import streamlit as st

from core.hostile import markdown_escape, one_line
from core.scope import UNKNOWN, Scope
from pages.shared import state
from pages.shared.facets import FACETS, Facet, facet_counts
from pages.shared.here import Here, open_here
from pages.shared.past import travelled
from pages.shared.past_rail import as_of_box
from pages.shared.theme import TYPES, type_hue
from pages.shared.words import plural

__all__ = ["OPTIONS_MAX", "rail", "value_label"]

OPTIONS_MAX: Final = 400
_TYPES_MAX: Final = 12
_LINKED: Final = {"session": "Session", "source": "Source", "tag": "Tag", "min_confidence": "Confidence at least"}
TIMES: Final = {
    "any": "Any time",
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "between": "Between two days",
}
_SPANS: Final = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30), "90d": timedelta(days=90)}


def rail(uri: str, page: str) -> Here:
    """Draw the rail of a page and return what it leads to; storage errors are raised."""
    here = travelled(open_here(uri, index=state.get("index"), bucket=state.get("bucket")), page)
    scope, problems = state.scope()
    scope = _timed(scope, now=here.now)
    if state.get("bucket") not in ("", here.catalog.bucket):
        problems.append(f"there is no bucket {state.get('bucket')!r} in this store; this is {here.catalog.bucket!r}.")
    _bucket_box(here)
    if here.store is None:
        return here
    if state.get("index") not in ("", here.index):
        broken = state.get("index") in {each.name for each in here.unreadable}
        why = "the index {!r} cannot be read" if broken else "there is no index {!r} in this store"
        problems.append(f"{why.format(state.get('index'))}; this is {here.index!r}.")
    for problem in problems:
        st.warning(markdown_escape(f"Left out of the link: {problem}"), icon=":material/link_off:")
    _index_box(here)
    as_of_box(here, page)
    if here.frame is None:
        return replace(here, scope=scope)
    for facet, values in zip(FACETS, facet_counts(here.frame, scope, now=here.now).values(), strict=True):
        _type_pills(values) if facet.param == "type" else _facet_box(facet, values)
    _time_box(scope)
    _toggles(here.frame)
    _from_links()
    narrowed = any(state.get_all(name) for name in (*state.SCOPE_PARAMS, *state.TIME_PARAMS))
    st.button(
        "Clear filters",
        icon=":material/filter_list_off:",
        type="tertiary",
        disabled=not narrowed,
        key="clear_scope",
        on_click=state.clear,
        args=((*state.SCOPE_PARAMS, *state.TIME_PARAMS),),
    )
    return replace(here, scope=scope)


def value_label(value: str, limit: int = 40) -> str:
    """Return a facet's value as plain text on one line."""
    return "Unknown" if value == UNKNOWN else one_line(value, limit)


def _timed(scope: Scope, *, now: datetime) -> Scope:
    """Return the scope with its preset window, "last 7 days"; days from a link stay as they are."""
    span = _SPANS.get(state.get("when"))
    return replace(scope, created_from=now - span, created_to=None) if span else scope


def _bucket_box(here: Here) -> None:
    names = sorted({*here.buckets, here.catalog.bucket}, key=lambda name: (name not in here.buckets[:1], name))
    if len(names) < 2:
        return
    key = "rail_bucket"
    state.prepare_widget(key, here.catalog.bucket)
    st.selectbox(
        "Bucket",
        names,
        key=key,
        help="A vector bucket holds indexes. Agents that write through an endpoint choose their own.",
        on_change=_bucket_changed,
    )


def _bucket_changed() -> None:
    state.clear((*state.OF_INDEX, "index"))
    state.store_value("bucket", "rail_bucket")


def _index_label(here: Here, name: str) -> str:
    if name not in here.counts:
        return f"{name} · …"
    more = "+" if name in here.sampled else ""
    return f"{name} · {here.counts[name]:,}{more}"


def _index_box(here: Here) -> None:
    names = [info.name for info in here.indexes]
    key = "rail_index"
    labels = [_index_label(here, name) for name in names]  # as in _prepare
    if st.session_state.get(key) != here.index or st.session_state.get(f"{key}_labels") != labels:
        st.session_state[key] = here.index
        st.session_state[f"{key}_labels"] = labels
    if here.unreadable:
        st.caption(f"{plural(len(here.unreadable), 'index', 'indexes')} cannot be read: the page Indexes says why.")
    st.selectbox(
        "Index",
        names,
        key=key,
        format_func=lambda name: _index_label(here, name),
        help="An index holds the memories of one scope or one tenant. Filters below apply within it.",
        on_change=_index_changed,
    )


def _index_changed() -> None:
    state.clear(state.OF_INDEX)
    state.store_value("index", "rail_index")


def _type_name(value: str) -> str:
    return TYPES[value].label if value in TYPES else value_label(value)


def _labels(values: Sequence[tuple[str, int]], name: Callable[[str], str]) -> dict[str, str]:
    """Return a label with its count for each value; two values that look alike are told apart by a number."""
    labels: dict[str, str] = {}
    taken: set[str] = set()
    for value, count in values:
        label = shown = f"{name(value)} · {count:,}"
        twin = 2
        while shown in taken:
            shown, twin = f"{label} ({twin})", twin + 1
        taken.add(shown)
        labels[value] = shown
    return labels


def _prepare(key: str, param: str, labels: dict[str, str]) -> None:
    """Give a widget its value before it draws: the browser knows options by label, and labels change with the counts."""
    wanted = [value for value in state.get_all(param) if value in labels]
    if st.session_state.get(key) != wanted or st.session_state.get(f"{key}_labels") != labels:
        st.session_state[key] = wanted
        st.session_state[f"{key}_labels"] = labels


def _facet_box(facet: Facet, values: list[tuple[str, int]]) -> None:
    chosen = set(state.get_all(facet.param))
    shown = values[:OPTIONS_MAX] + [pair for pair in values[OPTIONS_MAX:] if pair[0] in chosen or pair[0] == UNKNOWN]
    labels = _labels(shown, value_label)
    named = sum(1 for value, _ in values if value != UNKNOWN)
    key = f"rail_{facet.param}"
    _prepare(key, facet.param, labels)
    capped = f" The {OPTIONS_MAX} most frequent of {len(values):,} are listed." if len(values) > len(shown) else ""
    st.multiselect(
        facet.label,
        list(labels),
        key=key,
        format_func=lambda value: labels.get(value, value_label(value)),
        placeholder=f"All {named:,} {facet.many}" if named > 1 else f"All: {next(iter(labels.values()), 'none')}",
        help=f"Memories of any of the chosen {facet.many}. The counts follow the other filters.{capped}",
        on_change=state.store_value,
        args=(facet.param, key),
    )


def _type_pills(values: list[tuple[str, int]]) -> None:
    order = {name: place for place, name in enumerate(TYPES)}
    values = sorted(values, key=lambda pair: order.get(pair[0], len(order)))
    chosen = set(state.get_all("type"))
    shown = values[:_TYPES_MAX] + [pair for pair in values[_TYPES_MAX:] if pair[0] in chosen]
    labels = {
        value: f"{type_hue(value).shape} {markdown_escape(label)}" for value, label in _labels(shown, _type_name).items()
    }
    _prepare("rail_type", "type", labels)
    st.pills(
        "Type",
        list(labels),
        selection_mode="multi",
        key="rail_type",
        format_func=lambda value: labels.get(value, value),
        help="Episodic: what happened. Semantic: what is known. Procedural: how to do it.",
        on_change=state.store_value,
        args=("type", "rail_type"),
    )


def _time_box(scope: Scope) -> None:
    days = bool(state.get_all("from") or state.get_all("to"))
    when = (
        state.get("when") if state.get("when") in _SPANS else "between" if days or state.get("when") == "between" else "any"
    )
    state.prepare_widget("rail_when", when)
    st.selectbox(
        "Written",
        list(TIMES),
        key="rail_when",
        format_func=TIMES.__getitem__,
        on_change=_when_changed,
        help="When a memory was written, in UTC. Memories without a time fall outside any limit.",
    )
    if when == "between":
        last = scope.created_to - timedelta(microseconds=1) if scope.created_to else None
        wanted = tuple(moment.date() for moment in (scope.created_from, last) if moment)
        state.prepare_widget("rail_days", wanted)
        st.date_input("First and last day, UTC", key="rail_days", format="YYYY-MM-DD", on_change=_days_changed)


def _when_changed() -> None:
    state.clear(("from", "to"))
    state.store_value("when", "rail_when", empty="any")


def _days_changed() -> None:
    """Keep the chosen days as the scope does: from the first day's start to the start of the day after the last."""
    days = st.session_state.get("rail_days") or ()
    state.put("when", "between")
    state.put("from", days[0].isoformat() if days else None)
    state.put("to", (days[1] + timedelta(days=1)).isoformat() if len(days) > 1 else None)


def _from_links() -> None:
    """Show the filters that only a link sets, each with its way out."""
    for param, label in _LINKED.items():
        if values := state.get_all(param):
            named = markdown_escape(f"{label} {', '.join(value_label(value) for value in values[:3])}")
            st.button(
                named, icon=":material/close:", key=f"rail_{param}", on_click=state.put, args=(param, None), width="stretch"
            )


def _toggles(frame: pd.DataFrame) -> None:
    _toggle("expired", "Include expired", "Expired memories stay stored until they are swept, but recall leaves them out.")
    if state.get("hidden") or ("status" in frame and frame["status"].notna().any()):
        _toggle(
            "hidden",
            "Include hidden",
            "Hidden memories stay in the index, but recall leaves them out until they are shown again.",
        )


def _toggle(param: str, label: str, said: str) -> None:
    key, wanted = f"rail_{param}", state.get(param) == "1"
    state.prepare_widget(key, wanted)
    st.toggle(label, key=key, help=said, on_change=_toggled, args=(param, key))


def _toggled(param: str, key: str) -> None:
    state.put(param, "1" if st.session_state[key] else None)

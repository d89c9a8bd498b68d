"""Where a person is: the page's view, kept in the session and mirrored in the URL.

The view is one dictionary of text lists: the index, the scope, the query, the mode and the selection. Widgets read it
before they draw and write it in their callbacks, so labels with counts may change without losing a selection (which
`bind="query-params"` cannot do: it would put the counts into the link). A link restores it, on a cold start too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import streamlit as st

from core.errors import ConfigError
from core.scope import Scope

__all__ = [
    "clear",
    "get",
    "get_all",
    "prepare_widget",
    "put",
    "scope",
    "start",
    "store_value",
    "sync_url",
    "toggle",
    "view",
]

SCOPE_PARAMS: Final = ("team", "agent", "type", "task", "session", "source", "tag", "min_confidence", "expired", "hidden")
TIME_PARAMS: Final = ("when", "from", "to")
# When the dashboard looks: a moment of the past (ISO 8601), by which clock (see core.past).
PAST_PARAMS: Final = ("as_of", "clock")
# The timeline: which view of it, what the lanes and colours are, the clock of its axis, what is in view and what is chosen.
TIMELINE_PARAMS: Final = ("view", "story", "life", "lanes", "colour", "axis", "shows", "window", "region", "recall")
# The map: how fine its clusters are, what is drawn beside and in it, what is chosen, in view; colours are the timeline's.
MAP_PARAMS: Final = ("clusters", "beside", "draws", "area", "zoom")
# Duplicates: whose memories are compared, from which likeness on they are one, what becomes of them, the list and its order.
DUPLICATES_PARAMS: Final = ("within", "likeness", "merge", "survivor", "list", "order")
# Consolidate: what makes a group, whose memories, how near in time or likeness, how much stays, the choice, the open group.
CONSOLIDATE_PARAMS: Final = ("by", "whose", "hours", "alike", "keep", "given", "group")
# Conflicts: the view, the order, which cards by suggestion, likelihood, age, cue and standing, and the one that is opened.
CONFLICTS_PARAMS: Final = ("inbox", "first", "verdict", "clash", "found", "cue", "standing", "card")
# Search: the view of a recall, the memory that was expected, the budget of the block, what is turned beside the page.
EXPLAIN_PARAMS: Final = ("lens", "expected", "budget", "against")
PARAMS: Final = (
    "bucket",
    "index",
    *SCOPE_PARAMS,
    *TIME_PARAMS,
    *PAST_PARAMS,
    *TIMELINE_PARAMS,
    *MAP_PARAMS,
    *DUPLICATES_PARAMS,
    *CONSOLIDATE_PARAMS,
    *CONFLICTS_PARAMS,
    *EXPLAIN_PARAMS,
    "q",
    "mode",
    "k",
    "weights",
    "sel",
    "plan",
    "deed",
)
# What belongs to one index: it goes when another is opened.
OF_INDEX: Final = (
    *SCOPE_PARAMS,
    *TIME_PARAMS,
    *PAST_PARAMS,
    "story",
    "life",
    "window",
    "region",
    "recall",
    "beside",
    "area",
    "zoom",
    "given",
    "group",
    "card",
    "expected",
    "sel",
    "plan",
    "deed",
)

_VIEW: Final = "view"
_WRITTEN: Final = "view_written"
_PAGE: Final = "view_page"
_TOUCHED: Final = "view_touched"


def start(page: str) -> None:
    """Take the view from the URL where the URL is news: a new tab, a link, or the browser's back button."""
    url = {name: values for name in PARAMS if (values := [v for v in st.query_params.get_all(name) if v])}
    state = st.session_state
    moved = state.get(_PAGE) != page
    # A page switch clears the URL: then the view carries over. A click in flight makes the URL old, not new.
    if _VIEW not in state or (url != state.get(_WRITTEN) and not state.get(_TOUCHED) and (url or not moved)):
        state[_VIEW] = url
    state[_PAGE], state[_TOUCHED] = page, False


def sync_url() -> None:
    """Write the view to the URL, as one step of the browser's history, if it differs."""
    wanted = {name: values for name, values in view().items() if name in PARAMS and values}
    current = {name: st.query_params.get_all(name) for name in st.query_params}
    others = {name: values for name, values in current.items() if name not in PARAMS}
    if current != others | wanted:
        st.query_params.from_dict(others | {name: v[0] if len(v) == 1 else v for name, v in wanted.items()})
    # What was changed is in the URL now, so that the next one that differs is the browser's.
    st.session_state[_WRITTEN], st.session_state[_TOUCHED] = wanted, False


def view() -> dict[str, list[str]]:
    """Return the view; empty outside a started run."""
    current: dict[str, list[str]] = st.session_state.get(_VIEW, {})
    return current


def get(name: str, default: str = "") -> str:
    """Return the first value of a parameter."""
    values = view().get(name)
    return values[0] if values else default


def get_all(name: str) -> list[str]:
    """Return every value of a parameter."""
    return list(view().get(name, ()))


def put(name: str, value: str | Iterable[str] | None) -> None:
    """Set a parameter of the view; None, "" and an empty list remove it."""
    values = [value] if isinstance(value, str) else list(value or ())
    rest = {key: kept for key, kept in view().items() if key != name}
    st.session_state[_VIEW] = rest | ({name: values} if any(values) else {})
    st.session_state[_TOUCHED] = True


def toggle(name: str, value: str) -> None:
    """Add the value to a parameter, or take it away if it is there."""
    values = get_all(name)
    put(name, [v for v in values if v != value] if value in values else [*values, value])


def clear(names: Iterable[str]) -> None:
    """Remove parameters from the view."""
    for name in names:
        put(name, None)


def prepare_widget(key: str, value: object) -> None:
    """Give a widget its value before it draws."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def store_value(name: str, key: str, *, empty: str = "") -> None:
    """Copy a widget's value into the view; made for `on_change`. The value `empty` is the default and is not kept."""
    value: Any = st.session_state.get(key)
    if isinstance(value, (list, tuple)):
        put(name, [str(item) for item in value])
    else:
        put(name, None if value is None or str(value) == empty else str(value))


def scope() -> tuple[Scope, list[str]]:
    """Return the scope that the view describes, and what is wrong with the parts of a link that had to be left out."""
    given = {name: values for name in (*SCOPE_PARAMS, "from", "to") if (values := get_all(name))}
    problems: list[str] = []
    for name in list(given):
        try:
            Scope.from_params({name: given[name]})
        except ConfigError as error:
            problems.append(str(error))
            del given[name]
    return Scope.from_params(given), problems

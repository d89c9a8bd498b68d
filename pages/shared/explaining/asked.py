"""The question that a page explains, with all that the view says of how it is asked; kept while only the settings change."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from core.analysis.snapshot import Snapshot
from core.errors import ConfigError
from core.explanation import DEFAULT_BUDGET, Inquiry, Settings, inquire, inquire_then
from core.recall import Mode
from core.scope import Scope
from pages.shared import ranking, state
from pages.shared.asking import asked_at
from pages.shared.here import Here

__all__ = [
    "BUDGETS",
    "budget",
    "inquiry_of",
    "read_settings",
    "second",
    "settings_here",
    "take",
    "write_settings",
]

BUDGETS: Final = (50, 8_000)
_KEPT: Final = "inquiry"


def inquiry_of(here: Here, query: str, snapshot: Snapshot | None) -> Inquiry:
    """Return the question, as of the moment of the results; another question, index or moment makes a new one."""
    assert here.store is not None
    at = asked_at(here)
    past = here.past.moment if here.past else None
    known = (here.catalog.uri, here.catalog.bucket, here.index, here.edition, here.actor, query, at, past)
    kept = st.session_state.get(_KEPT)
    if kept is not None and kept[0] == known and isinstance(kept[1], Inquiry):
        return kept[1]
    if here.past is None:
        made = inquire(here.store, query, actor=here.actor, now=at, snapshot=snapshot)
    else:
        made = inquire_then(here.store, here.past, query, actor=here.actor, snapshot=snapshot)
    st.session_state[_KEPT] = (known, made)
    return made


def budget() -> int:
    """Return the budget of the context block that the view asks for."""
    asked = state.get("budget")
    return int(asked) if asked.isdecimal() and len(asked) <= 7 and 1 <= int(asked) <= 1_000_000 else DEFAULT_BUDGET


def settings_here(here: Here) -> Settings:
    """Return how the view asks."""
    weights = ranking.read_weights(state.get("weights"))
    return Settings(ranking.mode(), ranking.how_many(), here.scope, weights, budget())


def second(first: Settings) -> Settings:
    """Return the second way to ask: the first one with what the view turns beside it."""
    return read_settings(state.get("against"), first)


def read_settings(text: str, base: Settings) -> Settings:
    """Return settings of a link, "mode:text,k:20,recency:0.5", over those of a base; what makes no sense is left out."""
    found, turned = base, dict[str, float]()
    for pair in text.split(","):
        name, _, value = pair.partition(":")
        try:
            if name == "mode":
                found = replace(found, mode=Mode(value))
            elif name == "k" and 1 <= int(value) <= ranking.MOST:
                found = replace(found, k=int(value))
            elif name == "budget" and 1 <= int(value) <= 1_000_000:
                found = replace(found, budget=int(value))
            elif name in ranking.NAMES and ranking.in_range(name, float(value)):
                turned[name] = float(value)
        except ValueError:
            continue
    try:  # all at once: one weight after the other, every weight may be 0 in between
        return replace(found, weights=replace(found.weights, **turned))
    except ConfigError:
        return found


def write_settings(settings: Settings, base: Settings) -> str:
    """Return what differs from a base as text for a link."""
    pairs = [(name, getattr(settings, name), getattr(base, name)) for name in ("mode", "k", "budget")]
    pairs += [(name, getattr(settings.weights, name), getattr(base.weights, name)) for name in ranking.NAMES]
    return ",".join(
        f"{name}:{format(value, 'g') if isinstance(value, float) else value}" for name, value, was in pairs if value != was
    )


def take(settings: Settings, was: Scope) -> None:
    """Ask this way from now on, and no more within `was`; made for `on_click`."""
    usual = Settings()
    state.put("mode", None if settings.mode is usual.mode else str(settings.mode))
    state.put("k", None if settings.k == usual.k else str(settings.k))
    state.put("weights", ranking.write_weights(settings.weights) or None)
    state.put("budget", None if settings.budget == usual.budget else str(settings.budget))
    state.put("against", None)
    _take_scope(settings.scope, was)


def _take_scope(scope: Scope, was: Scope) -> None:
    params, former = scope.to_params(), was.to_params()
    # The last seven days stay these, whatever else opens.
    times = ("from", "to") if any(params.get(name) != former.get(name) for name in ("from", "to")) else ()
    for name in (*(name for name in state.SCOPE_PARAMS if params.get(name) != former.get(name)), *times):
        state.put(name, params.get(name))
    if times:
        state.put("when", "between" if "from" in params or "to" in params else None)

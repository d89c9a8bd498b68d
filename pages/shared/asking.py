"""Ask a question once: a click beside the results is no new question, for the recall log as for the service."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import streamlit as st

from core.analysis.snapshot import Snapshot
from core.candidates import Mode
from core.recall import RecallResult, recall
from core.scoring import Weights
from pages.shared import state
from pages.shared.here import Here

__all__ = ["ask", "ask_anew", "asked_at"]

_ASKED: Final = "asked"
# Of an index that others write to through a service, nobody tells that it changed.
_GOOD_FOR: Final = timedelta(minutes=1)


def ask(here: Here, query: str, *, k: int, mode: Mode, weights: Weights, snapshot: Snapshot | None) -> RecallResult:
    """Return what a question brings back, as of a moment ago where nothing changed since; or brought back in the past.

    The snapshot is of what is there now; for the past it has its vectors.
    """
    assert here.store is not None
    scope = tuple(tuple(state.get_all(name)) for name in (*state.SCOPE_PARAMS, *state.TIME_PARAMS))
    asked = (here.catalog.uri, here.catalog.bucket, here.index, here.edition, here.actor, query, k, mode, weights, scope)
    known_for, at, known = st.session_state.get(_ASKED, (None, here.today, None))
    if known_for == asked and isinstance(known, RecallResult) and here.today - at < _GOOD_FOR:
        return known
    with st.spinner("Searching", show_time=True):
        given: dict[str, Any] = {
            "actor": here.actor,
            "k": k,
            "mode": mode,
            "scope": here.scope,
            "weights": weights,
            "snapshot": snapshot,
        }
        if here.past is None:
            result = recall(here.store, query, now=here.now, channel="page", **given)
        else:
            from core.past.searching import recall_then  # what ranks a past index is only read for one

            result = recall_then(here.store, here.past, query, **given)
    st.session_state[_ASKED] = (asked, here.today, result)
    return result


def asked_at(here: Here) -> datetime:
    """Return the moment that the results shown are of: when they were asked, or the one that is looked back at."""
    if here.past is not None:
        return here.now
    known_for, at, _ = st.session_state.get(_ASKED, (None, here.now, None))
    return at if known_for is not None else here.now


def ask_anew() -> None:
    """Ask the next time in any case: something was changed."""
    st.session_state.pop(_ASKED, None)

"""The foot of the rail: which store, who is looking, and whether what is shown is still what is stored."""

from __future__ import annotations

import streamlit as st

from core.errors import MnemoscopeError
from core.hostile import one_line
from core.store import MemoryStore
from pages.shared.here import Here
from pages.shared.markup import escaped

__all__ = ["footer"]

_POLL = "5s"
_PLACE = 26


def footer(here: Here) -> None:
    """Draw the store, the actor and the watch for changes."""
    if here.store is not None:
        _watch(here.store, here.revision)
    uri = one_line(here.catalog.uri, 400)
    place = uri if len(uri) <= _PLACE else f"…{uri[-_PLACE:]}"
    st.html(
        f"<dl class='mn-facts mn-foot{' mn-line' if here.store else ''}'>"
        f"<dt>Store</dt><dd title='{escaped(uri)}'>{escaped(place)}</dd>"
        "<dt>You</dt><dd title='Bound to this machine: one user, every right.'>"
        f"{escaped(here.actor.name)} · {here.actor.role}</dd>"
        f"<dt>Read at</dt><dd class='mn-num'>{here.now:%H:%M:%S} UTC</dd></dl>"
    )


@st.fragment(run_every=_POLL)
def _watch(store: MemoryStore, shown: str | None) -> None:
    """Offer a refresh when another tab or process wrote to the index."""
    try:
        changed = store.revision() != shown
    except MnemoscopeError:
        changed = False
    if changed:
        st.button("New writes: show them", icon=":material/sync:", key="refresh", width="stretch", on_click=_rerun_all)


def _rerun_all() -> None:
    st.rerun()

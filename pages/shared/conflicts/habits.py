"""How a reviewer likes to work, kept for them beside the journal: whether the suggestion is hidden until they decide."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.errors import MnemoscopeError
from pages.shared.conflicts.sitting import may_decide
from pages.shared.here import Here
from pages.shared.planning import desk_of

__all__ = ["hide_suggestion", "hides_suggestion"]

_KIND: Final = "reviewer"
_KNOWN: Final = "conflicts_habits"
_HIDES: Final = "hides_suggestion"


def hides_suggestion(here: Here) -> bool:
    """Say whether the suggestion is hidden until this person has decided: it is, unless they said otherwise."""
    desk = desk_of(here)
    of = (desk.stream, here.actor.name)
    known: tuple[object, bool] | None = st.session_state.get(_KNOWN)
    if known is None or known[0] != of:
        known = st.session_state[_KNOWN] = (of, _read(here))
    return known[1]


def hide_suggestion(here: Here, key: str) -> None:
    """Keep what the switch says, for this tab where it cannot be kept for good; made for `on_change`."""
    desk, hides = desk_of(here), bool(st.session_state.get(key))
    st.session_state[_KNOWN] = ((desk.stream, here.actor.name), hides)
    if may_decide(here):
        try:
            desk.ledger.documents.put(desk.stream, _KIND, here.actor.name, {_HIDES: hides})
        except MnemoscopeError as error:
            st.session_state["told"] = f"This is kept for this tab alone: {error}"


def _read(here: Here) -> bool:
    desk = desk_of(here)
    try:
        found = desk.ledger.documents.get(desk.stream, _KIND, here.actor.name)
    except MnemoscopeError:
        return True
    return found is None or not isinstance(found.value, dict) or found.value.get(_HIDES) is not False

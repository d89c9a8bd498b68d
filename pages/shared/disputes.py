"""Memories in a possible conflict that waits for a person: which ones, as pages mark them, and the way to their cards."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Final

import streamlit as st

from core.curation.conflicts.disputed import disputed, is_disputed
from core.curation.conflicts.measuring.threshold import load_thresholds
from pages.shared import state
from pages.shared.here import Here
from pages.shared.problem import attempt

__all__ = ["digest", "disputes", "open_conflicts"]

_PAGE: Final = "pages/curate/conflicts.py"


def disputes(here: Here) -> Mapping[str, str]:
    """Return the keys of memories in a possible conflict, each with why in words; none where a person looks back.

    A register that cannot be read is said on the page, and then none are known.
    """
    store, archive = here.store, here.store.archive if here.store else None
    if store is None or archive is None or here.past is not None:
        return {}
    return attempt(lambda: disputed(store, archive.ledger, actor=here.actor)) or {}


def digest(keys: Collection[str]) -> str:
    """Return a short text that is another one for other keys, "" for none; for the caches of what is drawn from them."""
    said = "\0".join(sorted(keys)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=8).hexdigest() if keys else ""


def open_conflicts(here: Here, key: str | None = None) -> None:
    """Lead to the card with a memory that waits longest, to the inbox without one."""
    first = None if key is None else attempt(lambda: _first_card(here, key))
    state.put("card", first)
    state.put("inbox", None)
    st.switch_page(_PAGE)


def _first_card(here: Here, key: str) -> str | None:
    store = here.store
    assert store is not None
    assert store.archive is not None
    ledger = store.archive.ledger
    thresholds = load_thresholds(store, ledger.documents, actor=here.actor)
    cases = ledger.register(store.stream).cases()
    return next((case.card_id for case in cases if key in case.keys and is_disputed(case, thresholds)), None)

"""The memories that a person picked, to do something with: they stay picked while questions and pages change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import streamlit as st

from pages.shared.here import Here
from pages.shared.markup import slug

__all__ = ["PICKED_MAX", "pick_all", "pick_box", "pick_only", "picked", "unpick"]

# More are not picked at once: a plan of them would take minutes, and nobody reviews it.
PICKED_MAX: Final = 50_000
_PICKED: Final = "picked"


def picked(here: Here) -> tuple[str, ...]:
    """Return the keys that are picked in the open index, in the order in which they were."""
    return tuple(_of(_stream(here)))


def pick_only(here: Here, keys: Iterable[str]) -> int:
    """Pick these keys and no other, PICKED_MAX at most; return how many were left out."""
    wanted = dict.fromkeys(keys)
    kept = dict.fromkeys(list(wanted)[:PICKED_MAX])
    st.session_state[_PICKED] = (_stream(here), kept)
    return len(wanted) - len(kept)


def unpick() -> None:
    """Pick nothing any more."""
    st.session_state.pop(_PICKED, None)


def pick_box(here: Here, key: str, *, label: str) -> None:
    """Draw the box that picks one memory; what it is labelled is for who hears the page."""
    name = f"pick_{slug(key)}"
    chosen = key in _of(_stream(here))
    if st.session_state.get(name) != chosen:
        st.session_state[name] = chosen
    st.checkbox(label, key=name, label_visibility="collapsed", on_change=_changed, args=(_stream(here), [key], name))


def pick_all(here: Here, keys: Sequence[str]) -> None:
    """Draw the box that picks all memories that are shown, and no other."""
    name, known = "pick_shown", _of(_stream(here))
    chosen = bool(keys) and all(key in known for key in keys)
    if st.session_state.get(name) != chosen:
        st.session_state[name] = chosen
    label = f"Select all {len(keys):,} shown" if len(keys) > 1 else "Select the one shown"
    st.checkbox(label, key=name, on_change=_changed, args=(_stream(here), list(keys), name), width="content")


def _stream(here: Here) -> str:
    return f"{here.catalog.bucket}/{here.index}"


def _of(stream: str) -> dict[str, None]:
    """Return what is picked in an index; what was picked in another one is forgotten with it."""
    kept: tuple[str, dict[str, None]] = st.session_state.get(_PICKED, ("", {}))
    return kept[1] if kept[0] == stream else {}


def _changed(stream: str, keys: Iterable[str], name: str) -> None:
    known = dict(_of(stream))
    for key in keys:
        if st.session_state.get(name):
            known.setdefault(key)
        else:
            known.pop(key, None)
    st.session_state[_PICKED] = (stream, known)

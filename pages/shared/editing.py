"""The dialog that edits one memory, or the fields of many; what comes of it is a plan, and nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

import streamlit as st

from core.hostile import one_line
from core.memory import Memory
from pages.shared.here import Here
from pages.shared.planning import propose
from pages.shared.theme import TYPES
from pages.shared.words import plural

__all__ = ["ask_edit", "edit_dialog", "edits_of_many", "edits_of_one"]

_ASKED: Final = "edit_asked"
_CONTENT_MAX: Final = 30_000
_TAGS_MAX: Final = 40


def ask_edit(here: Here, keys: Sequence[str], reason: str) -> None:
    """Ask for the dialog; made for `on_click`."""
    st.session_state[_ASKED] = (f"{here.catalog.bucket}/{here.index}", list(keys), reason)


def edit_dialog(here: Here) -> None:
    """Open the dialog that was asked for; called once in a run."""
    stream, keys, reason = st.session_state.get(_ASKED, ("", [], ""))
    if here.store is None or not keys or stream != f"{here.catalog.bucket}/{here.index}":
        _close()
        return
    memories = here.store.get(keys, actor=here.actor)
    if not memories:
        _close()
        st.toast("These memories are gone: nothing to edit.", icon=":material/search_off:")
    elif len(keys) == 1:
        _one(here, memories[keys[0]], reason)
    else:
        _many(here, [*memories.values()], reason)


def _close() -> None:
    st.session_state.pop(_ASKED, None)


@st.dialog("Edit a memory", width="large", on_dismiss=_close)
def _one(here: Here, memory: Memory, reason: str) -> None:
    with st.form("edit_form", border=False):
        values = edits_of_one(memory, **_fields(here, memory))
        asked = st.form_submit_button("See the plan", type="primary", key="edit_plan", width="stretch")
    if asked and values:
        _propose(here, {memory.key: values}, reason)
    elif asked:
        st.info("Nothing is different: change something first.", icon=":material/edit_off:")


def _fields(here: Here, memory: Memory) -> dict[str, Any]:
    """Draw what can be edited of one memory, and return it as it is in the form."""
    name, tags = f"edit_{memory.key}", list(memory.tags)
    content = st.text_area(
        "Text",
        memory.content,
        height=180,
        max_chars=max(_CONTENT_MAX, len(memory.content)),
        key=f"{name}_content",
        help="A new text is embedded anew, so that it is found by its new meaning.",
    )
    first, second, third = st.columns(3)
    with first:
        kind = _type_box(here, memory.memory_type, key=f"{name}_type")
    return {
        "content": content,
        "kind": kind,
        "confidence": second.number_input(
            "Confidence, 0 to 1", 0.0, 1.0, memory.confidence, 0.05, key=f"{name}_confidence", placeholder="not stated"
        ),
        "expires": third.date_input(
            "Expires on, UTC",
            memory.expires_at.date() if memory.expires_at else None,
            format="YYYY-MM-DD",
            key=f"{name}_expires",
        ),
        "tags": st.multiselect(
            "Tags", tags, tags, accept_new_options=True, max_selections=_TAGS_MAX, key=f"{name}_tags", placeholder="None"
        ),
        "notes": st.text_input("Notes", memory.notes or "", key=f"{name}_notes", placeholder="None"),
    }


@st.dialog("Edit memories", on_dismiss=_close)
def _many(here: Here, memories: Sequence[Memory], reason: str) -> None:
    st.markdown(f"{plural(len(memories), 'memory')}. What is left empty stays as it is in each of them.")
    with st.form("edit_many_form", border=False):
        kind = _type_box(here, None, key="edit_many_type", empty="As it is")
        confidence = st.number_input(
            "Confidence, 0 to 1", 0.0, 1.0, None, 0.05, key="edit_many_confidence", placeholder="As it is"
        )
        expires = st.date_input("Expires on, UTC", None, format="YYYY-MM-DD", key="edit_many_expires")
        known = sorted({tag for memory in memories for tag in memory.tags})[:200]
        added = st.multiselect("Add tags", known, key="edit_many_add", accept_new_options=True, placeholder="None")
        removed = st.multiselect("Take tags away", known, key="edit_many_remove", placeholder="None", disabled=not known)
        asked = st.form_submit_button("See the plan", type="primary", key="edit_plan", width="stretch")
    if not asked:
        return
    edits = edits_of_many(memories, kind=kind, confidence=confidence, expires=expires, added=added, removed=removed)
    if not edits:
        st.info("Nothing would be different: choose something first.", icon=":material/edit_off:")
        return
    _propose(here, edits, reason)


def edits_of_one(
    memory: Memory,
    *,
    content: str,
    kind: str | None,
    confidence: float | None,
    expires: date | None,
    tags: Sequence[str],
    notes: str,
) -> dict[str, Any]:
    """Return the values that differ from the memory's own, None for what is taken away."""
    values: dict[str, Any] = {}
    # A browser writes every line's end as one character.
    if content != memory.content.replace("\r\n", "\n").replace("\r", "\n"):
        values["content"] = content
    if kind != memory.memory_type:
        values["memory_type"] = kind
    if confidence != memory.confidence:
        values["confidence"] = confidence
    if expires != (memory.expires_at.date() if memory.expires_at else None):
        values["expires_at"] = _end_of(expires)
    if tuple(tags) != tuple(memory.tags):
        values["tags"] = list(tags)
    if notes.strip() != (memory.notes or "").strip():
        values["notes"] = notes.strip() or None
    return values


def edits_of_many(
    memories: Sequence[Memory],
    *,
    kind: str | None,
    confidence: float | None,
    expires: date | None,
    added: Sequence[str],
    removed: Sequence[str],
) -> dict[str, dict[str, Any]]:
    """Return the new values by key, of those memories that differ from what is asked for."""
    edits: dict[str, dict[str, Any]] = {}
    for memory in memories:
        values: dict[str, Any] = {}
        if kind is not None and kind != memory.memory_type:
            values["memory_type"] = kind
        if confidence is not None and confidence != memory.confidence:
            values["confidence"] = confidence
        if expires is not None:
            values["expires_at"] = _end_of(expires)
        kept = [tag for tag in memory.tags if tag not in removed]
        tags = [*kept, *(tag for tag in added if tag not in kept)]
        if tags != list(memory.tags):
            values["tags"] = tags
        if values:
            edits[memory.key] = values
    return edits


def _end_of(day: date | None) -> datetime | None:
    """Return the last second of a day: a memory is good on the day on which it expires."""
    return None if day is None else datetime.combine(day, time(23, 59, 59), tzinfo=UTC)


def _type_box(here: Here, kind: str | None, *, key: str, empty: str = "Unknown") -> str | None:
    there = [] if here.frame is None else [str(value) for value in here.frame["memory_type"].dropna().unique()[:50]]
    options = list(dict.fromkeys([*TYPES, *([kind] if kind else []), *there]))
    chosen: str | None = st.selectbox(
        "Type",
        options,
        options.index(kind) if kind else None,
        key=key,
        accept_new_options=True,
        placeholder=empty if kind is None else None,
        format_func=lambda value: TYPES[value].label if value in TYPES else one_line(value, 40),
    )
    return chosen


def _propose(here: Here, edits: Mapping[str, Mapping[str, Any]], reason: str) -> None:
    _close()
    propose(here, "edit", edits, reason=reason)

"""How an index that other software wrote is read: which metadata key holds which field, seen and changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from core.access import Permission
from core.analysis.columns import MetadataKey, metadata_keys, records
from core.hostile import markdown_escape, one_line
from core.memory import Schema, from_metadata
from core.memory.detection import Detection
from core.memory.mapping import MAPPABLE, mapped_schema, places_of
from core.memory.schema_tags import is_schema_tag
from pages.shared.here import Here, wrote
from pages.shared.markup import escaped
from pages.shared.problem import attempt
from pages.shared.words import age

__all__ = ["mapping_editor", "mapping_notice", "place_options"]

_INDEXES: Final = "pages/operate/indexes.py"
_NOWHERE: Final = ""
_SAMPLE: Final = 200
_PREVIEW: Final = 3
# What most indexes have, before what few do.
_FIRST: Final = ("content", "agent_id", "team_id", "task_id", "memory_type", "created_at")
_LABELS: Final = {
    "content": "Text",
    "agent_id": "Agent",
    "team_id": "Team",
    "task_id": "Task",
    "session_id": "Session",
    "memory_type": "Type",
    "created_at": "Written at",
    "expires_at": "Expires at",
    "confidence": "Confidence, 0 to 1",
    "source": "Source",
    "tags": "Tags",
    "notes": "Notes",
}
_SCHEMAS: Final = {
    "mnemoscope": "Mnemoscope's own fields",
    "sample": "the plain fields of the well-known sample",
    "langchain": "LangChain",
    "llamaindex": "LlamaIndex",
    "bedrock-kb": "a Bedrock knowledge base",
    "strands": "the memory plugin of Strands",
    "custom": "fields of its own",
}


def place_options(keys: list[MetadataKey], chosen: str) -> list[str]:
    """Return where a field may be: nowhere, the metadata keys by how many records have them, and where it is now."""
    names = [key.name for key in keys]
    return [_NOWHERE, *names] if chosen in (_NOWHERE, *names) else [_NOWHERE, chosen, *names]


def mapping_notice(here: Here) -> None:
    """Say above a page that the fields of the open index were guessed, with the way to where they are chosen."""
    if here.store is None or here.store.detection().sure:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption("Other software wrote this index, and which field holds what was guessed.", width="content")
        st.page_link(_INDEXES, label="Choose the fields", icon=":material/rule:")


def mapping_editor(here: Here) -> None:
    """Draw how the open index is read, unless it is one of ours; open where somebody should look."""
    if here.store is None or here.snapshot is None:
        return
    detection = here.store.detection()
    if detection.schema.is_ours and detection.sure:
        return
    name = _SCHEMAS.get(detection.schema.name, detection.schema.name)
    st.header(f"How {markdown_escape(one_line(here.index, 60))} is read", anchor=False)
    st.html(f"<p class='mn-lead'>As {escaped(name)}. {escaped(' '.join(detection.reasons), limit=600)}</p>")
    if not detection.sure:
        st.warning(
            "Some fields may be read from the wrong place. Choose which metadata key holds what, check the memories below, "
            "and save. The memories themselves do not change.",
            icon=":material/rule:",
        )
    opened = st.toggle("Choose the fields myself", value=not detection.sure, key=f"mapping_{here.index}")
    if opened:
        _editor(here, detection)


def _editor(here: Here, detection: Detection) -> None:
    assert here.snapshot is not None
    keys = metadata_keys(here.snapshot.table)
    if not keys:
        st.caption("The index has no metadata yet: there is nothing to choose from.")
        return
    rows = records(here.snapshot.table, limit=_SAMPLE)
    now = places_of(detection.schema)
    places = _choices(here.index, keys, now)
    chosen = {name: place for name, place in places.items() if place}
    schema = attempt(lambda: mapped_schema(chosen, [metadata for _, metadata in rows], detected=detection.schema))
    if schema is None:
        return
    st.caption(f"The first {min(_PREVIEW, len(rows))} memories, read this way:")
    st.html("".join(_preview(key, metadata, schema, here) for key, metadata in rows[:_PREVIEW]))
    _keep(here, schema)


def _keep(here: Here, schema: Schema) -> None:
    """Offer to save the schema as it is on the page now: a callback would have that of the run before."""
    assert here.store is not None
    allowed = here.actor.may(Permission.ADMINISTER, tenant=here.store.info.tenant)
    saved = any(is_schema_tag(tag) for tag in here.store.info.tags)
    with st.container(horizontal=True, gap="small"):
        save = st.button(
            "Save for everyone",
            type="primary",
            icon=":material/save:",
            key="mapping_save",
            disabled=not allowed,
            help="Kept as tags of the index: every dashboard and agent of Mnemoscope reads it this way.",
        )
        reset = st.button(
            "Back to what was detected",
            type="tertiary",
            key="mapping_reset",
            disabled=not allowed or not saved,
            help=None if saved else "Nothing is saved: this is what was detected.",
        )
    if save or reset:
        _save(here, schema if save else None)


def _choices(index: str, keys: list[MetadataKey], now: Mapping[str, str]) -> dict[str, str]:
    """Draw a box for each field and return the chosen places; the fields that few indexes have are folded away."""
    places: dict[str, str] = {}
    with st.grid(3, min_column_width=250, gap="small"):
        places |= {name: _choice(index, name, keys, now.get(name, _NOWHERE)) for name in _FIRST}
    rest = [name for name in MAPPABLE if name not in _FIRST]
    with st.expander(f"More fields: {', '.join(_LABELS[name].split(',')[0].lower() for name in rest)}"):  # noqa: SIM117
        with st.grid(3, min_column_width=250, gap="small"):
            places |= {name: _choice(index, name, keys, now.get(name, _NOWHERE)) for name in rest}
    return places


def _choice(index: str, name: str, keys: list[MetadataKey], now: str) -> str:
    shown = {key.name: key for key in keys}
    options = place_options(keys, now)

    def said(place: str) -> str:
        if place == _NOWHERE:
            return "not in this index"
        key = shown.get(place)
        return one_line(place, 60) if key is None else f"{one_line(place, 60)} · {key.coverage:.0%}"

    with st.container(gap="xxsmall"):
        place = st.selectbox(
            _LABELS[name], options, index=options.index(now), format_func=said, key=f"map_{index}_{name}_{now}"
        )
        example = shown[place].example if place in shown else None
        if example is not None:
            st.html(f"<div class='mn-row mn-one'>as in {escaped(one_line(str(example), 90))}</div>")
    return place


def _preview(key: str, metadata: Mapping[str, Any], schema: Schema, here: Here) -> str:
    memory = from_metadata(key, metadata, schema=schema)
    about = [memory.agent_id, memory.task_id, memory.memory_type, memory.created_at and age(memory.created_at, now=here.now)]
    said = " · ".join(escaped(one_line(str(part), 40)) for part in about if part)
    text = escaped(one_line(memory.content, 200)) or "<span class='mn-muted'>(no text)</span>"
    body = f"<div>{text}<div class='mn-muted'>{said}</div></div>"
    return f"<div class='mn-check'><i>▸</i><b>{escaped(one_line(key, 40))}</b>{body}</div>"


def _save(here: Here, schema: Schema | None) -> None:
    def save() -> bool:
        here.catalog.save_schema(here.index, schema, actor=here.actor)
        return True

    if attempt(save):
        wrote(here, [here.index])
        told = "is read this way from now on" if schema else "is read as detected again"
        st.session_state["told"] = f"The index {here.index} {told}."
        st.rerun()

"""Who wrote an index, told from a sample of its metadata: a schema, how sure that is, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.memory.candidates import find_content, find_fields, has_texts, shares_of, unread_names
from core.memory.fields import ABSENT, EPOCHS, FIELDS
from core.memory.places import NODE_KEY, content_place, read_at
from core.memory.schema import (
    BEDROCK,
    CUSTOM,
    INSIDE,
    LANGCHAIN,
    LLAMAINDEX,
    NOWHERE,
    OURS,
    SAMPLE,
    STRANDS,
    Schema,
    container_of,
)
from core.memory.storable import EXTRA_KEY
from core.memory.times import COMPACT_UTC_FORM

__all__ = ["Detection", "detect"]

# Below this share of rows with a text somebody should look.
_ENOUGH: Final = 0.9
_LABELS: Final = {
    OURS.name: "Mnemoscope",
    BEDROCK: "a Bedrock knowledge base",
    LANGCHAIN: "LangChain",
    LLAMAINDEX: "LlamaIndex",
    SAMPLE: "the plain sample (agent_id, team_id, task_id, memory_type, created_at, content)",
    STRANDS: "the memory plugin of Strands",
    CUSTOM: "software that we do not know",
}
_FIXED: Final[Mapping[str, Mapping[str, str]]] = {
    BEDROCK: {"content": "AMAZON_BEDROCK_TEXT", "source": "x-amz-bedrock-kb-source-uri"},
    LANGCHAIN: {"content": "_page_content"},
    LLAMAINDEX: {"content": f"{NODE_KEY}{INSIDE}text"},
    STRANDS: {
        "content": "content",
        "agent_id": "agent_name",
        "created_at": "stored_at",
        "session_id": "conversation_id",
        "memory_type": "type",
    },
    SAMPLE: {"content": "content"},
}
_HIDDEN_TEXTS: Final = {"_page_content": LANGCHAIN, NODE_KEY: LLAMAINDEX, "AMAZON_BEDROCK_TEXT": BEDROCK}
_SAMPLE_NAMES: Final = ("agent_id", "team_id", "task_id", "memory_type")


@dataclass(frozen=True)
class Detection:
    """A schema, whether a person need not look at it, why it was chosen, and in which share of rows each field is."""

    schema: Schema
    sure: bool
    reasons: tuple[str, ...]
    coverage: Mapping[str, float]


def detect(rows: Sequence[Mapping[str, Any]], *, non_filterable: Collection[str] = ()) -> Detection:
    """Return the schema of an index from a sample of its metadata; the same rows in any order give the same answer."""
    if not rows:
        return _empty(non_filterable)
    kinds = Counter(_kind(row) for row in rows)
    kind = min(kinds, key=lambda each: (-kinds[each], list(_LABELS).index(each)))
    unread, elsewhere = unread_names(rows), _text_elsewhere(kind, rows, non_filterable)
    doubts = [*elsewhere.values()]
    if kind == OURS.name and (unread or elsewhere):  # our names, but not our meaning
        kinds = Counter({CUSTOM: len(rows)})
        kind = CUSTOM
    schema = OURS if kind == OURS.name else _mapped(kind, rows, non_filterable, doubts, {*unread}, [*elsewhere])
    doubts += [said for name, said in unread.items() if schema.fields.get(name, name) in (name, NOWHERE)]
    coverage = _coverage(schema, rows)
    reasons = [f"{kinds[kind]:,} of {len(rows):,} records look like those of {_LABELS[kind]}."]
    others = [f"{count:,} like those of {_LABELS[each]}" for each, count in sorted(kinds.items()) if each != kind]
    if others:
        reasons.append(f"Others look {', '.join(others)}: each record is read as far as it can be.")
    texts = coverage.get("content", 0.0)
    if texts < _ENOUGH:
        doubts.append(f"Only {texts:.0%} of the records have a text that we find.")
    if kinds[kind] < _ENOUGH * len(rows):
        doubts.append("The records do not look alike.")
    return Detection(schema, not doubts, (*reasons, *doubts), coverage)


def _empty(non_filterable: Collection[str]) -> Detection:
    kind = next((kind for key, kind in _HIDDEN_TEXTS.items() if key in non_filterable), None)
    if kind is None:
        return Detection(OURS, True, ("The index is empty: what is written here gets our own names.",), {})
    reason = f"The index is empty, and its keys that are not filterable are those of {_LABELS[kind]}."
    return Detection(Schema(kind, _FIXED[kind]), True, (reason,), {})


def _kind(row: Mapping[str, Any]) -> str:
    """Return whose record it looks like."""
    if isinstance(row.get(NODE_KEY), str):
        return LLAMAINDEX
    if any(name.startswith(("AMAZON_BEDROCK_", "x-amz-bedrock-kb-")) for name in row):
        return BEDROCK
    if isinstance(row.get("_page_content"), str):
        return LANGCHAIN
    if not isinstance(row.get("content"), str):
        return CUSTOM
    stored_at = row.get("stored_at")
    stamped = isinstance(stored_at, str) and bool(COMPACT_UTC_FORM.fullmatch(stored_at))
    if "agent_name" in row and "user_id" in row and (stamped or "conversation_id" in row):
        return STRANDS
    timeless = all(name not in row or epoch in row for epoch, name in EPOCHS.items())
    ours = set(row) & {*EPOCHS, EXTRA_KEY, "derived_from", "recall_count"}
    if timeless and (ours or set(row) <= {*FIELDS, *EPOCHS, EXTRA_KEY}):
        return OURS.name
    return SAMPLE if sum(name in row for name in _SAMPLE_NAMES) >= 2 else CUSTOM


def _text_elsewhere(kind: str, rows: Sequence[Mapping[str, Any]], non_filterable: Collection[str]) -> dict[str, str]:
    """Return the key with the texts, and a sentence, where the usual key has none but addresses and identifiers."""
    usual = _FIXED.get(kind, {"content": "content"})["content"]
    if kind == BEDROCK:
        usual = _bedrock_fields(rows).get("content", usual)
    if kind == CUSTOM or INSIDE in usual or (any(usual in row for row in rows) and has_texts(rows, usual)):
        return {}
    others = {container_of(place) for place in _FIXED.get(kind, {}).values()} - {usual}
    found, _ = find_content([{k: v for k, v in row.items() if k not in others} for row in rows], non_filterable)
    if found in (None, usual) or not has_texts(rows, str(found)):
        return {}
    return {str(found): f"{usual} holds no texts in most records: the text may be in {found}."}


def _mapped(
    kind: str,
    rows: Sequence[Mapping[str, Any]],
    non_filterable: Collection[str],
    doubts: list[str],
    unread: Collection[str],
    elsewhere: Sequence[str],
) -> Schema:
    """Return the schema of that software's records with the user's own fields; add to the doubts what makes it doubtful."""
    fields = dict(_FIXED.get(kind, {}))
    if elsewhere:
        fields["content"] = elsewhere[0]
    elif kind == CUSTOM:
        content, doubt = find_content(rows, non_filterable)
        if content is not None:
            fields["content"] = content
        doubts += [doubt] if doubt else []
    elif kind == BEDROCK:
        fields |= _bedrock_fields(rows)
    found, ties = find_fields(rows, taken=fields)
    doubts += ties
    if "confidence" in unread and "confidence" not in found:
        found["confidence"] = NOWHERE  # of another scale, of which 0 and 1 would be read, and wrongly
    return Schema(kind, fields | found)


def _bedrock_fields(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return where the records of a knowledge base have text and source when not under the usual keys."""
    fields: dict[str, str] = {}
    chunk, inside = "AMAZON_BEDROCK_TEXT_CHUNK", f"AMAZON_BEDROCK_METADATA{INSIDE}source"
    if not shares_of(rows, _FIXED[BEDROCK]["content"]) and shares_of(rows, chunk):
        fields["content"] = chunk
    if not shares_of(rows, _FIXED[BEDROCK]["source"], "source") and any(isinstance(read_at(r, inside), str) for r in rows):
        fields["source"] = inside
    return fields


def _coverage(schema: Schema, rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    coverage: dict[str, float] = {}
    for name, field in FIELDS.items():
        told = 0
        for row in rows:
            place = content_place(row, schema) if name == "content" else schema.place(name)
            value = ABSENT if place is None else read_at(row, place)
            try:
                told += value is not ABSENT and field.parse_foreign(value) != field.empty
            except ValueError:
                continue
        if told:
            coverage[name] = told / len(rows)
    return coverage

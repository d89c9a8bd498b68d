"""Which keys of unknown metadata may hold which field: by their names, checked by their values."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from core.memory.fields import FIELDS
from core.memory.storable import exact_number, parse_object
from core.memory.times import epoch_unit

__all__ = ["clock_of", "find_content", "find_fields", "has_texts", "shares_of", "unread_names"]

# The better names first. `user_id` is whose memory it is: the closest to an agent where there is no other.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "agent_id": (
        "agent_id", "agent", "agent_name", "assistant_id", "assistant", "author", "created_by", "speaker", "writer",
        "actor_id", "bot_id", "role", "user_id", "user",
    ),
    "team_id": ("team_id", "team", "team_name", "group_id", "group", "crew", "namespace", "tenant_id", "organization"),
    "task_id": ("task_id", "task", "task_name", "run_id", "job_id", "workflow_id", "ticket"),
    "session_id": ("session_id", "session", "conversation_id", "conversation", "thread_id", "chat_id", "thread"),
    "memory_type": ("memory_type", "type", "kind", "category", "doc_type", "document_type"),
    "created_at": (
        "created_at", "created", "timestamp", "created_time", "creation_time", "creation_date", "created_on", "stored_at",
        "datetime", "date", "time", "ts", "ingested_at", "inserted_at", "last_modified", "modified", "updated_at",
    ),
    "expires_at": ("expires_at", "expires", "expiry", "expiration", "expire_at", "valid_until", "ttl_at"),
    "confidence": ("confidence", "confidence_score", "score", "certainty"),
    "source": (
        "source", "source_uri", "uri", "url", "file_path", "source_url", "filepath", "file_name", "filename",
        "document", "path",
    ),
    "tags": ("tags", "labels", "keywords", "topics", "tag", "label"),
    "notes": ("notes", "comment"),
}  # fmt: skip
_TEXT_NAMES: Final = ("content", "text", "page_content", "body", "memory", "message", "chunk", "document", "data", "summary")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://\S*|(/|[A-Za-z]:\\)\S+", re.IGNORECASE)
_ID: Final = re.compile(r"[\w.:@/+=-]{1,200}")
_RARE: Final = 0.05
# A key that has a text in fewer rows is not where the text is, unless no other key has one.
_OFTEN: Final = 0.5
# So many of _TEXT_NAMES mean nothing but a text.
_PLAINLY: Final = 4
_NAMED: Final = 3


def find_content(rows: Sequence[Mapping[str, Any]], non_filterable: Collection[str]) -> tuple[str | None, str | None]:
    """Return the key of the longest texts and, if a person should look, why: keys that are not filterable come first."""
    lengths = {key: found for key in _keys(rows) if (found := _text_lengths(rows, key))}
    if not lengths:
        named = [key for key in _keys(rows) if _place(_TEXT_NAMES, key) < len(_TEXT_NAMES) and shares_of(rows, key)]
        if not named:
            return None, "No key holds a text: the records have names, numbers and addresses only."
        best = min(named, key=lambda key: (_place(_TEXT_NAMES, key), key))
        return best, f"No key holds sentences: {best} is taken for the text because of its name."
    often = {key: found for key, found in lengths.items() if len(found) >= _OFTEN * len(rows)} or lengths

    def rank(key: str) -> tuple[bool, float, int, str]:
        return key not in non_filterable, -statistics.median(often[key]), _place(_TEXT_NAMES, key), key

    best, *others = sorted(often, key=rank)
    middle = statistics.median(often[best])
    if _normal(best) in _TEXT_NAMES:
        return best, None
    close = [key for key in others if statistics.median(often[key]) >= middle / 2 or _normal(key) in _TEXT_NAMES[:_PLAINLY]]
    return best, f"The text may be in {best} or in {_listed(close)}." if close else None


def find_fields(rows: Sequence[Mapping[str, Any]], *, taken: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return a key for each field that one fits, and a sentence for each field for which several fit equally well.

    A time whose values are all seconds, or that has its seconds beside it, gets a key for them too.
    """
    fields: dict[str, str] = {}
    ties: list[str] = []
    used = set(taken.values())
    for name, names in _NAMES.items():
        if name in taken:
            continue
        ranked = sorted(
            (_place(names, key), -share, key)
            for key in _keys(rows)
            if key not in used and _place(names, key) < len(names) and (share := shares_of(rows, key, name)) >= _RARE
        )
        if not ranked:
            continue
        (place, _, best), *others = ranked
        rivals = [key for other, share, key in others if other == place and share == ranked[0][1]]
        if rivals:
            ties.append(f"{name} may be in {best} or in {_listed(rivals)}.")
        fields[name] = best
        used.add(best)
    for name in ("created_at", "expires_at"):
        key = fields.get(name) or taken.get(name)
        if key and (clock := clock_of(rows, key)):
            fields[f"{name}_epoch"] = clock
    return fields, ties


def has_texts(rows: Sequence[Mapping[str, Any]], key: str) -> bool:
    """Say whether most texts of a key could be what a memory says: JSON too, but no addresses and identifiers."""
    texts = [row[key] for row in rows if isinstance(row.get(key), str) and row[key]]
    return 2 * sum(not (_URL.fullmatch(text) or _ID.fullmatch(text)) for text in texts) > len(texts)


def unread_names(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the fields whose own name is a key of which most values make no sense, each with a sentence."""
    found: dict[str, str] = {}
    for name, field in FIELDS.items():
        values = [row[name] for row in rows if name in row]
        failed = 0
        for value in values:
            try:
                field.parse_foreign(value)
            except ValueError:
                failed += 1
        if 2 * failed > len(values):
            found[name] = f"{name} cannot be read in {failed:,} of the {len(values):,} records that have it."
        elif name == "tags" and sum(_is_json_list(value) for value in values) * 2 > len(values):
            found[name] = "tags are JSON text here: each is read as one tag."
    return found


def shares_of(rows: Sequence[Mapping[str, Any]], key: str, name: str = "content") -> float:
    """Return in which share of the rows the field can be read from the key, 0 if it fails in more rows than it succeeds."""
    field, told, failed = FIELDS[name], 0, 0
    for row in rows:
        if key in row:
            try:
                told += field.parse_foreign(row[key]) != field.empty
            except ValueError:
                failed += 1
    return told / len(rows) if told > failed else 0.0


def clock_of(rows: Sequence[Mapping[str, Any]], key: str) -> str | None:
    """Return the key with a time's seconds: the key itself or one beside it, a number wherever the time is."""
    timed = [row for row in rows if key in row]
    for clock in (key, f"{key}_epoch", f"{key}_ts", f"{key}_unix"):
        if timed and all(exact_number(row.get(clock)) and epoch_unit(row[clock]) == 1 for row in timed):
            return clock
    return None


def _text_lengths(rows: Sequence[Mapping[str, Any]], key: str) -> list[int]:
    """Return the lengths of the texts of a key; none if most are JSON, addresses or identifiers."""
    texts = [row[key] for row in rows if isinstance(row.get(key), str) and row[key]]
    plain = [text for text in texts if not _is_code(text)]
    return [len(text) for text in plain] if len(plain) * 2 > len(texts) else []


def _is_code(text: str) -> bool:
    return bool(_URL.fullmatch(text) or _ID.fullmatch(text)) or text[:1] in "[{" or parse_object(text) is not None


def _is_json_list(value: Any) -> bool:
    try:
        return isinstance(value, str) and value[:1] == "[" and isinstance(json.loads(value), list)
    except (ValueError, RecursionError):
        return False


def _listed(keys: Sequence[str]) -> str:
    named = " or ".join(keys[:_NAMED])
    return f"{named} or {len(keys) - _NAMED:,} others" if len(keys) > _NAMED else named


def _keys(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the keys that a schema can name, sorted."""
    return sorted({key for row in rows for key in row if key and "$." not in key})


def _normal(key: str) -> str:
    return _CAMEL.sub("_", key).lower().replace("-", "_").replace(" ", "_")


def _place(names: tuple[str, ...], key: str) -> int:
    """Return how good a name is, 0 the best; the number of names for one that is not among them."""
    normal = _normal(key)
    return names.index(normal) if normal in names else len(names)

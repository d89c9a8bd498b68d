"""What a change does to one memory, to read: its text with the words that go and come, and each field before and after.

Everything is escaped here. Long texts are compared line by line, very long ones are shown one above the other.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import SequenceMatcher
from typing import Any, Final

from core.hostile import one_line
from core.memory import Memory, to_row
from pages.shared.markup import escaped, text_block
from pages.shared.words import exact

__all__ = ["Difference", "change_html", "differences", "word_diff"]

_WORDS: Final = re.compile(r"\S+\s*|\s+")
_LINES: Final = re.compile(r"[^\n]*\n|[^\n]+")
# Comparing takes the product of the lengths at worst.
_WORDS_MAX: Final = 1_200
_LINES_MAX: Final = 600
_VALUE: Final = 600
_TEXT: Final = 6_000
_NAMES: Final = {
    "memory_type": "Type",
    "agent_id": "Agent",
    "team_id": "Team",
    "task_id": "Task",
    "session_id": "Session",
    "created_at": "Written",
    "expires_at": "Expires",
    "recall_count": "Recalls",
    "last_recalled_at": "Last recalled",
    "derived_from": "Made from",
    "mnemoscope_status": "Status",
    "validated_at": "Validated",
    "confidence_stated": "Confidence as stated",
    "confidence_at": "Confidence worked out",
}


@dataclass(frozen=True)
class Difference:
    """One field that a change touches, as text; None where there is or was nothing."""

    field: str
    before: str | None
    after: str | None

    @property
    def label(self) -> str:
        """The field's name to a person."""
        return _NAMES.get(self.field, self.field[:1].upper() + self.field[1:].replace("_", " "))


def differences(before: Memory | None, after: Memory | None) -> list[Difference]:
    """Return the fields that differ between two states of a memory, its text first, the key left out."""
    old, new = ({} if memory is None else to_row(memory) for memory in (before, after))
    names = ["content", *(name for name in {**old, **new} if name not in ("content", "key"))]
    return [
        Difference(name, _said(name, old.get(name)), _said(name, new.get(name)))
        for name in names
        if (name in old or name in new) and old.get(name) != new.get(name)
    ]


def change_html(before: Memory | None, after: Memory | None) -> str:
    """Return a change as HTML: a text that comes or goes as it is, else the words and fields that differ."""
    if before is None or after is None:
        there = before or after
        return "" if there is None else text_block(there.content, clamp=True)
    found = differences(before, after)
    if not found:
        return f"{text_block(after.content, clamp=True)}<div class='mn-muted'>Its fields stay as they are.</div>"
    body = ""
    if found[0].field == "content":
        body, found = word_diff(before.content, after.content), found[1:]
    else:
        body = text_block(after.content, clamp=True)
    rows = "".join(
        f"<dt>{escaped(one_line(each.label, 60))}</dt><dd>{_value(each.before, 'del')} → {_value(each.after, 'ins')}</dd>"
        for each in found
    )
    return body + (f"<dl class='mn-facts mn-diff'>{rows}</dl>" if rows else "")


def word_diff(before: str, after: str) -> str:
    """Return two texts as one, what goes in <del> and what comes in <ins>."""
    before, after = before[:_TEXT], after[:_TEXT]
    for cut, limit in ((_WORDS, _WORDS_MAX), (_LINES, _LINES_MAX)):
        old, new = cut.findall(before), cut.findall(after)
        if max(len(old), len(new)) <= limit:
            return f"<div class='mn-text mn-diff' dir='auto'>{_merged(old, new)}</div>"
    return (
        f"<div class='mn-text mn-diff' dir='auto'>{_mark(before, 'del')}</div>"
        f"<div class='mn-text mn-diff' dir='auto'>{_mark(after, 'ins')}</div>"
    )


def _merged(old: Sequence[str], new: Sequence[str]) -> str:
    # White space at a word's end is no difference: the last word of a text has none.
    matcher = SequenceMatcher(None, [word.rstrip() for word in old], [word.rstrip() for word in new], autojunk=False)
    parts: list[str] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            parts.append(escaped("".join(new[c:d])))
            continue
        parts.append(_mark("".join(old[a:b]), "del"))
        parts.append(_mark("".join(new[c:d]), "ins"))
    return "".join(parts)


def _time(value: str) -> str:
    """Return a stored time as people read it, anything else as it is."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return exact(moment.astimezone(UTC)) if moment.tzinfo else value


def _mark(text: str, tag: str) -> str:
    if not text:
        return ""
    words = text.rstrip()
    return f"<{tag}>{escaped(words)}</{tag}>{html.escape(text[len(words) :])}"


def _value(text: str | None, tag: str) -> str:
    if text is None:
        return "<span class='mn-muted'>nothing</span>"
    return f"<{tag}>{escaped(text, limit=_VALUE)}</{tag}>"


def _said(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return _time(value) if name.endswith("_at") else value
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return ", ".join(value) if value else "none"
    return json.dumps(value, ensure_ascii=False, default=str)

"""How a tool's call ended, from what the tool returned: its status, or the line in which a program says so. Nothing else.

What a tool returns may be a page or a mail that somebody else wrote, so no fact, rule or wish is ever taken from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from core.extract.candidate import Candidate, Dropped, Kind
from core.extract.gate import LONGEST, hostile
from core.extract.turn import Message, Role, ToolCall
from core.guard.secrets import secrets_in
from core.hostile import one_line

__all__ = ["outcome_of"]

_STATUS: Final = (
    "status",
    "state",
    "ok",
    "success",
    "succeeded",
    "result",
    "error",
    "outcome",
    "exit_code",
    "exitcode",
    "returncode",
)
_LINES: Final = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^[= ]*\d+ (?:passed|failed|errors?|skipped)\b[^\n]{0,120}$",
        r"^[^\n]{0,200}\bfatal(?: error)?: [^\n]{1,200}$",
        r"^[A-Z]\w*(?:Error|Exception): [^\n]{1,200}$",
        (
            r"^(?:\w+ ){0,3}(?:[Ss]ucceeded|[Cc]ompleted|[Ff]inished|[Ff]ailed|[Tt]imed out|[Aa]borted)(?: (?:in|after"
            r"|with|at|on) [^\n]{1,120})?$"
        ),
        r"^exit ?code:? ?(?!0\b)\d+[^\n]{0,80}$",
    )
)
_SHOWN: Final = 6
_CHARS: Final = 80
_SURE: Final = 0.75


def outcome_of(place: int, message: Message, call: ToolCall | None) -> Candidate | Dropped:
    """Return the outcome that a tool's message states, or why there is none."""
    found = _span(message.text)
    if found is None:
        return Dropped(one_line(message.text, 120), place, "it is what a tool returned, and states no status")
    start, end = found
    quote = message.text[start:end]
    reason = hostile(quote, quote)
    if reason is not None:
        return Dropped(one_line(quote, 120), place, reason)
    name = message.name or (call.name if call else None) or "a tool"
    said = _said(quote)
    if not said:
        return Dropped(one_line(quote, 120), place, "it is what a tool returned, and states no status")
    about = f" ({_pairs(call.arguments)})" if call is not None and call.arguments and not _unsafe(call) else ""
    return Candidate(
        content=f"{one_line(name, _CHARS)}{about}: {said}",
        kind=Kind.OUTCOME,
        confidence=_SURE,
        quote=quote,
        message=place,
        span=(start, end),
        role=Role.TOOL,
        reason="the tool's own word on how its call ended",
        tags=(str(Kind.OUTCOME), "from-tool"),
    )


def _span(text: str) -> tuple[int, int] | None:
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if end - start <= LONGEST and text[start:end].startswith("{"):
        fields = _object(text[start:end])
        return (start, end) if any(name in fields for name in _STATUS) else None
    for pattern in _LINES:
        found = pattern.search(text)
        if found is not None:
            lead = len(found[0]) - len(found[0].lstrip("= "))
            return found.start() + lead, found.end()
    return None


def _said(quote: str) -> str:
    fields = _object(quote)
    return _pairs(fields) if fields else one_line(quote, LONGEST)


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _pairs(fields: Mapping[str, Any]) -> str:
    """Return the plain values of an object, the first few, each bounded."""
    plain = [(name, value) for name, value in fields.items() if isinstance(value, str | int | float | bool) and value != ""]
    return ", ".join(_pair(name, _word(value)) for name, value in plain[:_SHOWN])


def _pair(name: str, value: str) -> str:
    """Return a name and its value as words; a secret is left out here, for cut or without its colon no guard knows it."""
    found = secrets_in(f"{name}: {value}")
    return f"{one_line(name, _CHARS)} {f'[redacted:{found[0].id}]' if found else one_line(value, _CHARS)}"


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _unsafe(call: ToolCall) -> bool:
    said = _pairs(call.arguments)
    return hostile(said, said) is not None

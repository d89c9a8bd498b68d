"""Turns from the forms in which agents keep them: OpenAI's messages, blocks of Anthropic and Converse, plain text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from core.errors import FileReadError
from core.extract.turn import AgentTurn, Message, Role, ToolCall
from core.memory.fields import preview
from core.memory.times import read_any_time

__all__ = ["read_turn", "turns_in"]

_ROLES: Final = {
    "system": Role.SYSTEM, "developer": Role.SYSTEM, "user": Role.USER, "human": Role.USER, "customer": Role.USER,
    "assistant": Role.ASSISTANT, "ai": Role.ASSISTANT, "agent": Role.ASSISTANT, "model": Role.ASSISTANT, "tool": Role.TOOL,
    "function": Role.TOOL, "ipython": Role.TOOL,
}  # fmt: skip
_WHOSE: Final = ("agent_id", "team_id", "task_id", "session_id")
_MESSAGES: Final = 10_000


def turns_in(text: str, *, name: str) -> Iterator[AgentTurn]:
    """Yield the turns of a text: JSON lines with a turn each, one JSON value, or plain text that an agent said.

    A line is an object with `messages`, a list of messages, or one message. Raises FileReadError naming the line.
    """
    stripped = text.strip()
    if not stripped:
        raise FileReadError(f"{name} is empty: give a turn as JSON, or the text that an agent said.")
    if not stripped.startswith(("{", "[")):
        yield AgentTurn((Message(Role.ASSISTANT, text),))
        return
    try:
        whole = json.loads(stripped)
    except (ValueError, RecursionError):
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield read_turn(_parsed(line, f"{name} line {number}"), where=f"{name} line {number}")
        return
    yield from _of_value(whole, name)


def read_turn(value: Any, *, where: str = "the turn") -> AgentTurn:
    """Return the turn of a JSON value; raise FileReadError that says what is wrong with it."""
    if isinstance(value, list):
        value = {"messages": value}
    if isinstance(value, Mapping) and "messages" not in value and "role" in value:
        value = {"messages": [value]}
    if not isinstance(value, Mapping) or not isinstance(value.get("messages"), list):
        raise FileReadError(
            f'{where}: {preview(value)} is no turn: give {{"messages": [{{"role": "user", "content": "…"}}]}}.'
        )
    if len(value["messages"]) > _MESSAGES:
        raise FileReadError(f"{where} has {len(value['messages']):,} messages, more than {_MESSAGES:,}: split it.")
    named: dict[str, str] = {}
    messages = [one for each in value["messages"] for one in _messages(each, named, where)]
    system = value.get("system")
    if isinstance(system, str) and system:
        messages.insert(0, Message(Role.SYSTEM, system))
    whose = {field: _name(value.get(field)) for field in _WHOSE}
    return AgentTurn(
        tuple(messages), _name(value.get("id")), _moment(value.get("at", value.get("created_at")), where), **whose
    )


def _of_value(whole: Any, name: str) -> Iterable[AgentTurn]:
    if isinstance(whole, list) and whole and all(isinstance(one, Mapping) and "messages" in one for one in whole):
        return [read_turn(one, where=f"{name} turn {number}") for number, one in enumerate(whole, start=1)]
    return [read_turn(whole, where=name)]


def _parsed(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FileReadError(f"{where} is not JSON, a turn on each line: {error}") from error


def _messages(value: Any, named: dict[str, str], where: str) -> Iterator[Message]:
    """Yield the messages of one: what tools returned within a user's message is their own."""
    if not isinstance(value, Mapping) or _ROLES.get(str(value.get("role", "")).lower()) is None:
        raise FileReadError(f"{where}: {preview(value)} is no message: its role is one of {', '.join(sorted(_ROLES))}.")
    role = _ROLES[str(value["role"]).lower()]
    texts, calls, results = list[str](), list(_openai_calls(value.get("tool_calls"))), list[tuple[str | None, str]]()
    for block in _blocks(value.get("content"), where):
        used, came = _object(block.get("toolUse")) or block, _object(block.get("toolResult")) or block
        if "toolUse" in block or block.get("type") in ("tool_use", "function_call"):
            calls.append(
                ToolCall(str(used.get("name")), _object(used.get("input")), _name(used.get("toolUseId") or used.get("id")))
            )
        elif "toolResult" in block or block.get("type") == "tool_result":
            results.append((_name(came.get("toolUseId") or came.get("tool_use_id")), _text_of(came.get("content"))))
        elif isinstance(block.get("text"), str):
            texts.append(block["text"])
    named.update({call.id: call.name for call in calls if call.id})
    if role is Role.TOOL:
        answered = named.get(str(value.get("tool_call_id")))
        yield Message(role, "\n".join(texts), _name(value.get("name")) or answered)
        return
    yield from (Message(Role.TOOL, said, named.get(call or "")) for call, said in results)
    if texts or calls or not results:
        yield Message(role, "\n".join(texts), None, tuple(calls))


def _blocks(content: Any, where: str) -> list[Mapping[str, Any]]:
    if content is None:
        return []
    if isinstance(content, str):
        return [{"text": content}]
    if isinstance(content, list) and all(isinstance(block, Mapping | str) for block in content):
        return [{"text": block} if isinstance(block, str) else block for block in content]
    raise FileReadError(f"{where}: the content {preview(content)} is neither a text nor a list of blocks.")


def _openai_calls(value: Any) -> Iterator[ToolCall]:
    for call in value if isinstance(value, list) else ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            yield ToolCall(str(function.get("name")), _object(function.get("arguments")), _name(call.get("id")))


def _object(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, Mapping) else {}


def _text_of(content: Any) -> str:
    """Return what a tool returned as text; what is neither text nor JSON is left out."""
    if isinstance(content, str):
        return content
    parts = []
    for block in content if isinstance(content, list) else ():
        if isinstance(block, Mapping) and isinstance(block.get("text"), str):
            parts.append(block["text"])
        elif isinstance(block, Mapping) and "json" in block:
            parts.append(json.dumps(block["json"], ensure_ascii=False))
    return "\n".join(parts)


def _name(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _moment(value: Any, where: str) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        return read_any_time(value)
    except ValueError as error:
        raise FileReadError(
            f"{where}: {preview(value)} is no time: write it as 2026-01-31T12:00:00Z, or leave it out."
        ) from error

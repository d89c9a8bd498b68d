"""Turns to extract from."""

from __future__ import annotations

from core.extract import AgentTurn, Candidate, Dropped, Extraction, LocalExtractor, Message, Role, ToolCall

AGENT = "planner"


def turn(*messages: Message, **options: object) -> AgentTurn:
    return AgentTurn(messages, **{"agent_id": AGENT} | options)  # type: ignore[arg-type]


def user(text: str) -> Message:
    return Message(Role.USER, text)


def agent(text: str, *calls: ToolCall) -> Message:
    return Message(Role.ASSISTANT, text, None, calls)


def tool(text: str, name: str | None = "fetch") -> Message:
    return Message(Role.TOOL, text, name)


def extracted(*messages: Message, **options: object) -> Extraction:
    return LocalExtractor().extract(turn(*messages, **options))


def only(found: Extraction) -> Candidate:
    (one,) = found.candidates
    return one


def left_out(found: Extraction) -> Dropped:
    assert found.candidates == ()
    return found.dropped[0]

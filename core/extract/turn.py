"""A turn of an agent: what was said to it, what it called, what came back, what it said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

__all__ = ["AgentTurn", "Message", "Role", "ToolCall"]


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True)
class ToolCall:
    """A tool that the agent called, with its arguments as JSON values."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None


@dataclass(frozen=True)
class Message:
    """One message; `name` is the tool's where the role is TOOL."""

    role: Role
    text: str
    name: str | None = None
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True)
class AgentTurn:
    """Messages in order, and whose they are; `at` is when they were said, which gives "yesterday" its day."""

    messages: tuple[Message, ...]
    id: str | None = None
    at: datetime | None = None
    agent_id: str | None = None
    team_id: str | None = None
    task_id: str | None = None
    session_id: str | None = None

"""What a tool answers, as structured content: every text in it is cleaned, for whoever reads it may be a model."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict

from core.mcp.shown import NOTICE, line, safe

__all__ = [
    "Answer",
    "BoardAnswer",
    "ClaimAnswer",
    "ConflictShown",
    "ContextAnswer",
    "MemoryShown",
    "ProceduresAnswer",
    "RecallAnswer",
    "RememberAnswer",
    "ReportAnswer",
    "ResumeAnswer",
    "SideShown",
    "SubtaskAnswer",
    "SubtaskShown",
    "VersionAnswer",
    "VersionShown",
]

_KEY_CHARS: Final = 1_024
_Text = Annotated[str, AfterValidator(safe)]
_Name = Annotated[str, AfterValidator(lambda text: line(text, 300))]
_Key = Annotated[str, AfterValidator(lambda text: line(text, _KEY_CHARS))]


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(_Shown):
    """The answer of a tool; `notice` says what its texts are."""

    notice: str = NOTICE


class MemoryShown(_Shown):
    """A memory; `score` is 0 to 1, where it was recalled."""

    key: _Key
    text: _Text
    kind: _Name | None = None
    agent: _Name | None = None
    team: _Name | None = None
    task: _Name | None = None
    at: str | None = None
    confidence: float | None = None
    tags: list[_Name] = []
    index: _Name | None = None
    score: float | None = None


class SideShown(_Shown):
    """One side of a possible conflict."""

    key: _Key
    text: _Text
    agent: _Name | None
    at: str | None


class ConflictShown(_Shown):
    """Two memories that may contradict each other; `clash` is how likely that is, 0 to 1."""

    id: str
    left: SideShown
    right: SideShown
    clash: float
    why: _Text


class SubtaskShown(_Shown):
    """A part of a task; `owner` has it until the lease ends, or had it last."""

    name: _Text
    status: str
    owner: _Name | None
    until: str | None
    progress: float | None
    note: _Text
    by: _Name | None
    at: str | None


class VersionShown(_Shown):
    """A version of a procedure and how it went; `relevance` and `why` where it was searched for."""

    name: _Text
    version: int
    steps: list[_Text]
    preconditions: list[_Text]
    when: _Text
    successes: int
    failures: int
    trust: float
    relevance: float | None = None
    why: _Text = ""


class RememberAnswer(Answer):
    """What was written; `quarantined` is kept, and no recall brings it before a person releases it."""

    key: _Key
    index: _Name
    quarantined: bool
    altered: bool
    conflicts: list[ConflictShown]
    flagged: int
    notes: list[_Text]


class RecallAnswer(Answer):
    """What was recalled, the best first, of how many that were considered."""

    memories: list[MemoryShown]
    considered: int
    notes: list[_Text]


class ContextAnswer(Answer):
    """A block for a prompt; `used` are the keys in it."""

    block: str
    tokens: int
    used: list[_Key]
    left_out: int


class BoardAnswer(Answer):
    """The parts of a task, in the order in which they were named."""

    task: _Text
    subtasks: list[SubtaskShown]


class ClaimAnswer(Answer):
    """Whether the part is this agent's now, and until when."""

    claimed: bool
    subtask: _Text | None
    until: str | None


class SubtaskAnswer(Answer):
    """A part of a task as it is now."""

    subtask: SubtaskShown


class ProceduresAnswer(Answer):
    """Procedures for a task, the best first."""

    procedures: list[VersionShown]


class VersionAnswer(Answer):
    """A version of a procedure."""

    procedure: VersionShown


class ReportAnswer(Answer):
    """The card of a report; one that was known stays as people left it."""

    card: str
    standing: str
    is_new: bool
    index: _Name


class ResumeAnswer(Answer):
    """Where a task stands; `block` has all of it for a prompt."""

    task: _Text
    block: str
    tokens: int
    subtasks: list[SubtaskShown]
    conflicts: list[ConflictShown]
    procedures: list[VersionShown]

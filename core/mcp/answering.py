"""What the core returned, as the answer of a tool."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from core.agents import AgentRecall, Board, Remembered, Reported, Resumed, Subtask, Suggestion, Version
from core.curation.conflicts.card import Card
from core.mcp.answers import (
    BoardAnswer,
    ClaimAnswer,
    ConflictShown,
    ContextAnswer,
    MemoryShown,
    ProceduresAnswer,
    RecallAnswer,
    RememberAnswer,
    ReportAnswer,
    ResumeAnswer,
    SideShown,
    SubtaskAnswer,
    SubtaskShown,
    VersionAnswer,
    VersionShown,
)
from core.mcp.shown import safe
from core.memory import Memory
from core.memory.status import is_hidden
from core.memory.times import iso
from core.recall import ContextBlock

__all__ = [
    "board_answer",
    "claim_answer",
    "context_answer",
    "procedure_answer",
    "procedures_answer",
    "recall_answer",
    "remember_answer",
    "report_answer",
    "resume_answer",
    "subtask_answer",
]


def remember_answer(found: Remembered, *, given: str) -> RememberAnswer:
    return RememberAnswer(
        key=found.key,
        index=found.index,
        quarantined=is_hidden(found.memory),
        altered=found.memory.content != given,
        conflicts=[_conflict(card) for card in found.conflicts],
        flagged=found.flagged,
        notes=list(found.notes),
    )


def recall_answer(found: AgentRecall) -> RecallAnswer:
    memories = [_memory(hit.memory, found.index_of, hit.score) for hit in found.hits]
    return RecallAnswer(memories=memories, considered=found.considered, notes=list(found.notes))


def context_answer(block: ContextBlock) -> ContextAnswer:
    return ContextAnswer(block=block.text, tokens=block.tokens, used=list(block.used), left_out=len(block.left_out))


def resume_answer(found: Resumed) -> ResumeAnswer:
    return ResumeAnswer(
        task=found.task,
        block=found.text,
        tokens=found.tokens,
        subtasks=[_subtask(part) for part in found.board.subtasks],
        conflicts=[_conflict(card) for card in found.conflicts],
        procedures=[_suggested(each) for each in found.procedures],
    )


def board_answer(board: Board) -> BoardAnswer:
    return BoardAnswer(task=board.task, subtasks=[_subtask(part) for part in board.subtasks])


def claim_answer(subtask: str | None, until: datetime | None) -> ClaimAnswer:
    return ClaimAnswer(claimed=until is not None, subtask=subtask, until=_when(until))


def subtask_answer(part: Subtask) -> SubtaskAnswer:
    return SubtaskAnswer(subtask=_subtask(part))


def procedures_answer(found: tuple[Suggestion, ...]) -> ProceduresAnswer:
    return ProceduresAnswer(procedures=[_suggested(each) for each in found])


def procedure_answer(version: Version) -> VersionAnswer:
    return VersionAnswer(procedure=_version(version))


def report_answer(found: Reported) -> ReportAnswer:
    return ReportAnswer(card=found.card.id, standing=found.standing, is_new=found.is_new, index=found.index)


def _memory(memory: Memory, index_of: Mapping[str, str], score: float) -> MemoryShown:
    return MemoryShown(
        key=memory.key,
        text=memory.content,
        kind=memory.memory_type,
        agent=memory.agent_id,
        team=memory.team_id,
        task=memory.task_id,
        at=_when(memory.created_at),
        confidence=memory.confidence,
        tags=list(memory.tags),
        index=index_of.get(memory.key),
        score=round(score, 4),
    )


def _conflict(card: Card) -> ConflictShown:
    left, right = (
        SideShown(key=side.key, text=side.text, agent=side.agent, at=_when(side.at)) for side in (card.left, card.right)
    )
    return ConflictShown(
        id=card.id, left=left, right=right, clash=round(card.judgement.clash, 4), why=card.judgement.rationale
    )


def _subtask(part: Subtask) -> SubtaskShown:
    return SubtaskShown(
        name=part.name,
        status=part.status,
        owner=part.owner,
        until=_when(part.until),
        progress=part.progress,
        note=part.note,
        by=part.by,
        at=_when(part.at),
    )


def _suggested(found: Suggestion) -> VersionShown:
    shown = _version(found.version)
    return shown.model_copy(update={"relevance": round(found.relevance, 4), "why": safe(found.why)})


def _version(version: Version) -> VersionShown:
    return VersionShown(
        name=version.name,
        version=version.number,
        steps=list(version.steps),
        preconditions=list(version.preconditions),
        when=version.when,
        successes=version.successes,
        failures=version.failures,
        trust=round(version.trust, 4),
    )


def _when(at: datetime | None) -> str | None:
    return None if at is None else iso(at)

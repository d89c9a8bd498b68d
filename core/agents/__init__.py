"""What agents call. `AgentMemory` is all of it: remember, recall, context, shared tasks, procedures, resume.

docs/agents.md has examples that run.
"""

from __future__ import annotations

from core.agents.memory import AgentMemory, AgentRecall
from core.agents.places import Where
from core.agents.procedures import Procedures, Suggestion
from core.agents.protocols import RecallCache, WriteGuard
from core.agents.reporting import Reported
from core.agents.resuming import Resumed, Session
from core.agents.subtasks import Board, Status, Subtask
from core.agents.tasks import LEASE, Claim, TaskState
from core.agents.versions import Procedure, Version
from core.agents.writing import Remembered

__all__ = [
    "LEASE",
    "AgentMemory",
    "AgentRecall",
    "Board",
    "Claim",
    "Procedure",
    "Procedures",
    "RecallCache",
    "Remembered",
    "Reported",
    "Resumed",
    "Session",
    "Status",
    "Subtask",
    "Suggestion",
    "TaskState",
    "Version",
    "Where",
    "WriteGuard",
]

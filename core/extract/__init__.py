"""From an agent's turn to candidate memories: facts, decisions, outcomes, procedures and preferences, each with its source.

`extractor_of()` gives the local extractor, or one on Amazon Bedrock; `memory_of` makes a memory of a candidate. What
is known already, what may be written and where is the writer's business.
"""

from __future__ import annotations

from core.extract.candidate import Candidate, Dropped, Extraction, Extractor, Kind
from core.extract.choice import EXTRACTOR_VARIABLE, extractor_of
from core.extract.local import LocalExtractor
from core.extract.memories import memories_of, memory_of
from core.extract.reading import read_turn, turns_in
from core.extract.turn import AgentTurn, Message, Role, ToolCall

__all__ = [
    "EXTRACTOR_VARIABLE",
    "AgentTurn",
    "Candidate",
    "Dropped",
    "Extraction",
    "Extractor",
    "Kind",
    "LocalExtractor",
    "Message",
    "Role",
    "ToolCall",
    "extractor_of",
    "memories_of",
    "memory_of",
    "read_turn",
    "turns_in",
]

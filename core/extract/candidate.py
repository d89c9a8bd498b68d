"""What an extractor gives: candidates that quote their source, and what it left out with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from core.extract.turn import AgentTurn, Role
from core.memory.model import MemoryType

__all__ = ["TYPES", "Candidate", "Dropped", "Extraction", "Extractor", "Kind"]


class Kind(StrEnum):
    """What a candidate is."""

    FACT = "fact"
    DECISION = "decision"
    OUTCOME = "outcome"
    PROCEDURE = "procedure"
    PREFERENCE = "preference"


TYPES: Final[Mapping[Kind, MemoryType]] = {
    Kind.FACT: MemoryType.SEMANTIC,
    Kind.DECISION: MemoryType.SEMANTIC,
    Kind.OUTCOME: MemoryType.EPISODIC,
    Kind.PROCEDURE: MemoryType.PROCEDURAL,
    Kind.PREFERENCE: MemoryType.SEMANTIC,
}


@dataclass(frozen=True)
class Candidate:
    """A text worth remembering: `quote` stands in message number `message` (from 0) at `span`, word for word.

    `content` is the quote with what is named in `reason` rewritten. `confidence` is a documented estimate, 0 to 1.
    """

    content: str
    kind: Kind
    confidence: float
    quote: str
    message: int
    span: tuple[int, int]
    role: Role
    reason: str
    tags: tuple[str, ...] = ()

    @property
    def memory_type(self) -> MemoryType:
        """The type that a memory of it has."""
        return TYPES[self.kind]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        texts = {"kind": str(self.kind), "role": str(self.role), "memory_type": str(self.memory_type)}
        return vars(self) | texts | {"span": list(self.span), "tags": list(self.tags)}


@dataclass(frozen=True)
class Dropped:
    """A passage of message number `message` that became no candidate, and why."""

    quote: str
    message: int
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return dict(vars(self))


@dataclass(frozen=True)
class Extraction:
    """What came of one turn, in the order of its text; `by` is the extractor's tag."""

    candidates: tuple[Candidate, ...]
    dropped: tuple[Dropped, ...]
    by: str


class Extractor(Protocol):
    """What reads turns; nothing that it returns stands without a quote of the turn."""

    @property
    def tag(self) -> str: ...

    def extract(self, turn: AgentTurn) -> Extraction:
        """Return the candidates of a turn; raise ModelError where a model gave nothing that can be used."""
        ...

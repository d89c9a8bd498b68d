"""Candidates as memories: what was found goes into the fields, where it was found into what no filter reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from core.extract.candidate import Candidate, Extraction
from core.extract.turn import AgentTurn
from core.memory.keys import new_key
from core.memory.model import Memory

__all__ = ["memories_of", "memory_of"]

_SOURCE: Final = "extracted"


def memory_of(candidate: Candidate, turn: AgentTurn, *, by: str, now: datetime) -> Memory:
    """Return the memory of a candidate, keyed by what the turn says: the same turn gives the same keys.

    Its time is the turn's, `now` where the turn has none. `kind` and `extractor` can be filtered by; `provenance` is JSON
    with the quote, its place and the reason.
    """
    place: dict[str, Any] = {
        "turn": turn.id,
        "message": candidate.message,
        "role": str(candidate.role),
        "span": list(candidate.span),
        "quote": candidate.quote,
        "reason": candidate.reason,
        "extractor": by,
    }
    digest = _digest(turn, candidate)
    return Memory(
        key=new_key(agent_id=turn.agent_id, task_id=turn.task_id, created_at=turn.at, unique=lambda: f"extract-{digest}"),
        content=candidate.content,
        memory_type=str(candidate.memory_type),
        agent_id=turn.agent_id,
        team_id=turn.team_id,
        task_id=turn.task_id,
        session_id=turn.session_id,
        created_at=turn.at or now,
        confidence=candidate.confidence,
        source=_SOURCE,
        tags=candidate.tags,
        extra={
            "kind": str(candidate.kind),
            "extractor": by,
            "provenance": json.dumps(place, ensure_ascii=False),
        },
    )


def memories_of(extraction: Extraction, turn: AgentTurn, *, now: datetime, least: float = 0.0) -> Sequence[Memory]:
    """Return the memories of the candidates with at least that confidence, in order."""
    return [memory_of(one, turn, by=extraction.by, now=now) for one in extraction.candidates if one.confidence >= least]


def _digest(turn: AgentTurn, candidate: Candidate) -> str:
    said = [turn.id, turn.session_id, str(candidate.kind), candidate.message, list(candidate.span), candidate.quote]
    return hashlib.blake2b(json.dumps(said).encode(), digest_size=12).hexdigest()

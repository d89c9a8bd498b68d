"""What the recall log holds: one recall, and how often a memory was recalled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from core.recalled import RecallResult
    from core.scope import Scope

__all__ = ["Channel", "LoggedRecall", "Usage", "as_logged", "as_text"]

Channel = Literal["page", "cli", "agent"]


@dataclass(frozen=True)
class LoggedRecall:
    """One recall of a stream (an index, "bucket/index"): who asked what, and which memories came back, best first.

    `query` is None where it was redacted. `scope` has what Scope.to_params wrote, `hits` keys with their scores, and
    `context_keys` those that went into a prompt.
    """

    stream: str
    at: datetime
    actor: str
    channel: Channel
    query: str | None
    mode: str
    k: int
    hits: tuple[tuple[str, float], ...]
    scope: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    context_keys: tuple[str, ...] = ()
    ms: float = 0.0

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the hits, best first."""
        return tuple(key for key, _ in self.hits)

    @property
    def reinforces(self) -> bool:
        """Whether it is a use of what it found: who curates looks at memories on a page, and does not use them."""
        return self.channel != "page"

    def without(self, keys: frozenset[str]) -> LoggedRecall:
        """Return the recall less these memories."""
        return replace(
            self,
            hits=tuple(hit for hit in self.hits if hit[0] not in keys),
            context_keys=tuple(key for key in self.context_keys if key not in keys),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the recall as JSON values."""
        return vars(self) | {"at": as_text(self.at), "scope": dict(self.scope)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> LoggedRecall:
        """Return the recall that `to_json` wrote; raise ValueError, KeyError and their kin for what is none."""
        hits = tuple((key, float(score)) for key, score in value["hits"])
        context, query, scope = tuple(value["context_keys"]), value["query"], value["scope"]
        texts = [value[name] for name in ("stream", "actor", "channel", "mode")]
        texts += [*context, *(key for key, _ in hits), *([] if query is None else [query])]
        if not (all(isinstance(text, str) for text in texts) and isinstance(scope, dict) and type(value["k"]) is int):
            raise TypeError("a recall has a value of another type")
        at = datetime.fromisoformat(value["at"])
        if at.tzinfo is None:
            raise ValueError("a recall has a time without a zone")
        said = {name: value[name] for name in ("stream", "actor", "channel", "query", "mode", "k", "scope")}
        return cls(**said, at=at, hits=hits, context_keys=context, ms=float(value["ms"]))


def as_text(at: datetime) -> str:
    """Return a time as the log has it: texts in UTC, which are in the order of the times."""
    return at.astimezone(UTC).isoformat()


class Usage(NamedTuple):
    """How often a memory was recalled by those who use it, and when last."""

    recalls: int
    last_at: datetime


def as_logged(
    result: RecallResult,
    stream: str,
    *,
    at: datetime,
    actor: str,
    channel: Channel,
    scope: Scope,
) -> LoggedRecall:
    """Return a recall as the log keeps it."""
    return LoggedRecall(
        stream=stream,
        at=at,
        actor=actor,
        channel=channel,
        query=result.query,
        mode=str(result.mode),
        k=result.k,
        hits=tuple((hit.memory.key, hit.score) for hit in result.hits),
        scope=scope.to_params(),
        ms=result.total_ms,
    )

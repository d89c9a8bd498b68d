"""The blast radius of some memories: which agents got them when, in which recalls, and what was made from them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.curation.triage.descendants import Descendant
from core.operate.recalls import LoggedRecall

__all__ = ["BlastRadius", "Exposure", "Reached", "blast_radius"]

_KEPT: Final = 200


@dataclass(frozen=True)
class Exposure:
    """One recall that gave an agent one of the memories, or, where `through`, what was made from one.

    `rank` is the best of their places in the list, from 1. `query`, None where it was redacted, and `agent` are hostile.
    """

    at: datetime
    agent: str
    channel: str
    query: str | None
    keys: tuple[str, ...]
    rank: int
    in_context: bool
    through: bool

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return vars(self) | {"at": self.at.isoformat(), "keys": list(self.keys)}


@dataclass(frozen=True)
class Reached:
    """One agent that got it: in how many recalls, in how many prompts, when first and last."""

    agent: str
    recalls: int
    in_context: int
    first: datetime
    last: datetime

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return vars(self) | {"first": self.first.isoformat(), "last": self.last.isoformat()}


@dataclass(frozen=True)
class BlastRadius:
    """Where some memories got to.

    `recalls` gave one of them to an agent, `through` one of its descendants and none of them; `looks` are people's, on
    pages. `exposures` are the latest but for these, newest first. `counted` is how often they were recalled as far as is
    counted, which goes further back than the log. `cut` says that the log has more than was read.
    """

    keys: tuple[str, ...]
    recalls: int
    through: int
    looks: int
    counted: int
    agents: tuple[Reached, ...]
    exposures: tuple[Exposure, ...]
    derived: tuple[Descendant, ...]
    first: datetime | None
    last: datetime | None
    cut: bool = False

    @property
    def words(self) -> str:
        """It in a sentence."""
        if not self.recalls and not self.through:
            reached = "No logged recall gave it to an agent"
            reached += f", {self.counted:,} uses are counted without one" if self.counted else ""
        else:
            who = f"{len(self.agents):,} {'agent' if len(self.agents) == 1 else 'agents'}"
            counted = f", of {self.counted:,} that are counted" if self.counted > self.recalls else ""
            reached = f"{self.recalls:,} logged {'recall' if self.recalls == 1 else 'recalls'} gave it to {who}{counted}"
            reached += f", {self.through:,} gave what was made from it" if self.through else ""
        made = f"{len(self.derived):,} {'memory was' if len(self.derived) == 1 else 'memories were'} made from it"
        return f"{reached}; {made}."

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        rows = {name: [each.to_json() for each in getattr(self, name)] for name in ("agents", "exposures", "derived")}
        times = {name: None if at is None else at.isoformat() for name, at in (("first", self.first), ("last", self.last))}
        return vars(self) | rows | times | {"keys": list(self.keys), "words": self.words}


def blast_radius(
    keys: Collection[str],
    recalls: Sequence[LoggedRecall],
    derived: Sequence[Descendant] = (),
    *,
    counted: int = 0,
    cut: bool = False,
) -> BlastRadius:
    """Return where some memories got to, by the recalls that found them or what was made from them."""
    own, all_keys = set(keys), {*keys, *(each.key for each in derived)}
    used = [recall for recall in recalls if recall.reinforces]
    exposures = [_exposure(recall, own, all_keys) for recall in used if not all_keys.isdisjoint(recall.keys)]
    exposures.sort(key=lambda each: (each.at, each.agent), reverse=True)
    direct = sum(not each.through for each in exposures)
    looks = sum(not own.isdisjoint(recall.keys) for recall in recalls if not recall.reinforces)
    return BlastRadius(
        tuple(keys),
        direct,
        len(exposures) - direct,
        looks,
        max(counted, direct),
        _reached(exposures),
        tuple(exposures[:_KEPT]),
        tuple(derived),
        min((each.at for each in exposures), default=None),
        max((each.at for each in exposures), default=None),
        cut,
    )


def _exposure(recall: LoggedRecall, own: set[str], all_keys: set[str]) -> Exposure:
    through = own.isdisjoint(recall.keys)
    wanted = all_keys if through else own
    found = tuple(key for key in recall.keys if key in wanted)
    return Exposure(
        recall.at,
        recall.actor,
        recall.channel,
        recall.query,
        found,
        1 + recall.keys.index(found[0]),
        not wanted.isdisjoint(recall.context_keys),
        through,
    )


def _reached(exposures: Sequence[Exposure]) -> tuple[Reached, ...]:
    by_agent: dict[str, list[Exposure]] = {}
    for each in exposures:
        by_agent.setdefault(each.agent, []).append(each)
    found = [
        Reached(agent, len(own), sum(each.in_context for each in own), own[-1].at, own[0].at)
        for agent, own in by_agent.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.recalls, each.agent)))

"""The ward of one index: suspects, what they reached, quarantine and release, and the report of an incident."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pandas as pd

from core.access import Actor, Permission
from core.curation.corpus import corpus_of
from core.curation.desk import Desk
from core.curation.hiding import QUARANTINE, plan_quarantine
from core.curation.plan import Plan
from core.curation.planning import read_whole
from core.curation.triage.blast import BlastRadius, blast_radius
from core.curation.triage.descendants import Descendant, descendants
from core.curation.triage.incident import Incident, incident_report
from core.curation.triage.suspects import Known, Triage, triage
from core.curation.triage.trust import DEFAULT_TRUST, TrustRules
from core.errors import NotFoundError
from core.memory import Memory
from core.memory.fields import preview
from core.memory.status import is_quarantined
from core.past.stand_ins import stand_ins
from core.past.versions import Applied, Versions, versions_of
from core.snapshots.content import Snapshot

__all__ = ["Quarantined", "Ward"]

# Recalls that are read of the log for the suspects, and for the blast radius of some.
_RECENT: Final = 10_000
_READ: Final = 20_000
# Retired memories of which the sources are looked up, the latest.
_GONE: Final = 2_000


@dataclass(frozen=True)
class Quarantined:
    """A memory in quarantine: since when, by whom, by which plan and why, as far as the journal knows."""

    key: str
    memory: Memory
    at: datetime | None = None
    by: str = ""
    plan_id: str | None = None
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        at, said = None if self.at is None else self.at.isoformat(), self.memory
        return vars(self) | {"at": at, "memory": {"content": said.content, "agent_id": said.agent_id, "source": said.source}}


class Ward:
    """Triage of one index, over its desk; every call says on whose behalf, and what it plans goes through the desk."""

    def __init__(self, desk: Desk, *, now: Callable[[], datetime], rules: TrustRules = DEFAULT_TRUST) -> None:
        self._desk, self._store, self._now, self._rules = desk, desk.store, now, rules

    def suspects(
        self,
        *,
        actor: Actor,
        snapshot: Snapshot | None = None,
        always: Collection[str] = (),
        stop: Callable[[], bool] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Triage:
        """Return the suspects and patterns of the index as it is now, or of a snapshot with vectors that is as new.

        Memories of `always` are in the list whatever their score, with the signs that they have, in quarantine too.
        """
        self._may_read(actor)
        now = self._now()
        read, corpus = corpus_of(self._store, snapshot=snapshot, now=now, actor=actor)
        known = self._known(read.frame)
        return triage(read.frame, corpus.matrix, known, now=now, always=always, stop=stop, progress=progress)

    def blast_radius(self, keys: Collection[str], *, actor: Actor, frame: pd.DataFrame | None = None) -> BlastRadius:
        """Return where memories got to, in the index or retired; raise NotFoundError for a key that nobody knows.

        `frame` of a snapshot spares reading the index.
        """
        self._may_read(actor)
        frame = self._frame(actor) if frame is None else frame
        self._require_known(keys, frame)
        return self._radius(keys, frame, self._descendants(keys, frame))

    def descendants(
        self, keys: Collection[str], *, actor: Actor, frame: pd.DataFrame | None = None
    ) -> tuple[Descendant, ...]:
        """Return what was made from memories, generation by generation, retired ones too."""
        self._may_read(actor)
        return self._descendants(keys, self._frame(actor) if frame is None else frame)

    def quarantine_plan(
        self, keys: Collection[str], *, actor: Actor, plan_id: str, reason: str = "", with_descendants: bool = False
    ) -> Plan:
        """Return the plan that takes memories out of recall, with what was made from them where that is wanted."""
        made = [each.key for each in self.descendants(keys, actor=actor) if each.here] if with_descendants else []
        return plan_quarantine(
            self._store,
            [*keys, *made],
            actor=actor,
            now=self._now(),
            plan_id=plan_id,
            reason=reason,
            parameters={"descendants": len(made)} if with_descendants else None,
        )

    def release_plan(self, keys: Collection[str], *, actor: Actor, plan_id: str, reason: str = "") -> Plan:
        """Return the plan that gives memories in quarantine the status back that they had before."""
        options: dict[str, Any] = {"actor": actor, "now": self._now(), "plan_id": plan_id, "reason": reason}
        return plan_quarantine(self._store, keys, in_quarantine=False, **options)

    def quarantined(self, *, actor: Actor, frame: pd.DataFrame | None = None) -> tuple[Quarantined, ...]:
        """Return what is in quarantine now, the latest first; `frame` of a snapshot spares reading the index."""
        self._may_read(actor)
        frame = self._frame(actor) if frame is None else frame
        names = [name for name in frame["status"].cat.categories if is_quarantined(name)]
        keys = [str(key) for key in frame["key"][frame["status"].isin(names).to_numpy()]]
        there = self._store.get(keys, actor=actor)
        found = []
        for key, memory in there.items():
            by = [change for change in self._versions.of(key) if change.policy == QUARANTINE]
            last = by[-1] if by else None
            found.append(_quarantined(key, memory, last))
        return tuple(sorted(found, key=lambda each: (each.at is not None, each.at, each.key), reverse=True))

    def texts(self, keys: Collection[str], *, actor: Actor) -> dict[str, str]:
        """Return what memories say that are in the index, by key; hostile."""
        return {key: memory.content for key, memory in self._store.get(keys, actor=actor).items()}

    def report(self, keys: Sequence[str], *, actor: Actor, reason: str = "", snapshot: Snapshot | None = None) -> str:
        """Return the report of an incident as Markdown; raise NotFoundError for a key that nobody knows."""
        self._may_read(actor)
        read, _ = corpus_of(self._store, snapshot=snapshot, now=self._now(), actor=actor)
        frame, wanted = read.frame, list(dict.fromkeys(keys))
        self._require_known(wanted, frame)
        made = self._descendants(wanted, frame)
        found = self.suspects(actor=actor, snapshot=read, always=wanted).suspects
        incident = Incident(
            index=self._store.info.name,
            at=self._now(),
            by=actor.name,
            memories=self._memories(wanted, actor),
            suspects={each.key: each for each in found if each.key in wanted},
            reach=self._radius(wanted, frame, made),
            changes=self._changes([*wanted, *(each.key for each in made)]),
            reason=reason,
        )
        return incident_report(incident)

    @property
    def _versions(self) -> Versions:
        return versions_of(self._desk.ledger.journal, self._desk.stream)

    def _known(self, frame: pd.DataFrame) -> Known:
        archive, register = self._store.archive, self._desk.ledger.register(self._desk.stream)
        recalls = archive.recalls.recent(self._store.stream, limit=_RECENT) if archive else []
        named = {source for sources in frame["derived_from"].to_numpy() for source in sources}
        missing = named - set(frame["key"].to_numpy())
        return Known(
            recalls=recalls,
            cards=register.cards(),
            decisions=register.decisions(),
            gone=self._gone(missing),
            rules=self._rules,
        )

    def _gone(self, keys: Collection[str] | None = None) -> tuple[Memory, ...]:
        """Return retired memories as they were, of these keys or of all the latest."""
        retired = self._versions.retired()
        chosen = [change for key, change in retired.items() if keys is None or key in keys][-_GONE:]
        images = self._versions.images(chosen)
        return tuple(
            self._store.memory_of(key, image.before.metadata) for key, image in images.items() if image.before is not None
        )

    def _descendants(self, keys: Collection[str], frame: pd.DataFrame) -> tuple[Descendant, ...]:
        gone = self._gone()
        known = {*keys, *(memory.key for memory in gone)}
        return descendants(frame, keys, gone=gone, heirs=stand_ins(self._versions.table(), known))

    def _radius(self, keys: Collection[str], frame: pd.DataFrame, made: Sequence[Descendant]) -> BlastRadius:
        archive = self._store.archive
        wanted = [*keys, *(each.key for each in made)]
        recalls = archive.recalls.between(self._store.stream, keys=wanted, limit=_READ) if archive else []
        uses = archive.recalls.used(self._store.stream, keys) if archive else {}
        stated = int(frame["recall_count"][frame["key"].isin(list(keys)).to_numpy()].sum())
        counted = max(stated, sum(use.recalls for use in uses.values()))
        return blast_radius(keys, recalls, made, counted=counted, cut=len(recalls) == _READ)

    def _memories(self, keys: Sequence[str], actor: Actor) -> dict[str, Memory | None]:
        here = self._store.get(keys, actor=actor)
        gone = {memory.key: memory for memory in self._gone({key for key in keys if key not in here})}
        return {key: here.get(key) or gone.get(key) for key in keys}

    def _changes(self, keys: Collection[str]) -> tuple[Applied, ...]:
        found = [change for key in keys for change in self._versions.of(key) if change.policy not in ("import", "remember")]
        return tuple(sorted(found, key=lambda change: (change.at, change.number, change.key)))

    def _require_known(self, keys: Collection[str], frame: pd.DataFrame) -> None:
        there, changed = set(frame["key"].to_numpy()), self._versions.table().numbers
        for key in keys:
            if key not in there and key not in changed:
                raise NotFoundError(
                    f"There is no memory {preview(key)} in index {self._store.info.name!r}, nor was there one."
                )

    def _frame(self, actor: Actor) -> pd.DataFrame:
        return read_whole(self._store, actor=actor).frame

    def _may_read(self, actor: Actor) -> None:
        info = self._store.info
        actor.require(Permission.READ, what=f"index {info.name!r}", tenant=info.tenant, known=info.tags_known)


def _quarantined(key: str, memory: Memory, change: Applied | None) -> Quarantined:
    if change is None:
        return Quarantined(key, memory)
    return Quarantined(key, memory, change.at, change.actor, change.plan_id, change.reason)

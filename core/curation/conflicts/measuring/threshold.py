"""The threshold of an index: from which clash on a pair goes to the inbox, as an admin chose it for a judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from core.access import Actor, Permission
from core.curation.journal import ANY_VERSION, Documents
from core.errors import ConfigError
from core.memory.fields import iso, preview, read_time
from core.models.judge import Judge
from core.store import MemoryStore

__all__ = ["Chosen", "Thresholds", "load_thresholds", "save_threshold", "threshold_for", "threshold_in_force"]

FORMAT: Final = 1
_KIND, _NAME = "conflicts", "threshold"


@dataclass(frozen=True)
class Chosen:
    """A threshold, who chose it when, and why."""

    value: float
    by: str
    at: datetime
    why: str = ""


@dataclass(frozen=True)
class Thresholds:
    """What was chosen for each judge, by its tag: a probability means something under one judge only.

    `version` is the one to save over, None where nothing was saved yet.
    """

    chosen: Mapping[str, Chosen] = field(default_factory=dict)
    version: str | None = None

    def of(self, judge: str, default: float) -> float:
        """Return the threshold under a judge: the chosen one, else the judge's own."""
        found = self.chosen.get(judge)
        return default if found is None else found.value


def load_thresholds(store: MemoryStore, documents: Documents, *, actor: Actor) -> Thresholds:
    """Return what was chosen for an index; raise ConfigError for a document that is none."""
    _require(store, actor, Permission.READ)
    return _kept(documents, store.stream)


def threshold_in_force(documents: Documents, stream: str, judge: str, default: float) -> float:
    """Return from which clash on a pair of an index goes to the inbox, by its stream and the tag of the judge."""
    return _kept(documents, stream).of(judge, default)


def threshold_for(store: MemoryStore, judge: Judge) -> float:
    """Return from which clash on a pair of an index goes to the inbox; the judge's own where nothing is kept beside it."""
    if store.archive is None:
        return judge.threshold
    return threshold_in_force(store.archive.ledger.documents, store.stream, judge.tag, judge.threshold)


def save_threshold(
    store: MemoryStore,
    documents: Documents,
    judge: str,
    value: float | None,
    *,
    actor: Actor,
    now: datetime,
    why: str = "",
    expected: str | None = ANY_VERSION,
) -> Thresholds:
    """Keep a threshold for a judge, None for the judge's own again; that needs the role admin.

    `expected` is the version that it was chosen over, else ChangedMeanwhileError is raised.
    """
    _require(store, actor, Permission.ADMINISTER)
    if value is not None and not 0 < value <= 1:
        raise ConfigError(f"The threshold is {value}: give a probability above 0, up to 1.")
    before = _kept(documents, store.stream)
    rest = {tag: each for tag, each in before.chosen.items() if tag != judge}
    chosen = rest if value is None else {**rest, judge: Chosen(value, actor.name, now, why)}
    rows = {tag: {"value": each.value, "by": each.by, "at": iso(each.at), "why": each.why} for tag, each in chosen.items()}
    over = before.version if expected == ANY_VERSION else expected
    kept = documents.put(store.stream, _KIND, _NAME, {"format": FORMAT, "judges": rows}, expected=over)
    return Thresholds(chosen, kept.version)


def _kept(documents: Documents, stream: str) -> Thresholds:
    found = documents.get(stream, _KIND, _NAME)
    if found is None:
        return Thresholds()
    try:
        if found.value["format"] != FORMAT:
            raise ConfigError(
                f"The thresholds have format {preview(found.value['format'])}, this Mnemoscope reads {FORMAT}."
            )
        return Thresholds({str(tag): _chosen(each) for tag, each in found.value["judges"].items()}, found.version)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"The thresholds of {stream} cannot be read ({error!r}): restore the journal's documents from a backup."
        ) from None


def _chosen(value: Mapping[str, Any]) -> Chosen:
    number, at = float(value["value"]), read_time(value["at"])
    if at is None or not 0 < number <= 1:
        raise ValueError("a threshold without a time, or not between 0 and 1")
    return Chosen(number, str(value["by"]), at, str(value.get("why", "")))


def _require(store: MemoryStore, actor: Actor, permission: Permission) -> None:
    what = f"the threshold of index {store.info.name!r}"
    actor.require(permission, what=what, tenant=store.info.tenant, known=store.info.tags_known)

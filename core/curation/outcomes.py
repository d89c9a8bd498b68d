"""What became of each key of one plan, and what it was before: read from the plan's own entries and their images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.curation.history import Deed
from core.curation.journal import Entry, Image, Journal, Kind
from core.curation.ledgers.reading import unreadable_entry
from core.curation.plan import Action
from core.memory.record import Record

__all__ = ["Done", "Outcome", "Outcomes", "Prepared", "done_of", "images_of", "outcomes_of", "told_by", "undone_keys"]

DONE = "done"
LEFT = "was not done"


@dataclass(frozen=True)
class Done:
    """One key of a plan that was applied: what it was before, and what became of it.

    `before` is None where there was nothing, and where `purged` says that the image was erased; `after` is the fingerprint
    of what it was then. `outcome` is "done" or why it was not; `undone` says that it was taken back since. `replaced_by`
    stands for what was retired, and `proof` says how that was proved; `spared` says that it stayed because it was not, or,
    of what was put, that it was taken out again because it stood for nothing.
    """

    key: str
    action: str
    reason: str
    policy: str
    before: Record | None
    after: str | None
    outcome: str
    undone: bool = False
    purged: bool = False
    replaced_by: str | None = None
    proof: Mapping[str, Any] | None = None
    spared: bool = False

    @property
    def done(self) -> bool:
        """Say whether it was done."""
        return self.outcome == DONE


@dataclass(frozen=True)
class Outcome:
    """What became of one key; `number` is that of the entry with its image, 0 where it was never prepared."""

    key: str
    action: str
    reason: str
    policy: str
    number: int
    outcome: str = LEFT
    replaced_by: str | None = None
    proof: Mapping[str, Any] | None = None
    spared: bool = False

    @property
    def done(self) -> bool:
        """Say whether it was done."""
        return self.outcome == DONE

    @property
    def failed(self) -> bool:
        """Say whether it was tried and refused."""
        return not self.spared and self.outcome not in (DONE, LEFT)


@dataclass(frozen=True)
class Prepared:
    """A batch of which the journal says that it was about to be sent, and not what became of it.

    `takes_back` says that it takes out again what the plan itself had put.
    """

    number: int
    batch: int
    changes: tuple[Mapping[str, Any], ...]
    takes_back: bool = False


@dataclass
class Outcomes:
    """What the entries of one plan say, key by key; `batches` were prepared so far, `unsettled` are those without an end."""

    keys: dict[str, Outcome] = field(default_factory=dict)
    unsettled: dict[int, Prepared] = field(default_factory=dict)
    purged: set[str] = field(default_factory=set)
    batches: int = 0

    def add(self, entry: Entry) -> None:
        """Take in the next entry; raise JournalError for one that does not say what its kind says."""
        try:
            if entry.kind is Kind.PREPARED:
                self._prepare(entry)
            elif entry.kind is Kind.APPLIED:
                self._settle(entry.body)
            elif entry.kind is Kind.PURGED:
                self.purged.update(entry.body["keys"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable_entry(entry.stream, entry.number, error) from error

    @property
    def done(self) -> list[str]:
        """The keys that were done, in the order of the doing."""
        return [key for key, outcome in self.keys.items() if outcome.done]

    @property
    def failed(self) -> dict[str, str]:
        """The keys that were refused, each with why."""
        return {key: outcome.outcome for key, outcome in self.keys.items() if outcome.failed}

    @property
    def spared(self) -> dict[str, str]:
        """The keys that stay because nothing was proved to stand for them, each with why."""
        return {key: each.outcome for key, each in self.keys.items() if each.spared and each.action != Action.PUT}

    @property
    def taken_back(self) -> dict[str, str]:
        """The keys that were put and taken out again because they stood for nothing, each with why."""
        return {key: each.outcome for key, each in self.keys.items() if each.spared and each.action == Action.PUT}

    @property
    def counts(self) -> dict[str, int]:
        """How many keys were done of each action."""
        return dict(Counter(each.action for each in self.keys.values() if each.done))

    @property
    def erased(self) -> list[str]:
        """The keys that were erased."""
        return [key for key, each in self.keys.items() if each.done and each.action == Action.ERASE]

    def _prepare(self, entry: Entry) -> None:
        batch, changes = entry.body["batch"], tuple(entry.body["changes"])
        self.batches = max(self.batches, batch + 1)
        self.unsettled[batch] = Prepared(entry.number, batch, changes, bool(entry.body.get("takes_back")))
        for change in changes:
            if not self._is_done(change["key"]):
                stand_in = {name: change[name] for name in ("replaced_by", "proof") if name in change}
                self._set(
                    Outcome(change["key"], change["action"], change["reason"], change["policy"], entry.number, **stand_in),
                )

    def _settle(self, body: Mapping[str, Any]) -> None:
        prepared = self.unsettled.pop(body["batch"], None)
        for key in body["done"]:
            self._set(replace(self._known(key), outcome=DONE))
        for key, why in _taken_back(prepared, body["done"]).items():
            self._set(replace(self._known(key), outcome=why, spared=True))
        for failure in body["failed"]:
            if not self._is_done(failure["key"]):
                self._set(replace(self._known(failure["key"]), outcome=failure["reason"]))
        for spared in body.get("spared", ()):
            if not self._is_done(spared["key"]):
                self._set(_spared(self._known(spared["key"]), spared))

    def _known(self, key: str) -> Outcome:
        return self.keys.get(key) or Outcome(key, "", "", "", 0)

    def _is_done(self, key: str) -> bool:
        return key in self.keys and self.keys[key].done

    def _set(self, outcome: Outcome) -> None:
        self.keys.pop(outcome.key, None)  # the order is that of the doing
        self.keys[outcome.key] = outcome


def _spared(known: Outcome, said: Mapping[str, Any]) -> Outcome:
    return replace(
        known,
        action=said["action"],
        policy=said["policy"],
        outcome=said["reason"],
        replaced_by=said["replaced_by"],
        proof=said["proof"],
        spared=True,
    )


def _taken_back(prepared: Prepared | None, done: Iterable[str]) -> dict[str, str]:
    """Return which keys a batch took out again that its own plan had put, each with why."""
    if prepared is None or not prepared.takes_back:
        return {}
    why = {change["key"]: str(change["reason"]) for change in prepared.changes}
    return {key: why[key] for key in done}


def told_by(entries: Iterable[Entry]) -> Outcomes:
    """Return what the entries of one plan say."""
    outcomes = Outcomes()
    for entry in entries:
        outcomes.add(entry)
    return outcomes


def outcomes_of(journal: Journal, stream: str, plan_id: str) -> Outcomes:
    """Return what the journal says of one plan."""
    return told_by(journal.entries(stream, plan_id=plan_id))


def undone_keys(journal: Journal, stream: str, plan_id: str, deeds: Mapping[str, Deed]) -> set[str]:
    """Return the keys of a plan that were taken back and not given back since."""
    found: set[str] = set()
    for deed in deeds.values():
        if deed.undoes == plan_id:
            done = outcomes_of(journal, stream, deed.plan_id).done
            found |= set(done) - undone_keys(journal, stream, deed.plan_id, deeds)
    return found


def images_of(journal: Journal, stream: str, outcomes: Iterable[Outcome]) -> dict[str, Image]:
    """Return the images of these outcomes, by key, those that were not purged."""
    wanted: dict[int, list[str]] = {}
    for outcome in outcomes:
        if outcome.number:
            wanted.setdefault(outcome.number, []).append(outcome.key)
    found: dict[str, Image] = {}
    for number, group in wanted.items():
        found |= journal.images(stream, number, keys=group)
    return found


def done_of(
    journal: Journal, stream: str, plan_id: str, deeds: Mapping[str, Deed], *, keys: Collection[str] | None = None
) -> list[Done]:
    """Return what became of each key of a plan, or of these of them, in the order of the doing."""
    wanted = None if keys is None else set(keys)
    found = [each for each in outcomes_of(journal, stream, plan_id).keys.values() if wanted is None or each.key in wanted]
    images = images_of(journal, stream, found)
    undone = undone_keys(journal, stream, plan_id, deeds)
    return [_done(each, images.get(each.key), each.key in undone) for each in found]


def _done(outcome: Outcome, image: Image | None, undone: bool) -> Done:
    return Done(
        key=outcome.key,
        action=outcome.action,
        reason=outcome.reason,
        policy=outcome.policy,
        before=image.before if image else None,
        after=image.after if image else None,
        outcome=outcome.outcome,
        undone=undone,
        purged=image is None and outcome.number > 0,
        replaced_by=outcome.replaced_by,
        proof=outcome.proof,
        spared=outcome.spared,
    )

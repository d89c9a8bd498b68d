"""The proofs of a plan that is being applied: asked of the index itself, once its puts are there, before anything goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from core.access import Actor
from core.curation.plan import Change, Plan
from core.curation.proof import Proof, idle, prove
from core.curation.staleness import chunks
from core.curation.workplace import Workplace
from core.errors import EmbedderMismatchError
from core.memory import Memory
from core.memory.fields import preview
from core.memory.record import Record, fingerprint
from core.past.stand_ins import relying
from core.recall import recall
from core.recalled import Recalled
from core.store import MemoryStore

__all__ = ["Proofs", "Proving", "asking"]

_CHUNK = 1_000


class Proofs:
    """No proofs at all: what is to be retired in favour of another stays."""

    def __init__(self) -> None:
        self.proofs: dict[str, Proof] = {}

    def unproved(self, changes: Iterable[Change]) -> dict[str, str]:
        """Return the keys that stay because nothing is proved to stand for them, each with why."""
        found = ((change, self.proofs.get(change.key)) for change in changes if change.replaced_by is not None)
        return {
            change.key: "nothing was proved" if proof is None else proof.why for change, proof in found if not _ok(proof)
        }

    def fallen(self, changes: Sequence[Change]) -> dict[str, str]:  # noqa: ARG002 - there is nothing to fall
        """Return the keys whose proof holds no more, each with why."""
        return {}


class Proving(Proofs):
    """The proofs of one plan and what they rest on."""

    def __init__(
        self,
        place: Workplace,
        plan: Plan,
        *,
        actor: Actor,
        stop: Callable[[], bool] | None = None,
        told: Callable[[], None] | None = None,
    ) -> None:
        """`stop` says before each proof whether to stop; `told` hears of each."""
        super().__init__()
        self._place, self._plan, self._actor, self._stop, self._told = place, plan, actor, stop, told
        self._stood: dict[str, str] = {}
        self._relied: frozenset[str] = frozenset()

    @property
    def idle(self) -> dict[str, str]:
        """The new memories of the plan that would free nothing, each with why."""
        return idle(self._plan, self.proofs, relied=self._relied)

    def run(self, changes: Sequence[Change]) -> None:
        """Prove all of these changes that need it; raise CancelledError where it is stopped, or what the service raises."""
        there = self._there(changes)
        self._relied = frozenset(relying(self._place.versions.table()) if changes else ())
        self._stood = {key: fingerprint(record.metadata) for key, record in there.items()}
        now = self._place.clock()
        self.proofs = prove(
            self._plan,
            changes,
            ask=asking(self._place.store, actor=self._actor, now=now),
            there=there,
            memory_of=self._place.store.memory_of,
            now=now,
            relied=self._relied,
            stop=self._pause,
        )

    def _pause(self) -> bool:
        """Keep the right to change the index while many are asked for, and say whether to stop."""
        self._place.journal.renew(self._place.stream)
        if self._told is not None:
            self._told()
        return self._stop is not None and self._stop()

    def fallen(self, changes: Sequence[Change]) -> dict[str, str]:
        """Return the keys of which what is to stand for them is not what it was when it was found, each with why."""
        there = self._there(changes)
        fallen = {key for key, seen in self._stood.items() if key not in there or fingerprint(there[key].metadata) != seen}
        return {
            change.key: f"{preview(change.replaced_by)}, which is to stand for it, was changed or taken away meanwhile"
            for change in changes
            if change.replaced_by in fallen
        }

    def _there(self, changes: Iterable[Change]) -> dict[str, Record]:
        keys = list(dict.fromkeys(change.replaced_by for change in changes if change.replaced_by is not None))
        found: dict[str, Record] = {}
        for part in chunks(keys, _CHUNK):
            found |= self._place.read(part, actor=self._actor)
        return found


def asking(store: MemoryStore, *, actor: Actor, now: datetime) -> Callable[[Memory, int], Sequence[Recalled]]:
    """Return what recalls a memory's text, as any agent would; the recall log does not count it.

    Where the index was written with an embedder that is not ours, the memory's own vector stands for its text.
    """

    def ask(memory: Memory, k: int) -> Sequence[Recalled]:
        try:
            return recall(store, memory.content, actor=actor, now=now, k=k, log=False).hits
        except EmbedderMismatchError:
            vector = store.vectors([memory.key], actor=actor).get(memory.key)
            if vector is None:
                raise
            return recall(store, memory.content, actor=actor, now=now, k=k, vector=vector, log=False).hits

    return ask


def _ok(proof: Proof | None) -> bool:
    return proof is not None and proof.proved

"""Where a memory is that an index does not have: another index that its reader may see, what the journal says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.access import Actor
from core.catalog import Catalog
from core.curation.plan import Action
from core.errors import MnemoscopeError
from core.hostile import one_line
from core.past.stand_ins import stand_ins
from core.past.then import Then
from core.past.versions import Applied, versions_of
from core.store import MemoryStore

__all__ = ["NOWHERE", "Whereabouts", "whereabouts"]

_CHARS: Final = 80


@dataclass(frozen=True)
class Whereabouts:
    """The other indexes with that key, the change that took it out of this one, and the key of what stands for it now.

    `then` is where somebody looks back: nothing but that it was not there is said.
    """

    indexes: tuple[str, ...] = ()
    change: Applied | None = None
    stands_in: str | None = None
    then: bool = False

    @property
    def sentence(self) -> str:
        """Where it is, in words."""
        if self.then:
            return "It was not in this index then."
        said = ["It is not in this index."]
        if self.change is not None and self.change.takes_out:
            erased = self.change.action is Action.ERASE
            verb = "erased" if erased else "retired"
            why = f": {one_line(self.change.reason, 200)}" if self.change.reason and not erased else ""
            said.append(f"{one_line(self.change.actor, _CHARS)} {verb} it on {self.change.at:%Y-%m-%d %H:%M} UTC{why}.")
        elif self.change is not None:
            said.append(
                f"It was there after its last change in the journal, on {self.change.at:%Y-%m-%d %H:%M} UTC: "
                "something else has removed it since."
            )
        elif not self.indexes:
            said.append("The journal does not know the key: look whether it is spelled so, and whether the write succeeded.")
        if self.stands_in is not None:
            said.append(f"{one_line(self.stands_in, _CHARS)} stands for it.")
        if self.indexes:
            said.append(f"It is in {', '.join(one_line(name, _CHARS) for name in self.indexes)}: a recall reads one index.")
        return " ".join(said)


NOWHERE: Final = Whereabouts()


def whereabouts(catalog: Catalog, store: MemoryStore, key: str, *, actor: Actor) -> Whereabouts:
    """Return where a key is or went; only indexes that the actor may read are looked into, others are not even named."""
    Then.require(store, actor)
    elsewhere = []
    for info in catalog.indexes(actor=actor):
        if info.name == store.info.name:
            continue
        try:
            if key in catalog.attach(info, actor=actor).get([key], actor=actor):
                elsewhere.append(info.name)
        except MnemoscopeError:  # one that cannot be read tells nothing
            continue
    change, heir = _history(store, key)
    return Whereabouts(tuple(elsewhere), change, heir)


def _history(store: MemoryStore, key: str) -> tuple[Applied | None, str | None]:
    if store.archive is None:
        return None, None
    known = versions_of(store.archive.ledger.journal, store.stream)
    last = next(reversed(known.of(key)), None)
    return last, stand_ins(known.table(), [key]).get(key)

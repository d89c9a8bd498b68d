"""What a memory was made from, generation by generation, also after the sources were retired."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.access import Actor, Permission
from core.curation.consolidation.merged import direct_sources
from core.curation.journal import Image
from core.curation.plan import Action
from core.curation.workplace import Workplace
from core.errors import NotFoundError
from core.memory import Memory
from core.memory.fields import preview
from core.past.stand_ins import retired_for
from core.past.versions import Applied

__all__ = ["Ancestor", "Lineage", "Whereabouts", "sources_of"]


class Whereabouts(StrEnum):
    """Where a source is: in the index; retired, and the journal has it; erased; or gone without a word in the journal."""

    HERE = "here"
    RETIRED = "retired"
    ERASED = "erased"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Ancestor:
    """One source: `memory` as it is, or was when it was retired; None where it was erased or nothing is known of it.

    `generation` is 1 for what the memory itself was made from; `made_into` names those of the lineage that were made from
    it. `replaced_by` is the memory in whose favour it was retired, by the plan `plan_id` at `at`, for the reason `why`.
    """

    key: str
    where: Whereabouts
    generation: int
    made_into: tuple[str, ...]
    memory: Memory | None = None
    replaced_by: str | None = None
    plan_id: str | None = None
    at: datetime | None = None
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, without the memory."""
        values = {name: value for name, value in vars(self).items() if name != "memory"}
        at = None if self.at is None else self.at.isoformat()
        return values | {"where": str(self.where), "made_into": list(self.made_into), "at": at}


@dataclass(frozen=True)
class Lineage:
    """A memory and its sources, by generation and then as they are named; `cut` says that there are more."""

    key: str
    memory: Memory | None
    where: Whereabouts
    ancestors: tuple[Ancestor, ...]
    cut: bool = False

    def of(self, generation: int) -> Iterator[Ancestor]:
        """Yield the sources of one generation."""
        return (each for each in self.ancestors if each.generation == generation)


def sources_of(place: Workplace, key: str, *, actor: Actor, most: int = 1_000) -> Lineage:
    """Return what a memory was made from, of at most so many sources; raise NotFoundError for a key that nobody knows.

    A memory stands for what it names in `derived_from` and for what was retired in its favour, as duplicates are.
    """
    place.require(Permission.READ, actor)
    looking = _Looking(place, actor)
    root = looking.at([key])[key]
    if root.where is Whereabouts.UNKNOWN:
        raise NotFoundError(f"There is no memory {preview(key)} in index {place.store.info.name!r}, nor was there one.")
    found: dict[str, Ancestor] = {key: root}
    generation, level, cut = 0, [key], False
    while level:
        generation += 1
        made_into: dict[str, list[str]] = {}
        for each in level:
            for source in looking.sources(found[each]):
                made_into.setdefault(source, []).append(each)
        new = [source for source in made_into if source not in found]
        cut = cut or len(found) - 1 + len(new) > most
        level = new[: most + 1 - len(found)]
        found |= looking.at(level, generation, made_into)
    del found[key]
    return Lineage(key, root.memory, root.where, tuple(found.values()), cut)


@dataclass(frozen=True)
class _Looking:
    """Looks for memories in the index, and for those that are not there in the journal."""

    place: Workplace
    actor: Actor

    def sources(self, made: Ancestor) -> Iterator[str]:
        """Yield what a memory was made from itself, and what was retired in its favour."""
        named = direct_sources(made.memory) if made.memory is not None else ()
        yield from dict.fromkeys([*named, *retired_for(self.place.versions.table(), made.key)])

    def at(
        self, keys: Iterable[str], generation: int = 0, made_into: Mapping[str, list[str]] | None = None
    ) -> dict[str, Ancestor]:
        """Return where each of these keys is, in their order."""
        wanted = list(keys)
        here = self.place.read(wanted, actor=self.actor)
        versions = self.place.versions
        table, missing = versions.table(), [key for key in wanted if key not in here]
        gone = {key: change for key, change in versions.retired().items() if key in set(missing)} if missing else {}
        images = versions.images(gone.values())
        known = set(table.keys)
        found: dict[str, Ancestor] = {}
        for key in wanted:
            into = tuple((made_into or {}).get(key, ()))
            if key in here:
                memory = self.place.store.memory_of(key, here[key].metadata)
                found[key] = Ancestor(key, Whereabouts.HERE, generation, into, memory)
            elif key in gone:
                found[key] = self._gone(gone[key], images.get(key), generation, into)
            else:
                why = "It left the index by no plan of this journal." if key in known else "Nothing is known of it."
                found[key] = Ancestor(key, Whereabouts.UNKNOWN, generation, into, why=why)
        return found

    def _gone(self, change: Applied, image: Image | None, generation: int, into: tuple[str, ...]) -> Ancestor:
        """Return what left the index by a plan, as it was then."""
        before = None if image is None else image.before
        kept = before is not None and change.action is Action.RETIRE
        memory = self.place.store.memory_of(change.key, before.metadata) if kept and before is not None else None
        return Ancestor(
            change.key,
            Whereabouts.RETIRED if kept else Whereabouts.ERASED,
            generation,
            into,
            memory,
            change.replaced_by,
            change.plan_id,
            change.at,
            change.reason,
        )

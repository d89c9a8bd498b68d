"""Un-merge: sources come back from the journal, and what stood for them no longer does, for some of them or all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from core.access import Actor, Permission
from core.curation.authority import TAKES_BACK
from core.curation.consolidation.lineage import Lineage, Whereabouts, sources_of
from core.curation.consolidation.merged import direct_sources
from core.curation.journal import Image
from core.curation.outcomes import images_of, outcomes_of
from core.curation.plan import Action, Change, Plan
from core.curation.planning import memories, plan_of
from core.curation.staleness import difference
from core.curation.workplace import Workplace
from core.errors import CurationError, NotFoundError
from core.memory import Memory
from core.memory.fields import preview
from core.memory.record import Record
from core.past.stand_ins import retired_for
from core.past.versions import Applied

__all__ = ["UNMERGE", "unmerge_plan"]

UNMERGE: Final = "unmerge"


def unmerge_plan(
    place: Workplace, key: str, *, actor: Actor, sources: Collection[str] | None = None, reason: str = ""
) -> Plan:
    """Return the plan that brings back what was retired in favour of a memory: some sources, None for all.

    Of some, the memory stays without them in `derived_from`, so that its sentences that stood on them alone stand on nothing
    (consolidation.sentences_of). Of all, a consolidation is retired, and the survivor of duplicates becomes what it was
    where nobody changed it since. What was erased or came back since is left out, each with why. CurationError where nothing
    can come back, NotFoundError for a memory that is not there.
    """
    place.require(Permission.READ, actor)
    merge = _merge_of(place, key, actor=actor)
    wanted = list(dict.fromkeys(merge.retired if sources is None else sources))
    back, left_out = _back(place, merge, wanted, actor=actor, reason=reason)
    if not back:
        why = "; ".join(f"{preview(each)} {said}" for each, said in list(left_out.items())[:3])
        raise CurationError(f"Nothing can be taken out of {preview(key)} again ({why or 'nothing was merged into it'}).")
    taken = [change.key for change in back]
    rest = [each for each in merge.retired if each not in taken]
    changes = [*back, *_stand_in(place, merge, taken, rest, actor=actor)]
    plans = sorted({merge.retired[each].plan_id for each in taken})
    return plan_of(
        place.store,
        changes,
        actor=actor,
        now=place.clock(),
        plan_id=place.new_id(),
        title=f"Un-merge {memories(len(back))}{'' if rest else ', all of it'}",
        policy=UNMERGE,
        reason=reason,
        parameters={"unmerges": key, TAKES_BACK: plans},
        left_out=left_out,
    )


@dataclass(frozen=True)
class _Merge:
    """A memory as it is now, and what was retired in its favour and is still out, each with that change."""

    key: str
    record: Record
    memory: Memory
    retired: Mapping[str, Applied]
    images: Mapping[str, Image] = field(default_factory=dict)


def _merge_of(place: Workplace, key: str, *, actor: Actor) -> _Merge:
    record = place.read([key], actor=actor).get(key)
    versions = place.versions
    if record is None:
        last = versions.of(key)[-1:]
        hint = ""
        if last and last[0].takes_out:
            hint = f" It left the index by plan {last[0].plan_id}: undo that first."
            if last[0].replaced_by is not None:
                hint = f" It was merged into {preview(last[0].replaced_by)}: take it out of that one first."
        raise NotFoundError(f"There is no memory {preview(key)} in index {place.store.info.name!r}.{hint}")
    retired = retired_for(versions.table(), key)
    return _Merge(key, record, place.store.memory_of(key, record.metadata), retired, versions.images(retired.values()))


def _back(
    place: Workplace, merge: _Merge, wanted: Sequence[str], *, actor: Actor, reason: str
) -> tuple[list[Change], dict[str, str]]:
    """Return the changes that bring sources back as they were, and what cannot come back with why."""
    here = place.read(wanted, actor=actor)
    changes: list[Change] = []
    left_out: dict[str, str] = {}
    for key in wanted:
        image = merge.images.get(key)
        if key in here:
            left_out[key] = "is there"
        elif key not in merge.retired:
            left_out[key] = f"was not retired in favour of {preview(merge.key)}, or was retired again since"
        elif image is None or image.before is None:
            left_out[key] = "was erased"
        else:
            said = f"{reason or 'Taken out of a merge again'}: {merge.retired[key].reason}"
            changes.append(Change(key, Action.PUT, said, UNMERGE, after=image.before))
    return changes, left_out


def _stand_in(
    place: Workplace, merge: _Merge, taken: Sequence[str], rest: Sequence[str], *, actor: Actor
) -> Iterator[Change]:
    """Yield what becomes of the memory that stood for the sources, if anything."""
    puts = _written_by(place, merge, [merge.retired[key].plan_id for key in taken])
    if not rest and puts is not None and puts.before is None:
        # It came to be by the merge, and nothing that it was merged from is out any more.
        yield Change(merge.key, Action.RETIRE, "Nothing is merged into it any more.", UNMERGE, before=merge.record)
        return
    if not rest and puts is not None and difference(puts.after, merge.record) is None:
        assert puts.before is not None
        yield Change(
            merge.key, Action.REPLACE, "As it was before the merge.", UNMERGE, before=merge.record, after=puts.before
        )
        return
    derived = _without(place, merge, taken, actor=actor)
    if derived == merge.memory.derived_from:
        return
    metadata = place.store.metadata_of()(replace(merge.memory, derived_from=derived))
    reason = f"{memories(len(taken)).capitalize()} less in what it was merged from."
    yield Change(merge.key, Action.REPLACE, reason, UNMERGE, before=merge.record, after=Record(metadata))


def _written_by(place: Workplace, merge: _Merge, plans: Sequence[str]) -> Image | None:
    """Return what the memory was before the merge and after it, if one plan alone merged and the journal has it."""
    if len(set(plans)) != 1:
        return None
    outcome = outcomes_of(place.journal, place.stream, plans[0]).keys.get(merge.key)
    if outcome is None or not outcome.done:
        return None
    return images_of(place.journal, place.stream, [outcome]).get(merge.key)


def _without(place: Workplace, merge: _Merge, taken: Sequence[str], *, actor: Actor) -> tuple[str, ...]:
    """Return what the memory is derived from without some sources, and without what came in by these alone."""
    lineage = sources_of(place, merge.key, actor=actor)
    own = set(direct_sources(merge.memory)) - set(taken)
    stays = own | {each for key in own for each in _derived(lineage, key)}
    goes = set(taken) | {each for key in taken for each in _derived(lineage, key)}
    unknown = any(each.memory is None and each.where is not Whereabouts.HERE for each in lineage.of(1) if each.key in own)
    kept = stays if not unknown else set(merge.memory.derived_from) - set(taken)
    named = (key for key in merge.memory.derived_from if key not in taken)
    return tuple(key for key in named if key in kept or key not in goes)


def _derived(lineage: Lineage, key: str) -> tuple[str, ...]:
    """Return what a source says that it was derived from."""
    memory: Any = next((each.memory for each in lineage.ancestors if each.key == key), None)
    return () if memory is None else tuple(memory.derived_from)

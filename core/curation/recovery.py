"""What a crash left between: batches that were prepared, and perhaps sent, are settled by asking the index.

Whoever calls holds the lease, so nobody is applying anything: a plan without an end has lost its process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.access import Actor
from core.curation.erasing import erase_copies
from core.curation.history import Deed, State
from core.curation.journal import Entry, Image, Kind
from core.curation.outcomes import Outcomes, outcomes_of
from core.curation.sending import Append
from core.curation.settling import doubts_of, settle
from core.curation.workplace import Workplace

__all__ = ["ended_body", "recover"]

_INTERRUPTED = "the process that applied it ended in the middle"


def recover(place: Workplace, *, actor: Actor) -> list[str]:
    """Settle and end every open plan, and return their ids."""
    found = place.chronicle.open()
    for deed in found:
        _recover(place, deed, actor)
    return [deed.plan_id for deed in found]


def _recover(place: Workplace, deed: Deed, actor: Actor) -> None:
    def append(kind: Kind, body: Mapping[str, Any], images: Sequence[Image] = ()) -> Entry:
        return place.append(
            kind,
            body,
            plan_id=deed.plan_id,
            plan_hash=deed.plan_hash,
            actor=actor,
            reason="recovered",
            images=images,
        )

    outcomes = _settled(place, deed, append, actor=actor)
    copies = erase_copies(place, outcomes, texts=None, append=append) if outcomes.erased else None
    append(
        Kind.ENDED,
        ended_body(outcomes, changes=deed.changes, state=State.INTERRUPTED, why=_INTERRUPTED, copies=copies),
    )


def _settled(place: Workplace, deed: Deed, append: Append, *, actor: Actor) -> Outcomes:
    """Write to the journal what became of each batch that has no end yet, and return what it says then."""
    outcomes = outcomes_of(place.journal, place.stream, deed.plan_id)
    for prepared in list(outcomes.unsettled.values()):
        images = place.journal.images(place.stream, prepared.number)
        doubts, lost = doubts_of(prepared, images)
        settled = settle(place, doubts, actor=actor)
        failed = [{"key": key, "reason": why} for key, why in {**settled.failed, **lost}.items()]
        done = list(settled.done)
        said = {"batch": prepared.batch, "done": done, "failed": failed}
        outcomes.add(append(Kind.APPLIED, said | ({"taken_back": done} if prepared.takes_back else {})))
    return outcomes


def ended_body(
    outcomes: Outcomes, *, changes: int, state: State, why: str | None, copies: str | None = None
) -> dict[str, Any]:
    """Return the body of an entry that ends a plan.

    Where all of it was done it is applied, whatever stopped it, unless `copies` of erased memories are left; what stays
    because nothing was proved to stand for it is done with, and so is what was taken out again because it stood for
    nothing. No `changes` means that nobody knew how many there would be.
    """
    done, failed, spared = len(outcomes.done), len(outcomes.failed), len(outcomes.spared) + len(outcomes.taken_back)
    if changes and done + spared == changes:
        state, why = (State.APPLIED if copies is None else State.PARTIAL), None
    said = {
        "state": str(state),
        "done": done,
        "failed": failed,
        "left": (changes or len(outcomes.keys)) - done - failed - spared,
        "why": " ".join(part for part in (why, copies) if part) or None,
        **({"spared": spared} if spared else {}),
    }
    return said if changes else said | {"counts": outcomes.counts}

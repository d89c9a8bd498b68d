"""Taking back what a plan did: the journal's images become a plan of their own, which is previewed and applied like any."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from core.access import Actor, Permission
from core.curation.history import Deed, State
from core.curation.journal import Image
from core.curation.outcomes import Outcome, images_of, outcomes_of, undone_keys
from core.curation.plan import Action, Change, Plan
from core.curation.staleness import chunks, difference
from core.curation.workplace import Workplace
from core.errors import CurationError, NotFoundError
from core.memory.fields import preview
from core.memory.record import Record
from core.past.stand_ins import relying, stood_before

__all__ = ["change_back", "left_out", "undo_plan"]

_CHUNK: Final = 1_000
_LISTED: Final = 1_000


def undo_plan(
    place: Workplace, plan_id: str, *, actor: Actor, keys: Collection[str] | None = None, reason: str = ""
) -> Plan:
    """Return the plan that takes a deed back; what was changed, erased or taken back since is left out, each with why."""
    place.require(Permission.READ, actor)
    deeds = place.chronicle.deeds()
    deed = deeds.get(plan_id)
    if deed is None:
        raise NotFoundError(f"The journal has no plan {preview(plan_id)} for index {place.store.info.name!r}.")
    if deed.state is State.OPEN:
        raise CurationError(
            f"Plan {plan_id} has not ended: it is being applied, or was interrupted; then applying any plan settles it."
        )
    outcomes = outcomes_of(place.journal, place.stream, plan_id)
    wanted = dict.fromkeys(keys) if keys is not None else outcomes.keys
    undone = undone_keys(place.journal, place.stream, plan_id, deeds)
    not_there = {key: "is not in the plan" for key in wanted if key not in outcomes.keys}
    unchanged = {key: "was not done" for key in wanted if key in outcomes.keys and not outcomes.keys[key].done}
    back = {key: "was taken back before" for key in wanted if key in undone}
    out = not_there | unchanged | back
    chosen = [outcomes.keys[key] for key in wanted if key not in out]
    changes: list[Change] = []
    for part in chunks(chosen, _CHUNK):
        changes += _taken_back(place, part, actor, reason, out)
    changes = _less_stand_ins(place, _merged_again(place, changes, outcomes.keys), out)
    if not changes:
        raise CurationError(f"Nothing of plan {plan_id} ({deed.title!r}) can be taken back: {_in_words(out)}.")
    return Plan(
        id=place.new_id(),
        bucket=place.store.bucket,
        index=place.store.info.name,
        title=_title(deed),
        policy="undo",
        author=actor.name,
        created_at=place.clock(),
        changes=tuple(changes),
        reason=reason,
        parameters=left_out(out),
        undoes=plan_id,
    )


def _taken_back(
    place: Workplace, outcomes: list[Outcome], actor: Actor, reason: str, out: dict[str, str]
) -> Iterator[Change]:
    images = images_of(place.journal, place.stream, outcomes)
    now = place.read([outcome.key for outcome in outcomes], actor=actor)
    for outcome in outcomes:
        key, image = outcome.key, images.get(outcome.key)
        if image is None:
            out[key] = "was erased"
        elif (what := difference(image.after, now.get(key))) is not None:
            out[key] = f"{what} since"
        else:
            said = f"{reason or 'Takes back'}: {outcome.reason}" if outcome.reason else reason or "Takes it back"
            yield change_back(image, now.get(key), reason=said, policy="undo")


def _less_stand_ins(place: Workplace, changes: list[Change], out: dict[str, str]) -> list[Change]:
    """Return the changes without those that take out what stands for memories that do not come back with them."""
    relied = relying(place.versions.table())
    back = {change.key for change in changes if change.after is not None}
    for change in changes:
        if (
            change.after is None
            and change.replaced_by is None
            and (left := [key for key in relied.get(change.key, ()) if key not in back])
        ):
            others = f" and {len(left) - 1:,} more" if len(left) > 1 else ""
            out[change.key] = f"stands for {preview(left[0])}{others}, which would not come back: un-merge it instead"
    return [change for change in changes if change.key not in out]


def _merged_again(place: Workplace, changes: list[Change], outcomes: Mapping[str, Outcome]) -> list[Change]:
    """Return the changes, of which those that take out what a merge had taken out say again what stands for it."""
    gone = {change.key: outcomes[change.key].number for change in changes if change.after is None}
    stood = stood_before(place.versions.table(), gone)
    return [
        replace(change, replaced_by=stood[change.key])
        if change.key in stood and stood[change.key] not in gone and change.action is Action.RETIRE
        else change
        for change in changes
    ]


def change_back(image: Image, now: Record | None, *, reason: str, policy: str) -> Change:
    """Return the change from what is there now to what an image holds."""
    if image.before is None:
        return Change(image.key, Action.RETIRE, reason, policy, before=now)
    action = Action.PUT if now is None else Action.REPLACE
    return Change(image.key, action, reason, policy, before=now, after=image.before)


def left_out(out: Mapping[str, str]) -> dict[str, Any]:
    """Return what a plan leaves out as its parameters: how many keys, and the first of them with why."""
    if not out:
        return {}
    return {"left_out_count": len(out), "left_out": dict(list(out.items())[:_LISTED])}


def _title(deed: Deed) -> str:
    if deed.undoes is None:
        return f"Undo: {deed.title}"
    other = {"Undo: ": "Redo: ", "Redo: ": "Undo: "}
    start = deed.title[:6]
    return other[start] + deed.title[6:] if start in other else f"Undo: {deed.title}"


def _in_words(out: Mapping[str, str]) -> str:
    if not out:
        return "it changed nothing"
    key, why = next(iter(out.items()))
    more = f", and {len(out) - 1:,} more" if len(out) > 1 else ""
    return f"{preview(key)} {why}{more}"

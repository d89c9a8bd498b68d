"""Apply a plan from a page: what must be said first, how far it is, what stops it, and how it is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.access import Permission
from core.curation.history import Deed
from core.curation.plan import Action, Plan
from core.errors import StalePlanError
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.asking import ask_anew
from pages.shared.deed import undo_refused
from pages.shared.diff import change_html
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.plan_changes import ACTIONS, does_words
from pages.shared.planning import desk_of, drop_plan, keep_plan, open_plan
from pages.shared.problem import attempt
from pages.shared.remnants import still_said
from pages.shared.running import Run, forget, start
from pages.shared.words import plural

if TYPE_CHECKING:
    from core.curation.preflight import Preflight

__all__ = ["apply_form", "apply_label", "progress_bar", "refusal", "stale_plan", "take_back", "undo_button"]

_NEEDS: Final[Mapping[str, tuple[Permission, str]]] = {
    Action.PUT: (Permission.WRITE, "a reviewer"),
    Action.REPLACE: (Permission.WRITE, "a reviewer"),
    Action.RETIRE: (Permission.DELETE, "a reviewer"),
    Action.ERASE: (Permission.ERASE, "an admin"),
}
_DIFFER: Final = 20


def refusal(here: Here, plan: Plan) -> str | None:
    """Return why this person may not apply a plan, None where they may; the core refuses by itself too."""
    assert here.store is not None
    for action in plan.counts:
        needed, who = _NEEDS[action]
        if not here.actor.may(needed, tenant=here.store.info.tenant):
            verb = ACTIONS[action][0].lower()
            return f"You are {here.actor.name}, a {here.actor.role}: to {verb} memories takes {who}."
    return None if plan.changes else "There is nothing to do."


def apply_label(plan: Plan) -> str:
    """Return what the button says: the very thing that it does."""
    if len(plan.counts) != 1:
        return f"Apply {plural(len(plan), 'change')}"
    words = does_words(plan)
    return words[:1].upper() + words[1:]


def apply_form(here: Here, plan: Plan, found: Preflight | None, *, left: int | None = None) -> None:
    """Ask for what applying needs, a reason for lost answers, typed words before an erasure, and apply.

    `left` is how many changes are left of a plan that was stopped.
    """
    why_not, wanted = refusal(here, plan), desk_of(here).confirmation_for(plan)
    blocked = found is not None and found.blocked
    if wanted:
        still_said(here, plan)
    with st.form("apply_form", border=False):
        acknowledged = _acknowledgement(plan, disabled=bool(why_not)) if blocked else ""
        typed = _confirmation(plan, wanted, disabled=bool(why_not)) if wanted else ""
        missing = st.container()  # beside what is to be filled in: under the button it may be out of sight
        asked = st.form_submit_button(
            apply_label(plan) if left is None else f"Go on with the {left:,} left",
            type="primary",
            key="apply_erase" if wanted else "apply",
            width="stretch",
            disabled=bool(why_not),
            icon=":material/delete_forever:" if wanted else ":material/check:",
        )
    if why_not:
        st.caption(markdown_escape(why_not))
    if wanted:
        _second_person(here, plan)
    if asked and blocked and not acknowledged:
        missing.error("Say why it is right to lose these answers, or discard the plan.", icon=":material/error:")
    elif asked and wanted and " ".join(typed.split()) != wanted:
        missing.error(markdown_escape(f"That is not “{wanted}”: nothing was erased."), icon=":material/error:")
    elif asked:
        _apply(here, plan, found, acknowledged=acknowledged or None, confirmation=typed or None)


def _acknowledgement(plan: Plan, *, disabled: bool) -> str:
    return st.text_area(
        "Why is it right to lose these answers?",
        key=f"acknowledged_{plan.id}",
        placeholder="It goes to the journal, with your name.",
        height=80,
        disabled=disabled,
    ).strip()


def _confirmation(plan: Plan, wanted: str, *, disabled: bool) -> str:
    st.markdown(f"Type **{markdown_escape(wanted)}**. Nobody can bring back what is erased.")
    return st.text_input(
        "Type to erase for good",
        key=f"confirm_{plan.id}",
        placeholder=wanted,
        label_visibility="collapsed",
        disabled=disabled,
    ).strip()


def _apply(here: Here, plan: Plan, found: Preflight | None, **said: str | None) -> None:
    # Without a pre-flight the core measures by itself, and holds back what would lose answers.
    work = partial(desk_of(here).apply, plan, actor=here.actor, preflight=found, **said)
    forget(here, plan.id)
    ask_anew()
    start(here, plan, work)
    st.rerun()


def _second_person(here: Here, plan: Plan) -> None:
    """Say who approved an erasure, or offer to, where a second person is asked for."""
    desk, me = desk_of(here), here.actor
    if not desk.needs_second_person:
        return
    if other := desk.approver_of(plan, actor=me, other_than=me.name):
        st.caption(f"{markdown_escape(one_line(other, 60))} approved it.")
    elif desk.approver_of(plan, actor=me):
        st.caption("You approved it: now another admin can apply it.")
    else:
        st.caption("Here an erasure needs a second admin. Send them the address of this page: they approve, you apply.")
        allowed = here.store is not None and me.may(Permission.ERASE, tenant=here.store.info.tenant)
        if st.button("Approve this plan", icon=":material/how_to_reg:", key="approve", disabled=not allowed):
            approved = attempt(lambda: desk.approve(plan, actor=me) or True)
            if approved:
                st.rerun()


@st.fragment(run_every="1s")
def progress_bar(run: Run) -> None:
    """Draw how far a plan is that is being applied, with the way to stop it; the page follows when it has ended."""
    if run.ended.is_set():
        st.rerun()
    part = min(1.0, run.done / run.total) if run.total else 0.0
    st.progress(part, f"{run.done:,} of {plural(run.total, 'change')}{_to_go(run)}")
    st.button(
        "Stop after this batch",
        icon=":material/stop_circle:",
        key="apply_stop",
        on_click=run.stop.set,
        disabled=run.stop.is_set(),
        help="What is done stays done and is in the journal: go on later, or undo it.",
    )


def _to_go(run: Run) -> str:
    """Return how long it takes yet, as far as its pace until now tells."""
    if not run.done:
        return ""
    took = (datetime.now(UTC) - run.started_at).total_seconds()
    left = took / run.done * (run.total - run.done)
    return "" if left < 1 else f", about {left:,.0f} s to go" if left < 90 else f", about {left / 60:,.0f} min to go"


def stale_plan(here: Here, plan: Plan, error: StalePlanError) -> None:
    """Say what differs from what a plan saw, and offer to plan again over what is there now."""
    differ = f"{len(error.keys):,} of {plural(len(plan), 'change')} would meet something else than what the plan saw."
    st.warning(
        f"{differ} Nothing was done. A new plan looks at what is there now, and leaves out what does not hold any more.",
        title="The memories changed since this plan was made",
        icon=":material/sync_problem:",
    )
    shown = list(error.keys.items())[:_DIFFER]
    st.html(_differing(here, plan, dict(shown)))
    if len(error.keys) > len(shown):
        st.caption(f"{len(shown):,} of {len(error.keys):,} shown.")
    if st.button("Plan again", type="primary", icon=":material/refresh:", key="replan", width="stretch"):
        again = attempt(lambda: desk_of(here).replan(plan, actor=here.actor))
        if again is not None:
            forget(here, plan.id)
            if again.id != plan.id:
                drop_plan(here, plan.id)
            open_plan(here, again)


def undo_button(here: Here, deed: Deed, *, key: str, label: str = "") -> None:
    """Offer to take back what a plan did, at once; who did not apply it needs to be an admin."""
    said = undo_refused(here, deed)
    if st.button(
        label or ("Undo" if deed.undoes is None else "Redo"),
        icon=":material/undo:" if deed.undoes is None else ":material/redo:",
        key=key,
        disabled=said is not None,
        help=said,
    ):
        take_back(here, deed)


def take_back(here: Here, deed: Deed) -> None:
    """Undo a plan now, and lead to what that did."""
    desk = desk_of(here)
    with st.spinner("Looking what there was before"):
        plan = attempt(lambda: desk.undo_plan(deed.plan_id, actor=here.actor))
    if plan is None or not keep_plan(here, plan):
        return
    ask_anew()
    start(here, plan, partial(desk.apply, plan, actor=here.actor))
    state.put("plan", plan.id)
    st.rerun()


def with_reason(plan: Plan, reason: str) -> Plan:
    """Return a plan with another reason; changes that all have one and the same take it too."""
    same = len({change.reason for change in plan}) == 1
    changes = tuple(replace(change, reason=reason or change.reason) for change in plan) if same else plan.changes
    return replace(plan, reason=reason, changes=changes)


def _differing(here: Here, plan: Plan, said: Mapping[str, str]) -> str:
    """Return what a plan saw of some keys beside what is there now."""
    assert here.store is not None
    store = here.store
    saw = {change.key: change.before for change in plan if change.key in said}
    now = store.records.get(said, actor=here.actor, vectors=False)
    rows = []
    for key, what in said.items():
        before, after = (
            None if record is None else store.memory_of(key, record.metadata) for record in (saw.get(key), now.get(key))
        )
        body = change_html(before, after) or escaped(one_line(key, 140))
        about = f"<div class='mn-muted'>{escaped(one_line(key, 80))} {escaped(one_line(what, 120))}</div>"
        rows.append(f"<div class='mn-hit'><i class='mn-warn'>≠</i><div class='mn-small'>{body}{about}</div></div>")
    return "".join(rows)

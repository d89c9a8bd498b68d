"""The plan that waits: a bar with it on every page, and the list of all that wait on the page of plans."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.curation.desk import PendingPlan
from core.curation.history import Deed, State
from core.curation.plan import Action, Plan
from core.errors import NotFoundError
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.applying import undo_button
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.plan_changes import counts_words
from pages.shared.planning import PLAN_PAGE, desk_of, discard_button, own_plan, waiting_plan
from pages.shared.problem import attempt
from pages.shared.running import Run, run_of
from pages.shared.words import age, exact, plural

__all__ = ["deed_of", "pending_bar", "waiting_plans"]

# On these the plan is the page, or what it did is.
_WITHOUT: Final = ("plan", "history")
_SHOWN: Final = 50


def deed_of(here: Here, plan_id: str) -> Deed | None:
    """Return what became of a plan, None where it was never applied."""
    try:
        return desk_of(here).deed(plan_id, actor=here.actor)
    except NotFoundError:
        return None


def pending_bar(here: Here, page: str) -> None:
    """Draw the plan of the address above a page: waiting, being applied, or just applied."""
    plan_id = state.get("plan")
    if not plan_id or page in _WITHOUT or here.desk is None:
        return
    found = attempt(lambda: (deed_of(here, plan_id), own_plan(here, plan_id) or waiting_plan(here, plan_id)))
    if found is None:
        return
    deed, plan = found
    run = run_of(here, plan_id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="pending_bar"):
        if run is not None and not run.ended.is_set():
            _running(run)
        elif deed is not None:
            _applied(here, deed)
        elif plan is not None:
            _waiting(here, plan, plan_id)
        else:
            st.html(
                "<div>The plan of this link is not here: it was discarded, or belongs to another index.</div>",
                width="stretch",
            )
        st.button(
            "Put aside" if deed is None else "Close",
            icon=":material/close:",
            type="tertiary",
            key="plan_aside",
            on_click=state.put,
            args=("plan", None),
            help="Only this bar goes: the plan stays on the page Plan." if deed is None else None,
        )


def waiting_plans(here: Here) -> None:
    """Draw the plans that wait for somebody to apply or discard them, the latest first."""
    plans = attempt(lambda: desk_of(here).pending(actor=here.actor))
    if plans is None:
        return
    if not plans:
        st.html(
            "<p class='mn-empty'>No plan waits for this index.<br>Select memories on the page Search and choose what "
            "becomes of them, or let a rule propose a plan on the page Lifecycle.</p>"
        )
        with st.container(horizontal=True, horizontal_alignment="center", gap="medium"):
            st.page_link("pages/explore/search.py", label="Search", icon=":material/manage_search:")
            st.page_link("pages/curate/lifecycle.py", label="Lifecycle", icon=":material/timelapse:")
        return
    for each in plans[:_SHOWN]:
        _row(here, each)
    if len(plans) > _SHOWN:
        st.caption(f"The latest {_SHOWN} of {len(plans):,} plans.")


def _row(here: Here, each: PendingPlan) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"waiting_{each.plan_id}"):
        counts = counts_words(each.counts)
        many = plural(sum(each.counts.values()), "memory")
        told = counts in each.title.lower() or (set(each.counts) == {Action.REPLACE} and many in each.title)
        does = "" if told else f"{counts} · "
        reason = f"<div class='mn-muted mn-one'>{escaped(one_line(each.reason, 300))}</div>" if each.reason else ""
        st.html(
            f"<div class='mn-name'>{escaped(one_line(each.title, 160))}</div>"
            f"<div class='mn-muted' title='{escaped(exact(each.kept_at))}'>{escaped(does)}by "
            f"{escaped(one_line(each.author, 60))} · {escaped(age(each.kept_at, now=here.now))}</div>{reason}",
            width="stretch",
        )
        st.button("Review", key=f"review_{each.plan_id}", on_click=state.put, args=("plan", each.plan_id))
        discard_button(here, each.plan_id, key=f"discard_{each.plan_id}", waiting=each)


def _running(run: Run) -> None:
    _live(run)
    _review("Open")


@st.fragment(run_every="1s")
def _live(run: Run) -> None:
    if run.ended.is_set():
        st.rerun()
    title = markdown_escape(one_line(run.plan.title, 100))
    st.markdown(f"**Applying:** {title} · {run.done:,} of {plural(run.total, 'change')}")


def _applied(here: Here, deed: Deed) -> None:
    lead = "Applied" if deed.undoes is None else "Taken back"
    lead = lead if deed.complete else "Begun" if deed.state is State.OPEN else str(deed.state).capitalize()
    when = age(deed.ended_at or deed.at, now=here.now)
    _said(lead, deed.title.removeprefix("Undo: "), f"{when}, {deed.done:,} of {plural(deed.changes, 'change')}")
    if deed.undoable:
        undo_button(here, deed, key="bar_undo")
    _review("Open")


def _waiting(here: Here, plan: Plan | PendingPlan, plan_id: str) -> None:
    _said("Plan waits", plan.title, f"made {age(plan.created_at, now=here.now)} by {plan.author}")
    _review("Review", primary=True)
    discard_button(here, plan_id, key="plan_discard")


def _said(lead: str, title: str, rest: str) -> None:
    more = f"<span class='mn-muted'>{escaped(one_line(rest, 120))}</span>"
    st.html(f"<div><b>{escaped(lead)}:</b> {escaped(one_line(title, 120))} {more}</div>", width="stretch")


def _review(label: str, *, primary: bool = False) -> None:
    if st.button(label, key="plan_review", type="primary" if primary else "secondary"):
        st.switch_page(PLAN_PAGE)

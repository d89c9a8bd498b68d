"""Plans made on a page: from what a person asks for, kept as pending, and opened where they are reviewed.

A plan that is kept opens from a link in anybody's dashboard. Who may not keep plans has theirs in the tab alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import streamlit as st

from core.access import Permission, Role
from core.curation.deletion import plan_deletion
from core.curation.desk import Desk, PendingPlan
from core.curation.editing import plan_edit, plan_validation
from core.curation.hiding import plan_hiding, plan_quarantine
from core.curation.plan import Plan
from core.errors import ConfigError
from core.hostile import markdown_escape, one_line
from core.store import MemoryStore
from pages.shared import state
from pages.shared.here import Here
from pages.shared.problem import attempt
from pages.shared.selection import unpick

__all__ = [
    "PLAN_PAGE",
    "desk_of",
    "discard_button",
    "drop_plan",
    "find_plan",
    "is_own",
    "may_keep",
    "new_id",
    "open_plan",
    "own_plan",
    "propose",
    "waiting_plan",
]

PLAN_PAGE: Final = "pages/curate/plan.py"
_OWN: Final = "plans_of_this_tab"
_OWN_MAX: Final = 8
_READ: Final = "plan_read"

Planner = Callable[..., Plan]
_PLANNERS: Final[Mapping[str, tuple[Planner, Mapping[str, Any]]]] = {
    "retire": (plan_deletion, {}),
    "erase": (plan_deletion, {"erase": True}),
    "hide": (plan_hiding, {}),
    "unhide": (plan_hiding, {"hidden": False}),
    "release": (plan_quarantine, {"in_quarantine": False}),
    "validate": (plan_validation, {}),
    "edit": (plan_edit, {}),
}


def new_id() -> str:
    """Return an id for a new plan."""
    return uuid4().hex


def desk_of(here: Here) -> Desk:
    """Return the desk of the open index; a page without one has nothing to curate."""
    if here.desk is None:
        raise ConfigError("There is no index to curate: choose one in the rail.")
    return here.desk


def propose(here: Here, what: str, which: Iterable[str] | Mapping[str, Mapping[str, Any]], *, reason: str = "") -> None:
    """Make the plan that a person asked for and lead to it; returns only where that could not be done, with words why.

    `what` is "retire", "erase", "hide", "unhide", "release", "validate", or "edit" with new values by key.
    """
    store: MemoryStore = desk_of(here).store
    planner, options = _PLANNERS[what]
    plan = attempt(
        lambda: planner(store, which, actor=here.actor, now=datetime.now(UTC), plan_id=new_id(), reason=reason, **options)
    )
    if plan is not None and not plan.changes:
        said = next(iter(plan.parameters.get("left_out", {}).values()), "there is nothing to do")
        st.toast(markdown_escape(f"Nothing would change: {one_line(str(said), 120)}."), icon=":material/info:")
    elif plan is not None:
        unpick()
        open_plan(here, plan)


def open_plan(here: Here, plan: Plan) -> None:
    """Keep a plan as pending and lead to the page that shows it; returns only where it could not be kept."""
    if keep_plan(here, plan):
        state.put("plan", plan.id)
        st.switch_page(PLAN_PAGE)


def keep_plan(here: Here, plan: Plan) -> bool:
    """Keep a plan for everybody, or for this tab where its reader may not; say whether that worked."""
    own = st.session_state.setdefault(_OWN, {})
    if may_keep(here):
        own.pop(plan.id, None)
        return attempt(lambda: desk_of(here).keep(plan, actor=here.actor) or True) is not None
    own[plan.id] = plan
    for old in list(own)[:-_OWN_MAX]:
        del own[old]
    return True


def may_keep(here: Here) -> bool:
    """Say whether this person's plans are kept for everybody."""
    return here.store is not None and here.actor.may(Permission.WRITE, tenant=here.store.info.tenant)


def is_own(plan_id: str) -> bool:
    """Say whether a plan is in this tab alone."""
    return plan_id in st.session_state.get(_OWN, {})


def find_plan(here: Here, plan_id: str) -> Plan | None:
    """Return a pending plan of the open index, None where there is none (any more)."""
    desk = desk_of(here)
    if own := own_plan(here, plan_id):
        return own
    waiting = waiting_plan(here, plan_id)
    if waiting is None:
        return None
    # A plan of many changes takes a second to read, and this page is drawn at each click.
    known: Plan | None = st.session_state.get(_READ)
    if known is None or (known.stream, known.hash) != (desk.stream, waiting.plan_hash):
        known = st.session_state[_READ] = desk.kept(plan_id, actor=here.actor)
    return known


def own_plan(here: Here, plan_id: str) -> Plan | None:
    """Return a plan that is in this tab alone."""
    own: Plan | None = st.session_state.get(_OWN, {}).get(plan_id)
    return own if own is not None and own.stream == desk_of(here).stream else None


def waiting_plan(here: Here, plan_id: str) -> PendingPlan | None:
    """Return what is known of a plan that is kept for everybody, without its changes."""
    return next((each for each in desk_of(here).pending(actor=here.actor) if each.plan_id == plan_id), None)


def discard_button(here: Here, plan_id: str, *, key: str, waiting: PendingPlan | None = None) -> None:
    """Offer to discard a pending plan: one's own, or as an admin anybody's; quietly in a list, which knows what waits."""
    quiet, own = waiting is not None, own_plan(here, plan_id)
    waiting = waiting or waiting_plan(here, plan_id)
    why_not = None
    if own is None and not may_keep(here):
        why_not = f"You are a {here.actor.role}: plans of others stay."
    elif own is None and waiting is not None and waiting.kept_by != here.actor.name and here.actor.role is not Role.ADMIN:
        why_not = f"{one_line(waiting.kept_by, 60)} keeps it: only that person or an admin discards it."
    pressed = st.button(
        "Discard",
        icon=None if quiet else ":material/delete:",
        type="tertiary" if quiet else "secondary",
        key=key,
        disabled=why_not is not None,
        help=why_not,
    )
    if pressed and drop_plan(here, plan_id):
        st.rerun()


def drop_plan(here: Here, plan_id: str) -> bool:
    """Discard a pending plan, and take it out of the address; say whether that worked."""
    if st.session_state.get(_OWN, {}).pop(plan_id, None) is None:
        done = attempt(lambda: desk_of(here).discard(plan_id, actor=here.actor) or True)
        if done is None:
            return False
    if state.get("plan") == plan_id:
        state.put("plan", None)
    return True

"""What a scheduled merge may do to the open index: the limits that an admin sets, and the proposals that wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from core.access import Permission
from core.curation.consolidation.limits import MODES, MergeLimits, Mode, SavedLimits, load_limits, room, save_limits
from core.curation.desk import Desk, PendingPlan
from core.curation.pending import PROPOSAL
from core.hostile import one_line
from pages.shared import state
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.planning import PLAN_PAGE, desk_of, discard_button
from pages.shared.problem import attempt
from pages.shared.words import age, exact, plural

__all__ = ["schedule"]

_TURN: Final = "merging_turn"
_SHOWN: Final = 10
_MODES: Final[Mapping[Mode, tuple[str, str]]] = {
    "off": ("Off", "A schedule looks for nothing here."),
    "propose": ("Propose", "Each merge waits for a person, as a plan of its own."),
    "apply": ("Apply", "What keeps to the limits is applied; the rest waits for a person."),
}


def schedule(here: Here) -> None:
    """Draw the queue of proposals, and the limits to change."""
    desk = desk_of(here)
    saved = attempt(lambda: load_limits(desk.store, desk.ledger.documents, actor=here.actor))
    queue = attempt(lambda: [each for each in desk.pending(actor=here.actor) if each.plan_id.startswith(PROPOSAL)])
    if saved is None or queue is None:
        return
    st.html(f"<p class='mn-lead'>{_lead(here, desk, saved.limits)}</p>")
    _queue(here, queue)
    with st.expander("Change what a schedule may do", icon=":material/tune:", key="merging_box"):
        _form(here, desk, saved)


def _lead(here: Here, desk: Desk, limits: MergeLimits) -> str:
    said = f"<b>{_MODES[limits.mode][0]}.</b> {_MODES[limits.mode][1]}"
    command = "It runs as <code>python -m core sweep --policy merge</code>."
    today = attempt(lambda: desk.merged_within_a_day(actor=here.actor))
    if limits.mode != "apply" or today is None:
        return f"{said} {command}"
    left, why = room(limits, memories=0 if here.snapshot is None else here.snapshot.rows, merged_today=today)
    return f"{said} Now it may merge <b>{plural(left, 'memory')}</b>: {escaped(why)}. {command}"


def _queue(here: Here, queue: list[PendingPlan]) -> None:
    if not queue:
        st.caption("No proposal waits.")
        return
    st.markdown(f"**{plural(len(queue), 'proposal')}** of a schedule {'waits' if len(queue) == 1 else 'wait'}")
    for each in queue[:_SHOWN]:
        _row(here, each)
    if len(queue) > _SHOWN:
        st.caption(f"The latest {_SHOWN} of {len(queue):,}.")
        st.page_link(PLAN_PAGE, label="All plans that wait", icon=":material/fact_check:")


def _row(here: Here, each: PendingPlan) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"waiting_{each.plan_id}"):
        reason = f"<div class='mn-muted mn-one'>{escaped(one_line(each.reason, 240))}</div>" if each.reason else ""
        st.html(
            f"<div class='mn-name'>{escaped(one_line(each.title, 140))}</div>"
            f"<div class='mn-muted' title='{escaped(exact(each.kept_at))}'>by {escaped(one_line(each.author, 60))} · "
            f"{escaped(age(each.kept_at, now=here.now))}</div>{reason}",
            width="stretch",
        )
        if st.button("Review", key=f"review_{each.plan_id}"):
            state.put("plan", each.plan_id)
            st.switch_page(PLAN_PAGE)
        discard_button(here, each.plan_id, key=f"discard_{each.plan_id}", waiting=each)


def _form(here: Here, desk: Desk, saved: SavedLimits) -> None:
    old, may = saved.limits, here.actor.may(Permission.ADMINISTER, tenant=desk.store.info.tenant)
    with st.form("merging_form", border=False):
        mode: Mode = st.radio(
            "A schedule",
            MODES,
            MODES.index(old.mode),
            format_func=lambda each: _MODES[each][0],
            captions=[_MODES[each][1] for each in MODES],
            key=_key("mode"),
            disabled=not may,
        )
        st.caption("Where it applies by itself, these hold. What would lose a golden answer always waits for a person.")
        first, second, third, fourth = st.columns(4, gap="medium")
        run = _percent(first, "Most of the index in one run, %", old.share_run, "run", may=may)
        day = _percent(second, "Most of it in 24 hours, %", old.share_day, "day", may=may)
        faithful = _percent(third, "Sentences that a source says, %", old.faithfulness, "faithful", may=may)
        certain = _percent(fourth, "Duplicates at least so likely, %", old.certainty, "certain", may=may)
        asked = st.form_submit_button(
            "Save the limits",
            type="primary",
            key="merging_save",
            disabled=not may,
            help=None if may else "Only an admin says what a schedule may do.",
        )
    if asked:
        limits = attempt(lambda: MergeLimits(mode, run, day, faithful, certain))
        _save(here, desk, saved, limits)


def _save(here: Here, desk: Desk, saved: SavedLimits, limits: MergeLimits | None) -> None:
    documents = desk.ledger.documents
    if limits is None:
        return
    kept = attempt(lambda: save_limits(desk.store, documents, limits, actor=here.actor, expected=saved.version))
    if kept is not None:
        st.session_state["told"] = "The limits of merging are saved."
        st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
        st.rerun()


def _percent(column: Any, label: str, value: float, name: str, *, may: bool) -> float:
    said = column.number_input(label, 0.0, 100.0, 100 * value, 1.0, "%g", key=_key(name), disabled=not may)
    return round(float(said) / 100, 6)


def _key(name: str) -> str:
    """A box keeps what was typed into it: once the limits are saved it needs another key."""
    return f"merging_{st.session_state.get(_TURN, 0)}_{name}"

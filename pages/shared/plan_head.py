"""The head of a plan, its reason, its file, and its pre-flight, which is measured once for each state of the index."""

from __future__ import annotations

import json
from typing import Final

import streamlit as st

from core.curation.golden import GoldenQueries
from core.curation.plan import Plan, plan_to_json
from core.curation.preflight import Preflight
from core.curation.reading import plan_from_text
from core.errors import ConfigError
from core.hostile import markdown_escape, one_line
from pages.shared.applying import with_reason
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.plan_changes import does_words
from pages.shared.planning import desk_of, discard_button, is_own, keep_plan, may_keep, open_plan
from pages.shared.problem import attempt
from pages.shared.reading import snapshot_with_vectors
from pages.shared.words import age, exact, plural

__all__ = ["measured", "plan_files", "plan_foot", "plan_head", "read_plan"]

_MEASURED: Final = "preflight"
_SKIPPED: Final = ("undo", "restore")
_REASON_MAX: Final = 500
_NAMED: Final = 5
_NOT_ASKED: Final = "It puts back what was there, so no pre-flight is asked for."
_STOPPED: Final = "You stopped the pre-flight. Applying runs it first, and holds back what would lose answers."


def plan_head(here: Here, plan: Plan) -> Plan:
    """Draw what a plan is and its reason; return it with the reason as it is now."""
    counts = does_words(plan)
    does = "" if counts in plan.title.lower() else f" It would {escaped(counts)}."
    made = f"<span title='{escaped(exact(plan.created_at))}'>{escaped(age(plan.created_at, now=here.now))}</span>"
    st.html(
        f"<p class='mn-lead'><b>{escaped(one_line(plan.title, 160))}</b>, a plan by {escaped(one_line(plan.author, 60))}, "
        f"made {made}.{does} Nothing is done yet.</p>"
    )
    plan = _reason(here, plan)
    _left_out(plan)
    return plan


def plan_foot(here: Here, plan: Plan) -> None:
    """Draw what else can be done with a plan than to apply it."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        discard_button(here, plan.id, key="plan_discard")
        st.download_button(
            "Plan as a file",
            lambda: json.dumps(plan_to_json(plan), ensure_ascii=False, indent=2).encode("utf-8"),
            file_name=f"plan-{plan.id[:12]}.json",
            mime="application/json",
            key="plan_file",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            help="To review it, keep it with your code, and apply it with `python -m core apply`.",
        )
    if is_own(plan.id):
        st.caption("Only this tab has this plan: your role cannot keep plans for others.")


def _left_out(plan: Plan) -> None:
    """Say what a planner was asked for and left out, and why."""
    left_out = plan.parameters.get("left_out")
    if not isinstance(left_out, dict) or not left_out:
        return
    count = int(plan.parameters.get("left_out_count", len(left_out)))
    named = list(left_out.items())[:_NAMED]
    rows = "; ".join(f"{one_line(str(key), 60)} {one_line(str(said), 100)}" for key, said in named)
    st.caption(markdown_escape(f"{plural(count, 'memory')} left out: {rows}{'…' if len(named) < count else '.'}"))


def _reason(here: Here, plan: Plan) -> Plan:
    """Let who made a plan say why, until it is applied: the journal keeps it."""
    if plan.author != here.actor.name or not may_keep(here):
        if plan.reason:
            st.html(f"<div class='mn-reason'>{escaped(plan.reason, limit=_REASON_MAX)}</div>")
        return plan
    said = st.text_input(
        "Why",
        plan.reason,
        key=f"plan_reason_{plan.id}",
        max_chars=_REASON_MAX,
        placeholder="Why is this right? The journal keeps it.",
    ).strip()
    if said == plan.reason:
        return plan
    changed = with_reason(plan, said)
    return changed if keep_plan(here, changed) else plan


def measured(here: Here, plan: Plan) -> Preflight | None:
    """Return the plan's pre-flight, measured now if it was not yet for this state of the index; None while it cannot be."""
    wanted = st.session_state.get(f"measure_{plan.id}", plan.policy not in _SKIPPED)
    if not wanted:
        is_back = plan.policy in _SKIPPED
        st.caption(_NOT_ASKED if is_back else _STOPPED)
        label = "Measure it anyway" if is_back else "Measure it"
        st.button(label, key="measure", on_click=_measure, args=(plan.id, True), type="tertiary")
        return None
    golden = attempt(lambda: _golden(here))
    if golden is None:
        return None
    known_for, known = st.session_state.get(_MEASURED, (None, None))
    now_for = (plan.hash, here.revision, here.index, golden)
    if known_for == now_for and isinstance(known, Preflight):
        return known
    snapshot = snapshot_with_vectors(here)
    if snapshot is None:
        return None
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        bar = st.progress(0.0, "Trying what the plan changes on the index as it would be", width="stretch")
        st.button("Stop", key="measure_stop", icon=":material/stop_circle:", on_click=_measure, args=(plan.id, False))

    def progress(done: int, total: int) -> None:
        # A click meanwhile, on Stop or on a link, ends this run of the page here.
        bar.progress(done / total if total else 0.0, f"{done:,} of {plural(total, 'question')} tried")

    found = attempt(lambda: desk_of(here).preflight(plan, actor=here.actor, snapshot=snapshot, progress=progress))
    place.empty()
    if found is not None:
        st.session_state[_MEASURED] = (now_for, found)
    return found


def _golden(here: Here) -> tuple[tuple[str, str], ...]:
    """Return which golden queries there are now, each in its version: another one may break."""
    desk = desk_of(here)
    return tuple((kept.query.name, kept.version) for kept in GoldenQueries(desk.ledger.documents, desk.stream).every())


def _measure(plan_id: str, wanted: bool) -> None:
    st.session_state[f"measure_{plan_id}"] = wanted


def plan_files(here: Here) -> None:
    """Take a plan that was made elsewhere, as a file."""
    with st.expander("Open a plan from a file", icon=":material/upload_file:", key="plan_upload_box"):
        st.caption("As `python -m core plan` writes it. It opens as a plan that waits: nothing is applied.")
        given = st.file_uploader("Plan", type=["json"], key="plan_upload", label_visibility="collapsed")
        if given is not None and st.button("Open it", key="plan_open_file"):
            plan = attempt(lambda: read_plan(given.getvalue(), stream=desk_of(here).stream))
            if plan is not None:
                open_plan(here, plan)


def read_plan(data: bytes, *, stream: str) -> Plan:
    """Return the plan of a file; raise ConfigError for what is none, or one of another index."""
    plan = plan_from_text(data, name="This file")
    if plan.stream != stream:
        raise ConfigError(f"This plan is for {plan.stream}, this is {stream}: choose that index in the rail.")
    return plan

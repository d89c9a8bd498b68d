"""What would a plan change, what would that do to the answers, and what did it do?"""

from __future__ import annotations

import streamlit as st

from core.errors import StalePlanError
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.applying import apply_form, progress_bar, stale_plan
from pages.shared.getting_started import getting_started
from pages.shared.here import current
from pages.shared.markup import escaped
from pages.shared.outcome import outcome, resumable
from pages.shared.pending import deed_of, waiting_plans
from pages.shared.plan_changes import change_rows
from pages.shared.plan_head import measured, plan_files, plan_foot, plan_head
from pages.shared.planning import find_plan
from pages.shared.preflight_report import preflight_report
from pages.shared.running import run_of
from pages.shared.theme import agent_colours
from pages.shared.words import plural

here = current()
if here.store is None or here.desk is None:
    getting_started(here)
    st.stop()

agents = {} if here.frame is None else agent_colours(here.frame["agent_id"].dropna().unique())
plan_id = state.get("plan")
if not plan_id:
    st.title("Which plans wait?", anchor=False)
    st.html(
        "<p class='mn-lead'>A plan shows every change, and what that would do to the answers, before anything is done. "
        "What is done can be undone, but for what is erased.</p>"
    )
    waiting_plans(here)
    plan_files(here)
    st.stop()

run = run_of(here, plan_id)
if run is not None and not run.ended.is_set():
    st.title("How far is this plan?", anchor=False)
    st.html(f"<p class='mn-lead'>{escaped(one_line(run.plan.title, 160))}. You may go to another page meanwhile.</p>")
    progress_bar(run)
    st.stop()

deed, plan = deed_of(here, plan_id), find_plan(here, plan_id)
if deed is not None and (deed.complete or plan is None):
    st.title("What did this plan change?", anchor=False)
    outcome(here, deed)
    st.stop()
if plan is None:
    st.title("Which plans wait?", anchor=False)
    st.info(
        "The plan of this link is not here: it was discarded, or it belongs to another index.", icon=":material/link_off:"
    )
    waiting_plans(here)
    st.stop()

st.title("What would this plan change?", anchor=False)
if deed is not None:
    resumable(here, deed)
plan = plan_head(here, plan)
main, side = st.columns([1.5, 1], gap="large")
with main:
    st.subheader(plural(len(plan), "change"), anchor=False)
    change_rows(here, plan, agents=agents)
with side, st.container(key="plan_side"):
    if run is not None and isinstance(run.error, StalePlanError):
        stale_plan(here, plan, run.error)
        plan_foot(here, plan)
        st.stop()
    st.subheader("What it would do to the answers", anchor=False)
    found = measured(here, plan)
    if found is not None:
        preflight_report(here, plan, found)
    if run is not None and run.error is not None:
        st.error(markdown_escape(str(run.error)), icon=":material/error:")
    apply_form(here, plan, found, left=deed.left if deed else None)
    plan_foot(here, plan)

"""What happened, and when?"""

from __future__ import annotations

import streamlit as st

from pages.shared import state
from pages.shared.getting_started import getting_started
from pages.shared.here import current
from pages.shared.inspector import inspector
from pages.shared.mapping import mapping_notice
from pages.shared.theme import agent_colours
from pages.shared.timeline import agent, everyone, given, task
from pages.shared.workbench import workbench

VIEWS = {"all": everyone, "task": task, "agent": agent, "given": given}
NAMES = {"all": "Everyone", "task": "One task", "agent": "One agent", "given": "What was given"}

here = current()
if here.frame is None or here.store is None or here.frame.empty:
    getting_started(here)
    st.stop()

agents = agent_colours(here.frame["agent_id"].dropna().unique())
st.title("What happened, and when?", anchor=False)
mapping_notice(here)
view = state.get("view") if state.get("view") in VIEWS else "all"
if st.session_state.get("timeline_view") != view:
    st.session_state["timeline_view"] = view
st.segmented_control(
    "View",
    list(VIEWS),
    key="timeline_view",
    format_func=NAMES.__getitem__,
    label_visibility="collapsed",
    on_change=state.store_value,
    args=("view", "timeline_view"),
    required=True,
)
main, side = workbench()
with side:
    inspector(here, agents=agents)
with main:
    VIEWS[view].draw(here, agents=agents)

"""What happened, and when?"""

from __future__ import annotations

from importlib import import_module

import streamlit as st

from pages.shared import state
from pages.shared.getting_started import getting_started
from pages.shared.here import current
from pages.shared.inspector import inspector
from pages.shared.mapping import mapping_notice
from pages.shared.past import agent_names
from pages.shared.theme import agent_colours
from pages.shared.timeline.taken_out import taken_out

# Each view is a module of pages.shared.timeline, read when it is first shown.
VIEWS = {"all": "everyone", "task": "task", "agent": "agent", "given": "given"}
NAMES = {"all": "Everyone", "task": "One task", "agent": "One agent", "given": "What was given"}

here = current()
if here.frame is None or here.store is None or here.frame.empty:
    getting_started(here)
    st.stop()

agents = agent_colours(agent_names(here))
st.title("What happened, and when?", anchor=False)
mapping_notice(here)
view = state.get("view") if state.get("view") in VIEWS else "all"
state.prepare_widget("timeline_view", view)
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
# The columns stay where they are when a memory is opened, so that the lanes are not drawn anew and keep the keyboard.
with st.container(key="timeline_bench"):
    main, side = st.columns([1.75, 1], gap="large")
with side:
    if not taken_out(here, agents=agents):
        inspector(here, agents=agents)
with main:
    import_module(f"pages.shared.timeline.{VIEWS[view]}").draw(here, agents=agents)

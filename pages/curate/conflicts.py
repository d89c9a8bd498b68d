"""Which memories cannot both be true, and which of them holds?"""

from __future__ import annotations

import streamlit as st

from pages.shared.conflicts.asked import page_title
from pages.shared.conflicts.whole import draw
from pages.shared.getting_started import getting_started
from pages.shared.here import current
from pages.shared.inspector import inspector
from pages.shared.theme import agent_colours
from pages.shared.workbench import workbench

here = current()
if here.desk is None or here.frame is None or here.snapshot is None or here.frame.empty:
    getting_started(here)
    st.stop()

agents = agent_colours(here.frame["agent_id"].dropna().unique())
st.title(page_title(), anchor=False)
main, side = workbench()
with main:
    draw(here, agents=agents)
with side:
    inspector(here, agents=agents, tells_conflicts=False)

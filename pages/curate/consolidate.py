"""What could be said in fewer memories?"""

from __future__ import annotations

import streamlit as st

from pages.shared.consolidate.whole import draw
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
st.title("What could be said in fewer memories?", anchor=False)
main, side = workbench()
with side:
    inspector(here, agents=agents)
with main:
    draw(here, here.frame, agents=agents)

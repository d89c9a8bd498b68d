"""What belongs together, and what stands alone?"""

from __future__ import annotations

import streamlit as st

from pages.shared.getting_started import getting_started
from pages.shared.here import current
from pages.shared.inspector import inspector
from pages.shared.map.whole import draw
from pages.shared.mapping import mapping_notice
from pages.shared.past import agent_names
from pages.shared.theme import agent_colours

here = current()
if here.frame is None or here.store is None or here.frame.empty:
    getting_started(here)
    st.stop()

agents = agent_colours(agent_names(here))
st.title("What belongs together?", anchor=False)
mapping_notice(here)
# The columns stay where they are when a memory is opened, so that the map is not drawn anew and keeps the keyboard.
with st.container(key="map_bench"):
    main, side = st.columns([1.75, 1], gap="large")
with main:
    result = draw(here, agents=agents)
with side:
    inspector(here, agents=agents, result=result)

"""What was changed, by whom, and why?"""

from __future__ import annotations

import streamlit as st

from pages.shared import state
from pages.shared.deed import opened
from pages.shared.getting_started import getting_started
from pages.shared.here import current
from pages.shared.journal_timeline import filtered, lead, timeline, unfinished
from pages.shared.trust import restoring, trust

here = current()
if here.desk is None:
    getting_started(here)
    st.stop()

if plan_id := state.get("deed"):
    opened(here, here.desk, plan_id)
    st.stop()

deeds = here.desk.history(actor=here.actor)
st.title("What was changed, by whom, and why?", anchor=False)
st.html(lead(here, deeds))
if not deeds:
    st.html(
        "<p class='mn-empty'>No plan was applied to this index yet. What agents write themselves is not in the journal: "
        "it has every change that people, rules and schedules make here.</p>"
    )
    st.stop()
unfinished(here, here.desk, deeds)
timeline(here, filtered(deeds))
restoring(here, here.desk)
trust(here, here.desk)

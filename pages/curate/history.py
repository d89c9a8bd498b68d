"""What was changed, by whom, and why?"""

from __future__ import annotations

import streamlit as st

from pages.shared import state
from pages.shared.deed import opened
from pages.shared.getting_started import getting_started
from pages.shared.here import current
from pages.shared.journal_timeline import filtered, lead, timeline, unfinished
from pages.shared.problem import attempt
from pages.shared.trust import restoring, trust

here = current()
if here.desk is None:
    getting_started(here)
    st.stop()

if plan_id := state.get("deed"):
    opened(here, here.desk, plan_id)
    st.stop()

st.title("What was changed, by whom, and why?", anchor=False)
deeds = attempt(lambda desk=here.desk: desk.history(actor=here.actor))
if deeds is None:
    st.html("<p class='mn-empty'>Until the journal can be read, nothing can be changed here. Search goes on as before.</p>")
    st.stop()
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

"""What should be kept, and for how long?"""

from __future__ import annotations

import streamlit as st

from pages.shared import lifecycle_rules, rules_form
from pages.shared.getting_started import getting_started
from pages.shared.here import current
from pages.shared.lifecycle_view import AHEAD, seen

here = current()
if here.desk is None or here.frame is None or here.snapshot is None or here.frame.empty:
    getting_started(here)
    st.stop()

desk = here.desk
rules, saved = rules_form.shown_rules(here, desk)
types = [str(name) for name in here.frame["memory_type"].dropna().unique()]
agents = [str(name) for name in here.frame["agent_id"].dropna().unique()]

# The forms say which rules hold; what they touch is drawn above them.
top = st.container()
st.header("Expiry", anchor=False)
expiry = st.container()
with st.expander("Change the expiry rules", icon=":material/tune:", key="expiry_box"):
    rules = rules_form.expiry_form(desk, rules, saved, types=types, agents=agents)
charts = st.container()
st.header("Fading confidence", anchor=False)
decay = st.container()
with st.expander("Change how confidence fades", icon=":material/tune:", key="decay_box"):
    rules = rules_form.decay_form(desk, rules, saved, types=types)
curves = st.container()

found = seen(here, rules)
with top:
    st.title("What should be kept, and for how long?", anchor=False)
    st.html(lifecycle_rules.lead(found, index=here.index))
    if here.snapshot.sampled:
        st.caption("This index is sampled, so the counts are of a part of it. A plan reads all of it.")
    rules_form.draft_bar(here, desk, rules, saved)
with expiry:
    lifecycle_rules.expiry_rows(here, rules, found)
with charts:
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("How old is what would go today", anchor=False)
        lifecycle_rules.ages_chart(rules, found)
    with right:
        st.subheader(f"What becomes due in the next {AHEAD} days", anchor=False)
        lifecycle_rules.ahead_chart(found)
with decay:
    lifecycle_rules.decay_rows(here, rules, found)
with curves:
    lifecycle_rules.decay_charts(rules.decay, found)

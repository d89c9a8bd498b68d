"""What could be said in fewer memories?"""

from __future__ import annotations

import streamlit as st

from pages.shared import state
from pages.shared.consolidate.asked import asked, controls
from pages.shared.consolidate.found import Found, search
from pages.shared.consolidate.groups_list import groups_list, left_alone
from pages.shared.consolidate.one_draft import one_draft
from pages.shared.consolidate.proposing import propose_bar, proposing
from pages.shared.consolidate.schedule import schedule
from pages.shared.consolidate.work import progress
from pages.shared.getting_started import getting_started
from pages.shared.here import current
from pages.shared.inspector import inspector
from pages.shared.markup import escaped
from pages.shared.reading import snapshot_with_vectors
from pages.shared.theme import agent_colours
from pages.shared.words import plural
from pages.shared.workbench import workbench

here = current()
if here.desk is None or here.frame is None or here.snapshot is None or here.frame.empty:
    getting_started(here)
    st.stop()

agents = agent_colours(here.frame["agent_id"].dropna().unique())
st.title("What could be said in fewer memories?", anchor=False)
lead = st.empty()
question = asked(here, here.frame)
main, side = workbench()
with side:
    inspector(here, agents=agents)
with main:
    snapshot = snapshot_with_vectors(here)
    if snapshot is None:
        st.stop()
    if proposing(here, question):
        st.stop()
    one, key = search(here, snapshot, question)
    opened = state.get("group")
    if not opened:
        controls(question)
    found: Found | None = progress(one, key, name="consolidate")
    group = None if found is None or not opened else found.group(opened)
    if found is not None and group is None:
        if opened:
            st.info("The group of this link is not among those of now: its memories changed.", icon=":material/link_off:")
        propose_bar(here, question, found.groups)
        groups_list(here, found, question, agents=agents)
        left_alone(found, question)
    elif group is not None:
        one_draft(here, group, question, agents=agents)
    if group is None:
        st.header("What a schedule may do", anchor=False)
        schedule(here)
if found is not None and group is None:
    lead.html(
        f"<p class='mn-lead'><b>{found.memories:,}</b> of {plural(here.snapshot.rows, 'memory')} in "
        f"<b>{escaped(here.index)}</b> could become {len(found.groups):,}. Each sentence of a draft "
        "names the memories that it stands on. These are retired only once a recall of the text of each finds the new one; "
        "undo or un-merge brings them back. "
        "All of the index is looked at, whatever the filters on the left.</p>"
    )

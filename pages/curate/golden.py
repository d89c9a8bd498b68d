"""Which questions must always be answered?"""

from __future__ import annotations

import streamlit as st

from core.curation.golden import golden_of
from pages.shared.getting_started import getting_started
from pages.shared.golden_form import golden_dialogs
from pages.shared.golden_list import golden_buttons, golden_rows, lead
from pages.shared.here import current

here = current()
if here.desk is None:
    getting_started(here)
    st.stop()

queries = golden_of(here.desk.store, actor=here.actor)
kept = queries.every()
st.title("Which questions must always be answered?", anchor=False)
st.html(lead(kept, index=here.index))
golden_buttons(here, kept, here.desk.stream)
if kept:
    golden_rows(here, kept, here.desk.stream)
else:
    st.html(
        "<p class='mn-empty'>There is none yet. Add one here, or ask a question on the page Search and choose Make golden "
        "on a result that must always come.</p>"
    )
golden_dialogs(here, queries)

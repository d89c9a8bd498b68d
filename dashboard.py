"""Mnemoscope's dashboard: the frame around every page. Start it with `streamlit run dashboard.py [-- STORE]`."""

from __future__ import annotations

import streamlit as st

from core.errors import MnemoscopeError
from pages.shared import here, palette, state, theme
from pages.shared.connecting import connect_elsewhere
from pages.shared.editing import edit_dialog
from pages.shared.footer import footer
from pages.shared.importing import last_report
from pages.shared.past import banner
from pages.shared.pending import pending_bar
from pages.shared.problem import show_problem
from pages.shared.rail import rail
from pages.shared.reading import must_wait, notices, reading

PAGES = {
    "Explore": [
        st.Page(
            "pages/explore/overview.py",
            title="Overview",
            icon=":material/monitoring:",
            default=True,
            help="What is in this memory and is it healthy? Totals, growth, who wrote it, what expires, limits.",
        ),
        st.Page(
            "pages/explore/search.py",
            title="Search",
            icon=":material/manage_search:",
            help="What would an agent recall, and why?",
        ),
        st.Page("pages/explore/timeline.py", title="Timeline", icon=":material/timeline:", help="What happened, and when?"),
        st.Page("pages/explore/map.py", title="Map", icon=":material/bubble_chart:", help="What belongs together?"),
    ],
    "Curate": [
        st.Page("pages/curate/conflicts.py", title="Conflicts", icon=":material/rule:", help="What cannot both be true?"),
        st.Page("pages/curate/duplicates.py", title="Duplicates", icon=":material/join_inner:", help="What is said twice?"),
        st.Page("pages/curate/consolidate.py", title="Consolidate", icon=":material/merge:", help="What fits in fewer?"),
        st.Page("pages/curate/lifecycle.py", title="Lifecycle", icon=":material/timelapse:", help="What should fade, when?"),
        st.Page("pages/curate/plan.py", title="Plan", icon=":material/fact_check:", help="What would change, and why?"),
        st.Page(
            "pages/curate/golden.py", title="Golden queries", icon=":material/star:", help="What must always be answered?"
        ),
        st.Page(
            "pages/curate/history.py", title="History", icon=":material/history:", help="Who changed what, and why? Undo it."
        ),
    ],
    "Operate": [
        st.Page("pages/operate/indexes.py", title="Indexes", icon=":material/database:", help="Where do the memories live?"),
    ],
}

st.set_page_config(page_title="Mnemoscope", page_icon=theme.MARK, layout="wide", initial_sidebar_state="auto")
st.logo(theme.LOGO, icon_image=theme.MARK, size="large")
page = st.navigation(PAGES)
state.start(page.url_path)
theme.inject_css()
uri = here.store_uri()
try:
    with st.sidebar:
        surroundings = rail(uri, page.url_path)
        footer(surroundings.at_present)
    here.keep(surroundings)
    palette.learn_types(surroundings)
    state.sync_url()
    last_report()
    notices(surroundings)
    if must_wait(surroundings, page.url_path):
        reading(surroundings, uri=uri)
    else:
        pending_bar(surroundings.at_present, page.url_path)
        edit_dialog(surroundings.at_present)
        if banner(surroundings, page.url_path):
            page.run()
except MnemoscopeError as error:
    show_problem(error, uri=uri)
    connect_elsewhere()

"""Where do the memories live, and how are they read?"""

from __future__ import annotations

import streamlit as st

from pages.shared.connecting import connect_button, connection_dialog
from pages.shared.creating import create_button, index_dialogs
from pages.shared.getting_started import demo_world, getting_started
from pages.shared.here import current
from pages.shared.importing import import_file
from pages.shared.indexing import bucket_buttons, index_rows
from pages.shared.mapping import mapping_editor
from pages.shared.markup import escaped
from pages.shared.unreadable import unreadable_indexes
from pages.shared.usage import usage
from pages.shared.words import plural

here = current()
if not here.indexes:
    getting_started(here)
    st.stop()

st.title("Where do the memories live?", anchor=False)
held = plural(len(here.indexes) + len(here.unreadable), "index", "indexes")
buckets = f", one of {plural(len(here.buckets), 'bucket')} here" if len(here.buckets) > 1 else ""
with st.container(horizontal=True, vertical_alignment="center", gap="small"):
    st.html(
        f"<p class='mn-lead'>{held} in the bucket <b>{escaped(here.catalog.bucket)}</b>{buckets}. "
        "An index holds the memories of one purpose or one tenant.</p>",
        width="stretch",
    )
    with st.container(horizontal=True, width="content", gap="small"):
        connect_button(here.actor)
        create_button(here)
bucket_buttons(here)
index_rows(here)

if here.unreadable:
    st.header("Cannot be read", anchor=False)
    unreadable_indexes(here)

# What no page can be right without, before the ways to bring in more.
mapping_editor(here)

st.header("Bring memories in", anchor=False)
with st.expander("Import memories from a file", icon=":material/upload:", key="import_box"):
    import_file(here)
with st.expander("Load the demo world", icon=":material/auto_stories:", key="demo_box"):
    demo_world(here)

usage(here)
if not connection_dialog(here.actor):
    index_dialogs(here)

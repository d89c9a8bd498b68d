"""Where do the memories live, and how do more come in?"""

from __future__ import annotations

import streamlit as st

from pages.shared import state
from pages.shared.getting_started import connect, demo_world, getting_started
from pages.shared.here import current
from pages.shared.importing import import_file
from pages.shared.markup import escaped, facts
from pages.shared.unreadable import unreadable_indexes
from pages.shared.words import age, exact, plural

here = current()
if not here.indexes:
    getting_started(here)
    st.stop()

st.title("Where do the memories live?", anchor=False)
st.html(
    f"<p class='mn-lead'>{plural(len(here.indexes) + len(here.unreadable), 'index', 'indexes')} in this store. "
    "An index is one scope or one tenant, with its own embedder.</p>"
)
with st.grid(3, min_column_width=270, gap="medium"):
    for info in here.indexes:
        opened = info.name == here.index
        with st.container(border=True, gap="small", height="stretch", key=f"index_{info.name}"):
            st.html(
                f"<div class='mn-name'>{escaped(info.name)}</div>"
                f"<div class='mn-row'>{plural(here.counts[info.name], 'memory')} · "
                f"{'tenant ' + escaped(info.tenant) if info.tenant else 'shared by every tenant'}</div>"
            )
            st.html(
                facts(
                    [
                        ("Embedder", (info.embedder or "not stated").split("/")[0], info.embedder or ""),
                        ("Vectors", f"{info.dimension:,} dimensions, {info.metric}", ""),
                        ("Text search", "on " + ", ".join(info.text_keys) if info.text_keys else "none", ""),
                        ("Made", age(info.created_at, now=here.now), exact(info.created_at)),
                    ]
                )
            )
            st.space("stretch")
            st.button(
                "Shown now" if opened else "Open",
                key=f"open_index_{info.name}",
                disabled=opened,
                width="stretch",
                on_click=state.put,
                args=("index", info.name),
            )

if here.unreadable:
    st.header("Cannot be read", anchor=False)
    unreadable_indexes(here)

st.header("Bring memories in", anchor=False)
first, second, third = st.columns(3, gap="medium")
with first.container(border=True, height="stretch"):
    import_file(here)
with second.container(border=True, height="stretch"):
    demo_world(here)
with third.container(border=True, height="stretch"):
    connect(here)

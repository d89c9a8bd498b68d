"""The ways to fill a store: the demo world, a file of memories, Amazon S3 Vectors. All there is while it is empty."""

from __future__ import annotations

import time
from typing import Final

import streamlit as st

from core import demo
from core.errors import MnemoscopeError, NotFoundError
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.connecting import connect, connection_dialog
from pages.shared.creating import create_button, index_dialogs
from pages.shared.here import Here, wrote
from pages.shared.importing import import_file
from pages.shared.problem import attempt
from pages.shared.unreadable import all_unreadable
from pages.shared.words import plural

__all__ = ["demo_world", "getting_started"]

# How many memories the story has, roughly: only the progress bar depends on it.
_DEMO_SIZE: Final = 700
_WATCHED: Final = "first_index_seen"
_PAUSE_S: Final = 4.0


def getting_started(here: Here) -> None:
    """Offer the three ways in, side by side; where there are indexes that cannot be read, say that instead."""
    if here.unreadable and not here.indexes:
        all_unreadable(here)
        return
    st.title("Nothing is remembered here yet", anchor=False)
    st.html(
        "<p class='mn-lead'>Mnemoscope shows what your agents remember: what there is, what a question brings back and why. "
        "Choose how to begin.</p>"
    )
    if isinstance(here.error, NotFoundError):
        named = markdown_escape(one_line(here.catalog.bucket, 63))
        st.info(
            f"There is no bucket **{named}** yet: the first index makes it. If you expected one, check its name and region.",
            icon=":material/help:",
        )
    first, second, third = st.columns(3, gap="medium")
    with first.container(border=True, height="stretch"):
        demo_world(here)
    with second.container(border=True, height="stretch"):
        import_file(here)
    with third.container(border=True, height="stretch"):
        connect(here)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Or begin with an empty index that your agents write to:", width="content")
        create_button(here)
    _watch(here)
    if not connection_dialog(here.actor):
        index_dialogs(here)


@st.fragment(run_every="5s")
def _watch(here: Here) -> None:
    """Show the first index as soon as an agent makes one; of a directory in any bucket, unless one was asked for."""
    catalog, who = here.catalog, here.actor
    try:
        one = catalog.remote or bool(state.get("bucket"))
        catalogs = [catalog] if one else [catalog.in_bucket(bucket.name) for bucket in catalog.buckets(actor=who)]
        found = any(each.names(actor=who) for each in catalogs)
    except MnemoscopeError:  # what is wrong with the store, a run says
        return
    # Not again at once: what a service has is asked in the background, and may take some runs to show.
    now = time.monotonic()
    if found and now - st.session_state.get(_WATCHED, -_PAUSE_S) >= _PAUSE_S:
        st.session_state[_WATCHED] = now
        wrote(here, [])
        st.rerun()


def demo_world(here: Here) -> None:
    """Offer the scripted story; loading it shows how far it is."""
    st.subheader("Load the demo world", anchor=False)
    st.markdown(
        "A research team writes its quarterly report while a support team answers customers: about 700 memories over ten "
        "weeks, with contradictions, repeats and a poisoned one to find."
    )
    kind = "secondary" if here.indexes else "primary"
    if st.button("Load the demo world", type=kind, icon=":material/auto_stories:", key="load_demo", width="stretch"):
        bar = st.progress(0.0, "Writing the story")

        def progress(done: int) -> None:
            bar.progress(min(1.0, done / _DEMO_SIZE), f"{plural(done, 'memory')} written")

        report = attempt(lambda: demo.load(here.catalog, actor=here.actor, now=here.now, progress=progress))
        bar.empty()
        if report is not None:
            wrote(here, report.indexes)
            st.session_state["told"] = (
                f"The demo world is here: {plural(report.memories, 'memory')} in {len(report.indexes)} indexes."
            )
            st.rerun()

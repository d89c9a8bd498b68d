"""The ways to fill a store: the demo world, a file of memories, Amazon S3 Vectors. All there is while it is empty."""

from __future__ import annotations

import streamlit as st

from core import demo
from pages.shared.here import Here
from pages.shared.importing import import_file
from pages.shared.problem import attempt
from pages.shared.unreadable import all_unreadable
from pages.shared.words import plural

__all__ = ["connect", "demo_world", "getting_started"]

# How many memories the story has, roughly: only the progress bar depends on it.
_DEMO_SIZE = 700


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
    first, second, third = st.columns(3, gap="medium")
    with first.container(border=True, height="stretch"):
        demo_world(here)
    with second.container(border=True, height="stretch"):
        import_file(here)
    with third.container(border=True, height="stretch"):
        connect(here)


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
            st.session_state["told"] = (
                f"The demo world is here: {plural(report.memories, 'memory')} in {len(report.indexes)} indexes."
            )
            st.rerun()


def connect(here: Here) -> None:
    """Say how an S3 Vectors bucket will be opened; this version reads local stores only."""
    st.subheader("Connect to S3 Vectors", anchor=False)
    st.markdown("Mnemoscope reads and writes vector buckets of Amazon S3 with the credentials of your AWS profile.")
    st.code(
        "python -m streamlit run dashboard.py -- \\\n  's3vectors://BUCKET?region=REGION'", language="bash", wrap_lines=True
    )
    st.caption("Opening a bucket comes with the next version. Until then this store is a directory on this machine:")
    st.code(here.catalog.uri, language=None, wrap_lines=True)

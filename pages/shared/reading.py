"""What stands in for a page while its index is being read, and what is said above one whose snapshot is not the newest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.analysis.snapshot import Job, Progress, Snapshot
from core.errors import AccessDeniedError, CancelledError
from core.hostile import markdown_escape, one_line
from core.scope import Scope
from pages.shared.here import Here
from pages.shared.problem import show_problem
from pages.shared.words import exact, plural

__all__ = [
    "must_wait",
    "notices",
    "progress_words",
    "reading",
    "sample_words",
    "snapshot_for_search",
    "snapshot_with_vectors",
]

_WAIT_VECTORS_S: Final = 3.0
_WAIT_LOCAL_S: Final = 20.0
# Pages that draw without the memories themselves.
_WITHOUT: Final = ("indexes", "history")
_STAGES: Final = {
    "waiting": "Waiting for another reading to end",
    "waiting for another process": "Another dashboard is reading this index",
    "checking": "Asking for changes",
    "reading memories": "Reading memories",
    "reading memories and vectors": "Reading memories with their vectors",
    "reading new vectors": "Reading new vectors",
    "preparing": "Preparing what was read",
    "saving": "Saving the snapshot",
}


def must_wait(here: Here, page: str) -> bool:
    """Say whether a page needs memories that were not read yet, or cannot be."""
    return here.store is not None and here.frame is None and page not in _WITHOUT


def reading(here: Here, *, uri: str) -> None:
    """Draw the reading in progress, what stopped it, or what went wrong, each with its way on."""
    named = markdown_escape(one_line(here.index, 80))
    if here.job is not None:
        st.title(f"Reading {named}", anchor=False)
        st.html(
            "<p class='mn-lead'>The memories of this index are read once and kept on this machine; later only what changed "
            "is read. You may go to another page meanwhile.</p>"
        )
        _progress(here.job)
    elif here.error is None or isinstance(here.error, CancelledError):
        st.title(f"{named} was not read", anchor=False)
        st.html("<p class='mn-empty'>Reading was stopped before it was done. Nothing was changed.</p>")
        st.button("Read the memories", icon=":material/play_arrow:", type="primary", key="read_on", on_click=here.refresh)
    else:
        if isinstance(here.error, AccessDeniedError):
            st.title(f"You may not read the memories of {named}", anchor=False)
        show_problem(here.error, uri=uri, again=here.refresh)


@st.fragment(run_every="1s")
def _progress(job: Job) -> None:
    if job.done:
        st.rerun()
    now = datetime.now(UTC)
    progress = job.progress
    part = min(1.0, progress.done / progress.total) if progress.total else 0.0
    st.progress(part, progress_words(progress, now=now))
    st.button("Cancel", icon=":material/stop_circle:", key="read_cancel", on_click=job.cancel, disabled=job.cancelled)


def snapshot_for_search(here: Here) -> Snapshot | None:
    """Return the snapshot, with vectors where the service cannot filter what the scope asks; None while they are read."""
    assert here.store is not None
    assert here.snapshots is not None
    _, ours = here.scope.split(here.store.schema, non_filterable=here.store.info.non_filterable)
    if ours is None or ours == Scope():
        return here.snapshot
    return snapshot_with_vectors(
        here, said="The service cannot filter this index as you ask, so its vectors are read once and filtered here."
    )


def snapshot_with_vectors(
    here: Here, *, said: str = "This needs the vectors of the index, which are read once."
) -> Snapshot | None:
    """Return the snapshot with its vectors; None while they are read, or cannot be, which the page then says."""
    assert here.store is not None
    assert here.snapshots is not None
    wait_s = _WAIT_LOCAL_S if here.snapshots.local else _WAIT_VECTORS_S
    seen = here.snapshots.look(here.store, actor=here.actor, wait_s=wait_s, vectors=True)
    if seen.snapshot is not None and seen.snapshot.has_vectors:
        return seen.snapshot
    st.caption(said)
    if seen.job is not None:
        _progress(seen.job)
    elif seen.error is not None:
        show_problem(seen.error, uri=here.catalog.uri, again=here.refresh)
    return None


def progress_words(progress: Progress, *, now: datetime) -> str:
    """Return how far a reading is, in one line: stage, count, seconds so far."""
    counted = ""
    if progress.done:
        counted = f"{progress.done:,}" + (f" of about {progress.total:,}" if progress.total else " so far")
    elapsed = max(0, round((now - progress.started_at).total_seconds()))
    words = [_STAGES.get(progress.stage, progress.stage), counted, f"{elapsed // 60}:{elapsed % 60:02d}"]
    return " · ".join(word for word in words if word)


def sample_words(snapshot: Snapshot) -> str:
    """Return how many memories a snapshot has: "12 memories", "12 of 40 memories", "12 memories, more exist"."""
    if not snapshot.sampled:
        return plural(snapshot.rows, "memory")
    if snapshot.total is None:
        return f"{plural(snapshot.rows, 'memory')}, more exist"
    return f"{snapshot.rows:,} of {plural(snapshot.total, 'memory')}"


def notices(here: Here) -> None:
    """Say above a page that its snapshot could not be refreshed, or is a sample."""
    if here.snapshot is None:
        return
    if here.error is not None and not isinstance(here.error, CancelledError):
        st.warning(
            markdown_escape(f"Could not refresh: {here.error} Showing the snapshot of {exact(here.snapshot.taken_at)}."),
            icon=":material/cloud_off:",
        )
    if here.snapshot.sampled:
        search = "Looking back sees these alone." if here.past else "Search asks the index itself, and so finds all of them."
        st.info(
            f"A sample: {sample_words(here.snapshot)}. {search}",
            icon=":material/pie_chart:",
        )

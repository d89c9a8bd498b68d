"""How far a search for duplicates is, what stopped it, and how much of what there is it found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.analysis.snapshot import Snapshot
from core.curation.duplicates import Pairs
from core.errors import CancelledError
from core.hostile import markdown_escape, one_line
from pages.shared.duplicates.search import Search, searches
from pages.shared.here import Here
from pages.shared.words import plural, share

__all__ = ["found_words", "outdated", "progress", "stopped"]

# A sum of shares may miss 1 by its last digits.
_ALL: Final = 1 - 1e-6


@st.fragment(run_every="1s")
def progress(search: Search) -> None:
    """Draw how far a search is with a way to stop it; once it has ended the page is drawn anew."""
    if search.job.done:
        st.rerun()
    now = search.job.progress
    seconds = max(0, round((datetime.now(UTC) - now.started_at).total_seconds()))
    part = now.done / now.total if now.total else 0.0
    begun = f"Comparing {plural(len(search.frame), 'memory')}" if now.total else "Waiting for another search to end"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="duplicates_progress"):
        st.progress(min(1.0, part), f"{begun} · {part:.0%} · {seconds // 60}:{seconds % 60:02d}", width="stretch")
        st.button(
            "Cancel",
            icon=":material/stop_circle:",
            key="duplicates_cancel",
            on_click=search.job.cancel,
            disabled=search.job.cancelled,
            help="Stops it for everybody who looks at this index. Nothing is changed.",
        )


def stopped(here: Here, snapshot: Snapshot, search: Search) -> None:
    """Say that a search was cancelled or failed, with the way to another."""
    error = search.job.error
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="duplicates_stopped"):
        if error is None or isinstance(error, CancelledError):
            st.markdown("The search was stopped before it was done. Nothing was changed.", width="content")
        else:
            st.error(markdown_escape(one_line(str(error), 400)), icon=":material/error:")
        st.button(
            "Search again",
            icon=":material/replay:",
            key="duplicates_again",
            on_click=searches().begin,
            args=(here, snapshot, search.within),
        )


def outdated(here: Here, snapshot: Snapshot, search: Search) -> None:
    """Say that the index changed since it was searched, with the way to another search; nothing while one goes on."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="duplicates_outdated"):
        st.caption("Memories were written or taken away since these were compared.", width="content")
        st.button(
            "Search again",
            icon=":material/replay:",
            key="duplicates_renew",
            type="tertiary",
            on_click=searches().begin,
            args=(here, snapshot, search.within),
        )


def found_words(pairs: Pairs) -> str:
    """Return how much was compared, and how much of what is near was found."""
    whose = {"agent": "within each agent", "team": "within each team"}.get(str(pairs.within), "all with all")
    recall = (
        "Every pair that is near enough was found."
        if pairs.recall > _ALL
        else f"Of the pairs that are near enough, about {share(min(pairs.recall, 0.999), 1)} were found."
    )
    said = [f"{plural(pairs.compared, 'memory')} compared, {whose}.", recall]
    if pairs.cut:
        more = "has more neighbours than were", "have more neighbours than were"
        said.append(f"{plural(pairs.cut, f'memory {more[0]}', f'memories {more[1]}')} compared: the nearest came first.")
    if pairs.series:
        verb = "differs" if pairs.series == 1 else "differ"
        said.append(
            f"{plural(pairs.series, 'memory')} of long series {verb} from others in nothing but numbers and dates: "
            "of these only some were compared."
        )
    said.append("Hidden, quarantined, disputed and expired memories are left as they are.")
    return " ".join(said)

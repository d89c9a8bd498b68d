"""How far a piece of work is, what stopped it, and that what it was made from has changed: each with its way on."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.errors import CancelledError
from core.hostile import markdown_escape, one_line
from pages.shared.work import Errand, Work, works

__all__ = ["outcome"]


def outcome(errand: Errand, *, name: str, begins: bool = True, renews: bool = True) -> Work | None:
    """Return the work whose result can be shown, of an edition before until that of now is there; None without one.

    Says above it how far the work is. Without `begins` it is not begun where nobody asked for it, without `renews` not begun
    anew for every edition. `name` begins the keys of what is drawn.
    """
    known, last = works().known(errand), works().last(errand.of)
    if known is None and last is not None and not renews:
        _outdated(errand, name)
        return last
    if known is None and last is None and not begins:
        return None
    work = works().look(errand)
    if not work.ended.is_set():
        _going(work, name)
        return last
    if work.error is not None:
        _failed(work, errand, name)
        return last
    if work.edition != errand.edition:
        _outdated(errand, name)
    return work


@st.fragment(run_every="0.5s")
def _going(work: Work, name: str) -> None:
    """Draw how far work is with a way to stop it; once it has ended the page is drawn anew."""
    if work.ended.is_set():
        st.rerun()
    part = min(1.0, max(0.0, work.done / work.total)) if work.total else 0.0
    seconds = max(0, round((datetime.now(UTC) - work.started_at).total_seconds()))
    words = "Waiting for other work to end" if work.waits else work.words
    far = f" · {round(100 * part)} %" if work.total else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{name}_progress"):
        st.progress(part, f"{words}{far} · {seconds // 60}:{seconds % 60:02d}", width="stretch")
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            key=f"{name}_stop",
            on_click=work.stop.set,
            disabled=work.stop.is_set(),
            help="Stops it for everybody who waits for it. Nothing is changed.",
        )


def _failed(work: Work, errand: Errand, name: str) -> None:
    """Say that work was stopped or went wrong, with the way to begin it anew."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{name}_stopped"):
        if isinstance(work.error, CancelledError):
            st.markdown("Stopped before it was done. Nothing was changed.", width="content")
        else:
            st.error(markdown_escape(one_line(str(work.error), 400)), icon=":material/error:")
        st.button("Try again", icon=":material/replay:", key=f"{name}_again", on_click=works().begin, args=(errand,))


def _outdated(errand: Errand, name: str) -> None:
    """Say that the index changed since, with the way to begin anew."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{name}_outdated"):
        st.caption("Memories were written or taken away since these were compared.", width="content")
        st.button(
            "Search again",
            icon=":material/replay:",
            key=f"{name}_renew",
            type="tertiary",
            on_click=works().begin,
            args=(errand,),
        )

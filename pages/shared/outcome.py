"""What a plan did, as soon as it was applied: the result of each key, failures first, and the way back."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.curation.history import Deed, State
from core.curation.plan import Action
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.applying import undo_button
from pages.shared.deed import change_row
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.plan_changes import counts_words, done_words
from pages.shared.planning import desk_of
from pages.shared.words import age, exact, plural

__all__ = ["did_words", "outcome", "resumable"]

_HISTORY: Final = "pages/curate/history.py"
_SHOWN: Final = 20


def did_words(deed: Deed) -> str:
    """Return what a plan did: "3 memories retired", "2 of 3 changes done", "2 of 3 changes done, 1 left as it was"."""
    if deed.undoes is not None and deed.complete:
        return f"{plural(deed.done, 'memory')} as before" if deed.done else "Nothing was left to take back"
    if deed.complete and not deed.spared:
        return done_words(deed.counts)
    spared = f", {deed.spared:,} left as {'it was' if deed.spared == 1 else 'they were'}" if deed.spared else ""
    return f"{deed.done:,} of {plural(deed.changes, 'change')} done{spared}"


def outcome(here: Here, deed: Deed) -> None:
    """Draw what became of a plan that has ended, with Undo beside it."""
    _verdict(here, deed)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if deed.undoable:
            undo_button(here, deed, key="outcome_undo")
        elif deed.undone:
            st.caption("All of it was taken back.", width="content")
        elif Action.ERASE in deed.counts:
            st.caption("Erased: nothing brings it back.", width="content")
        if st.button("Open in History", icon=":material/history:", key="outcome_history"):
            state.put("deed", deed.plan_id)
            st.switch_page(_HISTORY)
        st.button("Other plans", type="tertiary", key="outcome_others", on_click=state.put, args=("plan", None))
    _keys(here, deed)


def resumable(here: Here, deed: Deed) -> None:
    """Say above a plan that some of it is done, and what stopped it."""
    _verdict(here, deed)
    if deed.state is State.OPEN:
        st.caption("Another program is applying it, or died doing so. Going on settles what is done, and does the rest.")
    if deed.undoable:
        undo_button(here, deed, key="resumable_undo", label=f"Undo the {deed.done:,} that are done")


def _verdict(here: Here, deed: Deed) -> None:
    mark, tone = ("✓", "good") if deed.complete and not deed.failed and not deed.spared else ("◑", "warn")
    words = did_words(deed)
    failed = f" {plural(deed.failed, 'change')} failed." if deed.failed else ""
    why = f" {deed.why}" if deed.why else ""
    when = deed.ended_at or deed.at
    # Where the title only says the same in other words, who and when is the news.
    same = deed.complete and counts_words(deed.counts) == deed.title.lower()
    by = "By" if same else f"{escaped(one_line(deed.title, 160))} · by"
    st.html(
        f"<div class='mn-verdict'><i class='mn-{tone}'>{mark}</i><div><b>{escaped(words[:1].upper() + words[1:])}.</b>"
        f"<span>{escaped(one_line(failed + why, 600))}</span> <span class='mn-muted' title='{escaped(exact(when))}'>"
        f"{by} {escaped(one_line(deed.actor, 60))}, {escaped(age(when, now=here.now))}."
        f"</span></div></div>"
    )
    if deed.acknowledged:
        st.caption(f"Lost answers were accepted: {markdown_escape(one_line(deed.acknowledged, 300))}")


def _keys(here: Here, deed: Deed) -> None:
    """Draw what became of each key: what failed first, and no more than a page of it."""
    assert here.store is not None
    done = sorted(desk_of(here).changes_of(deed.plan_id, actor=here.actor), key=lambda each: each.done)
    shown = done[:_SHOWN]
    now = here.store.records.get([each.key for each in shown], actor=here.actor, vectors=False)
    # One reason for all of them is said once.
    reasons = {each.reason for each in done}
    said = reasons.pop() if len(reasons) == 1 else ""
    if said and len(done) > 1:
        st.html(f"<div class='mn-reason'>{escaped(one_line(said, 400))}</div>")
    said = said if len(done) > 1 else ""
    st.html("".join(change_row(each, now.get(each.key), to_memory=here.store.memory_of, said=said) for each in shown))
    if len(done) > len(shown):
        st.caption(
            f"{len(shown):,} of {plural(len(done), 'change')} shown, those that failed first. History has all of them."
        )

"""How far a reviewer is, what they did last with the way back, and that they are all caught up."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.curation.conflicts.queue import Progress, QueueEntry
from core.hostile import one_line
from pages.shared import state
from pages.shared.asking import ask_anew
from pages.shared.conflicts.card_view import OPENED, suggestion
from pages.shared.conflicts.settling import settle
from pages.shared.conflicts.sitting import Done, Sitting, inbox_of, start_over, try_it
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.words import age, plural

__all__ = ["caught_up", "last_done", "position"]

_LAST: Final = 10


def position(progress: Progress, sitting: Sitting, entry: QueueEntry | None) -> str:
    """Return how far the reviewer is as HTML: "7 of 40", of the cards that waited when they began."""
    total = max(1, progress.total)
    behind = min(progress.total, max(progress.done + progress.skipped, len(sitting.passed)))
    now = min(progress.total, behind + 1) if entry is not None else behind
    others = f" · {progress.elsewhere:,} with other people" if progress.elsewhere else ""
    skipped = f" · {progress.skipped:,} skipped" if progress.skipped else ""
    return (
        f"<div class='mn-sitting'><span class='mn-num'><b>{now:,} of {progress.total:,}</b>"
        f"<span class='mn-muted'>{escaped(skipped + others)}</span></span>"
        f"<div class='mn-bar' role='img' aria-label='{behind:,} of {progress.total:,} done'>"
        f"<span style='width:{100 * behind / total:.1f}%;--hue:var(--mn-accent)'></span></div></div>"
    )


def last_done(here: Here, sitting: Sitting) -> None:
    """Draw what was done last, what the judge would have said of it, and the way to take it back."""
    if not sitting.done:
        st.empty()  # takes the place: what is left out alone may stay to be seen while another part is drawn
        return
    last = sitting.done[-1]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="conflict_last"):
        st.html(_told(last), width="stretch")
        if last.undoable:
            _undo_button(here, sitting, last, label="Undo", shortcut="U", key="conflict_undo")
        if len(sitting.done) > 1:
            with st.popover("Before", key="conflict_before", type="tertiary", width="content"):
                for number, done in list(enumerate(sitting.done))[-2 : -_LAST - 2 : -1]:
                    _earlier(here, sitting, done, number)


def _told(last: Done) -> str:
    words = one_line(last.cards[0].left.text, 90)
    judged = suggestion(last.cards[0], said=last.verdict) if last.verdict and len(last.cards) == 1 else ""
    quoted = f"<span dir='auto' class='mn-muted'>{escaped(words)}</span>"
    return f"<div class='mn-last'><b>{escaped(last.words)}</b> {quoted}{judged}</div>"


def _earlier(here: Here, sitting: Sitting, done: Done, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"conflict_before_{number}"):
        when = age(done.at, now=datetime.now(UTC))
        words = escaped(one_line(done.cards[0].left.text, 60))
        st.html(f"<b>{escaped(done.words)}</b> <span class='mn-muted' dir='auto'>{when} · {words}</span>", width="stretch")
        if done.undoable:
            _undo_button(here, sitting, done, label="Undo", shortcut=None, key=f"conflict_undo_{number}")


def _undo_button(here: Here, sitting: Sitting, done: Done, *, label: str, shortcut: str | None, key: str) -> None:
    skipped = not done.verdict and len(done.cards) == 1 and done.words == "Skipped"
    st.button(
        label,
        icon=":material/undo:",
        key=f"{key}_{done.ids[0]}_{len(sitting.done)}",
        shortcut=shortcut,
        help="Back to it." if skipped else "The card waits again, and the memories are as before.",
        on_click=_undo,
        args=(here, sitting, done),
    )


def _undo(here: Here, sitting: Sitting, done: Done) -> None:
    """Take back what was done, and go back to its card."""
    if done not in sitting.done:
        return
    inbox, left = inbox_of(here), sitting.current

    def action() -> None:
        if done.words != "Skipped":
            for card_id in done.ids:
                inbox.undo(card_id, actor=here.actor)
        if left is not None and left != done.ids[0]:
            inbox.release(left, actor=here.actor)

    if try_it(sitting, action):
        sitting.done.remove(done)
        sitting.leave()
        sitting.current = done.ids[0]
        ask_anew()
        settle(here)


def caught_up(sitting: Sitting, progress: Progress, *, waits: int) -> None:
    """Say that nothing is left, what was done, and what came meanwhile; `waits` is how many cards wait now."""
    counted = Counter(
        word for done in sitting.done if done.at >= sitting.since for word in [done.words.split(":")[0]] * len(done.ids)
    )
    st.html(
        "<div class='mn-caught'><b>All caught up</b>"
        + "".join(f"<div>{escaped(words)} <b>{count:,}</b></div>" for words, count in counted.most_common())
        + ("" if counted else "<div class='mn-muted'>Nothing waits for you.</div>")
        + (f"<div class='mn-muted'>{plural(progress.elsewhere, 'card is', 'cards are')} with other people.</div>"
           if progress.elsewhere else "")
        + "</div>"
    )  # fmt: skip
    with st.container(horizontal=True, horizontal_alignment="center", gap="small", key="conflict_again"):
        if waits:
            st.button(
                f"Go on with {plural(waits, 'card')} that {'waits' if waits == 1 else 'wait'}",
                type="primary",
                icon=":material/play_arrow:",
                key="conflict_go_on",
                on_click=_go_on,
            )
        st.button(
            "See what was decided", icon=":material/checklist:", key="conflict_see", on_click=_see_decided, type="tertiary"
        )


def _go_on() -> None:
    start_over()
    st.session_state[OPENED] = True  # the counts above are those of before


def _see_decided() -> None:
    state.put("inbox", "list")
    state.put("standing", "decided")
    st.session_state[OPENED] = True

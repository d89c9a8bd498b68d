"""What is asked below a card before it is decided so: a merged text, for what each side holds, to whom it goes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.curation.conflicts.card import Resolution
from core.hostile import markdown_escape
from pages.shared.conflicts.bulk import bulk
from pages.shared.conflicts.deciding import Review, decide
from pages.shared.conflicts.sitting import Done, try_it

__all__ = ["forms"]

_TEXT: Final = 20_000
_NOTE: Final = 1_000
_NAME: Final = 80
_DRAFTS: Final = "conflicts_drafts"


def forms(review: Review) -> None:
    """Draw the form that is open, and what could not be done."""
    drawn = {"merge": _merge, "both": _both, "escalate": _escalate, "bulk": bulk}.get(review.sitting.form)
    if drawn is not None and review.refused is None:
        with st.container(border=True, gap="small", key=f"conflict_form_{review.sitting.form}"):
            drawn(review)
    else:
        st.empty()  # takes the place of the form
    if review.sitting.error:
        st.error(markdown_escape(review.sitting.error), icon=":material/error:")
    else:
        st.empty()


def _both(review: Review) -> None:
    key = f"conflict_note_{review.name}"
    with st.form(f"conflict_both_form_{review.name}", border=False):
        st.text_input(
            "For what does each of them hold?",
            key=key,
            max_chars=_NOTE,
            placeholder="A in production, B in staging",
            help="Kept beside both memories, so that agents and people see it. Empty, only the decision is kept.",
        )
        st.form_submit_button(
            "Both are valid",
            type="primary",
            key="conflict_both_go",
            shortcut="V",
            on_click=_both_valid,
            args=(review, key),
        )


def _both_valid(review: Review, key: str) -> None:
    decide(review, Resolution.BOTH_VALID, note=str(st.session_state.get(key) or "").strip())


def _merge(review: Review) -> None:
    draft = _draft(review)
    if draft is None:
        return
    key = f"conflict_merged_{review.name}"
    with st.form(f"conflict_merge_form_{review.name}", border=False):
        st.text_area("One memory that says what is true of both", draft, key=key, max_chars=_TEXT, height=140)
        st.caption("Both are retired once a recall of their texts finds this one in their place. Undo brings them back.")
        st.form_submit_button(
            "Merge into this",
            type="primary",
            key="conflict_merge_go",
            on_click=_merged,
            args=(review, key),
        )


def _merged(review: Review, key: str) -> None:
    decide(review, Resolution.MERGE, merged=str(st.session_state.get(key) or "").strip())


def _draft(review: Review) -> str | None:
    """Return the sources' own sentences, drafted once for a card; what stands in the way is said below it."""
    card_id, known = st.session_state.get(_DRAFTS, ("", ""))
    if card_id == review.card.id:
        return str(known)
    found: list[str] = []
    if not try_it(review.sitting, lambda: found.append(review.inbox.draft(review.card.id, actor=review.here.actor))):
        return None
    st.session_state[_DRAFTS] = (review.card.id, found[0])
    return found[0]


def _escalate(review: Review) -> None:
    who, why = f"conflict_to_{review.name}", f"conflict_ask_{review.name}"
    with st.form(f"conflict_escalate_form_{review.name}", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.text_input("To whom", key=who, max_chars=_NAME, placeholder="Name", width=220)
            st.text_input("What is to be found out", key=why, max_chars=_NOTE, width="stretch")
            st.form_submit_button(
                "Give it to them", type="primary", key="conflict_escalate_go", on_click=_given, args=(review, who, why)
            )
        st.caption("Only they and admins have it in their queue then. Without a name it goes back to everybody.")


def _given(review: Review, who: str, why: str) -> None:
    card, to = review.card, str(st.session_state.get(who) or "").strip()
    said = str(st.session_state.get(why) or "").strip()
    if review.sitting.current == card.id and try_it(
        review.sitting, lambda: review.inbox.escalate(card.id, to, actor=review.here.actor, why=said)
    ):
        review.sitting.did(Done((card,), f"Given to {to}" if to else "Given back to all", datetime.now(UTC), undoable=False))

"""Below the history: whether the journal is the one that was written, and the way back to an earlier moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Final

import streamlit as st

from core.curation.desk import Desk
from core.curation.verification import Verification, verify
from core.hostile import markdown_escape, one_line
from pages.shared.here import Here
from pages.shared.planning import may_keep, open_plan
from pages.shared.problem import attempt
from pages.shared.words import age, plural

__all__ = ["restoring", "trust", "verified_words"]

_FOUND: Final = "journal_verified"
_FLAWS: Final = 20
_LATER: Final = {"keep": "stay", "retire": "are retired"}


def trust(here: Here, desk: Desk) -> None:
    """Offer to check the chain of the journal; what was found stays until the next check."""
    with st.expander("Can this journal be trusted?", icon=":material/verified_user:", key="trust_box"):
        st.markdown(
            "Each entry names the hash of the one before it, so a changed, missing or added entry shows. That the end was "
            "cut off shows only with a hash that was kept elsewhere."
        )
        with st.form("verify_form", border=False):
            expected = st.text_input(
                "Hash kept from an earlier check, if there is one",
                key="verify_hash",
                max_chars=64,
                placeholder="64 hex digits",
            ).strip()
            asked = st.form_submit_button("Verify the journal", icon=":material/fact_check:")
        if asked:
            with st.spinner("Reading every entry", show_time=True):
                found = attempt(lambda: _verified(here, desk, expected))
            st.session_state[_FOUND] = (desk.stream, found, here.now)
        stream, found, at = st.session_state.get(_FOUND, ("", None, here.now))
        if found is not None and stream == desk.stream:
            _verdict(found, checked=age(at, now=here.now))
        st.caption(f"It lies in {markdown_escape(one_line(desk.ledger.label, 200))}.")


def verified_words(found: Verification) -> str:
    """Return what was checked, in a sentence."""
    checked = f"{plural(found.entries, 'entry')} and {plural(found.images, 'before-image')} checked"
    return f"{checked}: every one is as it was written." if found.sound else f"{checked}: {len(found.broken):,} are wrong."


def _verified(here: Here, desk: Desk, expected: str) -> Verification:
    desk.history(actor=here.actor, limit=1)  # says whether the actor may read it
    return verify(desk.ledger.journal, desk.stream, expected=expected or None)


def _verdict(found: Verification, *, checked: str) -> None:
    said = f"{verified_words(found)} Checked {checked}."
    if found.sound:
        st.success(said, icon=":material/verified_user:")
    else:
        st.error(said, icon=":material/gpp_bad:")
        shown = found.broken[:_FLAWS]
        st.code(
            "\n".join(f"entry {number:,}: {one_line(wrong, 300)}" for number, wrong in shown), language=None, wrap_lines=True
        )
        if len(shown) < len(found.broken):
            st.caption(f"The first {len(shown)} of {len(found.broken):,}.")
    for number, wrong in found.unpurged[:_FLAWS]:
        st.warning(f"Entry {number:,}: {markdown_escape(one_line(wrong, 300))}", icon=":material/delete_history:")
    if found.head is not None:
        st.caption(f"The hash of the last entry, {found.head.number:,}. Keep it elsewhere to notice a cut end:")
        st.code(found.head.hash, language=None, wrap_lines=True)


def restoring(here: Here, desk: Desk) -> None:
    """Offer the plan that brings back what the journal knows of a moment, within the rail's filters."""
    with st.expander("Go back to an earlier moment", icon=":material/history:", key="restore_box"):
        st.markdown(
            "Makes a plan that puts memories back as they were then, as far as the journal knows: what agents wrote past it "
            "is not in it. You see the plan before anything changes."
        )
        # What had expired or was hidden then is part of how it was.
        scope = replace(here.scope, include_expired=True, include_hidden=True)
        st.caption(markdown_escape(f"Within the filters on the left, expired and hidden ones too: {scope.sentence()}"))
        with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            yesterday = here.now - timedelta(days=1)
            day = st.date_input("Day, UTC", yesterday.date(), max_value=here.now.date(), key="restore_day", width=160)
            hour = st.time_input("Time, UTC", time(0, 0), key="restore_time", width=130)
            later = st.selectbox(
                "Memories that were not there yet", [*_LATER], format_func=_LATER.__getitem__, key="restore_later", width=240
            )
            may = may_keep(here)
            asked = st.button(
                "Plan it",
                key="restore_plan",
                icon=":material/fact_check:",
                disabled=not may,
                help=None if may else f"Your role, {here.actor.role}, may look but not change anything.",
            )
        if asked:
            moment = datetime.combine(day, hour, tzinfo=UTC)
            plan = attempt(lambda: desk.restore_plan(moment, actor=here.actor, scope=scope, later=later))
            if plan is not None:
                open_plan(here, plan)

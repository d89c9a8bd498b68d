"""The journal as people read it: a line for each plan, newest first, by day. What an opened one shows is in `deed.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, Final

import streamlit as st

from core.access import Permission
from core.curation.desk import Desk
from core.curation.history import Deed, State
from core.curation.plan import Action
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.here import Here
from pages.shared.markup import chip, escaped, slug
from pages.shared.plan_changes import ACTIONS, done_words
from pages.shared.problem import attempt
from pages.shared.words import age, day_text, exact, plural

__all__ = [
    "day_words",
    "deed_chips",
    "effect_words",
    "filtered",
    "lead",
    "matching",
    "policy_label",
    "timeline",
    "unfinished",
]

_A_PAGE: Final = 25
_FILTER_FROM: Final = 6
IMPORT_AGAIN: Final = "Import the file again, and what is missing comes too; or undo what was written."
POLICIES: Final[Mapping[str, str]] = {
    "delete": "Retiring",
    "erase": "Erasing",
    "edit": "Editing",
    "expiry": "Expiry",
    "decay": "Decay",
    "hide": "Hiding",
    "unhide": "Unhiding",
    "quarantine": "Quarantine",
    "release": "Release",
    "conflict": "Conflict",
    "duplicates": "Merging",
    "consolidation": "Consolidation",
    "unmerge": "Un-merging",
    "validate": "Still true",
    "undo": "Undo",
    "restore": "Restore",
    "import": "Import",
    "remember": "Writing",
    "forget": "Forgetting",
}
_STATES: Final[Mapping[str, tuple[str, str, str]]] = {
    "partial": ("in part", "◑", "Some of it was not done: open it to see what and why."),
    "cancelled": ("stopped", "◼", "Somebody stopped it between two batches."),
    "failed": ("failed", "✕", "It ended before it was done."),
    "interrupted": ("interrupted", "◔", "The process ended in the middle: what was done is known."),
    "open": ("running", "▶", "It has begun and not ended: it runs, or its process died."),
}


def effect_words(counts: Mapping[str, int], *, done: int, failed: int = 0, left: int = 0, back: bool = False) -> str:
    """Return what a plan did: "120 memories retired", "3 of 5 changes made, 1 failed"."""
    planned = sum(counts.values())
    if done == planned and counts:
        return done_words(counts).replace("added", "put back") if back else done_words(counts)
    # What is written as it comes, an import, has no number of changes before it ends.
    made = f"{done:,} of {plural(planned, 'change')} made" if planned else f"{plural(done, 'change')} made so far"
    words = [made]
    words += [f"{failed:,} failed"] if failed else []
    words += [f"{left:,} left"] if left else []
    return ", ".join(words)


def day_words(day: date, *, today: date) -> str:
    """Return a day as a heading: today, yesterday, else its date."""
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%A} {day.day} {day:%B}" + (f" {day.year}" if day.year != today.year else "")


def deed_chips(deed: Deed) -> str:
    """Return what is not usual about a plan as badges: its state, what was taken back, an acknowledged regression."""
    found = []
    if str(deed.state) in _STATES:
        text, mark, title = _STATES[str(deed.state)]
        found.append(chip(text, hue="var(--mn-warn)", mark=mark, badge=True, title=title))
    if deed.undone and deed.undone >= deed.done > 0:
        found.append(chip("taken back", hue="var(--mn-muted)", mark="↶", badge=True, title="Another plan undid all of it."))
    elif deed.undone:
        said = f"{deed.undone:,} taken back"
        found.append(chip(said, hue="var(--mn-muted)", mark="↶", badge=True, title="Another plan undid a part of it."))
    if deed.acknowledged:
        title = f"Applied though golden queries or recent ones would lose answers: {deed.acknowledged}"
        found.append(chip("regressions accepted", hue="var(--mn-warn)", mark="▽", badge=True, title=title))
    return "".join(found)


def matching(deeds: Sequence[Deed], *, text: str = "", policies: Sequence[str] = ()) -> list[Deed]:
    """Return the plans of the policies whose title, reason, people or id have the text."""
    wanted = text.strip().lower()
    return [
        deed
        for deed in deeds
        if (not policies or deed.policy in policies)
        and wanted in f"{deed.title}\n{deed.reason}\n{deed.actor}\n{deed.author}\n{deed.plan_id}".lower()
    ]


def filtered(deeds: Sequence[Deed]) -> list[Deed]:
    """Draw the box and the pills that narrow the timeline, once there is enough to narrow; return the plans that pass."""
    if len(deeds) < _FILTER_FROM:
        return list(deeds)
    counted: dict[str, int] = {}
    for deed in deeds:
        counted[deed.policy] = counted.get(deed.policy, 0) + 1
    text = st.text_input(
        "Find a change",
        key="history_find",
        icon=":material/search:",
        placeholder="title, reason, person",
        label_visibility="collapsed",
    )
    chosen: list[str] = []
    if len(counted) > 1:
        chosen = st.pills(
            "Kind of change",
            list(counted),
            selection_mode="multi",
            key="history_policies",
            format_func=lambda name: f"{markdown_escape(policy_label(name))} · {counted.get(name, 0):,}",
            label_visibility="collapsed",
        )
    return matching(deeds, text=text, policies=list(chosen))


def policy_label(policy: str) -> str:
    """Return a policy's name to a person."""
    return POLICIES.get(policy, one_line(policy[:1].upper() + policy[1:], 30))


def lead(here: Here, deeds: Sequence[Deed]) -> str:
    """Return the page's first sentence: how many changes, by how many people, since when."""
    if not deeds:
        return f"<p class='mn-lead'>Nothing was changed in <b>{escaped(here.index)}</b> yet.</p>"
    first = min(deed.at for deed in deeds)
    people = len({deed.actor for deed in deeds})
    return (
        f"<p class='mn-lead'><b>{plural(len(deeds), 'change')}</b> to <b>{escaped(here.index)}</b> by "
        f"{plural(people, 'person', 'people')} since <span title='{exact(first)}'>{day_text(first)}</span>. Each can be "
        "opened, and taken back as a whole or in part.</p>"
    )


def unfinished(here: Here, desk: Desk, deeds: Sequence[Deed]) -> None:
    """Draw the plans that began and did not end, with the ways on: settle what a crash left, go on, or undo."""
    begun = [deed for deed in deeds if deed.state is State.OPEN]
    if begun:
        names = ", ".join(one_line(deed.title, 60) for deed in begun[:3])
        may = here.store is not None and here.actor.may(Permission.WRITE, tenant=here.store.info.tenant)
        st.warning(
            f"{markdown_escape(names)}: begun and not ended. It is being applied now, or its process died in the middle.",
            icon=":material/hourglass:",
        )
        why = None if may else f"Your role, {here.actor.role}, may look but not change anything."
        if st.button("Settle what was left", key="history_recover", icon=":material/healing:", disabled=not may, help=why):
            settled = attempt(lambda: desk.recover(actor=here.actor))
            if settled:
                st.session_state["told"] = f"{plural(len(settled), 'plan')} settled: what was done is known now."
                st.rerun()
            elif settled is not None:
                st.info("It is being applied now: nothing has to be settled.", icon=":material/hourglass:")
    for deed in [deed for deed in deeds if _cut_short(deed, deeds)][:3]:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"broken_{slug(deed.plan_id)}"):
            effect = effect_words(deed.counts, done=deed.done, failed=deed.failed, left=deed.left)
            way_on = "" if deed.left else f" {IMPORT_AGAIN}"
            st.html(
                "<div class='mn-verdict'><i style='color:var(--mn-warn)'>◔</i><span>Interrupted: "
                f"<b>{escaped(one_line(deed.title, 120))}</b>. {escaped(effect)}.{way_on}</span></div>",
                width="stretch",
            )
            st.button(
                "Go on or undo" if deed.left else "See or undo", key=f"broken_open_{slug(deed.plan_id)}", **_opens(deed)
            )


def _cut_short(deed: Deed, deeds: Sequence[Deed]) -> bool:
    """Say whether a plan still waits for somebody to go on with it; an import does until the same file came again."""
    if deed.state is not State.INTERRUPTED or deed.undone >= deed.done:
        return False
    again = any(each.title == deed.title and each.policy == "import" and each.at > deed.at for each in deeds)
    return deed.left > 0 or (deed.policy == "import" and not again)


def timeline(here: Here, deeds: Sequence[Deed]) -> None:
    """Draw the plans by day, a page of them; a click opens one."""
    shown = int(st.session_state.get("history_shown", _A_PAGE))
    today = here.now.date()
    for day, group in groupby(deeds[:shown], key=lambda deed: deed.at.date()):
        st.html(f"<div class='mn-day'>{escaped(day_words(day, today=today))}</div>")
        for deed in group:
            _row(deed, now=here.now)
    if len(deeds) > shown:
        st.caption(f"{shown:,} of {plural(len(deeds), 'change')} shown.")
        st.button("Show more", key="history_more", icon=":material/expand_more:", on_click=_more, args=(shown,))


def _row(deed: Deed, *, now: datetime) -> None:
    name = f"row_deed_{slug(deed.plan_id)}"
    with st.container(border=True, gap=None, key=name):
        st.html(_row_html(deed, now=now))
        st.button(f"Open {markdown_escape(one_line(deed.title, 80))}", key=f"open_{name}", type="tertiary", **_opens(deed))


def _opens(deed: Deed) -> dict[str, Any]:
    return {"on_click": state.put, "args": ("deed", deed.plan_id)}


def _row_html(deed: Deed, *, now: datetime) -> str:
    sign = "↶" if deed.undoes else _sign(deed.counts)
    danger = " mn-danger" if Action.ERASE in deed.counts else ""
    effect = effect_words(deed.counts, done=deed.done, failed=deed.failed, left=deed.left, back=bool(deed.undoes))
    reason = f" · {escaped(one_line(deed.reason, 200))}" if deed.reason else ""
    return (
        f"<div class='mn-over mn-deed'><i class='mn-sign{danger}'>{sign}</i>"
        f"<div><div class='mn-name'>{escaped(one_line(deed.title, 160))}</div>"
        f"<div class='mn-row'><span>{escaped(one_line(deed.actor, 60))}{reason}</span>{deed_chips(deed)}</div></div>"
        f"<div class='mn-effect mn-num'>{escaped(effect)}"
        f"<span class='mn-muted' title='{exact(deed.at)}'>{deed.at:%H:%M} UTC · {age(deed.at, now=now)}</span></div></div>"
    )


def _sign(counts: Mapping[str, int]) -> str:
    most = max(counts, key=lambda action: counts[action], default="")
    return ACTIONS[most][2] if most in ACTIONS else "~"


def _more(shown: int) -> None:
    st.session_state["history_shown"] = shown + _A_PAGE

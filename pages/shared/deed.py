"""One plan that was applied, opened from the history: who, what, why, with what effect, each change, and the ways back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final

import streamlit as st

from core.access import Permission, Role
from core.curation.desk import Desk, Done
from core.curation.history import Deed, State
from core.curation.outcomes import Outcome, outcomes_of, undone_keys
from core.curation.plan import Action
from core.errors import NotFoundError
from core.hostile import markdown_escape, one_line
from core.memory import Memory
from core.memory.record import Record, fingerprint
from pages.shared import state
from pages.shared.diff import change_html
from pages.shared.here import Here
from pages.shared.journal_timeline import IMPORT_AGAIN, deed_chips, effect_words, policy_label
from pages.shared.markup import chip, escaped, facts, slug
from pages.shared.plan_changes import action_chip
from pages.shared.planning import find_plan, open_plan
from pages.shared.problem import attempt
from pages.shared.words import age, exact, plural

__all__ = ["opened", "undo_refused"]

_A_PAGE: Final = 20
_PICKED: Final = "deed_picked"


def undo_refused(here: Here, deed: Deed) -> str | None:
    """Return why this person cannot take a plan back, None where they can; the core asks again."""
    tenant = here.store.info.tenant if here.store else None
    if not here.actor.may(Permission.WRITE, tenant=tenant):
        return f"Your role, {here.actor.role}, may look but not change anything."
    if here.actor.role is not Role.ADMIN and deed.actor != here.actor.name:
        return f"{one_line(deed.actor, 60)} applied it: only an admin takes back what somebody else did."
    if deed.state is State.OPEN:
        return "It is being applied, or its process died: see the top of the history."
    if not deed.undoable:
        return "There is nothing left to take back." if deed.done else "Nothing of it was done."
    return None


def opened(here: Here, desk: Desk, plan_id: str) -> None:
    """Draw one plan, or say that the journal has none of that id."""
    st.button(
        "All changes",
        icon=":material/arrow_back:",
        type="tertiary",
        key="deed_back",
        on_click=state.put,
        args=("deed", None),
    )
    try:
        deed = desk.deed(plan_id, actor=here.actor)
    except NotFoundError as error:
        st.title("What was changed?", anchor=False)
        st.html(f"<p class='mn-empty'>{escaped(str(error))}</p>")
        return
    _heading(here, deed)
    outcomes, undone = _outcomes(here, desk, deed)
    open_keys = [each.key for each in outcomes if _can_undo(each, undone)]
    chosen = _picked(deed, open_keys)
    _actions(here, desk, deed, chosen, several=len(open_keys) > 1)
    st.html(facts(_facts(deed)))
    _links(deed)
    shown = _page(deed, _narrowed(deed, outcomes, undone), set(open_keys), chosen)
    there = desk.store.records.get(shown, actor=here.actor, vectors=False)
    for each in desk.changes_of(plan_id, actor=here.actor, keys=shown):
        _change(
            here,
            deed,
            each,
            there.get(each.key),
            can=len(open_keys) > 1 and each.key in open_keys,
            chosen=each.key in chosen,
        )


def _heading(here: Here, deed: Deed) -> None:
    st.title(markdown_escape(one_line(deed.title or "A plan without its beginning", 140)), anchor=False)
    effect = effect_words(deed.counts, done=deed.done, failed=deed.failed, left=deed.left, back=bool(deed.undoes))
    st.html(
        f"<p class='mn-lead'><b>{escaped(effect)}</b> by <b>{escaped(one_line(deed.actor, 60))}</b> "
        f"<span title='{exact(deed.at)}'>{age(deed.at, now=here.now)}</span>.</p>"
        f"<div class='mn-row'>{deed_chips(deed)}</div>"
    )


def _outcomes(here: Here, desk: Desk, deed: Deed) -> tuple[list[Outcome], set[str]]:
    """Return what became of each key, without the images, and which keys were taken back."""
    journal = desk.ledger.journal
    deeds = {each.plan_id: each for each in desk.history(actor=here.actor)} if deed.undone else {}
    undone = undone_keys(journal, desk.stream, deed.plan_id, deeds)
    return list(outcomes_of(journal, desk.stream, deed.plan_id).keys.values()), undone


def _facts(deed: Deed) -> list[tuple[str, str, str]]:
    took = (deed.ended_at - deed.at).total_seconds() if deed.ended_at else None
    approved = f"Approved by {deed.approved_by}." if deed.approved_by else ""
    rows = [
        ("Why", deed.reason, ""),
        ("Proposed by", deed.author if deed.author != deed.actor else "", "Who made the plan"),
        ("Policy", policy_label(deed.policy), "What proposed it"),
        ("When", f"{exact(deed.at)}{f', took {took:,.0f} s' if took is not None and 1 <= took < 3600 else ''}", ""),
        ("Stopped by", deed.why or "", ""),
        ("Pre-flight", preflight_words(deed), ""),
        ("Accepted because", deed.acknowledged or "", "Why regressions were accepted"),
        ("Second person", approved, ""),
        ("Erased since", f"{plural(deed.purged, 'before-image')} purged" if deed.purged else "", ""),
        ("Plan", deed.plan_id, f"hash {deed.plan_hash}"),
    ]
    return [row for row in rows if row[1]]


def preflight_words(deed: Deed) -> str:
    """Return what was measured before a plan was applied, or why nothing was."""
    if deed.preflight is None:
        return f"Not measured: {deed.unmeasured}" if deed.unmeasured else "Not measured."
    found = deed.preflight
    golden, real = found.get("golden", 0), found.get("real", 0)
    tried = f"{plural(golden, 'golden query', 'golden queries')} and {plural(real, 'recent question')} tried"
    broken, changed = found.get("regressions", 0), found.get("changed", 0)
    said = f"{broken:,} would lose an answer" if broken else "none loses an answer"
    return f"{tried}: {said}, {changed:,} with other hits."


def _links(deed: Deed) -> None:
    """Offer the plans that this one takes back, or that took it back."""
    others = [(deed.undoes, "Open what it takes back")] if deed.undoes else []
    others += [(plan_id, "Open what took it back") for plan_id in deed.undone_by[:3]]
    if not others:
        return
    with st.container(horizontal=True, gap="small"):
        for place, (plan_id, label) in enumerate(others):
            st.button(label, key=f"deed_link_{place}", icon=":material/link:", on_click=state.put, args=("deed", plan_id))


def _actions(here: Here, desk: Desk, deed: Deed, chosen: Sequence[str], *, several: bool) -> None:
    refused = undo_refused(here, deed)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        everything = st.button(
            "Undo all" if several else "Undo",
            key="deed_undo",
            icon=":material/undo:",
            type="secondary" if chosen else "primary",
            disabled=refused is not None,
            help=refused or "Makes a plan that puts everything back as it was. You see it before anything changes.",
        )
        some = several and st.button(
            f"Undo {plural(len(chosen), 'chosen change')}" if chosen else "Undo chosen",
            key="deed_undo_some",
            icon=":material/undo:",
            disabled=refused is not None or not chosen,
            type="primary" if chosen else "secondary",
            help=None if chosen else "Choose changes below first.",
        )
        if deed.resumable and deed.left:
            _resume(here, deed)
        if refused:
            st.caption(markdown_escape(refused), width="content")
        elif deed.policy == "import" and deed.state is State.INTERRUPTED:
            st.caption(f"The file was not read to its end. {IMPORT_AGAIN}", width="content")
    if some or everything:
        plan = attempt(lambda: desk.undo_plan(deed.plan_id, actor=here.actor, keys=chosen if some else None))
        if plan is not None:
            st.session_state.pop(_PICKED, None)
            state.put("deed", None)
            open_plan(here, plan)


def _resume(here: Here, deed: Deed) -> None:
    plan = attempt(lambda: find_plan(here, deed.plan_id))
    why = None if plan else "The plan itself was not kept: apply it again from its file, or undo what was done."
    clicked = st.button(
        f"Go on with the {deed.left:,} left", key="deed_resume", icon=":material/resume:", disabled=plan is None, help=why
    )
    if clicked and plan is not None:
        open_plan(here, plan)


def _picked(deed: Deed, open_keys: Sequence[str]) -> list[str]:
    """Return the chosen keys of this plan that are still there to be taken back, in the plan's order."""
    plan_id, keys = st.session_state.get(_PICKED, ("", frozenset()))
    return [key for key in open_keys if plan_id == deed.plan_id and key in keys]


def _can_undo(each: Outcome, undone: Collection[str]) -> bool:
    return each.done and each.key not in undone and each.action != Action.ERASE


def _pick(plan_id: str, keys: Sequence[str], widget: str) -> None:
    known_id, known = st.session_state.get(_PICKED, ("", frozenset()))
    known = known if known_id == plan_id else frozenset()
    wanted = bool(st.session_state.get(widget))
    st.session_state[_PICKED] = (plan_id, known | set(keys) if wanted else known - set(keys))


def _narrowed(deed: Deed, outcomes: Sequence[Outcome], undone: Collection[str]) -> list[str]:
    """Draw pills where changes came to different ends, and return the keys of the chosen ones."""
    ends = {each.key: "taken back" if each.key in undone else "done" if each.done else "not done" for each in outcomes}
    counted = Counter(ends.values())
    st.header(plural(len(outcomes), "change"), anchor=False)
    if len(counted) < 2:
        return list(ends)
    chosen = st.pills(
        "What became of it",
        list(counted),
        key=f"deed_ends_{deed.plan_id}",
        format_func=lambda end: f"{end.capitalize()} · {counted[end]:,}",
        label_visibility="collapsed",
    )
    return [key for key, end in ends.items() if chosen is None or end == chosen]


def _page(deed: Deed, keys: Sequence[str], open_keys: Collection[str], chosen: Sequence[str]) -> list[str]:
    """Draw which part of the changes is shown, and the box that chooses all of them; return their keys."""
    pages, place = max(1, -(-len(keys) // _A_PAGE)), 0
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if pages > 1:
            place = (
                st.number_input(f"Page, 1 to {pages:,}", 1, pages, key=f"deed_page_{deed.plan_id}_{pages}", width=160) - 1
            )
        shown = list(keys[place * _A_PAGE : (place + 1) * _A_PAGE])
        can = [key for key in shown if key in open_keys]
        if len(can) > 1:
            _box(f"Choose all {len(can):,} shown", "deed_all", deed, can, value=set(can) <= set(chosen))
        if pages > 1:
            st.caption(
                f"{place * _A_PAGE + 1:,} to {place * _A_PAGE + len(shown):,} of {len(keys):,} shown.", width="content"
            )
    return shown


def _box(label: str, name: str, deed: Deed, keys: Sequence[str], *, value: bool, hidden: bool = False) -> None:
    state.prepare_widget(name, value)
    st.checkbox(
        label,
        key=name,
        on_change=_pick,
        args=(deed.plan_id, list(keys), name),
        label_visibility="collapsed" if hidden else "visible",
        width="content",
    )


def _change(here: Here, deed: Deed, each: Done, now: Record | None, *, can: bool, chosen: bool) -> None:
    assert here.store is not None
    name = slug(each.key)
    with st.container(horizontal=True, gap="small", key=f"change_{name}"):
        if can:
            _box(f"Choose {one_line(each.key, 60)}", f"deed_pick_{name}", deed, [each.key], value=chosen, hidden=True)
        st.html(change_row(each, now, to_memory=here.store.memory_of, said=deed.reason or deed.title), width="stretch")


def change_row(each: Done, now: Record | None, *, to_memory: Any, said: str = "") -> str:
    """Return one change: what was done and why, what differs by it, and whether something else was done to it since.

    `said` is a reason that stands above already.
    """
    before: Memory | None = None if each.before is None else to_memory(each.key, each.before.metadata)
    left = now is not None and each.after == fingerprint(now.metadata)
    after: Memory | None = to_memory(each.key, now.metadata) if now is not None and left else None
    badges = action_chip(each.action)
    if not each.done:
        badges += chip("not done", hue="var(--mn-warn)", mark="◑", badge=True, title=each.outcome)
    elif each.undone:
        badges += chip("taken back", hue="var(--mn-muted)", mark="↶", badge=True)
    elif each.after is not None and not left:
        since = "changed since" if now is not None else "gone since"
        badges += chip(since, hue="var(--mn-muted)", mark="◇", badge=True, title="Something else changed it afterwards.")
    shown = (each.reason if each.reason != said else "") if each.done else f"{each.outcome} ({each.reason})"
    key = f"<div class='mn-muted mn-key-name'>{escaped(one_line(each.key, 120))}</div>"
    if each.purged or each.action == "erase":
        body = "<p class='mn-muted'>Its content was erased from the journal too.</p>"
    elif each.before is None and after is None:
        body = "<p class='mn-muted'>There was nothing before, and what was written is not there now.</p>"
    else:
        body = change_html(before, after)
    why = f"<div class='mn-reason'>{escaped(one_line(shown, 400))}</div>" if shown else ""
    return f"<div class='mn-change'><div class='mn-row'>{badges}</div><div class='mn-small'>{body}</div>{why}{key}</div>"

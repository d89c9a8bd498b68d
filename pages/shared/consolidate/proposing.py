"""From drafts to one plan: what it would free, the bar that proposes it, and the making of it in the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.budget import BYTES_PER_TOKEN
from core.curation.consolidation import Draft, SourceGroup
from core.curation.consolidation.planning import consolidation_plan
from core.curation.effects import Savings
from core.curation.plan import Plan
from core.errors import ConfigError
from core.hostile import one_line
from core.operate.prices import storage_cost
from pages.shared.consolidate.asked import Asked
from pages.shared.consolidate.drafts import Drafted, accepted, known_draft, made, rules_of, text_of
from pages.shared.consolidate.found import group_id, waiting
from pages.shared.consolidate.groups_list import take_all, taken
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.planning import desk_of, new_id, open_plan
from pages.shared.words import bytes_text, plural
from pages.shared.work import Errand, Work
from pages.shared.work_progress import outcome

__all__ = ["effect_words", "propose_bar", "propose_button", "proposing"]

_ASKED: Final = "consolidate_proposing"
_ALL: Final = ":material/done_all:"
_NAMED: Final = 4
_PLANS: Final = 20
# Each is drafted before its plan is made, and somebody has to read it.
_TAKEN_MAX: Final = 50


def propose_bar(here: Here, asked: Asked, groups: Sequence[SourceGroup]) -> None:
    """Draw the line over the groups: how many are taken, what that frees, and the way to their plan."""
    chosen = list(taken(here).values())
    if not chosen and not groups:
        return
    with st.container(
        horizontal=True, gap="small", vertical_alignment="center", key="selection_on" if chosen else "selection"
    ):
        if chosen:
            st.html(f"<div class='mn-num'>{effect_words(here, asked, chosen)}</div>", width="content")
            propose_button(here, chosen, label="See the plan", key="propose")
        else:
            st.html(f"<div class='mn-num'>{_all_words(here, asked, groups)}</div>", width="content")
        most = groups[:_TAKEN_MAX]
        if len(chosen) < len(most):
            label = f"Take all {len(groups):,}" if len(most) == len(groups) else f"Take the {len(most):,} most alike"
            st.button(label, key="take_every", icon=_ALL, on_click=take_all, args=(here, most), type="tertiary")
        if chosen:
            st.button("Take none", key="take_none", on_click=take_all, args=(here, ()), type="tertiary")


def propose_button(here: Here, groups: Sequence[SourceGroup], *, label: str, key: str, refused: str | None = None) -> None:
    """Draw the button that makes the plan of some groups; `refused` says why that cannot be."""
    st.button(
        label,
        icon=":material/fact_check:",
        type="primary",
        key=key,
        on_click=_ask,
        args=(here, groups),
        disabled=refused is not None,
        help=refused or "Nothing is done yet: the plan shows each change, and what it does to the answers.",
    )


def effect_words(here: Here, asked: Asked, groups: Sequence[SourceGroup]) -> str:
    """Return what merging some groups frees, as HTML; "about" where not all of them are drafted yet."""
    found = [known_draft(here, group, asked) for group in groups]
    left = [group for group, each in zip(groups, found, strict=True) if each is None]
    freed = [each.freed for each in found if each is not None] + ([_about(here, asked, left)] if left else [])
    memories = sum(len(group.keys) for group in groups)
    return (
        f"<b>{plural(memories, 'memory')}</b> would become <b>{len(groups):,}</b>: {_freed_words(freed, about=bool(left))}."
    )


def _all_words(here: Here, asked: Asked, groups: Sequence[SourceGroup]) -> str:
    """Return what merging all groups frees, about, and what to do, as HTML."""
    said = _freed_words([_about(here, asked, groups)], about=True)
    hint = "Open one to see its draft, or tick several."
    return f"<b>If each group becomes one:</b> {said}. <span class='mn-muted'>{hint}</span>"


def _freed_words(freed: Sequence[Savings], *, about: bool) -> str:
    size, tokens = sum(each.bytes for each in freed), sum(each.tokens for each in freed)
    usd = [each.storage_usd_month for each in freed]
    cost = f" (${abs(sum(each or 0.0 for each in usd)):.2g} a month)" if any(usd) else ""
    stored = f"{bytes_text(abs(size))} {'less' if size >= 0 else 'more'} stored{cost}"
    read = f"{plural(abs(tokens), 'token')} {'less' if tokens >= 0 else 'more'} to read"
    return f"{'about ' if about else ''}{stored}, {read}"


def proposing(here: Here, asked: Asked) -> bool:
    """Draw the plan being made, and lead to it once it is; say whether one is being made."""
    stream, plan_id, groups = st.session_state.get(_ASKED, ("", "", ()))
    if not plan_id or stream != desk_of(here).stream:
        return False
    work = outcome(_errand(here, asked, plan_id, groups), name="consolidate_plan")
    if work is None:
        st.button("Leave it", icon=":material/arrow_back:", type="tertiary", key="consolidate_plan_leave", on_click=_leave)
        return True
    _leave()
    plan: Plan = work.result
    if not plan.changes:
        _nothing(plan)
        return False
    take_all(here, ())
    open_plan(here, plan)
    return False


def _errand(here: Here, asked: Asked, plan_id: str, groups: Sequence[SourceGroup]) -> Errand:
    """Return the making of a plan, as what was edited and stood by is now; known by the id of the plan alone."""
    drafts = {group_id(group): known_draft(here, group, asked) for group in groups}
    texts = {group_id(group): text_of(here, group) for group in groups}
    stood = {group_id(group) for group in groups if (each := drafts[group_id(group)]) and accepted(here, group, each.draft)}
    words = f"Drafting {plural(len(groups), 'memory')}"
    return Errand(
        ("plan", plan_id),
        None,
        words,
        lambda work: _plan(work, here, asked, plan_id, groups, drafts, texts, stood),
        kept=_PLANS,
    )


def _leave() -> None:
    st.session_state.pop(_ASKED, None)


def _ask(here: Here, groups: Sequence[SourceGroup]) -> None:
    st.session_state[_ASKED] = (desk_of(here).stream, new_id(), tuple(groups))


def _plan(
    work: Work,
    here: Here,
    asked: Asked,
    plan_id: str,
    groups: Sequence[SourceGroup],
    drafts: Mapping[str, Drafted | None],
    texts: Mapping[str, str | None],
    stood: set[str],
) -> Plan:
    """Return the plan of some groups, each drafted now if it was not yet; in a thread."""
    chosen: list[Draft] = []
    doubtful: list[str] = []
    for place, group in enumerate(groups):
        work.at(place, len(groups))
        name = group_id(group)
        draft = (drafts[name] or made(work, here, group, asked, texts[name])).draft
        (doubtful.append(group.name) if draft.unsupported and name not in stood else chosen.append(draft))
    work.at(len(groups), len(groups))
    if not chosen:
        named = ", ".join(one_line(name, 60) for name in doubtful[:_NAMED])
        raise ConfigError(f"No plan was made: in {named} no source says some of it. Edit the draft, or stand by it.")
    ways = ", ".join(sorted({group.by for group in groups}))
    left = f" {plural(len(doubtful), 'group')} with unsupported sentences left out." if doubtful else ""
    return consolidation_plan(
        desk_of(here).store,
        chosen,
        actor=here.actor,
        now=datetime.now(UTC),
        plan_id=plan_id,
        reason=f"Consolidated on the page Consolidate, by {ways}.{left}",
        avoid=waiting(here),
        accept_unsupported=bool(stood),
        rules=rules_of(here),
    )


def _nothing(plan: Plan) -> None:
    left_out = plan.parameters.get("left_out", {})
    rows = "; ".join(f"{one_line(str(key), 60)} {one_line(str(why), 140)}" for key, why in list(left_out.items())[:_NAMED])
    st.html(f"<div class='mn-verdict'><i class='mn-warn'>◑</i><span>Nothing would change: {escaped(rows)}.</span></div>")


def _about(here: Here, asked: Asked, groups: Sequence[SourceGroup]) -> Savings:
    """Return what groups without a draft would free, if a draft keeps the share that is asked for of every size."""
    assert here.frame is not None
    assert here.store is not None
    keys = [key for group in groups for key in group.keys]
    rows = here.frame[here.frame["key"].isin(keys)]
    text, metadata = int(rows["content_bytes"].sum()), int(rows["metadata_bytes"].sum())
    fixed = 4 * here.store.info.dimension + max(0, metadata - text) // max(1, len(rows))
    size = 4 * here.store.info.dimension * len(rows) + metadata - round(asked.share * text) - fixed * len(groups)
    cost = storage_cost(size) if here.catalog.remote else None
    return Savings(len(keys) - len(groups), round((1 - asked.share) * text / BYTES_PER_TOKEN), size, cost)

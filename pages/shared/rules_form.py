"""The rules of an index as a form. What it says holds on the page at once, as a draft; saving it needs an admin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from core.access import Permission
from core.curation.decay import DecayRules
from core.curation.desk import Desk
from core.curation.expiry import ExpiryRule, ExpiryRules
from core.curation.lifecycle import DEFAULT_LIFECYCLE, Lifecycle, SavedLifecycle, load_lifecycle, save_lifecycle
from core.errors import ConfigError
from core.hostile import markdown_escape, one_line
from pages.shared.here import Here
from pages.shared.markup import slug
from pages.shared.problem import attempt
from pages.shared.theme import TYPES, type_hue

__all__ = ["decay_form", "draft_bar", "expiry_form", "is_default", "shown_rules"]

_DRAFT: Final = "lifecycle_draft"
_TURN: Final = "lifecycle_turn"
_OTHER: Final = "other types"
_OPTIONS: Final = 60


def shown_rules(here: Here, desk: Desk) -> tuple[Lifecycle, SavedLifecycle]:
    """Return the rules that the page works with, which a draft of this tab may be, and those that it was made from."""
    saved = load_lifecycle(desk.store, desk.ledger.documents, actor=here.actor)
    stream, draft, base = st.session_state.get(_DRAFT, ("", None, None))
    return (draft, base) if stream == desk.stream else (saved.rules, saved)


def keep_draft(desk: Desk, rules: Lifecycle, base: SavedLifecycle) -> Lifecycle:
    """Let the page work with these rules, and return them; those that are saved already are no draft."""
    if rules == base.rules:
        st.session_state.pop(_DRAFT, None)
    else:
        st.session_state[_DRAFT] = (desk.stream, rules, base)
    return rules


def draft_bar(here: Here, desk: Desk, rules: Lifecycle, saved: SavedLifecycle) -> None:
    """Say that what is shown is not what is saved, and offer to save or to go back to it."""
    if rules == saved.rules:
        return
    store = desk.store
    may = here.actor.may(Permission.ADMINISTER, tenant=store.info.tenant)
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small", key="draft_bar"):
        st.html(
            "<div class='mn-verdict'><i style='color:var(--mn-warn)'>◔</i><span>You are trying rules that are not saved. "
            "The counts below follow them; scheduled sweeps do not.</span></div>",
            width="stretch",
        )
        if st.button(
            "Save the rules",
            type="primary",
            key="rules_save",
            disabled=not may,
            help=None if may else "Only an admin saves the rules of an index. You can try them and plan with them.",
        ):
            done = attempt(
                lambda: save_lifecycle(store, desk.ledger.documents, rules, actor=here.actor, expected=saved.version)
            )
            if done is not None:
                st.session_state["told"] = "The rules are saved."
                _begin_again()
                st.rerun()
        st.button("Discard", type="tertiary", key="rules_discard", on_click=_begin_again)


def expiry_form(
    desk: Desk, rules: Lifecycle, saved: SavedLifecycle, *, types: Sequence[str], agents: Sequence[str]
) -> Lifecycle:
    """Draw the expiry rules to change, and return the rules as they are now."""
    old = rules.expiry
    stated, grace, idle = _stated_part(old)
    never = st.multiselect(
        "Types that no rule by age touches",
        list(dict.fromkeys([*old.never, *types])),
        default=list(old.never),
        key=_key("never"),
        accept_new_options=True,
        format_func=lambda name: markdown_escape(one_line(type_hue(name).label, 40)),
    )
    edited = [_rule(place, rule, types=types, agents=agents) for place, rule in enumerate(old.rules)]
    kept = [rule for rule in edited if rule is not None]
    added = st.button("Add a rule", icon=":material/add:", key=_key("rule_add"))
    if added:
        kept.append(ExpiryRule(_free_name(kept), after_days=90.0, types=("episodic",)))
    new = attempt(lambda: ExpiryRules(stated, grace, tuple(kept), tuple(never), idle))
    rules = rules if new is None else keep_draft(desk, replace(rules, expiry=new), saved)
    if added or len(kept) != len(old.rules):
        _turn()
        st.rerun()
    return rules


def decay_form(desk: Desk, rules: Lifecycle, saved: SavedLifecycle, *, types: Sequence[str]) -> Lifecycle:
    """Draw the half-lives, the floor and the threshold to change, and return the rules as they are now."""
    old = rules.decay
    names = list(dict.fromkeys([*TYPES, *old.half_lives, *types]))[:_OPTIONS]
    st.caption(
        "Days until half of what is above the floor is left, without a recall or a validation. Empty: it never fades."
    )
    found: dict[str, float | None] = {}
    with st.container(horizontal=True, gap="medium"):
        for name in names:
            value = old.half_lives.get(name, old.other_half_life)
            shown = markdown_escape(one_line(type_hue(name).label, 24))
            days = _optional_days(f"{type_hue(name).shape} {shown}", value, f"half_{slug(name)}")
            if name in old.half_lives or days != old.other_half_life:
                found[name] = days
        other = _optional_days(_OTHER.capitalize(), old.other_half_life, "half_other")
    first, second, third = st.columns(3, gap="medium")
    threshold = _share(first, "Propose to retire below", old.threshold, "threshold")
    floor = _share(second, "It never fades below", old.floor, "floor")
    step = _share(third, "Write back from a difference of", old.step, "step")
    new = attempt(lambda: DecayRules(found, other, floor, threshold, step))
    return rules if new is None else keep_draft(desk, replace(rules, decay=new), saved)


def _stated_part(old: ExpiryRules) -> tuple[bool, float, float | None]:
    """Draw what concerns all memories: their own expires_at, its grace, and when an idle task is finished."""
    first, second, third, fourth = st.columns([1.5, 1, 1.4, 1], vertical_alignment="bottom", gap="medium")
    stated = first.toggle("Follow each memory's own expires_at", value=old.stated, key=_key("stated"))
    grace = _days(second, "Days of grace after it", old.grace_days, "grace", disabled=not stated)
    idle_on = third.toggle(
        "An idle task counts as finished",
        value=old.idle_days is not None,
        key=_key("idle_on"),
        help="Without it, only a task counts whose memories say that it is done.",
    )
    idle = _days(fourth, "Idle for days", old.idle_days or 14.0, "idle", disabled=not idle_on)
    return stated, grace, idle if idle_on else None


def _rule(place: int, rule: ExpiryRule, *, types: Sequence[str], agents: Sequence[str]) -> ExpiryRule | None:
    """Draw one rule and return it as it is now, None once it was taken away."""
    key = f"rule_{place}"
    found: dict[str, tuple[str, ...]] = {}
    with st.container(gap="small", key=_key(key)):
        first, second, third, last = st.columns([2.2, 2, 1.1, 0.5], vertical_alignment="bottom")
        name = first.text_input("Rule", value=rule.name, key=_key(f"{key}_name"), max_chars=60)
        finished = second.selectbox(
            "Counted from",
            [False, True],
            int(rule.finished_tasks),
            format_func=lambda value: "the end of its task" if value else "when it was made",
            key=_key(f"{key}_finished"),
        )
        days = third.number_input("After days", 0.0, 36_500.0, float(rule.after_days), 1.0, "%g", key=_key(f"{key}_days"))
        gone = last.button(
            "", icon=":material/delete:", key=_key(f"{key}_gone"), help="Take this rule away", type="tertiary"
        )
        kinds = (("types", types), ("agents", agents), ("tags", ()))
        for column, (field, known) in zip(st.columns(3), kinds, strict=True):
            found[field] = _kinds(column, field, getattr(rule, field), known, key=_key(f"{key}_{field}"))
    if gone:
        return None
    try:
        return ExpiryRule(name, days, finished_tasks=finished, **found)
    except ConfigError as error:
        st.error(markdown_escape(str(error)), icon=":material/error:")
        return rule


def _kinds(column: Any, field: str, chosen: Sequence[str], known: Sequence[str], *, key: str) -> tuple[str, ...]:
    return tuple(
        column.multiselect(
            field.capitalize(),
            list(dict.fromkeys([*chosen, *known]))[: _OPTIONS + len(chosen)],
            default=list(chosen),
            key=key,
            placeholder=f"Any {field[:-1]}",
            accept_new_options=True,
            format_func=lambda value: markdown_escape(one_line(str(value), 40)),
        )
    )


def _days(column: Any, label: str, value: float, name: str, **options: Any) -> float:
    return float(column.number_input(label, 0.0, 36_500.0, float(value), 1.0, "%g", key=_key(name), **options))


def _share(column: Any, label: str, value: float, name: str) -> float:
    return float(column.number_input(label, 0.0, 1.0, float(value), 0.05, "%.2f", key=_key(name)))


def _optional_days(label: str, value: float | None, name: str) -> float | None:
    key = _key(name)
    if key not in st.session_state:  # a box that is drawn with a value cannot be emptied any more
        st.session_state[key] = value
    days = st.number_input(label, 0.1, 36_500.0, None, 1.0, "%g", key=key, placeholder="never", width=150)
    return None if days is None else float(days)


def _free_name(rules: Sequence[ExpiryRule]) -> str:
    names = {rule.name for rule in rules}
    return next(name for number in range(1, len(rules) + 2) if (name := f"rule {number}") not in names)


def _key(name: str) -> str:
    """A widget keeps what it was given: after rules came or went, or a draft was dropped, it needs another key."""
    return f"rules_{st.session_state.get(_TURN, 0)}_{name}"


def _turn() -> None:
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def _begin_again() -> None:
    st.session_state.pop(_DRAFT, None)
    _turn()


def is_default(saved: SavedLifecycle) -> bool:
    """Say whether nobody saved rules for this index."""
    return saved.version is None and saved.rules == DEFAULT_LIFECYCLE

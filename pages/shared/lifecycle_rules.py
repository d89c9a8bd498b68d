"""The rules as the page Lifecycle shows them: each with what it lets go now and soon, and the plan of it one click away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from core.curation.decay import DecayRules
from core.curation.expiry import STATED, ExpiryRules
from core.curation.lifecycle import Lifecycle
from core.curation.plan import Plan
from core.curation.upkeep import plan_upkeep
from pages.shared.charts import CONFIG, day_bars
from pages.shared.here import Here
from pages.shared.lifecycle_charts import Curve, age_bars, fading_curves, shift_bars
from pages.shared.lifecycle_view import AHEAD, SOON, Fading, Picture, Touched, sentence_of, usage_of
from pages.shared.markup import escaped, slug
from pages.shared.planning import new_id, open_plan
from pages.shared.problem import attempt
from pages.shared.theme import Tokens, tokens, type_hue
from pages.shared.words import plural, share

__all__ = ["ages_chart", "ahead_chart", "decay_charts", "decay_rows", "expiry_rows", "lead"]


def lead(found: Picture, *, index: str) -> str:
    """Return the page's first sentence: how many memories the rules let go today."""
    whole = f"<b>{plural(found.total, 'memory')}</b> in <b>{escaped(index)}</b>"
    has = "has had its" if found.due == 1 else "have had their"
    said = (
        f"<b>{found.due:,}</b> of {whole} {has} time by these rules ({share(found.due, found.total)})."
        if found.due
        else f"By these rules, none of {whole} has had its time."
    )
    return (
        f"<p class='mn-lead'>{said} Nothing goes by itself: a plan lists every memory first, and can be undone. "
        "Rules hold for the whole index, whatever the filters on the left.</p>"
    )


def expiry_rows(here: Here, rules: Lifecycle, found: Picture) -> None:
    """Draw each expiry rule with its counts and its plan."""
    colours = rule_colours(found, tokens())
    for each in found.rules:
        title, when = sentence_of(rules.expiry, each.rule)
        _row(here, title, when, each, colours[each.rule], lambda name=each.rule: _one_rule(here, rules, name))
    if not found.rules:
        st.html("<p class='mn-empty'>No rule lets a memory go. Change the rules to add one.</p>")
    elif len(found.rules) > 1:
        _plan_button(
            here, "expiry_all", f"Plan all of expiry · {found.over:,}", found.over, lambda: _plan(here, rules, "expiry")
        )


def decay_rows(here: Here, rules: Lifecycle, found: Picture) -> None:
    """Draw what has faded below the threshold, type by type, with the plan to retire it and the one to write it back."""
    if not found.types:
        st.html("<p class='mn-empty'>No memory states a confidence, so there is nothing that could fade.</p>")
        return
    st.html("".join(_type_row(each, rules.decay) for each in found.types))
    with st.container(horizontal=True, gap="small"):
        _plan_button(
            here,
            "decay",
            f"Plan to retire what has faded · {found.faded.now:,}",
            found.faded.now,
            lambda: _plan(here, rules, "decay"),
        )
        _plan_button(
            here,
            "write_back",
            f"Plan to write it back · {found.write_back:,}",
            found.write_back + found.faded.now,
            lambda: _plan(here, rules, "decay", write_back=True),
            help="Ranking uses the faded value anyway. Writing it back shows it to agents that read the record themselves.",
        )
    if found.unstated:
        st.caption(f"{plural(found.unstated, 'memory')} state no confidence: they never fade.")


def ages_chart(rules: Lifecycle, found: Picture) -> None:
    """Draw how old what the rules would let go is, a colour for each rule."""
    t = tokens()
    colours = rule_colours(found, t)
    rows = [(sentence_of(rules.expiry, each.rule)[0], colours[each.rule], each.ages) for each in found.rules]
    rows = [row for row in [*rows, ("Faded confidence", colours["decay"], found.faded.ages)] if sum(row[2])]
    if not rows:
        st.html("<p class='mn-empty'>No rule touches a memory today.</p>")
        return
    said = ", ".join(f"{label} {sum(ages):,}" for label, _, ages in rows)
    st.plotly_chart(age_bars(rows, t), config=CONFIG, key="ages", alt=f"Age of what the rules let go, by rule: {said}")


def ahead_chart(found: Picture) -> None:
    """Draw what becomes due on each day to come."""
    coming = int(found.ahead["count"].sum())
    if not coming:
        st.html(f"<p class='mn-empty'>Nothing more becomes due in the next {AHEAD} days.</p>")
        return
    st.plotly_chart(
        day_bars(found.ahead, tokens()),
        config=CONFIG,
        key="ahead",
        alt=f"{plural(coming, 'memory')} due in the next {AHEAD} days, by day",
    )


def decay_charts(rules: DecayRules, found: Picture) -> None:
    """Draw the half-life curves, and how confidence is spread as stated and today."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("How confidence fades from 0.90", anchor=False)
        curves = half_life_curves(rules, [each.memory_type for each in found.types])
        st.plotly_chart(
            fading_curves(curves, tokens(), threshold=rules.threshold),
            config=CONFIG,
            key="fading",
            alt="Effective confidence by days without reinforcement: " + ", ".join(curve.label for curve in curves),
        )
    with right:
        st.subheader("What was stated, and what counts today", anchor=False)
        st.plotly_chart(
            shift_bars(found.shift, tokens(), threshold=rules.threshold),
            config=CONFIG,
            key="shift",
            alt="Confidence of the memories as stated and as it counts today",
        )


def half_life_curves(rules: DecayRules, types: Sequence[str], *, stated: float = 0.9) -> list[Curve]:
    """Return a curve for each type, as long as the longest half-life needs to show."""
    names = list(types) or [*rules.half_lives]
    lives = {name: rules.half_life(name) for name in names}
    days = int(min(730, max([60.0, *(2.5 * life for life in lives.values() if life is not None)])))
    return [
        Curve(
            f"{type_hue(name).label}, {'never' if life is None else f'{life:g} days'}",
            type_hue(name).now,
            tuple(rules.value(stated, day, life) for day in range(days + 1)),
            "dash" if life is None else "solid",
        )
        for name, life in lives.items()
    ]


def rule_colours(found: Picture, t: Tokens) -> dict[str, str]:
    """Return a colour for each rule and for "decay"; what memories state themselves has that of expiry."""
    cycle = [t.bar, t.parts["recency"], t.parts["words"], t.parts["author"]]
    named = [each.rule for each in found.rules if each.rule != STATED]
    colours = {name: cycle[place % len(cycle)] for place, name in enumerate(named)}
    return colours | {STATED: t.warn, "decay": t.parts["confidence"]}


def _row(here: Here, title: str, when: str, each: Touched, colour: str, plan: Any) -> None:
    soon = f"{each.soon:,} more within {SOON.days} days" if each.soon else f"no more within {SOON.days} days"
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"rule_row_{slug(each.rule)}"):
        st.html(
            f"<div class='mn-rule'><i style='--hue:{colour}'></i><div><div class='mn-name'>{escaped(title, limit=80)}</div>"
            f"<div class='mn-muted'>{escaped(when, limit=300)}</div></div>"
            f"<div class='mn-effect mn-num'><b>{each.now:,}</b><span class='mn-muted'>{soon}</span></div></div>",
            width="stretch",
        )
        _plan_button(here, slug(each.rule), "Plan this", each.now, plan)


def _type_row(each: Fading, rules: DecayRules) -> str:
    hue = type_hue(each.memory_type)
    life = "never fades" if each.half_life is None else f"half in {each.half_life:g} days"
    moved = f"{each.mean_stated:.2f} → " if each.half_life is not None else ""
    verb = "states" if each.stated == 1 else "state"
    said = f"{life} · {each.stated:,} {verb} a confidence · mean {moved}{each.mean_now:.2f}"
    return (
        f"<div class='mn-rule mn-rule-line'><b style='color:{hue.now}'>{hue.shape}</b>"
        f"<div><div class='mn-name'>{escaped(hue.label, limit=60)}</div><div class='mn-muted'>{said}</div></div>"
        f"<div class='mn-effect mn-num'><b>{each.below:,}</b>"
        f"<span class='mn-muted'>below {rules.threshold:g}</span></div></div>"
    )


def _plan_button(here: Here, name: str, label: str, count: int, plan: Any, *, help: str | None = None) -> None:
    none = "There is nothing to plan: no memory is touched." if not count else None
    if st.button(label, key=f"plan_{name}", icon=":material/fact_check:", disabled=not count, help=none or help):
        made = attempt(plan)
        if made is not None:
            open_plan(here, made)


def _one_rule(here: Here, rules: Lifecycle, name: str) -> Plan:
    """Return the plan of one expiry rule alone."""
    old: ExpiryRules = rules.expiry
    kept = tuple(rule for rule in old.rules if rule.name == name)
    return _plan(here, replace(rules, expiry=replace(old, stated=name == STATED, rules=kept)), "expiry")


def _plan(here: Here, rules: Lifecycle, policy: str, *, write_back: bool = False) -> Plan:
    assert here.store is not None
    with st.spinner("Making the plan", show_time=True):
        return plan_upkeep(
            here.store,
            rules,
            actor=here.actor,
            now=datetime.now(UTC),
            plan_id=new_id(),
            policies=(policy,),
            write_back=write_back,
            usage=usage_of(here),
            snapshot=here.snapshot,
        )

"""One suspect of the triage: its text, the signs, whom it reached, and the ways to take it out of recall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.curation.triage.blast import BlastRadius
from core.curation.triage.suspects import Suspect
from core.curation.triage.ward import Ward
from core.hostile import one_line
from core.memory import Memory
from core.memory.status import is_hidden
from pages.shared.conflicts.sitting import may_decide
from pages.shared.here import Here
from pages.shared.inspector import open_memory
from pages.shared.markup import chip, chips, escaped, slug, text_block
from pages.shared.planning import new_id, open_plan
from pages.shared.problem import attempt
from pages.shared.words import age, exact, plural, share
from pages.shared.work import Errand, index_of
from pages.shared.work_progress import outcome

__all__ = ["suspect_row"]

_REACH: Final = "triage_reach"
_ROWS: Final = 12


def suspect_row(here: Here, ward: Ward, suspect: Suspect, memory: Memory, *, agents: Mapping[str, str]) -> None:
    """Draw a suspect, and its reach below it once that is asked for."""
    name = slug(suspect.key)
    with st.container(border=True, gap="small", key=f"suspect_{name}"):
        st.html(_said(here, suspect, memory, agents))
        _ways(here, ward, suspect, memory, name)
        if st.session_state.get(_REACH) == suspect.key:
            _reach(here, ward, suspect.key)


def _said(here: Here, suspect: Suspect, memory: Memory, agents: Mapping[str, str]) -> str:
    badge = chip(
        f"{share(suspect.score, 1)} suspect",
        hue="var(--mn-warn)",
        mark="⚠",
        badge=True,
        title="what the signs come to together; no proof",
    )
    trust = chip(f"trust {suspect.trust:.2f}", title="the least trust in its source and in what it was made from")
    signs = "".join(
        f"<li><b>{escaped(str(sign.kind).capitalize())}</b> {escaped(one_line(sign.reason, 240))} "
        f"<span class='mn-muted mn-num'>+{sign.part:.2f}</span></li>"
        for sign in suspect.signals
    )
    return (
        f"<div class='mn-row'>{badge}{trust}{chips(memory, now=here.now, agents=agents)}</div>"
        f"<div class='mn-small'>{text_block(memory.content, clamp=True)}</div><ul class='mn-signs' dir='auto'>{signs}</ul>"
    )


def _ways(here: Here, ward: Ward, suspect: Suspect, memory: Memory, name: str) -> None:
    may, key = may_decide(here), suspect.key
    refused = None if may else f"You are a {here.actor.role}: quarantine takes a reviewer."
    pressed: str | None = None
    with st.container(horizontal=True, gap="small", key=f"suspect_ways_{name}"):
        for what, label, said in (
            ("one", "Quarantine", "Out of recall until it is released. You see the plan first."),
            ("made", "With what was made from it", "Also every memory that was derived from it."),
            ("swarm", f"With {plural(len(suspect.others), 'other')} of its swarm", "All that say the same together."),
        ):
            if (what == "swarm" and not suspect.others) or (what == "made" and not _has_children(here, key)):
                continue
            if st.button(
                label,
                icon=":material/block:" if what == "one" else None,
                key=f"suspect_{what}_{name}",
                type="secondary" if what == "one" else "tertiary",
                disabled=not may or is_hidden(memory),
                help=refused or said,
            ):
                pressed = what
        shown = st.session_state.get(_REACH) == key
        st.button(
            "Hide whom it reached" if shown else "Whom did it reach?",
            icon=":material/hub:",
            key=f"suspect_reach_{name}",
            type="tertiary",
            on_click=_show_reach,
            args=(None if shown else key,),
        )
        st.button(
            "Open", icon=":material/right_panel_open:", key=f"suspect_open_{name}", type="tertiary",
            on_click=open_memory, args=(key,),
        )  # fmt: skip
    if pressed:
        _quarantine(here, ward, [key, *(suspect.others if pressed == "swarm" else ())], suspect, made=pressed == "made")


def _show_reach(key: str | None) -> None:
    st.session_state[_REACH] = key


def _has_children(here: Here, key: str) -> bool:
    return here.frame is not None and any(key in sources for sources in here.frame["derived_from"] if len(sources))


def _quarantine(here: Here, ward: Ward, keys: list[str], suspect: Suspect, *, made: bool) -> None:
    """Make the plan and lead to it; returns only where that could not be done."""
    reason = f"Suspected of being planted: {one_line(suspect.reason, 300)}"
    plan = attempt(
        lambda: ward.quarantine_plan(keys, actor=here.actor, plan_id=new_id(), reason=reason, with_descendants=made)
    )
    if plan is not None:
        open_plan(here, plan)


def _reach(here: Here, ward: Ward, key: str) -> None:
    """Draw which agents got a memory and what was made from it, and offer the report."""
    errand = Errand(
        ("reach", *index_of(here), repr(here.actor), key),
        here.revision,
        "Looking whom it reached",
        lambda _: ward.blast_radius([key], actor=here.actor, frame=here.frame),
        kept=10,
    )
    work = outcome(errand, name="triage_reach")
    if work is None:
        return
    found: BlastRadius = work.result
    st.html(_radius(here, found))
    st.download_button(
        "Incident report",
        lambda: ward.report([key], actor=here.actor).encode("utf-8", "replace"),
        file_name=f"{here.index}-incident-{here.now:%Y%m%d-%H%M}.md",
        mime="text/markdown",
        key=f"suspect_report_{slug(key)}",
        icon=":material/download:",
        on_click="ignore",
        help="What was planted by whom, why it is suspect, where it got to and what was done, as Markdown.",
    )


def _radius(here: Here, found: BlastRadius) -> str:
    agents = "".join(
        f"<li><b>{escaped(one_line(each.agent, 60))}</b> {plural(each.recalls, 'recall')}, {each.in_context:,} in a prompt, "
        f"<span title='{escaped(exact(each.last))}'>last {escaped(age(each.last, now=here.now))}</span></li>"
        for each in found.agents[:_ROWS]
    )
    asked = "".join(
        f"<li dir='auto'>{escaped(one_line(each.query or '(the question is not kept)', 160))} "
        f"<span class='mn-muted'>{escaped(one_line(each.agent, 40))}, place {each.rank}, "
        f"{escaped(age(each.at, now=here.now))}{', through what was made from it' if each.through else ''}</span></li>"
        for each in found.exposures[:_ROWS]
    )
    more = len(found.exposures) - _ROWS
    rest = f"<div class='mn-muted'>{more:,} more in the report.</div>" if more > 0 else ""
    return (
        f"<div class='mn-reach'><p>{escaped(found.words)}</p>"
        + (f"<ul class='mn-signs'>{agents}</ul>" if agents else "")
        + (f"<p><b>It was brought back for</b></p><ul class='mn-signs'>{asked}</ul>{rest}" if asked else "")
        + "</div>"
    )

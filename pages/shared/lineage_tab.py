"""The lineage of a memory in the inspector: what it was made from, also what was retired since, and the way to un-merge.

While a person looks back, it is what the index had then, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

import streamlit as st

from core.hostile import markdown_escape, one_line
from core.memory import Memory
from pages.shared import state
from pages.shared.here import Here
from pages.shared.markup import chip, chips, escaped, slug, text_block
from pages.shared.past_memory import memories
from pages.shared.past_stops import versions
from pages.shared.planning import desk_of, open_plan
from pages.shared.problem import attempt
from pages.shared.words import age, exact, plural

if TYPE_CHECKING:
    from core.curation.consolidation.lineage import Ancestor, Lineage

__all__ = ["lineage_tab"]

_LINKED_MAX: Final = 50
_KNOWN: Final = "lineage_known"
_GENERATIONS: Final = ("Made from", "Which were made from", "And those from")
_LINES: Final = 40


def lineage_tab(here: Here, memory: Memory, *, agents: Mapping[str, str], gone: bool = False) -> None:
    """Draw what a memory was made from and what was made from it; `gone` is a memory that left the index."""
    _stands_in(here, memory.key, agents=agents)
    if here.past is not None:
        _then(here, memory, agents=agents)
    else:
        found = attempt(lambda: _lineage(here, memory.key))
        if found is not None:
            _now(here, memory, found, agents=agents, gone=gone)
    st.markdown("**Used in**")
    children = _children(here, memory.key)
    if not children:
        st.caption("No other memory was derived from it.")
    for child in memories(here, children).values():
        _row(child, here, agents=agents, place="used")


def _lineage(here: Here, key: str) -> Lineage:
    """Return the lineage, worked out once for each state of the index and of its journal."""
    journal = versions(here)
    of = (desk_of(here).stream, key, here.edition, journal.head if journal else 0, repr(here.actor))
    known_of, known = st.session_state.get(_KNOWN, (None, None))
    if known is None or known_of != of:
        known = desk_of(here).sources_of(key, actor=here.actor)
        st.session_state[_KNOWN] = (of, known)
    found: Lineage = known
    return found


def _now(here: Here, memory: Memory, found: Lineage, *, agents: Mapping[str, str], gone: bool) -> None:
    _sentences(memory)
    if not found.ancestors:
        st.markdown(f"**{_GENERATIONS[0]}**")
        st.caption("It was written directly, not derived from other memories.")
    shown = found.ancestors[:_LINKED_MAX]
    retired = [each.key for each in found.of(1) if each.replaced_by == memory.key]
    generation = 0
    for each in shown:
        if each.generation != generation:
            generation = each.generation
            st.markdown(f"**{_GENERATIONS[min(generation, len(_GENERATIONS)) - 1]}**")
            if generation == 1 and retired and not gone:
                _unmerge_all(here, memory.key, retired)
        _ancestor(here, memory.key, each, agents=agents, can=each.key in retired and not gone)
    if len(found.ancestors) > len(shown) or found.cut:
        st.caption(f"The first {len(shown):,} of {len(found.ancestors):,}{' and more' if found.cut else ''}.")


def _ancestor(here: Here, key: str, each: Ancestor, *, agents: Mapping[str, str], can: bool) -> None:
    """Draw one source, where it is now, and the way to bring it back where it was retired for this memory."""
    if each.memory is None:
        why = one_line(each.why, 200) or ("Nothing of it is kept." if each.where == "erased" else "")
        lead = {"erased": "was erased"}.get(str(each.where), "is no longer in this index")
        said = f"{escaped(one_line(each.key, 120))} {lead}. {escaped(why)}"
        st.html(f"<p class='mn-muted'>{said}</p>")
        return
    with st.container(gap="xxsmall"):
        _row(each.memory, here, agents=agents, place=f"from_{each.generation}", note=_where(here, each))
        if can:
            st.button(
                "Bring it back",
                icon=":material/call_split:",
                type="tertiary",
                key=f"unmerge_{slug(each.key)}",
                help="The source comes back as it was, and this memory stays without it. You see the plan first.",
                on_click=_ask,
                args=(key, [each.key]),
            )
            _asked(here, key, [each.key])


def _unmerge_all(here: Here, key: str, retired: Collection[str]) -> None:
    st.button(
        f"Un-merge all {len(retired):,}" if len(retired) > 1 else "Un-merge it",
        icon=":material/call_split:",
        key="unmerge_all",
        help="All that was retired for this memory comes back as it was. You see the plan first.",
        on_click=_ask,
        args=(key, None),
    )
    _asked(here, key, None)


def _ask(key: str, sources: list[str] | None) -> None:
    st.session_state["unmerge_asked"] = (key, sources)


def _asked(here: Here, key: str, sources: list[str] | None) -> None:
    """Make the plan that a button asked for, and lead to it."""
    if st.session_state.get("unmerge_asked") != (key, sources):
        return
    del st.session_state["unmerge_asked"]
    plan = attempt(lambda: desk_of(here).unmerge_plan(key, actor=here.actor, sources=sources))
    if plan is not None:
        open_plan(here, plan)


def _sentences(memory: Memory) -> None:
    """Say which sentences of a merged memory stand on nothing any more."""
    from core.curation.consolidation import sentences_of  # few memories are merged ones

    loose = [each for each in sentences_of(memory) if not each.supported]
    if not loose:
        return
    st.markdown(f"**{plural(len(loose), 'sentence')} without a source**")
    st.html(
        "".join(
            f"<div class='mn-hit'><i class='mn-bad'>✕</i><div><div dir='auto'>{escaped(one_line(each.text, 300))}</div>"
            f"<div class='mn-muted'>{escaped(each.why)}</div></div></div>"
            for each in loose[:_LINES]
        )
    )


def _where(here: Here, each: Ancestor) -> str:
    if str(each.where) == "here":
        return ""
    title = f"{each.why} {exact(each.at)}" if each.at else each.why
    return chip(f"retired {age(each.at, now=here.now)}", hue="var(--mn-muted)", mark="−", badge=True, title=title)


def _stands_in(here: Here, key: str, *, agents: Mapping[str, str]) -> None:
    """Draw the memory in whose favour this one was retired, if it was."""
    known = versions(here) if here.past is None else None
    last = next(reversed(known.of(key)), None) if known else None
    if last is None or not last.takes_out or last.replaced_by is None:
        return
    st.markdown("**Merged into**")
    there = memories(here, [last.replaced_by]).get(last.replaced_by)
    if there is None:
        st.markdown(f"{markdown_escape(one_line(last.replaced_by, 120))}, which is no longer in this index.")
    else:
        _row(there, here, agents=agents, place="into")


def _then(here: Here, memory: Memory, *, agents: Mapping[str, str]) -> None:
    """Draw what a memory was made from as it was at the moment that is looked at."""
    st.markdown(f"**{_GENERATIONS[0]}**")
    keys = memory.derived_from[:_LINKED_MAX]
    if not keys:
        st.caption("It was written directly, not derived from other memories.")
    parents = memories(here, keys) if keys else {}
    for key in keys:
        if key in parents:
            _row(parents[key], here, agents=agents, place="from")
        else:
            st.html(f"<p class='mn-muted'>{escaped(one_line(key, 120))} was not in this index then.</p>")


def _children(here: Here, key: str) -> list[str]:
    """Return the keys of memories derived from this one, by the snapshot."""
    if here.frame is None or "derived_from" not in here.frame:
        return []
    sources = here.frame["derived_from"]
    found = [row for row, keys in zip(here.frame["key"], sources, strict=True) if keys is not None and key in keys]
    return found[:_LINKED_MAX]


def _row(memory: Memory, here: Here, *, agents: Mapping[str, str], place: str, note: str = "") -> None:
    """Draw a linked memory: what it says in three lines, with a button that opens it."""
    name = f"row_{place}_{slug(memory.key)}"
    agents = {str(memory.agent_id): "var(--mn-muted)", **agents}  # of whom nothing else may be left
    with st.container(border=True, gap=None, key=name):
        st.html(
            f"<div class='mn-over'><div class='mn-row'>{note}{chips(memory, now=here.now, agents=agents)}</div>"
            f"<div class='mn-small'>{text_block(memory.content, clamp=True)}</div></div>"
        )
        st.button("Open this memory", key=f"open_{name}", type="tertiary", on_click=state.put, args=("sel", memory.key))

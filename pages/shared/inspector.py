"""The inspector: one selected memory, the same beside every page. Text · Why · Lineage · Neighbours · Given · Raw."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.errors import NotFoundError
from core.hostile import markdown_escape, one_line
from core.memory import Memory, to_row
from core.recall import RecallResult
from core.store import MemoryStore
from pages.shared import state
from pages.shared.acting import memory_actions
from pages.shared.disputes import disputes, open_conflicts
from pages.shared.here import Here
from pages.shared.markup import card_note, chip, chips, escaped, is_code, memory_facts, part_rows, slug, text_block
from pages.shared.past_memory import departed, inspected, neighbours

__all__ = ["inspector", "open_button", "open_memory", "slug"]

TABS: Final = ("Text", "Why", "Lineage", "Neighbours", "Given", "Raw")
NEIGHBOURS: Final = 8


def open_memory(key: str | None) -> None:
    """Select a memory for the inspector; made for `on_click`. None closes it."""
    state.put("sel", key)


def open_button(name: str, key: str, *, label: str = "Open this memory") -> None:
    """Lay a button over the container that it stands in, so that a click anywhere on it opens the memory."""
    st.button(label, key=f"open_{name}", type="tertiary", on_click=open_memory, args=(key,))


def inspector(
    here: Here, *, agents: Mapping[str, str], result: RecallResult | None = None, tells_conflicts: bool = True
) -> None:
    """Draw the selected memory; nothing is drawn where none is selected.

    Beside the inbox `tells_conflicts` is False: samples are no conflicts, and the reviewer is not to know which cards are.
    """
    key, store = state.get("sel"), here.store
    if not key or store is None:
        return
    with st.container(key="inspector", border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("**Memory**", width="content")
            st.button(
                "Close", icon=":material/close:", type="tertiary", key="inspector_close", on_click=open_memory, args=(None,)
            )
        shown, memory = inspected(here, key)
        gone = memory is None and here.past is None
        memory = departed(here, key) if gone else memory
        if memory is None:
            if gone:
                st.markdown(f"There is no memory with the key {markdown_escape(one_line(key, 120))} in this index.")
                st.caption("It may have been deleted, or the link belongs to another index.")
            return
        st.html(f"<div class='mn-row'>{chips(memory, now=shown.now, agents=agents)}</div>")
        if not gone:
            if tells_conflicts:
                _conflict(here, memory)
            memory_actions(here, memory, result)
        _tabs(shown, store, memory, agents=agents, result=result, gone=gone)


def _conflict(here: Here, memory: Memory) -> None:
    """Say that the memory waits for a decision, with the way to it; nothing where it does not."""
    why = disputes(here).get(memory.key)
    if why is None:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="inspector_dispute"):
        said = chip("in a possible conflict", hue="var(--mn-warn)", mark="◔", badge=True, title=f"It {why}.")
        st.html(f"<div class='mn-row'>{said}</div>", width="content")
        if st.button("Look at it", icon=":material/rule:", type="tertiary", key="inspector_conflict"):
            open_conflicts(here, memory.key)


def _tabs(
    here: Here, store: MemoryStore, memory: Memory, *, agents: Mapping[str, str], result: RecallResult | None, gone: bool
) -> None:
    text, why, lineage, near, told, raw = st.tabs(TABS, key="inspector_tab", on_change="rerun")
    if text.open:
        with text:
            _text(memory, here)
    if why.open:
        with why:
            _why(memory, result)
    if lineage.open:
        with lineage:
            _lineage(here, memory, agents=agents, gone=gone)
    if near.open:
        with near:
            _neighbours(here, memory, agents=agents)
    if told.open:
        with told:
            _given(here, memory)
    if raw.open:
        with raw:
            _raw(here, store, memory)


def _text(memory: Memory, here: Here) -> None:
    with st.container(key="inspector_text", height=420 if len(memory.content) > 1600 else "content", border=False):
        if is_code(memory.content):
            st.code(memory.content, language=None, wrap_lines=True)
        else:
            st.html(text_block(memory.content, clamp=False))
    st.html(memory_facts(memory, now=here.now))


def _why(memory: Memory, result: RecallResult | None) -> None:
    if result is None:
        st.caption("Why a memory is recalled depends on a question. Ask one on the Search page, then open a result.")
        return
    hit = next((hit for hit in result.hits if hit.memory.key == memory.key), None)
    if hit is None:
        st.markdown(f"Not among the {len(result.hits)} results for this question.")
        st.caption(
            "It scores lower than the last result, or the scope leaves it out. Ask for more results or clear filters."
        )
        st.button("Why not?", key="inspector_why_not", icon=":material/help:", on_click=_ask_why_not, args=(memory.key,))
        return
    st.markdown(f"Rank **{hit.rank}** with a score of **{hit.score:.3f}**. The score is the sum of its parts:")
    st.html(part_rows(hit))
    st.html(card_note(hit))


def _ask_why_not(key: str) -> None:
    state.put("expected", key)
    state.put("lens", "missing")


def _lineage(here: Here, memory: Memory, *, agents: Mapping[str, str], gone: bool) -> None:
    from pages.shared.lineage_tab import lineage_tab  # only this tab needs the machine of curation

    lineage_tab(here, memory, agents=agents, gone=gone)


def _neighbours(here: Here, memory: Memory, *, agents: Mapping[str, str]) -> None:
    try:
        near = neighbours(here, memory.key, k=NEIGHBOURS)
    except NotFoundError as error:
        st.caption(markdown_escape(str(error)))
        return
    if not near:
        st.caption("It is alone in this index.")
    else:
        st.caption(f"The {len(near)} memories closest in meaning, whatever the filters. 1.00 is the same direction.")
    for other, cosine in near:
        _row(other, here, agents=agents, place="near", note=f"{cosine:.2f}")


def _row(memory: Memory, here: Here, *, agents: Mapping[str, str], place: str, note: str = "") -> None:
    """Draw a linked memory: what it says in three lines, with a button that opens it."""
    lead = f"<b class='mn-num mn-rank' title='cosine similarity'>{escaped(note)}</b>" if note else ""
    with st.container(border=True, gap=None, key=f"row_{place}_{slug(memory.key)}"):
        st.html(
            f"<div class='mn-over'><div class='mn-row'>{lead}{chips(memory, now=here.now, agents=agents)}</div>"
            f"<div class='mn-small'>{text_block(memory.content, clamp=True)}</div></div>"
        )
        open_button(f"row_{place}_{slug(memory.key)}", memory.key)


def _given(here: Here, memory: Memory) -> None:
    from pages.shared.timeline.given_tab import given_tab  # only this tab needs the log of recalls

    given_tab(here, memory)


def _raw(here: Here, store: MemoryStore, memory: Memory) -> None:
    st.code(json.dumps(to_row(memory), indent=2, ensure_ascii=False, default=str), language="json", wrap_lines=True)
    if here.past is not None:
        st.caption("The record as it was then. The service's own call gives what is there now.")
        return
    st.caption("The same record through the service's own call:")
    st.code(
        f"import boto3\n\ns3vectors = boto3.client('s3vectors')\ns3vectors.get_vectors(\n"
        f"    vectorBucketName='YOUR-BUCKET',\n    indexName={store.info.name!r},\n    keys=[{memory.key!r}],\n"
        f"    returnMetadata=True,\n    returnData=True,\n)",
        language="python",
        wrap_lines=True,
    )

"""Memories that look alike and say different things: not merged, each pair with what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from core.curation.duplicates import Suspect
from core.hostile import one_line
from core.memory import Memory
from pages.shared.diff import word_diff
from pages.shared.duplicates.group_rows import Shown
from pages.shared.inspector import open_memory
from pages.shared.markup import chips, escaped, slug
from pages.shared.timeline.paging import pager

__all__ = ["alike_list", "suspects_at"]

_A_PAGE: Final = 10
_NAMES: Final[Mapping[str, str]] = {
    "number": "Numbers",
    "date": "Dates",
    "negation": "Negations",
    "name": "Names",
    "status": "Status",
    "quantity": "Quantities",
}


def suspects_at(suspects: Sequence[Suspect], threshold: float) -> list[Suspect]:
    """Return the pairs that would be merged at a threshold if they did not differ, the most alike first."""
    found = [each for each in suspects if each.score.alike >= threshold]
    return sorted(found, key=lambda each: (-each.score.alike, each.first, each.second))


def alike_list(shown: Shown, suspects: Sequence[Suspect]) -> None:
    """Draw the pairs, ten at a time, to be narrowed to what they differ in."""
    if not suspects:
        st.html("<p class='mn-empty'>No two memories look alike and differ in a number, a date, a name or a negation.</p>")
        return
    st.html(
        "<p class='mn-lead'>These would be duplicates if they did not differ in what counts: no plan merges them. One of "
        "the two may be out of date, or both are true of different things.</p>"
    )
    kinds = Counter(kind for each in suspects for kind in {str(d.kind) for d in each.score.clashes})
    kind = st.pills(
        "What differs",
        [name for name in _NAMES if kinds[name]],
        key="duplicates_kind",
        format_func=lambda name: f"{_NAMES[name]} · {kinds[name]:,}",
    )
    found = [each for each in suspects if kind is None or any(d.kind == kind for d in each.score.clashes)]
    start = pager(f"duplicates_alike_{kind}", len(found), _A_PAGE, words=("Earlier", "Next"))
    for each in found[start : start + _A_PAGE]:
        _pair(shown, each)
    if start + _A_PAGE < len(found):
        pager(f"duplicates_alike_{kind}", len(found), _A_PAGE, below=True, words=("Earlier", "Next"))


def _pair(shown: Shown, each: Suspect) -> None:
    rows = shown.search.rows([each.first, each.second])
    if (rows < 0).any():
        return
    first, second = shown.source.memories(rows)
    name = slug(f"{each.first}\n{each.second}")
    with st.container(border=True, gap="xsmall", key=f"alike_{name}"):
        differs = "".join(f"<div>{_sentence(str(d.kind), d.left, d.right)}</div>" for d in each.score.clashes)
        st.html(
            f"<div class='mn-small'>{word_diff(first.content, second.content)}</div>"
            f"<div class='mn-reason mn-diff'>{differs}</div>"
        )
        for memory, words in ((first, "says what is struck out"), (second, "says what is marked")):
            _side(shown, memory, words, name)


def _sentence(kind: str, left: str, right: str) -> str:
    return (
        f"<b>{escaped(kind.capitalize())}</b> <del>{escaped(one_line(left, 120))}</del> "
        f"<ins>{escaped(one_line(right, 120))}</ins>"
    )


def _side(shown: Shown, memory: Memory, words: str, name: str) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"alike_side_{name}_{slug(memory.key)}"
    ):
        st.html(
            f"<div class='mn-row'>{chips(memory, now=shown.here.now, agents=shown.agents)}<span>{words}</span></div>",
            width="stretch",
        )
        st.button(
            "Open",
            icon=":material/right_panel_open:",
            key=f"alike_open_{name}_{slug(memory.key)}",
            type="tertiary",
            on_click=open_memory,
            args=(memory.key,),
        )


def alike_label(count: int) -> str:
    """Return what the list is called."""
    return f"Alike, but differ · {count:,}" if count else "Alike, but differ"

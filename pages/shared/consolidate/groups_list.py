"""The groups that were found, a dozen at a time: what each is about, and which of them go into a plan together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.curation.consolidation import SourceGroup
from core.hostile import markdown_escape, one_line
from pages.shared import state
from pages.shared.consolidate.asked import Asked
from pages.shared.consolidate.drafts import known_draft
from pages.shared.consolidate.found import Found, group_id
from pages.shared.here import Here
from pages.shared.markup import chip, escaped
from pages.shared.timeline.paging import pager
from pages.shared.words import day_text, plural, share

__all__ = ["groups_list", "left_alone", "take_all", "take_box", "taken"]

_A_PAGE: Final = 12
_NAMES: Final = 3
_TEXT: Final = 240
_LEFT: Final = 20
_LIKENESS: Final = "how near its memories are to their middle on average, as a cosine: 1 is the same"
_TAKEN: Final = "consolidate_taken"


def groups_list(here: Here, found: Found, asked: Asked, *, agents: Mapping[str, str]) -> None:
    """Draw the groups, the most coherent first."""
    if not found.groups:
        said = (
            "Nothing of your choice can be one memory: below is why."
            if asked.by == "given"
            else "No three memories belong together this way. Try another way to group, or take filters away on the left."
        )
        st.html(f"<p class='mn-empty'>{said}</p>")
        return
    first = pager("consolidate_groups", len(found.groups), _A_PAGE, words=("More alike", "Less alike"))
    shown = found.groups[first : first + _A_PAGE]
    assert here.frame is not None
    rows = _rows_of(here.frame, shown)
    for group in shown:
        _row(here, group, rows.loc[list(group.keys)], asked, agents=agents)


def left_alone(found: Found, asked: Asked) -> None:
    """Say what is in no group because it may not be, and why."""
    if asked.by == "given" and found.left_out:
        said = plural(len(found.left_out), "memory of your choice is", "memories of your choice are")
        with st.expander(f"{said} left alone", icon=":material/block:", key="consolidate_left", expanded=not found.groups):
            rows = list(found.left_out.items())[:_LEFT]
            st.html("".join(f"<div class='mn-hit'><i>◌</i><div>{_named(key, why)}</div></div>" for key, why in rows))
            if len(rows) < len(found.left_out):
                st.caption(f"{len(rows):,} of {len(found.left_out):,} shown.")
    elif asked.by != "given" and found.alone:
        said = "; ".join(f"{plural(count, 'memory')}: {why}" for why, count in found.alone)
        st.caption(f"Left alone: {said}.")


def taken(here: Here) -> dict[str, SourceGroup]:
    """Return the groups that go into the next plan, by id."""
    stream, groups = st.session_state.get(_TAKEN, ("", {}))
    return dict(groups) if stream == _stream(here) else {}


def take_all(here: Here, groups: Sequence[SourceGroup]) -> None:
    """Let these groups go into the next plan, and no other; made for `on_click`."""
    st.session_state[_TAKEN] = (_stream(here), {group_id(group): group for group in groups})


def take_box(here: Here, group: SourceGroup, *, label: str = "") -> None:
    """Draw the box that takes a group into the plan; a box without a label is named for who hears the page."""
    name = f"take_{group_id(group)}"
    chosen = group_id(group) in taken(here)
    if st.session_state.get(name) != chosen:
        st.session_state[name] = chosen
    st.checkbox(
        label or markdown_escape(f"Take {one_line(group.name, 60)}"),
        key=name,
        label_visibility="visible" if label else "collapsed",
        on_change=_take,
        args=(here, group, name),
        width="content",
    )


def _take(here: Here, group: SourceGroup, name: str) -> None:
    every = taken(here)
    every.pop(group_id(group), None)
    if st.session_state.get(name):
        every[group_id(group)] = group
    st.session_state[_TAKEN] = (_stream(here), every)


def _row(here: Here, group: SourceGroup, rows: pd.DataFrame, asked: Asked, *, agents: Mapping[str, str]) -> None:
    name = group_id(group)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"group_{name}"):
        take_box(here, group)
        with st.container(border=True, gap=None, key=f"row_group_{name}", width="stretch"):
            st.html(_told(here, group, rows, asked, agents=agents))
            st.button(
                f"Open the draft of {markdown_escape(one_line(group.name, 60))}",
                key=f"open_row_group_{name}",
                type="tertiary",
                on_click=state.put,
                args=("group", name),
            )


def _told(here: Here, group: SourceGroup, rows: pd.DataFrame, asked: Asked, *, agents: Mapping[str, str]) -> str:
    named = "" if group.by == "cluster" else f"<span class='mn-chip'><span>{escaped(one_line(group.name, 60))}</span></span>"
    parts = [f"<b>{plural(len(group.keys), 'memory')}</b>", named, _whose(rows, agents), _days(rows)]
    parts.append(f"<span title='{_LIKENESS}'>likeness {group.cohesion:.2f}</span>")
    if (known := known_draft(here, group, asked)) is not None:
        unsupported = len(known.draft.unsupported)
        parts.append(
            chip(f"{unsupported:,} unsupported", hue="var(--mn-bad)", mark="✕", badge=True)
            if unsupported
            else chip(f"drafted, covers {share(known.coverage.share, 1)}", hue="var(--mn-good)", mark="✓", badge=True)
        )
    texts = list(dict.fromkeys(one_line(str(text)[: 4 * _TEXT], _TEXT) or "(no text)" for text in rows["content"]))
    some = dict.fromkeys((texts[0], texts[len(texts) // 2], texts[-1]))
    lines = "".join(f"<li dir='auto'>{escaped(text)}</li>" for text in some)
    return (
        f"<div class='mn-over'><div class='mn-row mn-num'>{''.join(part for part in parts if part)}</div>"
        f"<ul class='mn-lines'>{lines}</ul></div>"
    )


def _whose(rows: pd.DataFrame, agents: Mapping[str, str]) -> str:
    names = [str(name) for name in rows["agent_id"].dropna().unique()]
    shown = "".join(chip(name, hue=agents.get(name, ""), mark="dot", title=f"agent {name}") for name in names[:_NAMES])
    return shown + (f"<span>and {len(names) - _NAMES:,} more</span>" if len(names) > _NAMES else "")


def _days(rows: pd.DataFrame) -> str:
    times: pd.Series[Any] = rows["created_at"].dropna()
    if times.empty:
        return ""
    days = day_text(times.min().to_pydatetime()), day_text(times.max().to_pydatetime())
    return f"<span>{days[0] if days[0] == days[1] else f'{days[0]} to {days[1]}'}</span>"


def _rows_of(frame: pd.DataFrame, groups: Sequence[SourceGroup]) -> pd.DataFrame:
    """Return the rows of the groups' memories by key; a memory that left meanwhile is an empty row."""
    keys = [key for group in groups for key in group.keys]
    found = frame.loc[frame["key"].isin(keys), ["key", "content", "agent_id", "created_at"]].set_index("key")
    return found.reindex(keys)


def _named(key: str, why: str) -> str:
    return f"{escaped(one_line(key, 100))} <span class='mn-muted'>{escaped(one_line(why, 200))}</span>"


def _stream(here: Here) -> str:
    return "" if here.store is None else here.store.stream

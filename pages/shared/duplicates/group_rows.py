"""One group of duplicates: the memory that stays and why, each other one with what differs, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

import streamlit as st

from core.curation.decay import DEFAULT_DECAY, DecayRules
from core.curation.duplicates import Group, PairScore, Survivor, merged, survivor
from core.hostile import one_line
from core.memory import Memory
from pages.shared import state
from pages.shared.diff import differences, word_diff
from pages.shared.duplicates.asked import Asked
from pages.shared.duplicates.choices import Choices
from pages.shared.duplicates.search import Search
from pages.shared.here import Here
from pages.shared.inspector import open_memory
from pages.shared.markup import chip, chips, escaped, slug, text_block
from pages.shared.rows import Rows
from pages.shared.timeline.paging import pager
from pages.shared.words import plural, share

__all__ = ["Shown", "group_row", "name_of"]

_OTHERS: Final = 4
_A_PAGE: Final = 20
# Longer texts are compared where they are asked for.
_LONG: Final = 1_200
_FIELD: Final = 300
_FIELDS: Final = 12


@dataclass(frozen=True, eq=False)
class Shown:
    """What every group of the page is drawn with."""

    here: Here
    search: Search
    source: Rows
    asked: Asked
    choices: Choices
    agents: Mapping[str, str]
    decay: DecayRules = DEFAULT_DECAY
    recalls: Mapping[str, int] = field(default_factory=dict)
    may_reject: bool = False

    def members(self, group: Group) -> list[Memory]:
        """Return the memories of a group."""
        rows = self.search.rows(list(group.keys))
        return list(self.source.memories(rows[rows >= 0]))

    def survivor(self, group: Group, members: Sequence[Memory]) -> Survivor:
        """Return which memory stays, and why."""
        chosen = self.choices.kept.get(group.keys)
        if chosen is not None and any(memory.key == chosen for memory in members):
            return Survivor(chosen, "Chosen by hand.")
        return survivor(members, rule=self.asked.rule, now=self.now, decay=self.decay, recalls=self.recalls)

    @property
    def now(self) -> datetime:
        """The moment of this run."""
        return self.here.now


def name_of(group: Group) -> str:
    """Return a short name for the widgets of a group."""
    return slug("\n".join(group.keys))


def group_row(shown: Shown, group: Group) -> bool:
    """Draw a group; say whether it was rejected."""
    members = shown.members(group)
    if len(members) < 2:
        return False
    name, chosen = name_of(group), group.keys in shown.choices.taken
    stays = shown.survivor(group, members)
    best = next(memory for memory in members if memory.key == stays.key)
    others = sorted((each for each in members if each.key != stays.key), key=lambda each: each.content == best.content)
    with st.container(border=True, gap="small", key=f"{'dup_on' if chosen else 'dup'}_{name}"):
        rejected = _head(shown, group, name)
        with st.container(horizontal=True, vertical_alignment="top", gap="small", key=f"dup_best_{name}"):
            st.html(_best(shown, group, members, stays), width="stretch")
            _open(best, f"{name}_best")
        if farthest := _farthest(group, members, stays.key):
            st.html(farthest)
        _others(shown, group, best, others, name=name)
    return rejected


def _head(shown: Shown, group: Group, name: str) -> bool:
    count = plural(len(group.keys), "memory")
    sure = "the same text" if group.is_exact else f"{share(group.certainty, 1)} certain"
    of = "" if group.is_exact or len(group.hashes) < 3 else " of the least similar two"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"dup_head_{name}"):
        key = f"dup_take_{name}"
        state.prepare_widget(key, group.keys in shown.choices.taken)
        st.checkbox("Merge", key=key, on_change=shown.choices.settle, args=(group, key))
        st.html(f"<div class='mn-num'><b>{count}</b> <span class='mn-muted'>{sure}{of}</span></div>", width="stretch")
        why_not = None if shown.may_reject else f"You are a {shown.here.actor.role}: what is rejected is kept for everybody."
        return st.button(
            "Not the same",
            icon=":material/block:",
            key=f"dup_reject_{name}",
            type="tertiary",
            disabled=not shown.may_reject,
            help=why_not or "Remembered by what the texts say: asked about again only when one of them changes.",
        )


def _best(shown: Shown, group: Group, members: Sequence[Memory], stays: Survivor) -> str:
    best = next(memory for memory in members if memory.key == stays.key)
    decision = merged(
        group,
        members,
        policy=shown.asked.policy,
        rule=shown.asked.rule,
        keep=best.key,
        now=shown.now,
        decay=shown.decay,
        recalls=shown.recalls,
    )
    badge = chip("stays", hue="var(--mn-good)", mark="●", badge=True, title="the memory that stays")
    return (
        f"<div class='mn-row'>{badge}{chips(best, now=shown.now, agents=shown.agents)}</div>"
        f"<div class='mn-small'>{text_block(best.content, clamp=True)}</div>"
        f"<div class='mn-reason'>{escaped(one_line(stays.reason, 300))}</div>{_takes(best, decision.after)}"
    )


def _farthest(group: Group, members: Sequence[Memory], stays: str) -> str:
    """Return the least similar two where they are not seen anyway, to open."""
    least = group.least
    if least is None or stays in (least.first, least.second):
        return ""
    texts = {memory.key: memory.content for memory in members}
    if least.first not in texts or least.second not in texts or texts[stays] in (texts[least.first], texts[least.second]):
        return ""
    diff = _diff(texts[least.first], texts[least.second])
    figures = escaped(one_line(_figures(least.score), 300))
    said = f"<div class='mn-small'>{diff}</div><div class='mn-reason'>{figures}</div>"
    return f"<details><summary>The least similar two</summary>{said}</details>"


def _takes(before: Memory, after: Memory) -> str:
    """Return what the survivor takes over, to open."""
    found = [each for each in differences(before, after) if each.field != "content"][:_FIELDS]
    rows = "".join(
        f"<dt>{escaped(one_line(each.label, 60))}</dt><dd>{_value(each.before, 'del')} → {_value(each.after, 'ins')}</dd>"
        for each in found
    )
    said = f"Takes over {plural(len(found), 'field')}"
    return f"<details><summary>{said}</summary><dl class='mn-facts mn-diff'>{rows}</dl></details>" if rows else ""


def _value(text: str | None, tag: str) -> str:
    return "<span class='mn-muted'>nothing</span>" if text is None else f"<{tag}>{escaped(text, limit=_FIELD)}</{tag}>"


def _others(shown: Shown, group: Group, best: Memory, others: Sequence[Memory], *, name: str) -> None:
    """Draw the others, those that say it in other words first; of many a few, until somebody asks for all."""
    start, size, key = 0, _OTHERS, f"dup_whole_{name}"
    whole = bool(st.session_state.get(key))
    if whole:
        start, size = pager(f"dup_pages_{name}", len(others), _A_PAGE, words=("Earlier", "Next")), _A_PAGE
    for memory in others[start : start + size]:
        _other(shown, group, best, memory, name=name)
    if len(others) > _OTHERS:
        label = "Fewer" if whole else f"All {len(others):,} others"
        st.button(label, key=f"dup_fold_{name}", type="tertiary", on_click=_fold, args=(key, not whole))


def _fold(key: str, whole: bool) -> None:
    st.session_state[key] = whole


def _other(shown: Shown, group: Group, best: Memory, memory: Memory, *, name: str) -> None:
    key = f"{name}_{slug(memory.key)}"
    same = memory.content == best.content
    told = (
        ""
        if same
        else (
            f"<div class='mn-small'>{_compared(memory.content, best.content)}</div>"
            f"<div class='mn-reason'>{escaped(one_line(_likeness(shown.search, best, memory), 400))}</div>"
        )
    )
    with st.container(horizontal=True, vertical_alignment="center" if same else "top", gap="small", key=f"dup_other_{key}"):
        badge = chip("the same text", hue="var(--mn-muted)", mark="=") if same else ""
        st.html(
            f"<div class='mn-row'>{chips(memory, now=shown.now, agents=shown.agents)}{badge}</div>{told}", width="stretch"
        )
        st.button(
            "Keep this one",
            key=f"dup_keep_{key}",
            type="tertiary",
            on_click=shown.choices.keep,
            args=(group, memory.key),
            help="It stays in place of the one above.",
        )
        _open(memory, key)


def _likeness(search: Search, best: Memory, memory: Memory) -> str:
    """Return how alike a memory is to the survivor, and what only one of the two says."""
    found = search.score(memory.key, best.key)
    if found is None:
        return "The same text."
    score, is_left = found
    return "; ".join([_figures(score), *_alone(score, is_left)])


def _figures(score: PairScore) -> str:
    shared = f"{share(score.words, 1)} of the words and {share(score.letters, 1)} of the letters shared"
    return f"{share(score.probability, 1)} likely to say the same: cosine {score.cosine:.2f}, {shared}"


def _alone(score: PairScore, is_left: bool) -> list[str]:
    said = []
    for each in score.differences:
        mine, other = (each.left, each.right) if is_left else (each.right, each.left)
        if mine or other:
            said.append(f"only {'this one' if mine else 'the one that stays'} says the {each.kind} {mine or other}")
    return said


def _compared(text: str, best: str) -> str:
    """Return a text as it differs from the survivor's: what goes with it is struck out."""
    if max(len(text), len(best)) <= _LONG:
        return _diff(text, best)
    return f"{text_block(text, clamp=True)}<details><summary>What differs</summary>{_diff(text, best)}</details>"


@lru_cache(maxsize=512)
def _diff(text: str, best: str) -> str:
    return word_diff(text, best)


def _open(memory: Memory, key: str) -> None:
    st.button(
        "Open",
        icon=":material/right_panel_open:",
        key=f"dup_open_{key}",
        type="tertiary",
        on_click=open_memory,
        args=(memory.key,),
        help="All of it, its lineage and its neighbours.",
    )

"""What became of given memories, as badges, sentences and rows: the same in the view, in its list and in the inspector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from core.hostile import one_line
from core.memory import Memory
from core.past.given import Fate, Given, Turn
from pages.shared.diff import change_html
from pages.shared.here import Here
from pages.shared.inspector import open_memory
from pages.shared.markup import chip, chips, escaped, slug, text_block
from pages.shared.past_memory import open_deed
from pages.shared.words import age, exact

__all__ = ["changed_since", "fate_chip", "fate_counts", "given_rows", "turn_words"]

_PLANS: Final = 3
# Label, mark, colour, and what it means.
_FATES: Final[Mapping[Fate, tuple[str, str, str, str]]] = {
    Fate.ERASED: ("erased", "✕", "var(--mn-bad)", "It was erased: nothing of it is kept."),
    Fate.GONE: ("gone", "?", "var(--mn-warn)", "It is not in the index any more, and the journal does not say why."),
    Fate.RETIRED: ("retired", "−", "var(--mn-warn)", "It was taken out of the index; the journal keeps it."),
    Fate.MERGED: ("merged", "◇", "var(--mn-warn)", "It was taken out, and another memory is made from it."),
    Fate.CONTRADICTED: ("contradicted", "▲", "var(--mn-warn)", "A later memory says that it is not so."),
    Fate.HIDDEN: ("hidden", "◌", "var(--mn-muted)", "It is left out of recall."),
    Fate.EXPIRED: ("expired", "◔", "var(--mn-muted)", "Its time is over."),
    Fate.EDITED: ("edited", "≠", "var(--mn-accent)", "Its text was changed."),
    Fate.ADJUSTED: ("adjusted", "≈", "var(--mn-accent)", "Its text is the same, another field was changed."),
    Fate.SAME: ("as it was", "=", "var(--mn-good)", "It is as it was."),
}
_ALREADY: Final = "An earlier memory said that it is not so, when it was given."


def changed_since(found: Sequence[Given]) -> int:
    """Return how many of the memories are not as they were given, or were contradicted already then."""
    return sum(each.fate is not Fate.SAME or bool(each.already) for each in found)


def fate_chip(each: Given) -> str:
    """Return what became of a memory as a badge; what was contradicted before it was given is not as it should be."""
    label, mark, hue, meaning = _FATES[each.fate]
    if each.fate is Fate.SAME and each.already:
        return chip("contradicted already then", hue="var(--mn-warn)", mark="▲", badge=True, title=_ALREADY)
    return chip(label, hue=hue, mark=mark, badge=True, title=meaning)


def fate_counts(found: Sequence[Given]) -> str:
    """Return the fates of memories in words, the worst first: "1 contradicted, 1 expired, 3 as they were"."""
    counted = Counter(each.fate for each in found)
    words = [f"{counted[fate]:,} {_FATES[fate][0]}" for fate in Fate if counted[fate] and fate is not Fate.SAME]
    already = sum(each.fate is Fate.SAME and bool(each.already) for each in found)
    words += [f"{already:,} contradicted already then"] if already else []
    same = counted[Fate.SAME] - already
    return ", ".join([*words, *([f"{same:,} as {'it was' if same == 1 else 'they were'}"] if same else [])])


def turn_words(turn: Turn, *, now: datetime, told: Mapping[str, Memory], already: bool = False) -> str:
    """Return one thing that became of a memory as HTML: what, when, by whom, why; what contradicts it in its words."""
    label, _, _, meaning = _FATES[turn.fate]
    kind, label = ("mn-turn mn-warn", f"Already {label}") if already else ("mn-turn", label[0].upper() + label[1:])
    when = f" <span title='{exact(turn.at)}'>{age(turn.at, now=now)}</span>" if turn.at else ""
    by = f" by {escaped(one_line(turn.by, 60))}" if turn.by else ""
    said = [told[key] for key in turn.keys if key in told]
    if turn.fate is Fate.CONTRADICTED and said:
        quotes = "".join(f"<q dir='auto'>{escaped(one_line(memory.content, 260))}</q>" for memory in said)
        return f"<div class='{kind}'>{label}{when}{by}: {quotes}</div>"
    if not when and not by:
        return f"<div class='{kind}'>{label}. {escaped(one_line(turn.why or meaning, 240))}</div>"
    why = f": {escaped(one_line(turn.why, 240))}" if turn.why else "."
    return f"<div class='{kind}'>{label}{when}{by}{why}</div>"


def given_rows(
    here: Here, found: Sequence[Given], *, agents: Mapping[str, str], told: Mapping[str, Memory], place: str
) -> None:
    """Draw given memories as they were, each with its fate; `told` are those that contradict them, by key."""
    for each in found:
        name = f"{place}_{slug(each.key)}"
        with st.container(key=f"given_{name}", gap=None):
            st.html(_row(here, each, agents=agents, told=told))
            _ways(each, name)


def _row(here: Here, each: Given, *, agents: Mapping[str, str], told: Mapping[str, Memory]) -> str:
    rank = f"<span class='mn-rank mn-num'>{each.rank}</span>" if each.rank else ""
    score = f"<b class='mn-num' title='score, 0 to 1'>{each.score:.2f}</b>" if each.score is not None else ""
    entered = chip("in the prompt", mark="✓", title="It entered the agent's context.") if each.in_context else ""
    if each.score is not None and not each.in_context:
        entered = chip("not in the prompt", title="It was found; the log does not say that it entered the agent's context.")
    shown = each.was or each.now
    described = chips(shown, now=here.today, agents=agents) if shown else ""
    already = "".join(turn_words(turn, now=here.today, told=told, already=True) for turn in each.already)
    turns = "".join(turn_words(turn, now=here.today, told=told) for turn in each.turns)
    kind = Fate.CONTRADICTED if each.already and each.fate is Fate.SAME else each.fate
    head = f"<div class='mn-row'>{rank}{score}{fate_chip(each)}{entered}{described}</div>"
    return f"<div class='mn-given mn-fate-{kind}'>{head}{_text(each)}{already}{turns}</div>"


def _text(each: Given) -> str:
    edited = any(turn.fate is Fate.EDITED for turn in each.turns)
    if edited and each.was and each.now:
        return change_html(each.was, each.now)
    if each.was is None:
        return f"<p class='mn-muted'>What it said is not kept. Its key: {escaped(one_line(each.key, 120))}</p>"
    return f"<div class='mn-small'>{text_block(each.was.content, clamp=True)}</div>"


def _ways(each: Given, name: str) -> None:
    """Offer to open the memory, what contradicts it, and the plans that changed it."""
    others = list(dict.fromkeys(key for turn in (*each.turns, *each.already) for key in turn.keys))
    plans = list(dict.fromkeys(turn.plan_id for turn in each.turns if turn.plan_id))
    with st.container(horizontal=True, gap="small"):
        st.button("Open memory", key=f"given_open_{name}", type="tertiary", on_click=open_memory, args=(each.key,))
        for number, key in enumerate(others[:_PLANS]):
            label = "Open what contradicts it" if each.fate is not Fate.MERGED else "Open what is made from it"
            st.button(label, key=f"given_other_{number}_{name}", type="tertiary", on_click=open_memory, args=(key,))
        for number, plan_id in enumerate(plans[:_PLANS]):
            label = "See the change" if len(plans) == 1 else f"See change {number + 1}"
            if st.button(label, key=f"given_plan_{number}_{name}", type="tertiary"):
                open_deed(plan_id)

"""What an agent recalled, whose memories it used, and who used its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from core.analysis.agent_sources import Asked, Exchange
from core.hostile import one_line
from pages.shared import state
from pages.shared.markup import escaped
from pages.shared.words import age, exact, plural

__all__ = ["CHANNELS", "MODES", "exchanges", "what_it_asked"]

_SHOWN: Final = 8
MODES: Final = {"hybrid": "by meaning and words", "vector": "by meaning", "text": "by words"}
CHANNELS: Final[Mapping[str, str]] = {"agent": "as an agent", "cli": "on the command line", "page": "on a page"}


def what_it_asked(found: Asked, *, agent: str, now: datetime) -> None:
    """Draw what the log of recalls has of an agent."""
    st.subheader("What it recalled", anchor=False)
    if not found.recalls:
        st.caption("The log has no recall by this name. An agent's recalls are logged under the name of its actor.")
        return
    through = _through(found.channels)
    last = f"the latest <span title='{exact(found.last)}'>{age(found.last, now=now)}</span>"
    given = plural(found.memories, "different memory", "different memories")
    empty = f" {plural(found.empty, 'recall')} brought nothing back." if found.empty else ""
    st.html(
        f"<p class='mn-small'><b>{plural(found.recalls, 'recall')}</b> {escaped(through)}, {last}. They gave it {given}, "
        f"{plural(found.hits, 'time')} in all.{empty}</p>"
    )
    rows = "".join(
        f"<li><span dir='auto'>{escaped(one_line(query, 160))}</span>"
        f"{f' <b class=mn-num>{count:,}×</b>' if count > 1 else ''}</li>"
        for query, count in found.queries
    )
    if rows:
        st.html(f"<ul class='mn-asked'>{rows}</ul>")
    if (listed := sum(count for _, count in found.queries) + found.redacted) < found.recalls:
        st.caption(f"And {plural(found.recalls - listed, 'other question')}.")
    if found.redacted:
        st.caption(f"The text of {plural(found.redacted, 'question')} was redacted.")
    st.button(
        "See what it was given",
        key="life_given",
        icon=":material/arrow_forward:",
        type="tertiary",
        on_click=_see_given,
        args=(agent,),
    )


def _through(channels: Sequence[tuple[str, int]]) -> str:
    """Return how it asked in words, with counts where it asked in more ways than one."""
    named = [(CHANNELS.get(name, one_line(name, 20)), count) for name, count in channels]
    return named[0][0] if len(named) == 1 else ", ".join(f"{count:,} {name}" for name, count in named)


def _see_given(agent: str) -> None:
    state.put("view", "given")
    state.put("recall", None)
    st.session_state["given_agent"] = agent


def exchanges(title: str, found: Sequence[Exchange], *, agents: Mapping[str, str], own: str, uses: bool) -> None:
    """Draw what went between an agent and others, most first; `uses` where it is what the agent used."""
    st.subheader(title, anchor=False)
    if not found:
        nothing = "No recall gave it a memory, and none of its memories says what it is made from."
        unused = "No recall gave one of its memories to anybody, and no memory says that it is made from one."
        st.caption(nothing if uses else unused)
        return
    most = max(each.given + each.derived for each in found)
    st.html(f"<div class='mn-exchange'>{''.join(_row(each, most, agents, own, uses=uses) for each in found[:_SHOWN])}</div>")
    if len(found) > _SHOWN:
        st.caption(f"And {plural(len(found) - _SHOWN, 'other agent')}.")


def _row(each: Exchange, most: int, agents: Mapping[str, str], own: str, *, uses: bool) -> str:
    unknown = "unknown, or no longer in the index" if uses else "an unnamed agent"
    name = unknown if each.agent is None else f"{one_line(each.agent, 40)}{' itself' if each.agent == own else ''}"
    hue = agents.get(each.agent or "", "var(--mn-muted)")
    often = "once" if each.given == 1 else plural(each.given, "time")
    said = [f"{plural(each.memories, 'memory')} given {often}"] if each.given else []
    made = f"{each.derived:,}" if each.given else plural(each.derived, "memory")
    said += [f"{made} made from {'its own' if each.agent == own else 'them'}"] if each.derived else []
    width = 100 * (each.given + each.derived) / most
    return (
        f"<div><span class='mn-dot' style='--hue:{hue}'></span><span class='mn-who'>{escaped(name)}</span>"
        f"<span class='mn-muted mn-num'>{escaped(', '.join(said))}</span>"
        f"<div class='mn-bar'><span style='width:{width:.2f}%;--hue:{hue}'></span></div></div>"
    )

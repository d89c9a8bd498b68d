"""One draft: its sentences, each with what it stands on and to be edited, beside its sources and what of them is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import streamlit as st

from core.curation.consolidation import Sentence, SourceCoverage, SourceGroup
from core.hostile import one_line
from pages.shared import state
from pages.shared.consolidate.drafts import Drafted, accept, accepted, ask_text, forget_text, is_edited
from pages.shared.consolidate.found import group_id
from pages.shared.here import Here
from pages.shared.inspector import open_button
from pages.shared.markup import chips, escaped, memory_facts, slug, text_block
from pages.shared.words import plural, share

__all__ = ["merged_fields", "sentences", "sources", "stand_by", "verdict"]

_LINE: Final = "consolidate_line"
_NEW: Final = -1
_MISSING: Final = 4
_QUOTED: Final = 300
_CHARS: Final = 20_000


def verdict(made: Drafted) -> str:
    """Return in one line whether the sources say what the draft says, and how much of them is in it, as HTML."""
    draft = made.draft
    covered = f"It has {share(made.coverage.share, 1)} of what {plural(len(draft.sources), 'memory')} tell."
    if not draft.sentences:
        mark, said = "<i class='mn-bad'>✕</i>", "The draft says nothing: write a sentence, or begin again."
        return f"<div class='mn-verdict'>{mark}<span>{said}</span></div>"
    if draft.unsupported:
        of = plural(len(draft.sentences), "sentence")
        mark, said = "<i class='mn-bad'>✕</i>", f"No source says {len(draft.unsupported):,} of {of}."
    else:
        mark, said = "<i class='mn-good'>✓</i>", f"A source says each of {plural(len(draft.sentences), 'sentence')}."
    return f"<div class='mn-verdict'>{mark}<span><b>{said}</b> <span class='mn-muted'>{covered}</span></span></div>"


def sentences(here: Here, group: SourceGroup, made: Drafted) -> None:
    """Draw the sentences; the one that is chosen can be edited, and its sources come first beside it."""
    lines = made.draft.sentences
    for place, line in enumerate(lines):
        if place == chosen_line(group):
            _open_line(here, group, made, place, line)
        else:
            _line(group, made, place, line)
    if chosen_line(group) == _NEW:
        _new_line(here, group, made)
    with st.container(horizontal=True, gap="small", key="draft_ways"):
        st.button("Add a sentence", icon=":material/add:", key="draft_add", on_click=_choose, args=(group, _NEW))
        if is_edited(here, group):
            st.button(
                "As it was drafted",
                icon=":material/undo:",
                key="draft_anew",
                type="tertiary",
                on_click=_anew,
                args=(here, group),
            )


def sources(here: Here, group: SourceGroup, made: Drafted, *, agents: Mapping[str, str]) -> None:
    """Draw the sources with what of each is not in the draft; those of the chosen sentence first."""
    place = chosen_line(group)
    lines = made.draft.sentences
    behind = lines[place].sources if place is not None and 0 <= place < len(lines) else ()
    order = [*behind, *(key for key in made.draft.sources if key not in behind)]
    if behind:
        st.caption(f"Sources of the chosen sentence first: {', '.join(map(str, _numbers(made, behind)))}.")
    for key in order:
        _source(here, made, key, on=key in behind, agents=agents)


def merged_fields(here: Here, made: Drafted) -> None:
    """Draw what the merged memory would state about itself."""
    if made.merged is None:
        return
    earlier = len(made.merged.derived_from) - len(made.draft.sources)
    lineage = f"Made from {plural(len(made.draft.sources), 'memory')}"
    lineage += f", and through them from {plural(earlier, 'earlier one')}." if earlier > 0 else "."
    st.html(memory_facts(replace(made.merged, key=""), now=here.now))  # it gets its key with its plan
    st.html(f"<div class='mn-reason'>{escaped(lineage)} {escaped(made.sure.reason, limit=300)}</div>")


def chosen_line(group: SourceGroup) -> int | None:
    """Return the place of the sentence that is chosen, -1 for a new one, None without one."""
    name, place = st.session_state.get(_LINE, ("", None))
    return place if name == group_id(group) else None


def _choose(group: SourceGroup, place: int | None) -> None:
    st.session_state[_LINE] = (group_id(group), place)


def _line(group: SourceGroup, made: Drafted, place: int, line: Sentence) -> None:
    with st.container(border=True, gap=None, key=f"row_line_{place}"):
        st.html(f"<div class='mn-over'>{_told(made, line)}</div>")
        st.button(
            f"Edit sentence {place + 1}",
            key=f"open_row_line_{place}",
            type="tertiary",
            on_click=_choose,
            args=(group, place),
        )


def _open_line(here: Here, group: SourceGroup, made: Drafted, place: int, line: Sentence) -> None:
    with st.container(border=True, gap="small", key=f"row_on_line_{place}"):
        st.html(_told(made, line, quoted=False))
        key = f"draft_line_{group_id(group)}_{place}_{slug(line.text)}"
        st.text_area("Sentence", line.text, key=key, max_chars=_CHARS, label_visibility="collapsed", height=110)
        with st.container(horizontal=True, gap="small"):
            given = (here, group, made, place)
            st.button("Check it", type="primary", key="draft_check", on_click=_save, args=(*given, key))
            st.button("Take out", icon=":material/remove:", key="draft_out", on_click=_save, args=(*given, ""))
            st.button("Leave as it is", type="tertiary", key="draft_leave", on_click=_choose, args=(group, None))


def _new_line(here: Here, group: SourceGroup, made: Drafted) -> None:
    with st.container(border=True, gap="small", key="row_on_line_new"):
        key = f"draft_line_{group_id(group)}_new_{len(made.draft.sentences)}"
        st.text_area("New sentence", key=key, max_chars=_CHARS, height=110)
        with st.container(horizontal=True, gap="small"):
            given = (here, group, made, len(made.draft.sentences), key)
            st.button("Check it", type="primary", key="draft_check", on_click=_save, args=given)
            st.button("Leave it", type="tertiary", key="draft_leave", on_click=_choose, args=(group, None))


def _save(here: Here, group: SourceGroup, made: Drafted, place: int, key: str) -> None:
    """Let the draft have another sentence at a place, none where `key` is "" or what it has is empty."""
    text = str(st.session_state.get(key, "")).strip() if key else ""
    texts = [line.text for line in made.draft.sentences]
    _choose(group, None)
    if texts[place : place + 1] != [text]:
        ask_text(here, group, [*texts[:place], text, *texts[place + 1 :]])


def _anew(here: Here, group: SourceGroup) -> None:
    _choose(group, None)
    forget_text(here, group)


def stand_by(here: Here, group: SourceGroup, made: Drafted) -> None:
    """Let somebody stand by what no source says; nothing where there is none of it."""
    if not made.draft.unsupported:
        return
    key = f"draft_stand_by_{group_id(group)}_{slug(made.draft.text)}"
    st.session_state[key] = accepted(here, group, made.draft)
    st.checkbox(
        "I stand by what no source says",
        key=key,
        on_change=accept,
        args=(here, group, made.draft, key),
        help="Without this the draft does not go into a plan. The journal notes how many sentences it is.",
    )


def _told(made: Drafted, line: Sentence, *, quoted: bool = True) -> str:
    """Return a sentence with its sources and whether these say it, as HTML."""
    numbers = ", ".join(map(str, _numbers(made, line.sources)))
    mark = "<i class='mn-good'>✓</i>" if line.supported else "<i class='mn-bad'>✕</i>"
    stands = f"from {numbers}" if numbers else "from no source"
    stands += f" · {share(line.support, 1)} likely" if not quoted and line.support < 1 else ""
    why = f" · {escaped(line.why, limit=_QUOTED)}" if not line.supported or not quoted else ""
    tone = "mn-muted" if line.supported else "mn-bad"
    text = text_block(line.text, clamp=False) if quoted else ""
    return (
        f"<div class='mn-hit'>{mark}<div><div class='mn-small'>{text}</div>"
        f"<div class='{tone}'><span class='mn-num'>{stands}</span>{why}</div></div></div>"
    )


def _source(here: Here, made: Drafted, key: str, *, on: bool, agents: Mapping[str, str]) -> None:
    memory, number = made.sources[key], made.draft.sources.index(key) + 1
    on = on or key == state.get("sel")
    with st.container(border=True, gap=None, key=f"{'row_on' if on else 'row'}_source_{slug(key)}"):
        st.html(
            f"<div class='mn-over'><div class='mn-row'><b class='mn-rank'>{number}</b>"
            f"{chips(memory, now=here.now, agents=agents)}</div>"
            f"<div class='mn-small'>{text_block(memory.content, clamp=True)}</div>{_covered(made.coverage.of(key))}</div>"
        )
        open_button(f"row_source_{slug(key)}", key, label=f"Open source {number}")


def _covered(found: SourceCoverage) -> str:
    width = 100 * min(1.0, max(0.0, found.share))
    bar = (
        f"<div class='mn-limit'><span>In the draft</span><span>{share(found.share, 1)}</span>"
        f"<div class='mn-bar'><span style='width:{width:.1f}%;--hue:var(--mn-accent)'></span></div></div>"
    )
    lines = "".join(
        f"<div class='mn-reason mn-one' dir='auto'>not in it: {escaped(one_line(text, _QUOTED))}</div>"
        for text in found.missing[:_MISSING]
    )
    more = len(found.missing) - _MISSING
    return f"<div class='mn-small'>{bar}{lines}{f'<div class=mn-reason>and {more:,} more</div>' if more > 0 else ''}</div>"


def _numbers(made: Drafted, keys: tuple[str, ...]) -> list[int]:
    places: dict[str, int] = {key: place for place, key in enumerate(made.draft.sources, start=1)}
    return sorted(places[key] for key in keys if key in places)

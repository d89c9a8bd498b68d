"""The drafts of this tab: each made once in the background, and checked anew whenever somebody edits it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import streamlit as st

from core.curation.consolidation import (
    Combined,
    Coverage,
    Draft,
    SourceGroup,
    checked,
    combined_confidence,
    coverage,
    merged_memory,
    summarise,
)
from core.curation.consolidation.draft import BREAK, text_hash
from core.curation.decay import DecayRules
from core.curation.effects import Savings
from core.curation.footprint import Footprint
from core.curation.lifecycle import load_lifecycle
from core.curation.plan import Action, Change
from core.errors import ConfigError, MnemoscopeError, NotFoundError
from core.memory import Memory
from core.memory.record import Record
from pages.shared.consolidate.asked import Asked
from pages.shared.consolidate.found import group_id
from pages.shared.here import Here
from pages.shared.planning import desk_of
from pages.shared.words import plural
from pages.shared.work import Errand, Work, index_of, works

__all__ = [
    "Drafted",
    "accept",
    "accepted",
    "ask_text",
    "draft_errand",
    "forget_text",
    "is_edited",
    "known_draft",
    "made",
    "rules_of",
    "text_of",
]

_KEPT: Final = 200
_TEXTS: Final = "consolidate_texts"
_ACCEPTED: Final = "consolidate_accepted"
_KEY: Final = "0" * 40  # as long as the key of a memory of ours


@dataclass(frozen=True)
class Drafted:
    """A draft with what is to be known of it; `merged` is None for a draft without a sentence."""

    draft: Draft
    sources: Mapping[str, Memory]
    coverage: Coverage
    merged: Memory | None
    sure: Combined
    freed: Savings


def draft_errand(here: Here, group: SourceGroup, asked: Asked) -> Errand:
    """Return the making of a group's draft, or the check of what somebody made of it in this tab."""
    text = text_of(here, group)
    words = (
        f"Drafting one memory out of {len(group.keys):,}" if text is None else "Holding each sentence against the sources"
    )
    told = (asked.share, asked.model) if text is None else text
    of = ("draft", *index_of(here), here.revision, group.keys, told)  # a draft of what was there before is of no use
    return Errand(of, None, words, lambda work: made(work, here, group, asked, text), kept=_KEPT)


def known_draft(here: Here, group: SourceGroup, asked: Asked) -> Drafted | None:
    """Return the draft of a group if it is made already."""
    found = works().known(draft_errand(here, group, asked))
    return found.result if found is not None and found.fine else None


def made(work: Work, here: Here, group: SourceGroup, asked: Asked, text: str | None) -> Drafted:
    """Return the draft of a group, or of a text that somebody wrote in its place; in a thread."""
    store = desk_of(here).store
    sources = store.get(group.keys, actor=here.actor)
    if len(sources) < len(group.keys):
        gone = plural(len(group.keys) - len(sources), "memory")
        raise NotFoundError(f"{gone} of this group left the index meanwhile: search again.")
    memories, embedder = list(sources.values()), store.embedder()
    if text is None:
        draft = summarise(memories, embedder=embedder, share=asked.share, summariser=asked.summariser)
    else:
        draft = checked(text, memories, embedder)
    work.at(work.done, work.total)
    covered = coverage(draft, memories, embedder)
    return _drafted(here, draft, sources, covered)


def rules_of(here: Here) -> DecayRules:
    """Return how confidence fades in the open index."""
    desk = desk_of(here)
    return load_lifecycle(desk.store, desk.ledger.documents, actor=here.actor).rules.decay


def text_of(here: Here, group: SourceGroup) -> str | None:
    """Return what somebody made of a draft in this tab, None where it is as it was drafted."""
    texts: dict[tuple[str, str], str] = st.session_state.get(_TEXTS, {})
    return texts.get(_own(here, group))


def is_edited(here: Here, group: SourceGroup) -> bool:
    """Say whether somebody edited a draft in this tab."""
    return text_of(here, group) is not None


def ask_text(here: Here, group: SourceGroup, sentences: Iterable[str]) -> None:
    """Let a draft have these sentences; made for `on_click`."""
    st.session_state.setdefault(_TEXTS, {})[_own(here, group)] = BREAK.join(each for each in sentences if each.strip())


def forget_text(here: Here, group: SourceGroup) -> None:
    """Let a draft be as it was drafted; made for `on_click`."""
    st.session_state.get(_TEXTS, {}).pop(_own(here, group), None)


def accepted(here: Here, group: SourceGroup, draft: Draft) -> bool:
    """Say whether somebody stands by the sentences of this very draft that no source says."""
    return (*_own(here, group), text_hash(draft.text)) in st.session_state.get(_ACCEPTED, set())


def accept(here: Here, group: SourceGroup, draft: Draft, key: str) -> None:
    """Note what a box says: that somebody stands by the draft as it is; made for `on_change`."""
    told = (*_own(here, group), text_hash(draft.text))
    every: set[tuple[str, ...]] = st.session_state.setdefault(_ACCEPTED, set())
    (every.add if st.session_state.get(key) else every.discard)(told)


def _drafted(here: Here, draft: Draft, sources: Mapping[str, Memory], covered: Coverage) -> Drafted:
    rules, memories = rules_of(here), list(sources.values())
    sure = combined_confidence(draft, memories, now=here.now, rules=rules)
    try:
        merged = merged_memory(draft, memories, key=_KEY, now=here.now, rules=rules)
    except ConfigError:
        return Drafted(draft, sources, covered, None, sure, Savings())
    return Drafted(draft, sources, covered, merged, sure, _freed(here, merged, sources))


def _freed(here: Here, merged: Memory, sources: Mapping[str, Memory]) -> Savings:
    """Return what the merge frees; nothing where the memory cannot be written, which its plan says."""
    store, frame = desk_of(here).store, here.frame
    assert frame is not None
    try:
        record = Record(store.metadata_of()(merged), np.zeros(store.info.dimension, np.float32))
    except MnemoscopeError:
        return Savings()
    put = Change(merged.key, Action.PUT, "", "", after=record)
    return Footprint(store, frame, frame[frame["key"].isin(sources)], ((put, None, merged),)).freed()


def _own(here: Here, group: SourceGroup) -> tuple[str, str]:
    return (desk_of(here).stream, group_id(group))

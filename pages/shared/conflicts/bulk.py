"""Several cards decided alike: those of the same pattern, of the same two agents, or with the same text, each to be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.curation.conflicts.card import Card, Resolution
from core.errors import NotFoundError
from core.hostile import markdown_escape, one_line
from pages.shared.conflicts.card_view import name_of
from pages.shared.conflicts.compared import excerpt
from pages.shared.conflicts.deciding import DID, Review
from pages.shared.conflicts.settling import settle
from pages.shared.conflicts.sitting import Done, try_it
from pages.shared.markup import escaped
from pages.shared.timeline.paging import pager
from pages.shared.words import plural

__all__ = ["bulk"]

_KINDS: Final[Mapping[str, str]] = {"pattern": "Same pattern", "agents": "Same two agents", "memory": "Same memory"}
_A_PAGE: Final = 10
_MOST: Final = 500
_WAYS: Final[Mapping[Resolution, str]] = {
    Resolution.NOT_A_CONFLICT: "Not a conflict",
    Resolution.BOTH_VALID: "Both valid",
    Resolution.KEEP_NEWER: "Keep the newer of each",
    Resolution.KEEP_LEFT: "Keep A of each",
    Resolution.KEEP_RIGHT: "Keep B of each",
}


def bulk(review: Review) -> None:
    """Draw the cards like this one, and the decision for those that stay ticked."""
    found: dict[str, tuple[str, ...]] = {}
    if not try_it(review.sitting, lambda: found.update(review.inbox.similar(review.card.id, actor=review.here.actor))):
        return
    kinds = [kind for kind in _KINDS if kind in found]
    if not kinds:
        st.html("<p class='mn-muted'>No other card that waits is like this one.</p>")
        return
    kind = st.segmented_control(
        "Which cards",
        kinds,
        default=kinds[0],
        key=f"bulk_kind_{review.name}",
        format_func=lambda each: f"{_KINDS[each]} · {len(found[each]):,}",
        required=True,
    )
    cards = _cards(review, found[kind][:_MOST])
    if len(found[kind]) > _MOST:
        st.caption(f"The first {_MOST:,} of {len(found[kind]):,}.")
    start = pager(f"bulk_{review.name}_{kind}", len(cards), _A_PAGE, words=("Earlier", "Next"))
    for card in cards[start : start + _A_PAGE]:
        _row(review, card)
    _decision(review, [card for card in cards if _is_on(review, card)])


def _cards(review: Review, ids: Sequence[str]) -> list[Card]:
    found = []
    for card_id in ids:
        try:
            found.append(review.inbox.entry(card_id, actor=review.here.actor).card)
        except NotFoundError:
            continue
    return found


def _key(review: Review, card: Card) -> str:
    return f"bulk_{review.name}_{name_of(card)}"


def _is_on(review: Review, card: Card) -> bool:
    return bool(st.session_state.get(f"{_key(review, card)}_kept", True))


def _row(review: Review, card: Card) -> None:
    key = _key(review, card)
    with st.container(horizontal=True, vertical_alignment="top", gap="small", key=f"bulk_row_{key}"):
        st.checkbox(
            f"Decide this one too: {one_line(card.left.text, 40)}",
            _is_on(review, card),
            key=key,
            label_visibility="collapsed",
            on_change=_ticked,
            args=(key,),
        )
        own = " <span class='mn-muted'>the card above</span>" if card.id == review.card.id else ""
        sides = "".join(
            f"<div><b class='mn-letter'>{letter}</b> <span dir='auto'>{excerpt(side.text, spans)}</span>"
            f" <span class='mn-muted'>{escaped(one_line(side.agent or '', 30))}</span></div>"
            for letter, side, spans in zip("AB", (card.left, card.right), card.judgement.spans, strict=True)
        )
        st.html(f"<div class='mn-small mn-pair'>{sides}{own}</div>", width="stretch")


def _ticked(key: str) -> None:
    """Keep what a box says: one on another page of the list is forgotten by Streamlit."""
    st.session_state[f"{key}_kept"] = bool(st.session_state.get(key))


def _decision(review: Review, cards: Sequence[Card]) -> None:
    name = review.name
    with (
        st.form(f"bulk_form_{review.name}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        way = st.selectbox("Decide them as", list(_WAYS), key=f"bulk_way_{name}", format_func=_WAYS.__getitem__, width=240)
        st.text_input("Why", key=f"bulk_why_{name}", max_chars=500, width="stretch")
        st.form_submit_button(
            f"Decide {plural(len(cards), 'card')} alike",
            type="primary",
            key="bulk_go",
            disabled=not cards,
            on_click=_decide,
            args=(review, tuple(cards)),
        )
    if way in (Resolution.KEEP_LEFT, Resolution.KEEP_RIGHT, Resolution.KEEP_NEWER):
        st.caption("Each decision retires the other memory of its card. Undo takes back all of them.")


def _decide(review: Review, cards: Sequence[Card]) -> None:
    """Decide the ticked cards; what could not be is said with the first reason."""
    way = Resolution(st.session_state[f"bulk_way_{review.name}"])
    why = str(st.session_state.get(f"bulk_why_{review.name}") or "").strip()
    if review.sitting.current != review.card.id:
        return
    refused: dict[str, str] = {}
    decided: list[str] = []

    def action() -> None:
        done, left = review.inbox.decide_all([card.id for card in cards], way, actor=review.here.actor, why=why)
        decided.extend(each.entry.card.id for each in done)
        refused.update(left)

    if not try_it(review.sitting, action):
        return
    those = tuple(card for card in cards if card.id in set(decided))
    if those:
        review.sitting.did(Done(those, f"{DID[way]}: {plural(len(those), 'card')} alike", datetime.now(UTC)))
        settle(review.here)
    if refused:
        said = one_line(next(iter(refused.values())), 300)
        review.sitting.error = markdown_escape(f"{plural(len(refused), 'card')} could not be decided: {said}")

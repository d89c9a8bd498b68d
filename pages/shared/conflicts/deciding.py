"""What a reviewer does with a card: the keys and buttons below it, and what goes with a decision.

A decision is kept before the page is drawn anew; its plan follows in the background. No way is marked as the right one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import streamlit as st

from core.curation.conflicts.card import Card, Resolution
from core.curation.conflicts.deciding import MEANS
from core.curation.conflicts.inbox import Inbox
from core.curation.conflicts.queue import QueueEntry
from core.hostile import markdown_escape, one_line
from core.models.judge import ConflictVerdict
from pages.shared.conflicts.asked import VERDICTS
from pages.shared.conflicts.card_view import name_of
from pages.shared.conflicts.settling import settle
from pages.shared.conflicts.sitting import Done, Sitting, may_decide, try_it
from pages.shared.here import Here
from pages.shared.words import exact

__all__ = ["DID", "Review", "decide", "ways", "with_decision"]


@dataclass(frozen=True)
class Way:
    """One way to decide: what its button says, its key, and what it does."""

    resolution: Resolution
    label: str
    key: str
    help: str


_UNDO: Final = "Undo brings it back."
_WAYS: Final = (
    Way(Resolution.KEEP_LEFT, "Keep A", "A", f"B is retired, wherever it says so. {_UNDO}"),
    Way(Resolution.KEEP_RIGHT, "Keep B", "B", f"A is retired, wherever it says so. {_UNDO}"),
    Way(Resolution.KEEP_NEWER, "Keep newer", "N", f"The older one is retired. {_UNDO}"),
    Way(Resolution.MERGE, "Merge", "M", "Write one memory that says what is true of both."),
    Way(Resolution.BOTH_VALID, "Both valid", "V", "Both stay; say for what each of them holds."),
    Way(Resolution.NOT_A_CONFLICT, "Not a conflict", "X", "Not asked about again until a text changes."),
)
DID: Final[Mapping[Resolution, str]] = {
    Resolution.KEEP_LEFT: "Kept A",
    Resolution.KEEP_RIGHT: "Kept B",
    Resolution.KEEP_NEWER: "Kept the newer",
    Resolution.MERGE: "Merged",
    Resolution.BOTH_VALID: "Both valid",
    Resolution.NOT_A_CONFLICT: "Not a conflict",
}
_FORMS: Final = {Resolution.MERGE: "merge", Resolution.BOTH_VALID: "both"}
_WHY: Final = 500


@dataclass(frozen=True)
class Review:
    """A card before a reviewer, with what acts on it."""

    here: Here
    inbox: Inbox
    sitting: Sitting
    entry: QueueEntry

    @property
    def card(self) -> Card:
        """The card."""
        return self.entry.card

    @property
    def name(self) -> str:
        """A short name for its widgets."""
        return name_of(self.card)

    @property
    def refused(self) -> str | None:
        """Why this person cannot decide, None where they can."""
        if may_decide(self.here):
            return None
        actor = self.here.actor
        return f"You are {one_line(actor.name, 60)}, a {actor.role}: to decide takes a reviewer."

    def said(self, what: str) -> str:
        """Return what is written in a box of this card."""
        return str(st.session_state.get(f"conflict_{what}_{self.name}") or "").strip()


def ways(review: Review) -> None:
    """Draw what can be done with the card."""
    refused = review.refused
    with st.container(horizontal=True, gap="small", key="conflict_ways"):
        for way in _WAYS:
            _way(review, way, refused)
        _pass_on(review, refused)


def with_decision(review: Review) -> None:
    """Draw what goes with a decision: why, what the two are, and whether the agents are told."""
    refused = review.refused
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="conflict_more"):
        st.text_input(
            "Why, if you want to say",
            key=f"conflict_why_{review.name}",
            max_chars=_WHY,
            placeholder="It goes to the journal, with your name",
            disabled=bool(refused),
            on_change="ignore",
        )
        st.selectbox(
            "What the two are",
            ["", *VERDICTS],
            key=f"conflict_verdict_{review.name}",
            format_func=lambda each: VERDICTS[each] if each else "As the decision says",
            width=190,
            disabled=bool(refused),
            on_change="ignore",
            help="Keeping one means contradiction, keeping the newer superseded, merging duplicate, both valid both true, "
            "not a conflict unrelated. What you say here measures the detection.",
        )
        st.checkbox(
            "Tell the agents",
            key=f"conflict_tell_{review.name}",
            disabled=bool(refused),
            on_change="ignore",
            help="Also writes what you decided as a memory that they can recall.",
        )
    if review.entry.back:
        st.text_input(
            "If it came back for lost answers: why is it right to lose them?",
            key=f"conflict_lost_{review.name}",
            max_chars=_WHY,
            on_change="ignore",
        )
    if refused:
        st.caption(markdown_escape(f"{refused} What was decided and what the figures are, you see."))


def _pass_on(review: Review, refused: str | None) -> None:
    """Draw the ways not to decide: give the card to somebody, leave it to others, decide it together with those like it."""
    sitting, name = review.sitting, review.name
    st.button(
        "Skip",
        key=f"pass_S_{name}",
        icon=":material/skip_next:",
        shortcut="S",
        type="tertiary",
        help="Leaves it to others for now. It is not decided, and comes back to you another time.",
        on_click=_skip,
        args=(review,),
    )
    st.button(
        "Escalate",
        key=f"pass_E_{name}",
        icon=":material/forward_to_inbox:",
        shortcut="E",
        type="tertiary",
        disabled=bool(refused),
        help=refused or "Give it to one person, with what is to be found out.",
        on_click=sitting.show,
        args=("escalate",),
    )
    st.button(
        "Decide alike",
        key=f"pass_L_{name}",
        icon=":material/library_add_check:",
        shortcut="L",
        type="tertiary",
        disabled=bool(refused),
        help=refused or "Decide this card together with those of the same pattern, or of the same two agents.",
        on_click=sitting.show,
        args=("bulk",),
    )


def _skip(review: Review) -> None:
    card = review.card
    if not may_decide(review.here):
        review.sitting.passed.add(card.id)
        review.sitting.leave()
    elif review.sitting.current == card.id and try_it(
        review.sitting, lambda: review.inbox.skip(card.id, actor=review.here.actor)
    ):
        review.sitting.did(Done((card,), "Skipped", datetime.now(UTC)))


def _way(review: Review, way: Way, refused: str | None) -> None:
    why_not = refused or _impossible(way.resolution, review.card)
    form = _FORMS.get(way.resolution)
    action: Callable[..., None] = review.sitting.show if form else decide
    st.button(
        way.label,
        key=f"way_{way.key}_{review.name}",
        shortcut=None if form == "both" == review.sitting.form else way.key,  # the form's own button has it then
        help=why_not or way.help,
        disabled=bool(why_not),
        type="primary" if form and form == review.sitting.form else "secondary",
        on_click=action,
        args=(form,) if form else (review, way.resolution),
    )


def _impossible(resolution: Resolution, card: Card) -> str | None:
    """Return why a card cannot be decided in a way."""
    if resolution is not Resolution.KEEP_NEWER:
        return None
    if card.left.at is None or card.right.at is None:
        return "One of the two does not say when it is from."
    return f"Both are from the same moment, {exact(card.left.at)}." if card.left.at == card.right.at else None


def decide(review: Review, resolution: Resolution, **given: Any) -> None:
    """Decide the card, and go on to the next; made for `on_click`. A second click on the same card does nothing."""
    card, verdict = review.card, st.session_state.get(f"conflict_verdict_{review.name}")
    if review.sitting.current != card.id:
        return
    why, lost = review.said("why"), review.said("lost")
    chosen = ConflictVerdict(verdict) if verdict else None

    def action() -> None:
        review.inbox.decide(
            card.id,
            resolution,
            actor=review.here.actor,
            why=why,
            verdict=chosen,
            remember=bool(st.session_state.get(f"conflict_tell_{review.name}")),
            acknowledged=lost,
            **given,
        )

    if try_it(review.sitting, action):
        review.sitting.did(Done((card,), DID[resolution], datetime.now(UTC), str(chosen or MEANS[resolution])))
        settle(review.here)

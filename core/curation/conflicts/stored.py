"""Cards and what people did about them as JSON, and read back: whoever edits a file can write anything into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from core.curation.conflicts.card import Card, CardSide, Decision, Resolution
from core.curation.conflicts.case import Acts, Assignment, Case, Claim, Ruling, Settling, case_of
from core.errors import JournalError
from core.memory.fields import preview
from core.models.judge import ConflictVerdict, Judgement, Span

__all__ = ["acts_from", "acts_json", "card_from", "card_json", "case_from", "parsed"]

T = TypeVar("T")


def card_json(card: Card) -> dict[str, Any]:
    """Return a card as JSON values."""
    judged = card.judgement
    return {
        "id": card.id,
        "left": _side_json(card.left),
        "right": _side_json(card.right),
        "judgement": {
            "probabilities": {str(verdict): share for verdict, share in judged.probabilities.items()},
            "cue": judged.cue,
            "rationale": judged.rationale,
            "judge": judged.judge,
            "spans": [[list(span) for span in side] for side in judged.spans],
        },
        "cosine": card.cosine,
        "why": card.why,
        "found_at": _said(card.found_at),
        "sample": card.sample,
        "drawn": card.drawn,
    }


def card_from(value: Mapping[str, Any]) -> Card:
    """Return the card that `card_json` wrote."""
    judged = value["judgement"]
    left, right = (tuple(_span(each) for each in side) for side in judged["spans"])
    return Card(
        id=_text(value["id"]),
        left=_side(value["left"]),
        right=_side(value["right"]),
        judgement=Judgement(
            {ConflictVerdict(name): float(share) for name, share in judged["probabilities"].items()},
            _text(judged["cue"]),
            _text(judged["rationale"]),
            _text(judged["judge"]),
            (left, right),
        ),
        cosine=float(value["cosine"]),
        why=_text(value["why"]),
        found_at=_time(value["found_at"]),
        sample=bool(value["sample"]),
        drawn=float(value["drawn"]),
    )


def acts_json(case: Acts) -> dict[str, Any]:
    """Return what people did about a card as JSON values: only what there is."""
    claim, assigned = case.claim, case.assigned
    said = {
        "claim": None if claim is None else {"by": claim.by, "until": _said(claim.until)},
        "assigned": None if assigned is None else vars(assigned) | {"at": _said(assigned.at)},
        "rulings": [_ruling_json(each) for each in case.rulings],
        "skipped": {name: _said(at) for name, at in case.skipped.items()},
        "closed": case.closed,
    }
    return {name: value for name, value in said.items() if value}


def acts_from(card_id: str, value: Mapping[str, Any]) -> Acts:
    """Return what `acts_json` wrote of a card."""
    if not value:
        return Acts(card_id)
    claim, assigned = value.get("claim"), value.get("assigned")
    return Acts(
        card_id,
        None if claim is None else Claim(_text(claim["by"]), _time(claim["until"])),
        None if assigned is None else _assignment(assigned),
        tuple(_ruling(card_id, each) for each in value.get("rulings", ())),
        {_text(name): _time(at) for name, at in value.get("skipped", {}).items()},
        _text(value.get("closed", "")),
    )


def case_from(card: Mapping[str, Any], acts: Mapping[str, Any]) -> Case:
    """Return the case of both parts; raise JournalError for what is none."""
    return parsed("card", lambda: case_of(found := card_from(card), acts_from(found.id, acts)))


def parsed(what: str, read: Callable[[], T]) -> T:
    """Return what `read` makes of kept JSON; raise JournalError where it cannot be read."""
    try:
        return read()
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise JournalError(
            f"A {what} of the conflict inbox cannot be read ({type(error).__name__}: {preview(str(error))}): restore it "
            "from a backup, or remove the register and scan again."
        ) from error


def _side_json(side: CardSide) -> dict[str, Any]:
    return vars(side) | {"at": None if side.at is None else _said(side.at), "others": list(side.others)}


def _side(value: Mapping[str, Any]) -> CardSide:
    at, confidence = value.get("at"), value.get("confidence")
    return CardSide(
        key=_text(value["key"]),
        hash=_text(value["hash"]),
        text=_text(value["text"]),
        agent=_text_or_none(value.get("agent")),
        team=_text_or_none(value.get("team")),
        task=_text_or_none(value.get("task")),
        at=None if at is None else _time(at),
        confidence=None if confidence is None else float(confidence),
        others=tuple(_text(key) for key in value.get("others", ())),
    )


def _ruling_json(ruling: Ruling) -> dict[str, Any]:
    decision = ruling.decision
    said = {name: value for name, value in vars(ruling).items() if name not in ("decision", "since")}
    return {
        **said,
        "since": _said(ruling.since),
        "decision": {name: value for name, value in vars(decision).items() if name != "card"} | {"at": _said(decision.at)},
    }


def _ruling(card: str, value: Mapping[str, Any]) -> Ruling:
    said = value["decision"]
    decision = Decision(
        card=card,
        resolution=Resolution(said["resolution"]),
        verdict=ConflictVerdict(said["verdict"]),
        by=_text(said["by"]),
        at=_time(said["at"]),
        why=_text(said["why"]),
        plan_id=_text_or_none(said["plan_id"]),
        clash=float(said["clash"]),
        judge=_text(said["judge"]),
        cue=_text(said["cue"]),
        note=_text(said.get("note", "")),
        second=bool(said.get("second", False)),
    )
    return Ruling(
        decision,
        int(value["number"]),
        Settling(value["settling"]),
        _time(value["since"]),
        why=_text(value.get("why", "")),
        merged=_text_or_none(value.get("merged")),
        remember=bool(value.get("remember", False)),
        acknowledged=_text(value.get("acknowledged", "")),
        taken_back_by=_text(value.get("taken_back_by", "")),
    )


def _assignment(value: Mapping[str, Any]) -> Assignment:
    return Assignment(_text(value["to"]), _text(value["by"]), _time(value["at"]), _text(value["why"]))


def _span(value: Any) -> Span:
    start, end = value
    return int(start), int(end)


def _said(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _time(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{preview(value)} is no text")
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)

"""What the processes do that write one journal with others."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from multiprocessing.connection import Connection

from core.curation.conflicts.claims import Person, claimed
from core.curation.journal import Kind
from core.curation.ledgers import open_ledger
from core.errors import BusyError
from tests.core.curation.ledger_builders import STREAM, draft, make_image, prepared, write_plan

PLANS = 4


def write_plans(where: str, name: str) -> None:
    ledger = open_ledger(where)
    for turn in range(PLANS):
        write_plan(ledger.journal, [make_image(f"{name}-{turn}"), make_image("shared")], f"{name}-{turn}")
    ledger.close()


def write_on(where: str, pipe: Connection) -> None:
    """Append for ever, and say after each entry that it is durable."""
    journal = open_ledger(where, clock=lambda: datetime(2026, 3, 1, tzinfo=UTC)).journal
    with journal.lease(STREAM, plan_id="p", actor="killed"):
        journal.append(STREAM, draft(Kind.BEGUN, "p"))
        batch = 0
        while True:
            images = [make_image(f"k{batch}-{n}") for n in range(20)]
            entry = journal.append(STREAM, prepared(images, "p", batch=batch), images)
            pipe.send((entry.number, entry.hash))
            batch += 1


def claim_all(where: str, name: str, ids: list[str], pipe: Connection) -> None:
    """Claim every card that nobody else has, and say which were won."""
    ledger, won = open_ledger(where), []
    who = Person(name, False, datetime(2026, 3, 1, 12, tzinfo=UTC))
    for card_id in ids:
        with suppress(BusyError):
            ledger.register("mnemoscope/agents").change([card_id], lambda case: claimed(case, who))
            won.append(card_id)
    ledger.close()
    pipe.send(won)

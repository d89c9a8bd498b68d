"""Plans made and applied under AppTest: what the tests of these pages do again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from streamlit.testing.v1 import AppTest

from core.access import LOCAL_ADMIN, Actor
from core.config import open_catalog
from core.curation.deletion import plan_deletion
from core.curation.desk import Desk, open_desk
from core.curation.plan import Plan
from core.memory.record import Record
from pages.shared.markup import slug

PLAN = "pages/curate/plan.py"
HISTORY = "pages/curate/history.py"
# A plan in the background has ended long before; a run that saw it going on is drawn once more.
RUNS = 60


@contextmanager
def opened_desk(store: Path, *, index: str = "team", actor: Actor = LOCAL_ADMIN) -> Iterator[Desk]:
    """Open the desk of an index as another process would."""
    catalog = open_catalog(store)
    try:
        yield open_desk(catalog.open(index, actor=actor))
    finally:
        catalog.close()


def kept_plan(store: Path, keys: Sequence[str], *, plan_id: str = "p1", erase: bool = False, reason: str = "") -> Plan:
    """Keep a plan that retires or erases memories, and return it."""
    with opened_desk(store) as desk:
        plan = plan_deletion(
            desk.store, keys, actor=LOCAL_ADMIN, now=datetime.now(UTC), plan_id=plan_id, erase=erase, reason=reason
        )
        desk.keep(plan, actor=LOCAL_ADMIN)
    return plan


def records(store: Path) -> dict[str, Record]:
    """Return everything that the index has, vectors included."""
    with opened_desk(store) as desk:
        keys = [memory.key for memory in desk.store.memories(actor=LOCAL_ADMIN)]
        return desk.store.records.get(keys, actor=LOCAL_ADMIN)


def pick(at: AppTest, *keys: str) -> AppTest:
    """Select results of a search."""
    for key in keys:
        at.checkbox(key=f"pick_{slug(key)}").check().run()
    return at


def press(at: AppTest, key: str, *, to: str | None = None) -> AppTest:
    """Press a button, follow it to another page, and wait for the plan that it may have started."""
    at.button(key=key).click().run()
    if to:  # AppTest draws the page that a script switches to, and stays where it was
        at.switch_page(to)
    for _ in range(RUNS):
        if not any(button.key == "apply_stop" for button in at.button):
            break
        at.run()
    return at

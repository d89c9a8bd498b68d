"""A store whose agents asked before they wrote; what they were given was retired, edited and contradicted since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.curation.deletion import plan_deletion
from core.curation.editing import plan_edit
from core.memory import Memory
from core.operate.recalls import LoggedRecall
from tests.pages.app import NOW, seed, team_memories
from tests.pages.curating import opened_desk

HOSTILE = "<img src=x onerror=alert(1)>"
BAD_AGENT = "eve*<b>_"


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def asked_by(actor: str, query: str | None, *keys: str, days: float, channel: str = "agent") -> LoggedRecall:
    """Return a recall of the index `team` so many days ago; its first two hits entered the prompt."""
    hits = tuple((key, 0.9 - 0.1 * place) for place, key in enumerate(keys))
    return LoggedRecall(
        "mnemoscope/team", ago(days), actor, channel, query, "hybrid", 5, hits, {"team": "support"}, keys[:2], 12.0
    )


RECALLS = [
    asked_by("ann", "How do we refund?", "k1", "k2", days=7.1),
    asked_by("ann", "What are the rules of refunds?", "k1", "k2", "k3", days=1.1),
    asked_by("bob", HOSTILE, "k4", "k8", days=5.1),
    asked_by("bob", None, "k5", days=4.1),
    asked_by("local", "How do we refund?", "k2", days=2, channel="page"),
]


def asked_store(directory: Path) -> Path:
    """Write the store and return its directory: k2 is retired, k3 edited, k1 contradicted, all after it was given."""
    more = [
        Memory("k9", "No refund was promised.", "semantic", "ann", created_at=ago(0.5), extra={"contradicts": ["k1"]}),
        *(
            Memory(f"e{n}", HOSTILE, "semantic", BAD_AGENT, session_id=HOSTILE, created_at=ago(80 - 20 * n))
            for n in range(4)
        ),
    ]
    seed(directory, [*team_memories(), *more])
    catalog = open_catalog(directory)
    store = catalog.open("team", actor=LOCAL_ADMIN)
    assert store.stream == RECALLS[0].stream
    assert store.archive is not None
    for recall in RECALLS:
        store.archive.recalls.append(recall)
    catalog.close()
    with opened_desk(directory) as desk:
        edited = {"k3": {"content": "To refund: ask the team lead first."}}
        for plan in (
            plan_deletion(desk.store, ["k2"], plan_id="gone", reason=HOSTILE, actor=LOCAL_ADMIN, now=datetime.now(UTC)),
            plan_edit(desk.store, edited, plan_id="better", actor=LOCAL_ADMIN, now=datetime.now(UTC)),
        ):
            desk.apply(plan, actor=LOCAL_ADMIN, measured=False, unmeasured="a test")
    return directory

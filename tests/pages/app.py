"""The dashboard under AppTest, over a store of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.access import LOCAL_ADMIN
from core.config import STORE_VARIABLE, open_catalog
from core.memory import Memory

DASHBOARD = Path(__file__).parents[2] / "dashboard.py"
OVERVIEW = "pages/explore/overview.py"
SEARCH = "pages/explore/search.py"
INDEXES = "pages/operate/indexes.py"
NOW = datetime.now(UTC)


def team_memories() -> list[Memory]:
    """Return a small team's memories: three types, two agents, one expired, one expiring, one doubtful, one bare."""

    def ago(days: float) -> datetime:
        return NOW - timedelta(days=days)

    ann = {"agent_id": "ann", "team_id": "support", "task_id": "refunds"}
    bob = {"agent_id": "bob", "team_id": "platform", "task_id": "release-4"}
    return [
        Memory("k1", "The customer Larkspur was promised a refund.", "episodic", **ann, created_at=ago(9), confidence=0.9),
        Memory("k2", "Refunds need the approval of the team lead.", "semantic", **ann, created_at=ago(8), confidence=0.8),
        Memory("k3", "To refund: open the invoice, then issue a credit note.", "procedural", **ann, created_at=ago(7)),
        Memory("k4", "Release 4 is frozen until Monday.", "episodic", **bob, created_at=ago(6), expires_at=ago(1)),
        Memory("k5", "Release 4 needs a backup first.", "semantic", **bob, created_at=ago(5), expires_at=ago(-3)),
        Memory("k6", "The login page may be slow.", "episodic", **bob, created_at=ago(4), confidence=0.2),
        Memory(
            "k7", "Refund rules were summed up.", "semantic", **ann, created_at=ago(1), derived_from=("k2", "k3", "gone")
        ),
        Memory("k8", "A note from nobody."),
    ]


def seed(directory: Path, memories: Iterable[Memory], *, index: str = "team") -> Path:
    """Write memories into an index of a store and return the store's directory."""
    catalog = open_catalog(directory)
    report = catalog.open_or_create(index, actor=LOCAL_ADMIN).write(memories, actor=LOCAL_ADMIN)
    catalog.close()
    assert not report.failed
    return directory


def open_app(
    monkeypatch: pytest.MonkeyPatch, store: Path | str, *, page: str = OVERVIEW, **params: str | list[str]
) -> AppTest:
    """Return the app after its first run, which is of the page: a link with parameters was followed."""
    monkeypatch.setenv(STORE_VARIABLE, str(store))
    at = AppTest.from_file(str(DASHBOARD), default_timeout=60)
    for name, value in params.items():
        at.query_params[name] = value
    return at.switch_page(page).run() if page != OVERVIEW else at.run()


def texts(at: AppTest) -> str:
    """Return everything a reader sees as HTML, markdown, captions and titles."""
    kinds = ("html", "markdown", "caption", "title", "header", "subheader", "error", "warning", "success", "text", "code")
    return "\n".join(str(element.value) for kind in kinds for element in at.get(kind))


def labels(at: AppTest) -> list[str]:
    """Return the labels of all buttons."""
    return [button.label for button in at.button]

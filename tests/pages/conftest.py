"""One store for the tests that only read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages.app import seed, team_memories


@pytest.fixture(scope="session")
def team_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store whose index `team` holds `team_memories`."""
    return seed(tmp_path_factory.mktemp("team") / "store", team_memories())

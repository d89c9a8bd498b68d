"""Overview: what is in this memory, and is it healthy?"""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from core.memory import Memory
from pages.shared.overview import bucket, picked
from tests.pages.app import NOW, open_app, seed, team_memories, texts


def metrics(at):
    return {metric.label: metric.value for metric in at.metric}


def test_figures(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store)
    assert metrics(at) == {
        "Memories": "7",
        "Expire within a week": "1",
        "Expired, still stored": "1",
        "Low confidence": "1",
        "Confidence unknown": "4",
    }
    assert "1 expired memory still takes space" in texts(at)


def test_every_part_is_drawn(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store)
    assert len(at.get("plotly_chart")) == 7  # growth, four facets, what expires, confidence
    assert "of 2,000,000,000" in texts(at)


def test_a_healthy_memory_is_called_so(tmp_path, monkeypatch):
    at = open_app(monkeypatch, seed(tmp_path / "s", [Memory("a", "All good.", created_at=NOW, confidence=0.9)]))
    assert "Healthy" in texts(at)
    assert "overview_conflicts" not in {button.key for button in at.button}
    assert metrics(at)["Memories"] == "1"


def test_memories_without_any_metadata(tmp_path, monkeypatch):
    at = open_app(monkeypatch, seed(tmp_path / "s", [Memory(f"m{i}", f"Bare note {i}.") for i in range(3)]))
    assert not at.exception
    assert "growth cannot be drawn" in texts(at)
    assert "states a confidence" in texts(at)


def test_a_filter_with_nothing_in_it_offers_the_way_back(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, agent="ann", team="platform")
    at.button(key="overview_clear").click().run()
    assert metrics(at)["Memories"] == "7"


def test_an_expiring_memory_opens_in_the_inspector(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store)
    button = next(b for b in at.button if str(b.key).startswith("open_row_soon_"))
    button.click().run()
    assert at.query_params["sel"] == "k5"
    assert "Release 4 needs a backup first." in texts(at)


@pytest.mark.parametrize(
    ("start", "unit", "days"),
    [
        pytest.param("2026-03-02T14:00Z", "hour", ("2026-03-02", "2026-03-03"), id="hour"),
        pytest.param("2026-03-02", "day", ("2026-03-02", "2026-03-03"), id="day"),
        pytest.param("2026-03-02", "week", ("2026-03-02", "2026-03-09"), id="week"),
        pytest.param("2026-12-01", "month", ("2026-12-01", "2027-01-01"), id="month"),
        pytest.param("2026-01-01", "year", ("2026-01-01", "2027-01-01"), id="year"),
    ],
)
def test_a_clicked_bar_is_a_window_of_whole_days(start, unit, days):
    assert bucket(pd.Timestamp(start), unit) == days


@pytest.mark.parametrize("event", [None, {}, {"selection": None}, {"selection": {"points": []}}])
def test_a_selection_without_points(event):
    assert picked(event) == []


def test_hostile_names_are_shown_as_written(tmp_path, monkeypatch):
    evil = "<img src=x onerror=alert(1)> :red[x] $y$"
    memories = [Memory("k<b>", evil, evil, agent_id=evil, team_id=evil, task_id=evil, created_at=datetime.now(UTC))]
    at = open_app(monkeypatch, seed(tmp_path / "s", [*memories, *team_memories()]), sel="k<b>")
    assert not at.exception
    html = "\n".join(element.value for element in at.html)
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert any("\\:red\\[x\\]" in option for option in at.get_by_key("rail_type").options)

"""One agent's life on the page: who is shown, and what of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from core.analysis.agent_activity import Activity, activity
from core.memory import Memory
from pages.shared import theme
from pages.shared.timeline.agent_charts import activity_map, activity_words, cell_words
from pages.shared.timeline.agent_sessions import length_words
from tests.pages.app import open_app, seed, texts
from tests.pages.asked import BAD_AGENT, HOSTILE, asked_store

TIMELINE = "pages/explore/timeline.py"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return asked_store(tmp_path_factory.mktemp("life") / "store")


def test_a_life_of_the_most_active_agent_then_of_another(store, monkeypatch):
    at = open_app(monkeypatch, store, page=TIMELINE, view="agent")
    assert not at.exception
    said = texts(at)
    chosen = at.selectbox(key="life_agent")
    assert (chosen.value, chosen.options) == ("ann", ["ann · 4", "eve*<b>_ · 4", "bob · 3"])
    assert "<b>ann</b> wrote <b>4 memories</b> on 1 task in 4 sessions" in said
    assert "Median 0.90, as 1 of 4 memories state it now." in said
    assert "<b>2 recalls</b> as an agent, the latest" in said
    assert "They gave it 3 different memories, 5 times in all." in said
    assert "ann itself" in said
    assert "2 made from" not in said.split("Who used its memories")[1]
    chosen.select("bob").run()
    said = texts(at)
    assert "<b>bob</b> wrote <b>3 memories</b>" in said
    assert "1 expired." in said
    assert "The text of 1 question was redacted." in said
    assert "&lt;img src=x" in said
    assert HOSTILE not in said
    at.button(key="life_given").click().run()
    assert [at.selectbox(key="given_agent").value, at.segmented_control(key="timeline_view").value] == ["bob", "given"]


def test_a_hostile_agent_is_text_and_its_session_opens(store, monkeypatch):
    at = open_app(monkeypatch, store, page=TIMELINE, view="agent", life=BAD_AGENT)
    said = texts(at)
    assert not at.exception
    assert "eve*&lt;b&gt;_</b> wrote <b>4 memories</b>" in said
    assert "The log has no recall by this name." in said
    (session,) = [button for button in at.button if str(button.key).startswith("session_open_")]
    session.click().run()
    opening = [button for button in at.button if str(button.key).startswith("open_row_life_")]
    assert len(opening) == 4
    opening[0].click().run()
    assert at.query_params["sel"] == "e0"
    assert at.query_params["life"] == BAD_AGENT
    assert HOSTILE not in texts(at)


def test_without_agents_the_view_says_so(tmp_path, monkeypatch):
    bare = seed(tmp_path / "store", [Memory("k", "Nobody wrote this.")])
    at = open_app(monkeypatch, bare, page=TIMELINE, view="agent")
    assert not at.exception
    assert "No memory in scope names its agent." in texts(at)


def grid(kind: str, rows: int, columns: int) -> Activity:
    starts = tuple(START + timedelta(days=n) for n in range(rows)) if kind != "weekdays" else ()
    return Activity(kind, starts, np.arange(rows * columns).reshape(rows, columns), unknown=2)


@pytest.mark.parametrize(
    ("found", "cell"),
    [
        pytest.param(grid("weekdays", 7, 24), "Mondays, 01:00 to 02:00 UTC", id="weekdays"),
        pytest.param(grid("days", 3, 24), "Mon 2 Mar 2026, 01:00 to 02:00 UTC", id="days"),
        pytest.param(grid("days", 40, 24), "Mon 2 Mar 2026, 01:00 to 02:00 UTC", id="many-days-stand-side-by-side"),
        pytest.param(grid("hours", 2, 12), "2 Mar 2026, 09:05 to 09:10 UTC", id="hours"),
        pytest.param(grid("minutes", 2, 12), "2 Mar 2026, 09:00:05 to 09:00:10 UTC", id="minutes"),
    ],
)
def test_the_map_names_every_cell(found, cell):
    figure = activity_map(found, theme._LIGHT)
    assert cell_words(found, 0, 1) == f"{cell}<br><b>1</b> memory"
    shown = np.array(figure.data[0].z, dtype=float)
    assert shown.shape == (found.counts.shape if len(found.counts) <= 14 else found.counts.T.shape)
    assert np.nansum(shown) == found.total
    assert activity_words(found).endswith("2 more have no time.")


def test_a_map_of_nothing_says_so():
    assert activity_words(activity(pd.Series([], dtype="datetime64[us, UTC]"))) == "No memory of it has a time."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, ""),
        (0.25, "250 ms"),
        (1, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7200, "2 hours"),
        (172800, "2 days"),
    ],
)
def test_lengths_in_words(seconds, words):
    assert length_words(timedelta(seconds=seconds)) == words

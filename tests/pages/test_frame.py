"""The frame: navigation, the scope rail, deep links, errors in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages.app import INDEXES, OVERVIEW, SEARCH, open_app, seed, team_memories, texts

PAGES = Path(__file__).parents[2] / "pages"


def test_no_page_lies_where_a_deep_link_would_run_it_alone():
    assert [path.name for path in PAGES.glob("*.py")] == ["__init__.py"]


CURATE = [f"pages/curate/{name}.py" for name in ("lifecycle", "plan", "golden", "history")]


@pytest.mark.parametrize("page", [OVERVIEW, SEARCH, *CURATE, INDEXES])
def test_every_page_opens(page, team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=page)
    assert not at.exception
    assert not at.error
    assert at.title[0].value.endswith("?")


def test_the_rail_counts_each_value_and_says_unknown(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store)
    assert at.selectbox(key="rail_index").options == ["team · 8"]
    assert at.multiselect(key="rail_agent").options == ["ann · 4", "bob · 2", "Unknown · 1"]
    assert at.multiselect(key="rail_team").options == ["support · 4", "platform · 2", "Unknown · 1"]


def test_counts_follow_the_other_filters_and_keep_the_choice(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store)
    at.multiselect(key="rail_agent").select("ann · 4").run()
    assert at.multiselect(key="rail_team").options == ["support · 4"]
    at.session_state["rail_expired"] = True
    at.multiselect(key="rail_team").select("support · 4").run()
    assert at.multiselect(key="rail_agent").value == ["ann"]
    assert at.query_params["agent"] == "ann"
    assert at.query_params["team"] == "support"


def test_a_link_restores_the_scope(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, agent=["ann", "bob"], type="semantic", expired="1", **{"from": "2020-01-01"})
    assert at.multiselect(key="rail_agent").value == ["ann", "bob"]
    assert at.get_by_key("rail_type").value == ["semantic"]
    assert at.toggle(key="rail_expired").value is True
    assert at.selectbox(key="rail_when").value == "between"
    assert not at.exception


def test_a_filter_that_only_a_link_sets_is_shown_and_can_be_taken_away(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, min_confidence="0.85")
    assert "<b>1 memory</b>" in texts(at)
    assert at.button(key="rail_min_confidence").label.replace("\\", "") == "Confidence at least 0.85"
    at.button(key="rail_min_confidence").click().run()
    assert "<b>7 memories</b>" in texts(at)


def test_unknown_selects_what_has_no_value(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, agent="unknown")
    assert "<b>1 memory</b>" in texts(at)


def test_the_scope_stays_on_another_page_and_can_be_cleared(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, agent="ann")
    assert at.multiselect(key="rail_agent").value == ["ann"]
    at.button(key="clear_scope").click().run()
    assert at.multiselect(key="rail_agent").value == []
    assert "agent" not in at.query_params


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        pytest.param("min_confidence", "high", "must be a number from 0 to 1", id="not a number"),
        pytest.param("from", "yesterday", "Left out of the link", id="not a date"),
        pytest.param("index", "gone", "there is no index", id="no such index"),
    ],
)
def test_a_broken_link_says_what_was_left_out(name, value, said, team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, **{name: value})
    assert not at.exception
    assert said in at.warning[0].value.replace("\\", "")
    assert "<b>7 memories</b>" in texts(at)


def test_values_of_a_link_that_no_memory_has_stay_visible(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, agent="nobody")
    assert at.multiselect(key="rail_agent").value == ["nobody"]
    assert "No memory fits the filters" in texts(at)


def damage(path):
    seed(path, team_memories()[:1])
    (path / "mnemoscope.sqlite").write_bytes(b"garbage" * 1000)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: path.write_text("not a store"), id="a file"),
        pytest.param(damage, id="damaged"),
        pytest.param(lambda path: path.symlink_to("/dev/null/below"), id="nowhere"),
    ],
)
def test_a_store_that_cannot_be_opened_is_said_in_words(make, tmp_path, monkeypatch):
    make(tmp_path / "store")
    at = open_app(monkeypatch, tmp_path / "store")
    assert not at.exception
    assert at.error[0].proto.title == "This store cannot be opened"
    assert "Traceback" not in texts(at)
    assert at.button(key="problem_again")


def test_another_writer_is_seen_at_the_next_run(tmp_path, monkeypatch):
    store = seed(tmp_path / "store", team_memories())
    at = open_app(monkeypatch, store)
    assert "<b>7 memories</b>" in texts(at)
    seed(store, [team_memories()[0].__class__("k9", "Somebody else wrote this.", agent_id="eve")])
    at.run()
    assert "<b>8 memories</b>" in texts(at)
    assert "eve · 1" in at.multiselect(key="rail_agent").options

"""The views of the Search page that explain a recall: stages, why not, what the agent gets, two ways side by side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.curation.golden import golden_of
from core.explanation import Settings
from core.memory import Memory
from core.recall import Mode, Weights
from core.search import Search
from pages.shared.explaining.asked import read_settings, write_settings
from tests.pages.app import NOW, SEARCH, labels, open_app, seed, team_memories, texts

QUESTION = "Who approves refunds?"


def test_the_pipeline_counts_every_stage(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q=QUESTION, lens="pipeline", agent="ann", k="20")
    assert not at.exception
    shown = texts(at)
    for said in ("In the index", "In scope", "Found by meaning", "Found by words", "Candidates", "In the context block"):
        assert said in shown
    assert "not of agent ann" in shown
    assert "each part stands upon those before it" in shown


def test_why_not_names_the_filter_and_a_click_brings_the_memory_back(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", lens="missing", expected="k5", agent="ann")
    assert not at.exception
    assert "Asked for agent ann; it has bob." in texts(at)
    at.button(key="change_apply_0").click().run()
    assert set(at.query_params["agent"]) == {"ann", "bob"}
    assert "It is there: result" in texts(at)


def test_why_not_offers_memories_by_their_words(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", lens="missing")
    at.text_input(key="explain_expected").set_value("login page").run()
    next(button for button in at.button if str(button.key).startswith("expect_")).click().run()
    assert at.query_params["expected"] == "k6"
    assert "It is there: result" in texts(at)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        pytest.param("k4", "It expired on", id="expired"),
        pytest.param("never-was", "The journal does not know the key", id="absent"),
    ],
)
def test_why_not_says_where_it_was_lost(key, said, team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", lens="missing", expected=key)
    assert not at.exception
    assert said in texts(at)


def test_the_past_is_explained_as_it_was(team_store, monkeypatch):
    moment = (NOW - timedelta(days=3)).isoformat().replace("+00:00", "Z")
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", lens="missing", expected="k7", as_of=moment)
    assert not at.exception
    assert "It was not in this index then." in texts(at)
    at.text_input(key="explain_expected").set_value("k4").run()
    assert "It is there: result" in texts(at)  # it expired a day ago
    at.segmented_control(key="search_lens").set_value("pipeline").run()
    assert "In the context block" in texts(at)


def test_an_expected_memory_becomes_golden(tmp_path, monkeypatch):
    directory = seed(tmp_path / "s", team_memories())
    at = open_app(monkeypatch, directory, page=SEARCH, q="refund", lens="missing", expected="k6")
    at.button(key="expected_golden").click().run()
    assert not at.exception
    catalog = open_catalog(directory)
    (kept,) = golden_of(catalog.open("team", actor=LOCAL_ADMIN), actor=LOCAL_ADMIN).every()
    assert (kept.query.text, kept.query.expected) == ("refund", ("k6",))
    catalog.close()


def test_what_the_agent_gets_at_a_budget(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", lens="given", budget="150")
    assert not at.exception
    assert "tokens short" in texts(at)
    at.slider(key="explain_budget_50_8000").set_value(4_000).run()
    assert "**7** of 7 results" in texts(at)
    assert at.query_params["budget"] == "4000"


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        pytest.param("20", "of 20 tokens", id="below the slider"),
        pytest.param("20000", "of 20,000 tokens", id="above the slider"),
        pytest.param("9" * 5_000, "of 1,000 tokens", id="no number"),
    ],
)
def test_any_budget_of_a_link_is_shown(budget, said, team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", lens="given", budget=budget, k="9" * 5_000)
    assert not at.exception
    assert said in texts(at)
    next(slider for slider in at.slider if str(slider.key).startswith("explain_budget")).set_value(4_000).run()
    shown = next(slider for slider in at.slider if str(slider.key).startswith("explain_budget"))
    assert (shown.value, at.query_params["budget"]) == (4_000, "4000")


def test_what_cannot_be_asked_is_said_beside_the_controls(team_store, monkeypatch):
    monkeypatch.setattr(Search, "has_text", property(lambda _: False))
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", lens="compare", against="mode:text")
    assert not at.exception
    assert "no text search" in texts(at)
    at.selectbox(key="against_mode").set_value(Mode.VECTOR).run()
    assert "no text search" not in texts(at)


def test_a_key_may_begin_with_a_space(tmp_path, monkeypatch):
    directory = seed(tmp_path / "s", [*team_memories(), Memory(" k", "A refund.")])
    at = open_app(monkeypatch, directory, page=SEARCH, q="refund", lens="missing", expected=" k")
    assert "It is there: result" in texts(at)


def test_two_ways_side_by_side_and_the_second_is_taken(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", lens="compare")
    assert "Turn something on the left" in texts(at)
    at.number_input(key="against_k").set_value(3).run()
    assert at.query_params["against"] == "k:3"
    assert "**4** drop out" in texts(at)
    at.button(key="compare_use").click().run()
    assert at.query_params["k"] == "3"
    assert "against" not in at.query_params
    assert "3 of 7 memories in scope" in texts(at)


@pytest.mark.parametrize(("agent", "expected"), [("ann", "k5"), ("ann", "k1")])
def test_the_last_days_stay_these_unless_they_open(agent, expected, team_store, monkeypatch):
    link = {"q": "refund", "lens": "missing", "expected": expected, "agent": agent, "when": "7d"}
    at = open_app(monkeypatch, team_store, page=SEARCH, **link)
    at.button(key="change_apply_0").click().run()
    assert "It is there: result" in texts(at)
    assert at.query_params["when"] == ("7d" if expected == "k5" else "between")
    assert ("from" in at.query_params) is (expected == "k1")


def test_the_inspector_leads_to_why_not(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", sel="k4")
    at.session_state["inspector_tab"] = "Why"
    at.run()
    at.button(key="inspector_why_not").click().run()
    assert at.query_params["lens"] == "missing"
    assert "It expired on" in texts(at)


@pytest.mark.parametrize("lens", ["pipeline", "missing", "given", "compare"])
def test_hostile_texts_are_shown_as_text(lens, tmp_path, monkeypatch):
    hostile = "</div><script>alert(1)</script><img src=x> ![i](http://e/x.png) \x1b[31m \u202eevil"
    memories = [
        Memory("<b>h</b>", hostile, agent_id="<i>a</i>"),
        Memory("other", "red evil word", notes="<img src=y>"),
    ]
    at = open_app(
        monkeypatch, seed(tmp_path / "s", memories), page=SEARCH, q="red evil word", lens=lens, expected="<b>h</b>"
    )
    assert not at.exception
    drawn = "\n".join(element.value for element in at.html if "<style>:root" not in element.value)
    for bad in ("<script", "<img", "<b>h", "<i>a", "\x1b", "\u202e"):
        assert bad not in drawn
    assert not any("alert(1)" in markdown.value for markdown in at.markdown)
    assert not any("<script" in label for label in labels(at))


@pytest.mark.parametrize(
    "text", ["mode:text,k:3,budget:500,relevance:0.5,half_life_days:7", "k:20", "budget:1000000", "recency:0.213", ""]
)
def test_settings_travel_in_links(text):
    assert write_settings(read_settings(text, Settings()), Settings()) == text


@pytest.mark.parametrize("text", ["nonsense", "k:0", "k:x", "mode:magic", "recency:9", "budget:-1", "relevance:nan"])
def test_settings_that_make_no_sense_are_left_out(text):
    assert read_settings(text, Settings(Mode.TEXT, weights=Weights(recency=0.5))) == Settings(
        Mode.TEXT, weights=Weights(recency=0.5)
    )


def test_weights_are_turned_at_once():
    base = Settings(weights=Weights(recency=0.0, reinforcement=0.0, confidence=0.0))
    assert read_settings("relevance:0,recency:0.5", base).weights.relevance == 0
    assert read_settings("relevance:0", base) == base

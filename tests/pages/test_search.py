"""Search: what would an agent recall, and why?"""

from __future__ import annotations

import csv
import io
import json

import pytest

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.memory import Memory
from core.recall import recall
from pages.shared.hits import CSV_COLUMNS, to_csv, to_jsonl
from pages.shared.ranking import read_weights, write_weights
from tests.pages.app import NOW, SEARCH, labels, open_app, seed, team_memories, texts


def test_before_a_question_it_explains_and_offers_topics(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH)
    assert "Ask a question as an agent would" in texts(at)
    example = next(button for button in at.button if str(button.key).startswith("example_"))
    example.click().run()
    assert at.query_params["q"] == at.text_input(key="search_q").value != ""


def test_a_question_brings_back_cards_with_their_score(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH)
    at.text_input(key="search_q").set_value("Who approves refunds?").run()
    shown = texts(at)
    assert "Refunds need the approval of the team lead." in shown
    assert "7 of 7 memories in scope, by meaning and words" in shown
    assert "mn-bar" in shown
    assert at.query_params["q"] == "Who approves refunds?"


@pytest.mark.parametrize(
    ("mode", "said"), [("vector", "by meaning"), ("text", "by words"), ("nonsense", "meaning and words")]
)
def test_a_link_restores_question_and_mode(mode, said, team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", mode=mode, k="20")
    assert at.text_input(key="search_q").value == "refund"
    assert at.selectbox(key="search_k").value == 20
    assert f"in scope, {said}" in texts(at) or said == "meaning and words"
    assert not at.exception


def test_expired_memories_come_only_when_asked_for(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="Release 4 frozen")
    assert "frozen until Monday" not in texts(at)
    at.toggle(key="rail_expired").set_value(True).run()
    assert "frozen until Monday" in texts(at)


def test_nothing_found_says_why_and_what_to_loosen(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="zebra", mode="text", agent="ann")
    assert "No memory came back" in texts(at)
    assert "Take away agent ann: 7 memories in scope" in [label.replace("\\", "") for label in labels(at)]
    at.button(key="loosen_agent").click().run()
    at.button(key="loosen_mode").click().run()
    assert "7 of 7 memories in scope, by meaning and words" in texts(at)


def test_a_result_opens_in_the_inspector_with_its_reasons(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund approval")
    next(button for button in at.button if str(button.key).startswith("open_hit_")).click().run()
    assert "sel" in at.query_params
    at.session_state["inspector_tab"] = "Why"
    at.run()
    assert "The score is the sum of its parts" in texts(at)


@pytest.mark.parametrize(
    ("tab", "said"),
    [
        pytest.param("Text", "Written", id="text"),
        pytest.param("Why", "The score is the sum of its parts", id="why"),
        pytest.param("Lineage", "gone is no longer in this index", id="lineage"),
        pytest.param("Neighbours", "closest in meaning", id="neighbours"),
        pytest.param("Raw", '"derived_from"', id="raw"),
    ],
)
def test_the_inspector_from_a_link(tab, said, team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund rules", sel="k7")
    at.session_state["inspector_tab"] = tab
    at.run()
    assert not at.exception
    assert said in texts(at)


def test_lineage_knows_what_was_made_of_a_memory(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, sel="k2")
    at.session_state["inspector_tab"] = "Lineage"
    at.run()
    assert "Refund rules were summed up." in texts(at)


def test_a_selected_memory_that_is_gone(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", sel="never-was")
    assert "There is no memory with the key" in texts(at)
    assert not at.exception
    at.button(key="inspector_close").click().run()
    assert "sel" not in at.query_params


def test_the_same_calls_to_copy(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", agent="ann")
    calls = "\n".join(code.value for code in at.code)
    assert "python -m core recall" in calls
    assert "ann" in at.code[0].value.split("--k 10")[1]
    assert "query_vectors" in calls


def test_weights_of_a_link_change_the_order(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", weights="relevance:0,recency:1,half_life_days:2")
    html = [element.value for element in at.html if "mn-rank" in element.value]
    assert "Refund rules were summed up." in html[0]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("relevance:0.5,half_life_days:7", id="some"),
        pytest.param("relevance:0.1,recency:0.2,reinforcement:0.3,confidence:0.4,half_life_days:90,text_share:1", id="more"),
    ],
)
def test_weights_travel_in_links(text):
    assert write_weights(read_weights(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "relevance:x", "relevance:9", "half_life_days:0", "relevance:0,recency:0,reinforcement:0,confidence:0"],
)
def test_weights_that_make_no_sense_are_the_defaults(text):
    assert write_weights(read_weights(text)) == ""


@pytest.fixture(scope="module")
def hits(tmp_path_factory):
    directory = tmp_path_factory.mktemp("hits") / "s"
    seed(directory, [*team_memories(), Memory("x1", '=HYPERLINK("http://refund.example")', notes="n", created_at=NOW)])
    catalog = open_catalog(directory)
    yield recall(catalog.open("team", actor=LOCAL_ADMIN), "refund", actor=LOCAL_ADMIN, now=NOW).hits
    catalog.close()


def test_csv_holds_what_is_shown_and_no_formula(hits):
    rows = list(csv.DictReader(io.StringIO(to_csv(hits))))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [row["key"] for row in rows] == [hit.memory.key for hit in hits]
    assert next(row["content"] for row in rows if row["key"] == "x1") == '\'=HYPERLINK("http://refund.example")'


def test_jsonl_holds_every_field_and_the_score_parts(hits):
    rows = [json.loads(line) for line in to_jsonl(hits).splitlines()]
    assert [row["key"] for row in rows] == [hit.memory.key for hit in hits]
    assert all(abs(sum(row["score_parts"].values()) - row["score"]) < 1e-4 for row in rows)


HOSTILE = [
    pytest.param("<script>alert(1)</script><img src=x>", "&lt;script&gt;alert(1)&lt;/script&gt;", id="html"),
    pytest.param(
        "![i](http://e/x.png) [l](javascript:1) $x$ :red[r] :material/home:", "![i](http://e/x.png)", id="markdown"
    ),
    pytest.param("\x1b[31mred\x1b[0m \u202eevil\u202c", "red evil", id="terminal and bidi"),
    pytest.param("</div></div><style>*{display:none}</style>", "&lt;/div&gt;", id="closing tags"),
    pytest.param("word " * 2400, "12,000 characters in all", id="12 KB"),
    pytest.param("🧠 " + "x" * 3000, "🧠", id="no spaces"),
]


@pytest.mark.parametrize(("content", "shown"), HOSTILE)
def test_hostile_texts_are_shown_as_text(content, shown, tmp_path, monkeypatch):
    at = open_app(monkeypatch, seed(tmp_path / "s", [Memory("h", content)]), page=SEARCH, q="red evil word", sel="h")
    assert not at.exception
    drawn = "\n".join(element.value for element in at.html if "<style>:root" not in element.value)
    assert shown in drawn
    assert "<script" not in drawn
    assert "<img" not in drawn
    assert "\x1b" not in drawn
    assert "\u202e" not in drawn
    assert not any(content[:20] in markdown.value for markdown in at.markdown)

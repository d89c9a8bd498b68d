"""What was given, on the page: the list, one recall with its fates, the question asked again, a memory's own tab."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from core.operate.recall_log import RecallLog
from core.past.given import recall_id
from core.past.moment import Moment
from pages.shared.markup import slug
from tests.pages.app import NOW, open_app, seed, team_memories, texts
from tests.pages.asked import HOSTILE, RECALLS, ago, asked_store

TIMELINE = "pages/explore/timeline.py"
RULES = recall_id(RECALLS[1])


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return asked_store(tmp_path_factory.mktemp("asked") / "store")


def opened_rows(at) -> list[str]:
    return [
        str(button.key).removeprefix("open_row_recall_") for button in at.button if "open_row_recall_" in str(button.key)
    ]


def test_recalls_are_listed_with_what_became_of_them(store, monkeypatch):
    at = open_app(monkeypatch, store, page=TIMELINE, view="given")
    assert not at.exception
    said = texts(at)
    print(said)
    newest_first = [1, 4, 3, 2, 0]
    assert opened_rows(at) == [recall_id(RECALLS[place]) for place in newest_first]
    assert "3 memories given, 2 in the prompt" in said
    assert "1 merged, 1 contradicted, 1 edited" in said
    assert "The question was redacted." in said
    assert HOSTILE not in said
    at.selectbox(key="given_agent").select("bob").run()
    assert opened_rows(at) == [recall_id(RECALLS[place]) for place in (3, 2)]
    at.text_input(key="given_find").input("IMG").run()
    assert opened_rows(at) == [recall_id(RECALLS[2])]
    at.button(key=f"open_row_recall_{recall_id(RECALLS[2])}").click().run()
    assert at.query_params["recall"] == recall_id(RECALLS[2])


def test_one_recall_shows_what_was_given_then_and_its_fate(store, monkeypatch):
    at = open_app(monkeypatch, store, page=TIMELINE, view="given", recall=RULES)
    said = texts(at)
    print(said)
    assert not at.exception
    assert "It was given <b>3 memories</b>, 2 of them in its prompt." in said
    assert "Since then: 1 merged, 1 contradicted, 1 edited." in said
    assert "Refunds need the approval of the team lead." in said  # as it was, though it is gone
    assert "<del>open" in said  # and what was changed in it, word by word
    assert "No refund was promised." in said
    assert "Within: " in said
    assert "Refund rules were summed up." in said  # what it wrote next
    assert HOSTILE not in said
    at.button(key="given_ask").click().run()
    assert not at.exception
    assert "was 2, merged" in texts(at)
    at.button(key=f"given_other_0_opened_{slug('k1')}").click().run()
    assert at.query_params["sel"] == "k9"


def test_the_dashboard_can_be_seen_as_of_a_recall(store, monkeypatch):
    at = open_app(monkeypatch, store, page=TIMELINE, view="given", recall=RULES)
    at.button(key="given_as_of").click().run()
    assert not at.exception
    assert at.query_params["as_of"] == Moment(RECALLS[1].at).text
    at.button(key="given_back").click().run()
    assert opened_rows(at) == [recall_id(RECALLS[place]) for place in (1, 4, 3, 2, 0)]
    at = open_app(monkeypatch, store, page=TIMELINE, view="given", as_of=Moment(ago(4.5)).text)
    assert opened_rows(at) == [recall_id(RECALLS[place]) for place in (2, 0)]
    at = open_app(monkeypatch, store, page=TIMELINE, view="given", recall=RULES, as_of=Moment(ago(4.5)).text)
    assert "The log has no such recall of this index." in texts(at)


def test_the_rail_narrows_the_recalls(store, monkeypatch):
    at = open_app(
        monkeypatch,
        store,
        page=TIMELINE,
        view="given",
        agent="bob",
        **{"from": f"{ago(6):%Y-%m-%d}", "to": f"{NOW:%Y-%m-%d}"},
    )
    assert not at.exception
    assert at.selectbox(key="given_agent").value == "bob"
    assert opened_rows(at) == [recall_id(RECALLS[place]) for place in (3, 2)]
    assert "2 of 4 recalls in the time of the rail" in texts(at)


def test_a_memory_tells_what_its_author_knew(store, monkeypatch):
    at = open_app(monkeypatch, store, page=TIMELINE, view="given", sel="k7")
    at.session_state["inspector_tab"] = "Given"
    at.run()
    said = texts(at)
    print(said)
    assert not at.exception
    grounds = "what 1 question brought back before it was written and 3 stated sources"
    assert f"It rests on <b>4 memories</b>: {grounds}." in said
    assert "Since then: 1 gone, 1 merged, 1 contradicted, 1 edited." in said
    assert "Asked 2 hours before it was written" in said
    at.button(key=f"given_tab_{RULES}").click().run()
    assert at.query_params["recall"] == RULES
    at = open_app(monkeypatch, store, page=TIMELINE, sel="k8")
    at.session_state["inspector_tab"] = "Given"
    at.run()
    assert "nobody can say what its author had been given" in texts(at)


def test_an_empty_log_says_so(tmp_path, monkeypatch):
    directory = seed(tmp_path / "store", team_memories()[:2])  # others ask the one that tests share
    at = open_app(monkeypatch, directory, page=TIMELINE, view="given")
    assert not at.exception
    assert "The log has no recall of this index." in texts(at)


def test_what_the_log_should_not_have_is_said_and_takes_no_page_along(tmp_path, monkeypatch):
    directory = seed(tmp_path / "store", team_memories()[:2])
    strange = replace(RECALLS[0], mode="by*ear", channel="dream")
    with closing(RecallLog(directory)) as log:
        log.append(strange)
        log.append(replace(RECALLS[1], hits=()))
    with closing(sqlite3.connect(directory / "recalls.sqlite")) as file:
        file.execute("INSERT INTO recall (stream, body) VALUES (1, '{\"at\": ')")
        file.commit()
    at = open_app(monkeypatch, directory, page=TIMELINE, view="given")
    assert not at.exception
    assert "Left out: 1 entry of the log that cannot be read." in texts(at)
    assert len(opened_rows(at)) == 2
    at.button(key=f"open_row_recall_{recall_id(strange)}").click().run()
    assert not at.exception
    assert "it cannot be asked again: by\\*ear." in texts(at)

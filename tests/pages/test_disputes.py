"""Memories in a possible conflict, as the Overview, the map, the timeline and the inspector tell of them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.access import LOCAL_ADMIN
from core.curation.conflicts.card import Resolution
from pages.shared.disputes import digest
from tests.pages.app import NOW, OVERVIEW, open_app, seed, team_memories, texts
from tests.pages.conflicted import cards, conflicted, with_inbox
from tests.pages.curating import press
from tests.pages.mapped import PLACES, keep_map

MAP, TIMELINE = "pages/explore/map.py", "pages/explore/timeline.py"
FIRST = cards()[0]
CHIP = "in a possible conflict</span>"


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A store in which four cards wait."""
    return conflicted(tmp_path_factory.mktemp("disputes") / "store")


def decide_first(store):
    def both_true(inbox):
        inbox.decide(FIRST.id, Resolution.BOTH_VALID, actor=LOCAL_ADMIN, note="One for guests.")
        inbox.settle(actor=LOCAL_ADMIN)

    with_inbox(store, both_true)


def states(at):
    """Return the legend: buttons on the map, words on the timeline."""
    buttons = [str(button.label).replace("\\", "") for button in at.button if str(button.key).startswith("map_legend_")]
    found = re.findall(r"(in force|conflicting) (?:· <span class='mn-num'>|:gray\[)(\d+)", "\n".join((*buttons, texts(at))))
    return {name: int(count) for name, count in found}


def opened(monkeypatch, store, **where) -> AppTest:
    monkeypatch.setenv("MNEMOSCOPE_MAP_WORKER", "off")
    at = open_app(monkeypatch, store, **where)
    assert not at.exception
    return at


def test_the_overview_counts_those_in_scope_and_leads_to_the_inbox(shown, monkeypatch):
    at = opened(monkeypatch, shown, agent="cid", card="another")
    assert "Worth a look: 1 memory is in a possible conflict" in texts(at)
    press(at, "overview_conflicts")
    assert at.title[0].value == "Which memories cannot both be true?"
    assert "card" not in at.query_params


@pytest.mark.parametrize("page", [MAP, TIMELINE])
def test_a_decision_changes_the_colour_at_the_next_draw(page, tmp_path, monkeypatch):
    store = conflicted(tmp_path / "store")
    if page == MAP:
        keep_map(store, places=(*PLACES, (0.6, 0.6)), codes=(0, 0, 0, 1, 1, 1, 0, 0, -1))
    at = opened(monkeypatch, store, page=page, colour="status")
    assert states(at) == {"in force": 1, "conflicting": 8}
    decide_first(store)
    assert states(at.run()) == {"in force": 3, "conflicting": 6}


def test_the_inspector_says_it_and_opens_the_card(shown, monkeypatch):
    at = opened(monkeypatch, shown, sel="b1")
    assert CHIP in texts(at)
    press(at, "inspector_conflict")
    assert at.query_params["card"] == FIRST.id
    assert CHIP not in texts(at), "which of the cards are samples would show beside the inbox"


def test_nothing_is_said_where_a_person_looks_back(shown, monkeypatch):
    at = opened(monkeypatch, shown, sel="a1", as_of=(NOW - timedelta(days=5)).isoformat())
    assert "The upload limit of the gateway is 5 MB." in texts(at)
    assert "possible conflict" not in texts(at)


@pytest.mark.parametrize("page", [OVERVIEW, TIMELINE])
def test_a_register_that_cannot_be_read_is_said_and_the_page_is_drawn(page, tmp_path, monkeypatch):
    store = seed(tmp_path / "store", team_memories())
    (store / "conflicts.sqlite").write_bytes(b"no database at all" * 400)
    at = opened(monkeypatch, store, page=page)
    assert [error for error in at.error if "conflicts" in error.value]
    assert "7" in texts(at)


def test_a_digest_is_of_the_keys_whatever_their_order():
    assert digest(["a", "b\ud800"]) == digest({"b\ud800": "", "a": ""}) != digest(["a"])
    assert digest([]) == ""

"""Search results are selected and become a plan; so does the memory in the inspector."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from core.access import LOCAL_ADMIN
from core.curation.golden import GoldenQueries
from core.memory import Memory
from core.operate.recalls import LoggedRecall
from pages.shared.editing import edits_of_many, edits_of_one
from tests.pages.app import SEARCH, open_app, seed, team_memories, texts
from tests.pages.curating import PLAN, kept_plan, opened_desk, pick, press, records

ASKED = {"page": SEARCH, "q": "refund"}


@pytest.fixture
def store(tmp_path):
    return seed(tmp_path / "store", team_memories())


def keys(at):
    return {str(button.key) for button in at.button}


def test_nothing_can_be_done_before_something_is_selected(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, **ASKED)
    assert at.checkbox(key="pick_shown").label == "Select all 7 shown"
    assert not keys(at) & {"bar_retire", "bar_erase", "bar_edit"}


def test_selected_results_are_counted_and_can_be_cleared(team_store, monkeypatch):
    at = pick(open_app(monkeypatch, team_store, **ASKED), "k1", "k2")
    assert "**2 selected**" in texts(at)
    press(at, "bar_clear")
    assert "selected**" not in texts(at)
    assert not any(box.value for box in at.checkbox)


def test_all_that_is_shown_is_selected_at_once_and_stays_for_the_next_question(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=SEARCH, q="refund", agent="ann")
    at.checkbox(key="pick_shown").check().run()
    assert "**4 selected**" in texts(at)
    at.multiselect(key="rail_agent").set_value(["bob · 2"]).run()
    assert "**4 selected**, 4 of them not shown" in texts(at)
    assert at.checkbox(key="pick_shown").value is False


@pytest.mark.parametrize(
    ("what", "title"),
    [
        pytest.param("retire", "Retire 2 memories", id="retire"),
        pytest.param("hide", "Hide 2 memories", id="hide"),
        pytest.param("validate", "Confirm that 2 memories still hold true", id="still true"),
        pytest.param("erase", "Erase 2 memories", id="erase"),
    ],
)
def test_an_action_is_a_plan_that_is_shown_first(what, title, store, monkeypatch):
    before = records(store)
    at = pick(open_app(monkeypatch, store, **ASKED), "k1", "k2")
    press(at, f"bar_{what}")
    assert not at.exception
    assert at.title[0].value == "What would this plan change?"
    assert title in texts(at)
    assert at.text_input(key=f"plan_reason_{at.query_params['plan']}").value == "Chosen among the results for “refund”."
    assert "The customer Larkspur was promised a refund." in texts(at)
    assert records(store) == before


def test_selecting_asks_the_question_once(store, monkeypatch):
    at = pick(open_app(monkeypatch, store, **ASKED), "k1", "k2", "k3")
    press(at, "bar_clear")
    at.session_state["here"].catalog.archive.recalls.flush()
    with opened_desk(store) as desk:
        recent = desk.store.archive.recalls.recent(desk.stream, limit=10)
    assert [(one.query, one.channel) for one in recent if isinstance(one, LoggedRecall)] == [("refund", "page")]


def test_the_inspector_acts_on_its_memory(store, monkeypatch):
    at = open_app(monkeypatch, store, **ASKED, sel="k2")
    press(at, "memory_retire")
    assert "Retire 1 memory" in texts(at)
    assert "Refunds need the approval of the team lead." in texts(at)


def test_what_is_hidden_leaves_recall_and_comes_back(store, monkeypatch):
    at = press(open_app(monkeypatch, store, **ASKED, sel="k2"), "memory_hide", to=PLAN)
    press(at, "apply")
    at.switch_page(SEARCH).run()
    assert "Refunds need the approval" not in "".join(element.value for element in at.html if "mn-card" in element.value)
    at.toggle(key="rail_hidden").set_value(True).run()
    assert "Refunds need the approval" in texts(at)
    press(press(at, "memory_unhide", to=PLAN), "apply")
    at.switch_page(SEARCH).run()
    assert not any(toggle.key == "rail_hidden" and not toggle.value for toggle in at.toggle)


def test_a_result_becomes_a_golden_query_with_one_click(store, monkeypatch):
    at = pick(open_app(monkeypatch, store, **ASKED), "k1", "k2")
    press(at, "bar_golden")
    assert not at.exception
    assert "must bring back 2 memories" in at.toast[0].value
    with opened_desk(store) as desk:
        kept = GoldenQueries(desk.ledger.documents, desk.stream).every()
    assert [(one.query.text, set(one.query.expected), one.query.owner) for one in kept] == [
        ("refund", {"k1", "k2"}, "local")
    ]


def test_one_memory_is_edited_in_a_dialog(store, monkeypatch):
    at = press(open_app(monkeypatch, store, **ASKED, sel="k2"), "memory_edit")
    at.text_area(key="edit_k2_content").set_value("Refunds need the approval of two leads.")
    at.number_input(key="edit_k2_confidence").set_value(0.95)
    press(at, "edit_plan", to=PLAN)
    shown = texts(at)
    assert "<ins>two leads.</ins>" in shown
    assert "<del>0.8</del> → <ins>0.95</ins>" in shown
    press(at, "apply")
    with opened_desk(store) as desk:
        memory = desk.store.get(["k2"], actor=LOCAL_ADMIN)["k2"]
    assert (memory.content, memory.confidence) == ("Refunds need the approval of two leads.", 0.95)


def test_an_edit_that_changes_nothing_makes_no_plan(store, monkeypatch):
    at = press(open_app(monkeypatch, store, **ASKED, sel="k2"), "memory_edit")
    press(at, "edit_plan")
    assert "Nothing is different" in at.info[0].value
    assert "plan" not in at.query_params


def test_a_viewer_may_preview_and_not_erase(store, monkeypatch):
    monkeypatch.setenv("MNEMOSCOPE_ACTOR", "vera:viewer")
    at = pick(open_app(monkeypatch, store, **ASKED), "k1")
    assert at.button(key="bar_erase").disabled
    assert at.button(key="bar_golden").disabled
    press(at, "bar_retire")
    assert "Only this tab has this plan" in texts(at)
    assert at.button(key="apply").disabled
    assert "to retire memories takes a reviewer" in texts(at).replace("\\", "")


def test_an_action_on_what_is_gone_says_so(store, monkeypatch):
    at = pick(open_app(monkeypatch, store, **ASKED), "k1")
    with opened_desk(store) as desk:
        desk.apply(kept_plan(store, ["k1"]), actor=LOCAL_ADMIN, measured=False, unmeasured="a test")
    press(at, "bar_retire")
    assert "is not there" in at.toast[0].value


MEMORY = Memory(
    "m", "One\nline", "semantic", confidence=0.5, tags=("a", "b"), notes="n", expires_at=datetime(2030, 1, 2, 3, tzinfo=UTC)
)
SAME = {
    "content": "One\nline",
    "kind": "semantic",
    "confidence": 0.5,
    "expires": date(2030, 1, 2),
    "tags": ["a", "b"],
    "notes": "n",
}


@pytest.mark.parametrize(
    ("given", "values"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"content": "Two"}, {"content": "Two"}, id="text"),
        pytest.param({"kind": None}, {"memory_type": None}, id="no type"),
        pytest.param({"confidence": None}, {"confidence": None}, id="no confidence"),
        pytest.param({"expires": date(2031, 1, 1)}, {"expires_at": datetime(2031, 1, 1, 23, 59, 59, tzinfo=UTC)}, id="day"),
        pytest.param({"expires": None}, {"expires_at": None}, id="never"),
        pytest.param({"tags": ["b"]}, {"tags": ["b"]}, id="tags"),
        pytest.param({"notes": " "}, {"notes": None}, id="notes"),
    ],
)
def test_only_what_differs_is_edited(given, values):
    assert edits_of_one(MEMORY, **(SAME | given)) == values


@pytest.mark.parametrize(
    ("given", "edits"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"kind": "semantic"}, {}, id="the same"),
        pytest.param({"added": ["c"]}, {"m": {"tags": ["a", "b", "c"]}}, id="add"),
        pytest.param({"removed": ["a"]}, {"m": {"tags": ["b"]}}, id="remove"),
        pytest.param({"confidence": 0.1}, {"m": {"confidence": 0.1}}, id="confidence"),
    ],
)
def test_many_are_edited_where_they_differ(given, edits):
    nothing = {"kind": None, "confidence": None, "expires": None, "added": (), "removed": ()}
    assert edits_of_many([MEMORY], **(nothing | given)) == edits

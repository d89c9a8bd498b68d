"""The page Golden queries: what must always be answered, run now, made, edited, removed, taken in and out."""

from __future__ import annotations

import pytest

from core.access import ACTOR_VARIABLE
from core.candidates import Mode
from core.curation.golden import GoldenQueries, GoldenQuery, golden_from_lines, golden_to_lines
from core.curation.judging import Outcome, unmet
from core.errors import ConfigError, FileReadError
from core.scope import Scope
from pages.shared.golden_form import free_name, imported
from pages.shared.golden_list import row_html, verdict_html
from tests.pages.app import NOW, open_app, seed, team_memories, texts
from tests.pages.curating import kept_plan, opened_desk, press

GOLDEN = "pages/curate/golden.py"
PLAN = "pages/curate/plan.py"


def query(name="refunds", **overrides):
    """Return the golden query that the lead's approval answers."""
    values = {"text": "Who approves refunds?", "expected": ("k2",), "within": 3, "owner": "ann", "created_at": NOW}
    return GoldenQuery(name, **values | overrides)


def asked(*hits):
    """Return what comes of the query when these memories come."""
    return Outcome(query(), hits, tuple(unmet(query(), hits)))


@pytest.fixture
def store(tmp_path):
    """A store with a golden query that holds and one that does not."""
    directory = seed(tmp_path / "store", team_memories())
    with opened_desk(directory) as desk:
        queries = GoldenQueries(desk.ledger.documents, desk.stream)
        queries.save(query())
        queries.save(
            query("login", text="Is the login page slow?", expected=("gone",), forbidden=("k6",), note="<b>why</b>")
        )
    return directory


def kept(directory):
    """Return the golden queries of the store by name."""
    with opened_desk(directory) as desk:
        return {each.query.name: each.query for each in GoldenQueries(desk.ledger.documents, desk.stream).every()}


def test_without_any_it_says_how_to_make_one(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=GOLDEN)
    assert not at.exception
    assert at.title[0].value == "Which questions must always be answered?"
    assert "There is none yet" in texts(at)
    assert at.button(key="golden_run").disabled


def test_each_is_listed_with_what_must_come(store, monkeypatch):
    at = open_app(monkeypatch, store, page=GOLDEN)
    shown = texts(at)
    assert not at.exception
    for said in (
        "2 golden queries",
        "Who approves refunds?",
        "Refunds need the approval of the team lead.",
        "among the first 3",
        "gone (not in this index)",
        "must not come",
        "&lt;b&gt;why",
    ):
        assert said in shown


def test_running_them_tells_what_does_not_hold_first(store, monkeypatch):
    at = press(open_app(monkeypatch, store, page=GOLDEN), "golden_run")
    shown = texts(at)
    assert not at.exception
    assert "1 of 2 does not hold" in shown
    assert shown.index("Is the login page slow?") < shown.index("Who approves refunds?")
    assert "rank 1" in shown
    seed(store, [team_memories()[0]])
    at.run()
    assert "not hold" not in texts(at)  # what was found is of another state of the index


def test_running_them_leaves_no_trace_in_the_recall_log(store, monkeypatch):
    press(open_app(monkeypatch, store, page=GOLDEN), "golden_run")
    with opened_desk(store) as desk:
        assert desk.store.archive.recalls.recent(desk.stream) == []


def test_one_is_made_from_what_comes_back(store, monkeypatch):
    at = press(open_app(monkeypatch, store, page=GOLDEN), "golden_add")
    assert at.button(key="golden_save").disabled
    at.text_input(key="golden_new_text").set_value("How is a refund made?").run()
    box = at.multiselect(key="golden_new_expected")
    assert not at.exception
    assert any("open the invoice" in option for option in box.options)
    box.set_value(["k3"]).run()
    at.text_input(key="golden_new_note").set_value("Support asks it daily.").run()
    press(at, "golden_save")
    assert not at.exception
    made = kept(store)["How is a refund made?"]
    assert (made.expected, made.within, made.owner, made.note) == (("k3",), 3, "local", "Support asks it daily.")
    assert made.mode is Mode.HYBRID
    assert "3 golden queries" in texts(at)


def test_one_is_edited_and_keeps_its_name(store, monkeypatch):
    at = open_app(monkeypatch, store, page=GOLDEN)
    next(button for button in at.button if button.label.startswith("Edit Who approves")).click().run()
    key = next(box.key for box in at.number_input if box.label == "Among the first")
    assert at.number_input(key=key).value == 3
    at.number_input(key=key).set_value(1).run()
    press(at, "golden_save")
    assert not at.exception
    assert kept(store)["refunds"].within == 1
    assert kept(store)["refunds"].expected == ("k2",)


def test_what_somebody_else_saved_meanwhile_is_kept(store, monkeypatch):
    at = open_app(monkeypatch, store, page=GOLDEN)
    next(button for button in at.button if button.label.startswith("Edit Who approves")).click().run()
    with opened_desk(store) as desk:
        GoldenQueries(desk.ledger.documents, desk.stream).save(query(note="Of somebody else."))
    press(at, "golden_save")
    assert kept(store)["refunds"].note == "Of somebody else."
    assert "in between" in at.error[0].value


def test_one_is_removed_once_asked(store, monkeypatch):
    at = open_app(monkeypatch, store, page=GOLDEN)
    next(button for button in at.button if button.label.startswith("Remove Who approves")).click().run()
    assert set(kept(store)) == {"refunds", "login"}
    press(at, "golden_remove_now")
    assert set(kept(store)) == {"login"}


def test_a_file_is_taken_in_whole_or_not_at_all(store):
    with opened_desk(store) as desk:
        queries = GoldenQueries(desk.ledger.documents, desk.stream)
        lines = "\n".join(golden_to_lines([query("a"), query("b", scope=Scope(agents=("ann",)))]))
        assert imported(queries, lines.encode()) == 2
        with pytest.raises(FileReadError, match="Line 2"):
            imported(queries, (lines.splitlines()[0].replace('"a"', '"c"') + "\n{}\n").encode())
        with pytest.raises(FileReadError, match="UTF-8"):
            imported(queries, b"\xff\xfe")
    assert set(kept(store)) == {"refunds", "login", "a", "b"}
    assert kept(store)["b"].scope.agents == ("ann",)


def test_what_goes_out_comes_back(store, monkeypatch):
    at = open_app(monkeypatch, store, page=GOLDEN)
    assert at.get("download_button")
    queries = list(kept(store).values())
    assert list(golden_from_lines(golden_to_lines(queries))) == queries


@pytest.mark.parametrize(("who", "may"), [("eve:viewer", False), ("bob:reviewer", True)])
def test_a_viewer_runs_them_and_changes_none(store, monkeypatch, who, may):
    monkeypatch.setenv(ACTOR_VARIABLE, who)
    at = press(open_app(monkeypatch, store, page=GOLDEN), "golden_run")
    assert "1 of 2 does not hold" in texts(at)
    for key in ("golden_add", "golden_import"):
        assert at.button(key=key).disabled is not may
    assert all(button.disabled is not may for button in at.button if button.label.startswith(("Edit", "Remove")))


def test_a_plan_that_drops_the_only_answer_is_held_back(store, monkeypatch):
    kept_plan(store, ["k2"])
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    assert not at.exception
    assert "Who approves refunds?" in texts(at)


@pytest.mark.parametrize(
    ("checked", "mark"),
    [
        pytest.param(None, "○", id="not run"),
        pytest.param(asked("k2"), "✓", id="holds"),
        pytest.param(asked("k1"), "✕", id="lost"),
    ],
)
def test_a_row_says_how_it_does(checked, mark):
    shown = row_html(query(note="<i>"), checked, {"k2": "The <lead> approves."})
    assert f">{mark}</i>" in shown
    assert "The &lt;lead&gt; approves." in shown
    assert "<i>" not in shown.replace("<i class", "")


def test_the_verdict_counts_what_was_run():
    saved = [type("Kept", (), {"query": query(name)}) for name in ("a", "b")]
    assert "All 2 hold" in verdict_html(saved, {"a": asked("k2"), "b": asked("k2")}, ran="just now")
    assert "It holds" in verdict_html(saved[:1], {"a": asked("k2")}, ran="just now")
    assert "1 of 2 does not hold" in verdict_html(saved, {"a": asked("k2"), "b": asked("k1")}, ran="just now")


def test_a_name_is_the_question_and_its_own():
    assert free_name("Who?\nReally?", []) == "Who? Really?"
    assert free_name("Who?", ["Who?", "Who? (2)"]) == "Who? (3)"
    assert len(free_name("word " * 100, [])) <= 80


def test_a_query_that_asks_nothing_is_none():
    with pytest.raises(ConfigError):
        query(text=" ")
    with pytest.raises(ConfigError):
        query(expected=())

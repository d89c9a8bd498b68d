"""The page Lifecycle: what the rules touch now and soon, rules tried and saved, and the plan of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.access import ACTOR_VARIABLE, LOCAL_ADMIN
from core.config import open_catalog
from core.curation.decay import DecayRules
from core.curation.expiry import STATED, ExpiryRule, ExpiryRules
from core.curation.lifecycle import Lifecycle, load_lifecycle, save_lifecycle
from core.curation.upkeep import Upkeep
from core.memory import Memory
from pages.shared import lifecycle_charts as charts
from pages.shared.lifecycle_rules import half_life_curves, lead, rule_colours
from pages.shared.lifecycle_view import AHEAD, picture, sentence_of
from pages.shared.theme import tokens
from tests.pages.app import NOW, labels, open_app, seed, texts
from tests.pages.curating import HISTORY, PLAN, opened_desk, press, records

LIFECYCLE = "pages/curate/lifecycle.py"
AGED = ExpiryRules(rules=(ExpiryRule("old", after_days=100, types=("episodic",)),))


def ago(days):
    return NOW - timedelta(days=days)


def aged_memories():
    """Return memories that the default rules touch: two past their date, one soon, a finished task, two faded."""
    task = {"agent_id": "ann", "team_id": "support", "task_id": "audit"}
    return [
        Memory("e1", "The offer ended in spring.", "semantic", created_at=ago(90), expires_at=ago(40)),
        Memory("e2", "The code of the day was 1234.", "procedural", created_at=ago(60), expires_at=ago(20)),
        Memory("s1", "The discount ends soon.", "semantic", created_at=ago(10), expires_at=ago(-3)),
        Memory("t1", "The audit began.", "episodic", **task, created_at=ago(80)),
        Memory("t2", "The audit is over.", "episodic", **task, created_at=ago(70), tags=("outcome:success",)),
        Memory("f1", "Perhaps the gate is shut.", "episodic", created_at=ago(300), confidence=0.6),
        Memory("f2", "Larkspur may like tea.", "episodic", created_at=ago(200), confidence=0.5),
        Memory("n1", "Press the green button.", "procedural", created_at=ago(900), confidence=0.6),
    ]


@pytest.fixture
def store(tmp_path):
    return seed(tmp_path / "store", aged_memories())


@dataclass
class Seen:
    """A snapshot as the pictures read it."""

    frame: pd.DataFrame
    table: pa.Table | None = None


def frame_of(directory):
    catalog = open_catalog(directory)
    frame = catalog.open("team", actor=LOCAL_ADMIN).frame(actor=LOCAL_ADMIN)
    catalog.close()
    return Seen(frame)


class TestCounts:
    def test_each_rule_now_and_soon(self, store):
        found = picture(frame_of(store), Lifecycle(), now=NOW)
        assert [(each.rule, each.now, each.soon) for each in found.rules] == [(STATED, 2, 1), ("finished tasks", 2, 0)]
        assert (found.total, found.over, found.faded.now, found.due) == (8, 4, 2, 6)

    def test_they_are_what_the_policies_decide(self, store):
        rules = Lifecycle()
        found = picture(frame_of(store), rules, now=NOW)
        with opened_desk(store) as desk:
            memories = list(desk.store.memories(actor=LOCAL_ADMIN))
        upkeep = Upkeep(rules, NOW, policies=("decay",))
        assert found.faded.now == sum(upkeep.decide(memory).verdict == "retire" for memory in memories)

    def test_a_memory_of_two_rules_is_counted_once_in_the_ages(self, store):
        rules = ExpiryRules(grace_days=0, rules=(ExpiryRule("all", after_days=1),), never=())
        found = picture(frame_of(store), Lifecycle(expiry=rules), now=NOW)
        assert [sum(each.ages) for each in found.rules] == [2, 6]
        assert sum(found.faded.ages) == 0
        assert found.faded.now == 2

    def test_ages_fall_where_they_belong(self, store):
        rules = ExpiryRules(stated=False, rules=(ExpiryRule("all", after_days=0),), never=())
        (found,) = picture(frame_of(store), Lifecycle(expiry=rules), now=NOW).rules
        assert dict(zip([name for name, *_ in charts.AGES], found.ages, strict=True)) == {
            "<1 week": 0,
            "1–4 wk": 1,
            "1–3 mo": 4,
            "3–6 mo": 0,
            "6–12 mo": 2,
            ">1 year": 1,
            "unknown": 0,
        }

    def test_what_becomes_due_is_on_its_day(self, store):
        found = picture(frame_of(store), Lifecycle(), now=NOW)
        day = pd.Timestamp(ago(-3) + timedelta(days=7)).normalize()
        assert len(found.ahead) == AHEAD
        assert found.ahead.set_index("day")["count"][lambda counts: counts > 0].to_dict() == {day: 1}

    def test_an_index_without_any_confidence(self, tmp_path):
        seen = frame_of(seed(tmp_path / "s", [Memory("a", "Text."), Memory("b", "Text too.", "semantic")]))
        found = picture(seen, Lifecycle(), now=NOW)
        assert found.types == ()
        assert (found.unstated, found.due, found.write_back) == (2, 0, 0)

    @given(days=some.lists(some.floats(0, 5_000), min_size=1, max_size=30), grace=some.integers(0, 400))
    def test_every_memory_is_either_due_or_ahead_or_later(self, days, grace):
        frame = pd.DataFrame(
            {
                "key": [str(n) for n in range(len(days))],
                "memory_type": pd.Categorical(["semantic"] * len(days)),
                "agent_id": pd.Categorical([None] * len(days)),
                "task_id": pd.Categorical([None] * len(days)),
                "team_id": pd.Categorical([None] * len(days)),
                "tags": [()] * len(days),
                "created_at": pd.to_datetime([ago(day) for day in days], utc=True).astype("datetime64[us, UTC]"),
                "last_recalled_at": pd.Series([pd.NaT] * len(days), dtype="datetime64[us, UTC]"),
                "expires_at": pd.to_datetime([ago(day) for day in days], utc=True).astype("datetime64[us, UTC]"),
                "confidence": [0.5] * len(days),
            }
        )
        found = picture(Seen(frame), Lifecycle(expiry=ExpiryRules(grace_days=grace, rules=())), now=NOW)
        soon = sum(1 for day in days if grace - AHEAD - 1 < day < grace)
        assert found.over == sum(day >= grace for day in days)
        assert found.over == sum(found.rules[0].ages)
        assert int(found.ahead["count"].sum()) <= soon


class TestPage:
    def test_it_says_what_the_rules_touch(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=LIFECYCLE)
        shown = texts(at)
        assert not at.exception
        assert at.title[0].value == "What should be kept, and for how long?"
        assert "<b>6</b> of <b>8 memories</b> in <b>team</b> have had their time" in shown
        assert "Past their own date" in shown
        assert "episodic memories of finished tasks, after 30 days" in shown
        assert len(at.get("plotly_chart")) == 4
        assert "Plan all of expiry · 4" in labels(at)

    def test_an_empty_store_offers_the_ways_in(self, tmp_path, monkeypatch):
        at = open_app(monkeypatch, tmp_path / "empty", page=LIFECYCLE)
        assert not at.exception
        assert at.title[0].value == "Nothing is remembered here yet"

    def test_where_nothing_is_due_nothing_can_be_planned(self, team_store, monkeypatch):
        at = open_app(monkeypatch, team_store, page=LIFECYCLE)
        assert "By these rules, none of" in texts(at)
        assert all(button.disabled for button in at.button if button.label == "Plan this")

    @pytest.mark.parametrize(
        ("button", "gone"),
        [
            pytest.param("plan_expiry_all", {"e1", "e2", "t1", "t2"}, id="expiry"),
            pytest.param("plan_decay", {"f1", "f2"}, id="decay"),
        ],
    )
    def test_a_rule_is_planned_applied_and_taken_back(self, store, monkeypatch, button, gone):
        before = records(store)
        at = open_app(monkeypatch, store, page=LIFECYCLE)
        press(at, button, to=PLAN)
        assert not at.exception
        assert records(store) == before
        press(at, "apply")
        assert before.keys() - records(store).keys() == gone
        at.switch_page(HISTORY).run()
        assert f"{len(gone)} memories retired" in texts(at)

    def test_one_rule_alone_is_planned(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=LIFECYCLE)
        next(button for button in at.button if button.label == "Plan this").click().run()
        at.switch_page(PLAN).run()
        assert "The offer ended in spring." in texts(at)
        assert "The audit began." not in texts(at)

    def test_the_faded_value_is_written_back(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=LIFECYCLE)
        at.number_input(key="rules_0_threshold").set_value(0.0).run()
        press(at, "plan_write_back", to=PLAN)
        press(at, "apply")
        found = records(store)
        assert found["f1"].metadata["confidence"] < 0.1
        assert found["f1"].metadata["confidence_stated"] == pytest.approx(0.6)


class TestRules:
    def test_a_draft_is_counted_and_not_saved(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=LIFECYCLE)
        at.number_input(key="rules_0_grace").set_value(30.0).run()
        assert not at.exception
        assert "You are trying rules that are not saved" in texts(at)
        assert "<b>5</b> of <b>8 memories</b>" in texts(at)
        with opened_desk(store) as desk:
            assert load_lifecycle(desk.store, desk.ledger.documents, actor=LOCAL_ADMIN).version is None
        press(at, "rules_discard")
        assert "<b>6</b> of <b>8 memories</b>" in texts(at)
        assert "You are trying" not in texts(at)

    def test_a_draft_outlives_a_page_change(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=LIFECYCLE)
        at.number_input(key="rules_0_grace").set_value(30.0).run()
        at.switch_page(HISTORY).run()
        at.switch_page(LIFECYCLE).run()
        assert "You are trying rules that are not saved" in texts(at)
        assert at.number_input(key="rules_0_grace").value == 30.0

    def test_an_admin_saves_them(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=LIFECYCLE)
        at.number_input(key="rules_0_grace").set_value(30.0).run()
        press(at, "rules_save")
        assert not at.exception
        assert "You are trying" not in texts(at)
        with opened_desk(store) as desk:
            saved = load_lifecycle(desk.store, desk.ledger.documents, actor=LOCAL_ADMIN)
        assert saved.rules.expiry.grace_days == 30.0

    @pytest.mark.parametrize("who", ["eve:viewer", "bob:reviewer"])
    def test_nobody_else_saves_them(self, store, monkeypatch, who):
        monkeypatch.setenv(ACTOR_VARIABLE, who)
        at = open_app(monkeypatch, store, page=LIFECYCLE)
        at.number_input(key="rules_0_grace").set_value(30.0).run()
        assert at.button(key="rules_save").disabled
        assert "<b>5</b> of <b>8 memories</b>" in texts(at)

    def test_what_somebody_else_saved_meanwhile_is_not_lost(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=LIFECYCLE)
        at.number_input(key="rules_0_grace").set_value(30.0).run()
        with opened_desk(store) as desk:
            rules = replace(Lifecycle(), decay=DecayRules(threshold=0.3))
            save_lifecycle(desk.store, desk.ledger.documents, rules, actor=LOCAL_ADMIN)
        press(at, "rules_save")
        with opened_desk(store) as desk:
            saved = load_lifecycle(desk.store, desk.ledger.documents, actor=LOCAL_ADMIN)
        assert saved.rules.decay.threshold == 0.3
        assert "by somebody else in between" in at.error[0].value
        press(at, "rules_discard")
        assert at.number_input(key="rules_1_threshold").value == 0.3

    def test_a_rule_is_added_and_taken_away(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=LIFECYCLE)
        press(at, "rules_0_rule_add")
        assert not at.exception
        assert "episodic memories, after 90 days" in texts(at)
        at.number_input(key="rules_1_rule_1_days").set_value(250.0).run()
        assert "episodic memories, after 250 days" in texts(at)
        assert len([button for button in at.button if button.label == "Plan this"]) == 3
        press(at, "rules_1_rule_1_gone")
        assert not at.exception
        assert len([button for button in at.button if button.label == "Plan this"]) == 2
        assert "You are trying" not in texts(at)

    def test_two_rules_of_one_name_are_refused_in_words(self, store, monkeypatch):
        at = open_app(monkeypatch, store, page=LIFECYCLE)
        press(at, "rules_0_rule_add")
        at.text_input(key="rules_1_rule_1_name").set_value("finished tasks").run()
        assert not at.exception
        assert "one name" in at.error[0].value

    def test_a_type_that_never_fades(self, store, monkeypatch):
        with opened_desk(store) as desk:
            rules = Lifecycle(decay=DecayRules({"episodic": None}))
            save_lifecycle(desk.store, desk.ledger.documents, rules, actor=LOCAL_ADMIN)
        at = open_app(monkeypatch, store, page=LIFECYCLE)
        assert not at.exception
        assert "never fades · 2 state a confidence" in texts(at)
        assert next(box for box in at.number_input if "Episodic" in box.label).value is None
        assert "You are trying" not in texts(at)


class TestDrawing:
    def test_curves_begin_where_stated_and_halve(self):
        rules = DecayRules({"episodic": 30.0, "procedural": None}, floor=0.0)
        fading, never = half_life_curves(rules, ["episodic", "procedural"], stated=0.8)
        assert (fading.values[0], fading.values[30]) == (0.8, pytest.approx(0.4))
        assert set(never.values) == {0.8}
        assert never.dash == "dash"

    def test_rules_are_told_apart_by_colour_and_named_in_the_legend(self, store):
        found = picture(frame_of(store), Lifecycle(), now=NOW)
        colours = rule_colours(found, tokens())
        assert len(set(colours.values())) == len(colours) == 3
        figure = charts.age_bars([("<b>a</b>", "#111", [1] * 7), ("b", "#222", [0] * 7)], tokens())
        assert [bar.name for bar in figure.data] == ["&lt;b&gt;a&lt;/b&gt;", "b"]

    def test_rules_in_words(self):
        assert sentence_of(AGED, "old") == ("Old", "episodic memories, after 100 days")
        assert sentence_of(ExpiryRules(), STATED)[1].startswith("7 days after")

    def test_the_lead_says_one_and_none(self, store):
        found = picture(frame_of(store), Lifecycle(), now=NOW)
        one = replace(found, over=1, faded=replace(found.faded, ages=(0,) * 7))
        assert "<b>1</b> of <b>8 memories</b> in <b>&lt;i&gt;</b> has had its" in lead(one, index="<i>").replace(
            "their", "its"
        )
        assert "none of" in lead(replace(one, over=0), index="team")

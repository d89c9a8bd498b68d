"""The page Plan: what would change, what that does to the answers, apply, undo, and everything that can come in between."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.candidates import Mode
from core.curation.editing import plan_edit
from core.curation.effects import Problem, ProblemKind, QueryEffect
from core.curation.golden import GoldenQueries, GoldenQuery
from core.curation.hiding import plan_hiding
from core.curation.history import Deed, State
from core.curation.plan import plan_from_json, plan_to_json
from core.curation.preflight import Preflight
from core.curation.proof import Proof
from core.errors import ConfigError
from core.memory import Memory
from core.scope import Scope
from pages.shared.applying import apply_label, with_reason
from pages.shared.outcome import did_words
from pages.shared.plan_changes import counts_words, done_words, shown_changes
from pages.shared.plan_head import read_plan
from pages.shared.preflight_report import effect_html, rank_words, regression_html, staying_html, verdict_html
from tests.pages.app import NOW, OVERVIEW, SEARCH, labels, open_app, seed, team_memories, texts
from tests.pages.curating import PLAN, kept_plan, opened_desk, press, records

ANN = Actor("ann", Role.REVIEWER)


@pytest.fixture
def store(tmp_path):
    return seed(tmp_path / "store", team_memories())


def apply(at):
    return press(at, "apply")


def test_without_a_plan_it_says_what_plans_are_for(team_store, monkeypatch):
    at = open_app(monkeypatch, team_store, page=PLAN)
    assert at.title[0].value == "Which plans wait?"
    assert "No plan waits for this index" in texts(at)


def test_plans_that_wait_are_listed_and_opened(store, monkeypatch):
    kept_plan(store, ["k1", "k2"], reason="Larkspur left.")
    kept_plan(store, ["k3"], plan_id="p2")
    at = open_app(monkeypatch, store, page=PLAN)
    assert texts(at).index("Retire 1 memory") < texts(at).index("Retire 2 memories")
    assert "Larkspur left." in texts(at)
    press(at, "review_p1")
    assert at.title[0].value == "What would this plan change?"
    assert at.query_params["plan"] == "p1"


def test_a_plan_is_applied_and_taken_back_to_the_byte(store, monkeypatch):
    before = records(store)
    kept_plan(store, ["k1", "k2", "k3"], reason="Larkspur left.")
    at = apply(open_app(monkeypatch, store, page=PLAN, plan="p1"))
    assert not at.exception
    assert at.title[0].value == "What did this plan change?"
    assert "3 memories retired." in texts(at)
    assert records(store).keys() == before.keys() - {"k1", "k2", "k3"}
    press(at, "outcome_undo")
    assert "3 memories as before." in texts(at)
    assert records(store) == before
    press(at, "outcome_undo")
    assert records(store).keys() == before.keys() - {"k1", "k2", "k3"}


def test_who_made_a_plan_says_why_until_it_is_applied(store, monkeypatch):
    kept_plan(store, ["k1", "k2"])
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    at.text_input(key="plan_reason_p1").set_value("They asked us to.").run()
    apply(at)
    with opened_desk(store) as desk:
        deed = desk.deed("p1", actor=LOCAL_ADMIN)
        assert deed.reason == "They asked us to."
        assert {done.reason for done in desk.changes_of("p1", actor=LOCAL_ADMIN)} == {"They asked us to."}


def keep_golden(store, *expected, text="refund approval"):
    query = GoldenQuery(text, text, expected=expected, within=3, owner="ann", created_at=NOW)
    with opened_desk(store) as desk:
        GoldenQueries(desk.ledger.documents, desk.stream).save(query)


def test_a_lost_answer_holds_the_plan_back_until_somebody_says_why(store, monkeypatch):
    keep_golden(store, "k2")
    kept_plan(store, ["k2"])
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    shown = texts(at)
    assert "1 query of 1 loses what must come." in shown
    assert "refund approval" in shown
    assert "is lost · rank 1 → not among the first 10" in shown
    apply(at)
    assert "Say why it is right" in at.error[0].value
    assert "k2" in records(store)
    at.text_area(key="acknowledged_p1").set_value("The rule is gone.")
    apply(at)
    assert "Lost answers were accepted: The rule is gone" in texts(at)
    assert "k2" not in records(store)


def test_a_golden_query_of_a_moment_ago_counts(store, monkeypatch):
    kept_plan(store, ["k2"])
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    assert "Nothing to try it on." in texts(at)
    keep_golden(store, "k2")
    at.run()
    assert "1 query of 1 loses what must come." in texts(at)
    apply(at)
    assert "k2" in records(store)


def test_a_pre_flight_can_be_stopped_and_run_again(store, monkeypatch):
    keep_golden(store, "k2")
    kept_plan(store, ["k2"])
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    assert "measure" not in {button.key for button in at.button}
    at.session_state["measure_p1"] = False  # as its button Stop leaves it, which is there while it runs
    at.run()
    assert "You stopped the pre-flight." in texts(at)
    apply(at)
    assert "k2" in records(store), "applying measures first"
    press(at, "measure")
    assert "1 query of 1 loses what must come." in texts(at)


def test_the_same_plan_passes_where_another_memory_answers(store, monkeypatch):
    keep_golden(store, "k2")
    kept_plan(store, ["k6"])
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    assert "No answer is lost, of 1 query tried." in texts(at)
    apply(at)
    assert "k6" not in records(store)


def test_a_stale_plan_says_what_differs_and_is_made_again(store, monkeypatch):
    kept_plan(store, ["k1", "k2", "k3"])
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    with opened_desk(store) as desk:
        changed = replace(team_memories()[0], content="Larkspur was refunded.")
        desk.store.write([changed], actor=LOCAL_ADMIN)
        desk.apply(kept_plan(store, ["k3"], plan_id="other"), actor=LOCAL_ADMIN)
    apply(at)
    assert not at.exception
    assert at.warning[0].proto.title == "The memories changed since this plan was made"
    assert "was changed" in texts(at)
    assert "is gone" in texts(at)
    assert {"k1", "k2"} <= records(store).keys()
    press(at, "replan")
    assert at.query_params["plan"] != "p1"
    assert "Larkspur was refunded." in texts(at)
    apply(at)
    assert not {"k1", "k2", "k3"} & records(store).keys()


def test_erasing_needs_the_typed_words(store, monkeypatch):
    kept_plan(store, ["k1", "k2"], erase=True)
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    at.text_input(key="confirm_p1").set_value("erase")
    press(at, "apply_erase")
    assert "nothing was erased" in at.error[0].value
    at.text_input(key="confirm_p1").set_value("erase 2 memories")
    press(at, "apply_erase")
    assert "2 memories erased." in texts(at)
    assert "Erased: nothing brings it back." in texts(at)
    assert "outcome_undo" not in {button.key for button in at.button}
    assert not {"k1", "k2"} & records(store).keys()


def test_what_would_still_say_what_is_erased_is_named_and_may_go_with_it(store, monkeypatch):
    kept_plan(store, ["k2"], erase=True)
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    assert "1 memory was made from what is erased and may still say it" in at.warning[0].value
    assert "remnant_0" in {button.key for button in at.button}
    press(at, "remnants_erase")
    assert "erase 2 memories" in texts(at)
    assert not at.warning


def test_erasing_waits_for_a_second_person_where_that_is_asked_for(store, monkeypatch):
    monkeypatch.setenv("MNEMOSCOPE_SECOND_PERSON", "1")
    plan = kept_plan(store, ["k1"], erase=True)
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    assert "needs a second admin" in texts(at)
    at.text_input(key="confirm_p1").set_value("erase 1 memory")
    press(at, "apply_erase")
    assert "k1" in records(store)
    press(at, "approve")
    assert "You approved it" in texts(at)
    with opened_desk(store) as desk:
        desk.approve(plan, actor=Actor("eve", Role.ADMIN))
    at.run()
    at.text_input(key="confirm_p1").set_value("erase 1 memory")
    press(at, "apply_erase")
    assert "k1" not in records(store)


@pytest.mark.parametrize(
    ("actor", "erase", "said"),
    [
        pytest.param("vera:viewer", False, "to retire memories takes a reviewer", id="a viewer retires"),
        pytest.param("ann:reviewer", True, "to erase memories takes an admin", id="a reviewer erases"),
    ],
)
def test_who_may_not_apply_sees_the_plan_and_why(actor, erase, said, store, monkeypatch):
    kept_plan(store, ["k1"], erase=erase)
    monkeypatch.setenv("MNEMOSCOPE_ACTOR", actor)
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    assert not at.exception
    assert "The customer Larkspur was promised a refund." in texts(at)
    assert said in texts(at).replace("\\", "")
    assert at.button(key="apply_erase" if erase else "apply").disabled


def test_a_reviewer_takes_back_their_own_and_not_what_others_did(store, monkeypatch):
    plan = kept_plan(store, ["k1"])
    with opened_desk(store) as desk:
        desk.apply(plan, actor=LOCAL_ADMIN)
    monkeypatch.setenv("MNEMOSCOPE_ACTOR", "ann:reviewer")
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    assert at.button(key="outcome_undo").disabled
    with opened_desk(store) as desk:
        mine = replace(kept_plan(store, ["k2"], plan_id="p2"), author="ann")
        desk.apply(mine, actor=ANN)
    at = press(open_app(monkeypatch, store, page=PLAN, plan="p2"), "outcome_undo")
    assert "k2" in records(store)


def test_the_bar_keeps_a_plan_in_sight_on_every_page(store, monkeypatch):
    kept_plan(store, ["k1", "k2"])
    at = open_app(monkeypatch, store, plan="p1")
    for page in (OVERVIEW, SEARCH, "pages/operate/indexes.py"):
        at.switch_page(page).run()
        assert "<b>Plan waits:</b> Retire 2 memories" in texts(at)
    press(at, "plan_review", to=PLAN)
    assert at.title[0].value == "What would this plan change?"
    apply(at)
    at.switch_page(OVERVIEW).run()
    assert "<b>Applied:</b> Retire 2 memories" in texts(at)
    press(at, "bar_undo")
    assert {"k1", "k2"} <= records(store).keys()
    assert "<b>Taken back:</b> Retire 2 memories" in texts(at)
    press(at, "plan_aside")
    assert "plan" not in at.query_params
    assert "Applied:" not in texts(at)


@pytest.fixture
def stopped(tmp_path):
    """A plan of 600 changes that somebody stopped after its first batch."""
    store = seed(tmp_path / "store", [Memory("seed", "The first one.")])
    with opened_desk(store) as desk:
        first = desk.store.records.get(["seed"], actor=LOCAL_ADMIN)["seed"]
        desk.store.records.put({f"m{i:03}": first for i in range(600)}, actor=LOCAL_ADMIN)
        plan = kept_plan(store, [f"m{i:03}" for i in range(600)])
        seen = []
        desk.apply(
            plan,
            actor=LOCAL_ADMIN,
            measured=False,
            unmeasured="a test",
            progress=lambda done, _: seen.append(done),
            cancelled=lambda: any(seen),
        )
    return store


def test_a_plan_that_was_stopped_goes_on(stopped, monkeypatch):
    at = open_app(monkeypatch, stopped, page=PLAN, plan="p1")
    assert not at.exception
    assert "500 of 600 changes done." in texts(at)
    assert at.button(key="apply").label == "Go on with the 100 left"
    apply(at)
    assert "600 memories retired." in texts(at)
    assert "20 of 600 changes shown" in texts(at)
    assert records(stopped).keys() == {"seed"}


def test_a_plan_that_was_stopped_is_taken_back(stopped, monkeypatch):
    at = open_app(monkeypatch, stopped, page=PLAN, plan="p1")
    assert at.button(key="resumable_undo").label == "Undo the 500 that are done"
    press(at, "resumable_undo")
    assert "500 memories as before." in texts(at)
    assert len(records(stopped)) == 601


def test_a_plan_is_discarded(store, monkeypatch):
    kept_plan(store, ["k1"])
    at = press(open_app(monkeypatch, store, plan="p1"), "plan_discard")
    assert "plan" not in at.query_params
    at.switch_page(PLAN).run()
    assert "No plan waits" in texts(at)


def test_only_who_keeps_a_plan_or_an_admin_discards_it(store, monkeypatch):
    kept_plan(store, ["k1"])
    for actor in ("vera:viewer", "ann:reviewer"):
        monkeypatch.setenv("MNEMOSCOPE_ACTOR", actor)
        for page, key in ((PLAN, "plan_discard"), (OVERVIEW, "plan_discard")):
            assert open_app(monkeypatch, store, page=page, plan="p1").button(key=key).disabled
        assert open_app(monkeypatch, store, page=PLAN).button(key="discard_p1").disabled
    monkeypatch.setenv("MNEMOSCOPE_ACTOR", "eve:admin")
    press(open_app(monkeypatch, store, page=PLAN), "discard_p1")
    with opened_desk(store) as desk:
        assert desk.pending(actor=LOCAL_ADMIN) == []


def test_a_plan_that_is_not_here(store, monkeypatch):
    at = open_app(monkeypatch, store, page=PLAN, plan="never")
    assert "The plan of this link is not here" in at.info[0].value
    at.switch_page(OVERVIEW).run()
    assert "The plan of this link is not here" in texts(at)


def test_another_index_leaves_the_plan_behind(tmp_path, monkeypatch):
    store = seed(seed(tmp_path / "store", team_memories()), [Memory("x", "Elsewhere.")], index="other")
    kept_plan(store, ["k1"])
    at = open_app(monkeypatch, store, index="team", plan="p1")
    at.selectbox(key="rail_index").set_value("other").run()
    assert "plan" not in at.query_params


def test_a_long_plan_is_read_a_page_at_a_time(tmp_path, monkeypatch):
    memories = [Memory(f"m{i:02}", f"Note {i:02} of the night.", agent_id="owl" if i % 2 else "bat") for i in range(45)]
    store = seed(tmp_path / "store", memories)
    kept_plan(store, [memory.key for memory in memories])
    at = open_app(monkeypatch, store, page=PLAN, plan="p1")
    assert "1 to 20 of 45 changes" in texts(at)
    at.selectbox(key="plan_agent_p1").set_value("owl").run()
    assert "1 to 20 of 22 changes that fit, of 45 in the plan" in texts(at)
    at.number_input(key="plan_page_p1_2").set_value(2).run()
    assert "21 to 22 of 22 changes" in texts(at)
    assert "Note 43 of the night." in texts(at)


HOSTILE = "</div><script>alert(1)</script><img src=x> ![i](http://e/x.png) \u202eevil"


def test_a_hostile_memory_and_reason_are_only_text(tmp_path, monkeypatch):
    store = seed(tmp_path / "store", [Memory(HOSTILE, HOSTILE, HOSTILE, agent_id=HOSTILE), Memory("k", "Kept.")])
    kept_plan(store, [HOSTILE], reason=HOSTILE)
    keep_golden(store, HOSTILE, text=HOSTILE)
    at = open_app(monkeypatch, store, plan="p1")
    for page in (OVERVIEW, PLAN):
        if page != OVERVIEW:
            at.switch_page(page).run()
        assert not at.exception
        drawn = "\n".join(element.value for element in at.html if "<style>:root" not in element.value)
        assert "<script" not in drawn
        assert "<img" not in drawn
        assert "\u202e" not in drawn
        assert "![i](http" not in "".join(element.value for element in at.markdown)
    at.text_area(key=next(area.key for area in at.text_area)).set_value("Hostile.")
    apply(at)
    assert not at.exception
    assert "<script" not in "\n".join(element.value for element in at.html if "<style>:root" not in element.value)


def test_the_same_plan_in_two_tabs_is_applied_once(store, monkeypatch):
    kept_plan(store, ["k1"])
    first, second = (open_app(monkeypatch, store, page=PLAN, plan="p1") for _ in range(2))
    apply(first)
    apply(second)
    assert not second.exception
    assert "1 memory retired." in texts(second)
    with opened_desk(store) as desk:
        assert len(desk.history(actor=LOCAL_ADMIN)) == 1


def test_when_everything_is_retired_undo_is_still_there(tmp_path, monkeypatch):
    store = seed(tmp_path / "store", [Memory("only", "The only one.")])
    kept_plan(store, ["only"])
    at = apply(open_app(monkeypatch, store, page=PLAN, plan="p1"))
    assert "1 memory retired." in texts(at)
    press(at, "outcome_undo")
    assert "only" in records(store)
    assert "Undo" not in labels(at)


def test_a_plan_from_a_file_is_read_and_refused_where_it_does_not_belong(store, tmp_path):
    plan = kept_plan(store, ["k1"])
    data = json.dumps(plan_to_json(plan)).encode()
    assert read_plan(data, stream=plan.stream) == plan
    for broken, said in ((b"{", "no JSON"), (b"{}", "no plan"), (data, "is for mnemoscope/team")):
        with pytest.raises(ConfigError, match=said):
            read_plan(broken, stream="mnemoscope/other")


def test_words_for_what_a_plan_does_and_did():
    assert counts_words({"retire": 3, "replace": 1}) == "retire 3 memories, change 1 memory"
    assert done_words({"put": 1, "erase": 2}) == "1 memory added, 2 memories erased"
    deed = Deed(
        "p", "h", "t", "merge", "a", "a", NOW, state=State.APPLIED, counts={"put": 1, "retire": 4}, changes=5, done=5
    )
    assert did_words(deed) == "1 memory added, 4 memories retired"
    assert did_words(replace(deed, done=3, spared=2)) == "3 of 5 changes done, 2 left as they were"
    assert (rank_words(1, None, 10), rank_words(4, 2, 10)) == ("rank 1 → not among the first 10", "rank 4 → rank 2")


def test_a_plan_that_only_hides_says_so_and_no_other_does(store):
    with opened_desk(store) as desk:
        some = {"actor": LOCAL_ADMIN, "now": NOW, "plan_id": "p1"}
        hide = plan_hiding(desk.store, ["k1", "k2"], **some)
        edit = plan_edit(desk.store, {"k1": {"content": "Nobody was promised a refund."}}, **some)
    assert apply_label(hide) == "Hide 2 memories"
    assert apply_label(edit) == "Change 1 memory"
    # A file may call a change whatever it likes.
    assert apply_label(replace(edit, policy="hide", title="Hide 1 memory")) == "Change 1 memory"


def test_a_new_reason_is_for_every_change(store):
    plan = kept_plan(store, ["k1", "k2"])
    again = with_reason(plan, "Because.")
    assert (again.reason, {change.reason for change in again}) == ("Because.", {"Because."})
    assert plan_from_json(plan_to_json(again)).hash != plan.hash
    assert [change.key for change in shown_changes(plan, ["a", None], action="retire", agent="unknown")] == ["k2"]


def effect(**values):
    usual = {
        "name": "g",
        "text": "When?",
        "mode": Mode.HYBRID,
        "k": 10,
        "scope": Scope(),
        "owner": "ann",
        "before": ("a", "b", "c"),
        "after": ("c", "d"),
        "recall_before": 1.0,
        "recall_after": 0.5,
        "mrr_before": 1.0,
        "mrr_after": 0.5,
    }
    return QueryEffect(**(usual | values))


LOST = Problem(ProblemKind.LOST_EXPECTED, "a", 1, None, "")


@pytest.mark.parametrize(
    ("queries", "said"),
    [
        pytest.param((), "Nothing to try it on.", id="none"),
        pytest.param((effect(regressions=(LOST,)), effect()), "1 query of 2 loses what must come.", id="one breaks"),
        pytest.param((effect(regressions=(LOST,)),) * 2, "2 queries of 2 lose what must come.", id="all break"),
        pytest.param((effect(),), "No answer is lost, of 1 query tried.", id="fine"),
        pytest.param((effect(name=None), effect()), "1 of 1 recent question would lose hits.", id="a real one loses"),
        pytest.param((effect(after=("a", "b", "c")),), "Every answer stays as it is.", id="the same"),
    ],
)
def test_the_verdict_of_a_preflight(queries, said):
    found = Preflight("p", "h", "team", None, datetime.now(UTC), 3, 2, queries)
    assert said in verdict_html(found)


def test_what_a_merge_would_leave_is_named_with_why():
    proofs = {"k1": Proof("k1", "k2", None, why="it is not found"), "k3": Proof("k3", "k2", 1)}
    idle = {"k9": "it would free nothing"}
    found = Preflight("p", "h", "team", None, datetime.now(UTC), 3, 2, (), proofs=proofs, idle=idle)
    shown = staying_html(found, {"k1": "<b>Larkspur"})
    assert "taken out again: it would free nothing" in shown
    assert "&lt;b&gt;Larkspur" in shown
    assert "stays: it is not found" in shown
    assert "k3" not in shown


def test_a_query_shows_what_goes_comes_and_moves():
    shown = effect_html(effect(successors={"a": "d"}), {"a": "Alpha <b>"})
    assert "Alpha &lt;b&gt;" in shown
    assert "rank 1 → not among the first 10" in shown
    assert "new at rank 2" in shown
    assert "Others move: 1 up." in shown
    assert "answered for by its successor d" in shown
    forbidden = Problem(ProblemKind.SHOWS_FORBIDDEN, "d", None, 2, "")
    assert "must not come, and would · not among the first 10 → rank 2" in regression_html(
        effect(regressions=(forbidden,)), {}
    )

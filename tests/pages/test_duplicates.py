"""The page Duplicates: groups at a threshold, what is chosen and rejected, what only looks alike, and the plan."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from core.access import ACTOR_VARIABLE, LOCAL_ADMIN
from core.curation.duplicates import DEFAULT_THRESHOLD, Group, Pairs
from core.curation.duplicates.found import Within
from core.curation.duplicates.rejected import load_rejections
from core.memory import Memory
from pages.shared.duplicates.found import found_words
from pages.shared.duplicates.group_rows import name_of
from pages.shared.duplicates.search import Search
from pages.shared.markup import slug
from pages.shared.work import works
from tests.core.duplicates.frames import make_frame, make_pairs
from tests.pages.app import NOW, labels, open_app, seed, texts
from tests.pages.curating import HISTORY, PLAN, opened_desk, press, records

DUPLICATES = "pages/curate/duplicates.py"
ATTACK = "<img src=x onerror=alert(1)> **bold** [link](http://127.0.0.1:9)"


def repeated_memories():
    """Return two groups of two, one of the same text, a pair that differs in a number, and one alone."""
    ann = {"agent_id": "ann", "team_id": "support", "created_at": NOW}
    bob = {"agent_id": "bob", "team_id": "support", "created_at": NOW}
    return [
        Memory("a1", "The customer Larkspur prefers mail over phone calls.", "semantic", **ann, confidence=0.9),
        Memory(
            "a2", "The customer Larkspur prefers mail over phone calls!", "semantic", **ann, confidence=0.6, tags=("vip",)
        ),
        Memory("b1", "Deploys run on Tuesday after the standup.", "semantic", **ann, confidence=0.5),
        Memory("b2", "Deploys run on Tuesday after the standup.", "semantic", **ann, confidence=0.8),
        Memory("b3", "Deploys run on Tuesday after the standup.", "semantic", **bob, confidence=0.7),
        Memory("n1", "The upload limit of the gateway is 5 MB.", "semantic", **ann),
        Memory("n2", "The upload limit of the gateway is 7 MB.", "semantic", **ann),
        Memory("z", "Nothing else speaks of the penguin.", "episodic", **bob),
    ]


NEAR, SAME = Group(("a1", "a2"), 0.9), Group(("b1", "b2"), 1.0)


@pytest.fixture
def store(tmp_path):
    return seed(tmp_path / "store", repeated_memories())


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A store that the tests only look at."""
    return seed(tmp_path_factory.mktemp("duplicates") / "store", repeated_memories())


def opened(monkeypatch, store, **params):
    """Return the page once its search has ended."""
    return settled(open_app(monkeypatch, store, page=DUPLICATES, **params))


def settled(at):
    """Draw the page until its search has ended."""
    for _ in range(60):
        if not any(button.key == "duplicates_stop" for button in at.button):
            break
        at.run()
    assert not at.exception
    return at


def take(at, *groups):
    """Choose groups to be merged."""
    for group in groups:
        at.checkbox(key=f"dup_take_{name_of(group)}").check().run()
    return at


def drawn(at):
    """Return the names of the groups that are shown, in their order."""
    return [box.key.removeprefix("dup_take_") for box in at.checkbox if box.key and box.key.startswith("dup_take_")]


class TestGroups:
    def test_it_says_what_is_said_twice_and_lets_a_person_choose(self, shown, monkeypatch):
        at = opened(monkeypatch, shown)
        said = texts(at)
        assert at.title[0].value == "Which memories say the same?"
        assert "<b>4</b> of <b>8 memories</b> in <b>team</b> say the same as another: they could be <b>2</b>" in said
        assert drawn(at) == [name_of(NEAR), name_of(SAME)]
        assert "Highest confidence now: 0.90, the next 0.60." in said
        assert "<del>calls!</del>" in said
        assert "the same text" in said
        assert "Every pair that is near enough was found." in said
        assert at.button(key="duplicates_plan").disabled

        press(at, f"dup_keep_{name_of(NEAR)}_{slug('a2')}")
        assert "Chosen by hand." in texts(at)
        assert "<del>calls.</del>" in texts(at)

        at.number_input(key="duplicates_least").set_value(100).run()
        press(at, "duplicates_accept")
        assert at.checkbox(key=f"dup_take_{name_of(SAME)}").value
        assert not at.checkbox(key=f"dup_take_{name_of(NEAR)}").value
        assert "<b>1 group chosen:</b> 1 memory fewer, about 12 tokens and" in texts(at)
        press(at, "duplicates_clear")
        assert not at.checkbox(key=f"dup_take_{name_of(SAME)}").value

        at.slider(key="duplicates_likeness").set_value(99).run()
        assert drawn(at) == [name_of(SAME)]
        assert at.query_params["likeness"] == "99"
        at.slider(key="duplicates_likeness").set_value(round(100 * DEFAULT_THRESHOLD)).run()
        assert drawn(at) == [name_of(NEAR), name_of(SAME)]
        assert "likeness" not in at.query_params

        press(at, f"dup_open_{name_of(NEAR)}_{slug('a1')}")
        assert at.query_params["sel"] == "a1"
        assert any(button.key == "inspector_close" for button in at.button)

    def test_a_link_says_what_is_shown(self, shown, monkeypatch):
        at, wide = opened(monkeypatch, shown), Group(("b1", "b2", "b3"), 1.0)
        for params, groups, said in (
            ({"likeness": "100"}, [SAME], "<b>2</b> of <b>8 memories</b>"),
            ({"order": "most"}, [SAME, NEAR], "could be <b>2</b>"),
            ({"within": "team"}, [NEAR, wide], "within each team"),
            ({"within": "team", "agent": "bob"}, [wide], "leave 1 of 2 groups: those with a memory that fits."),
            ({"type": "episodic"}, [], " Take filters away on the left to see more."),
            ({"within": "<b>", "likeness": "²", "list": "y"}, [NEAR, SAME], "could be <b>2</b>"),
            ({"list": "rejected"}, [], "Nothing was rejected yet."),
            ({"list": "alike", "likeness": "60"}, [], "<b>Number</b> <del>5 MB</del> <ins>7 MB</ins>"),
            ({"as_of": "2020-01-01T00:00:00Z"}, [NEAR, SAME], "This page works on what is there now."),
        ):
            at.query_params.clear()
            at.query_params.update(params)
            settled(at.run())
            assert drawn(at) == [name_of(group) for group in groups], params
            assert said in texts(at), params

    def test_what_is_hostile_is_only_text(self, tmp_path, monkeypatch):
        twice = [Memory(f"{ATTACK}{place}", ATTACK, ATTACK, agent_id=ATTACK, tags=(ATTACK,)) for place in range(2)]
        at = opened(monkeypatch, seed(tmp_path / "s", twice))
        assert len(drawn(at)) == 1
        assert "<img src=x" not in texts(at).replace("&lt;img", "")

    def test_where_there_is_nothing_to_compare(self, tmp_path, monkeypatch):
        folder = tmp_path / "s"
        at = opened(monkeypatch, folder)
        assert "Nothing is remembered here yet" in texts(at)
        seed(folder, repeated_memories()[:1])
        assert "There is nothing to merge here." in texts(opened(monkeypatch, folder))

    def test_every_memory_of_a_large_group_is_to_be_seen_and_in_the_plan(self, tmp_path, monkeypatch):
        count = 30
        memories = [Memory(f"r{place:02}", "The disk is full.", created_at=NOW) for place in range(count)]
        at = opened(monkeypatch, seed(tmp_path / "s", memories))
        name = drawn(at)[0]
        seen = set()
        for way in (f"dup_fold_{name}", f"dup_pages_{name}_next"):
            press(at, way)
            seen |= {button.key for button in at.button if button.key.startswith(f"dup_keep_{name}")}
        assert len(seen) == count - 1
        at.checkbox(key=f"dup_take_{name}").check().run()
        press(at, "duplicates_plan", to=PLAN)
        assert f"Merge {count} memories that say the same into 1" in texts(at)

    def test_the_least_similar_two_are_to_be_seen(self, tmp_path, monkeypatch):
        said = [
            "Restart the worker after each deploy",
            "Restart the worker, after each deploy.",
            "restart the worker after each deploy!",
        ]
        memories = [Memory(f"r{place}", text, created_at=NOW) for place, text in enumerate(said)]
        at = opened(monkeypatch, seed(tmp_path / "s", memories), likeness="60")
        keys = Group(("r0", "r1", "r2"), 0.9)
        assert drawn(at) == [name_of(keys)]
        shown = ["The least similar two" in texts(at)]
        for key in ("r0", "r1", "r2"):
            kept = f"dup_keep_{name_of(keys)}_{slug(key)}"
            if any(button.key == kept for button in at.button):
                press(at, kept)
                shown.append("The least similar two" in texts(at))
        assert set(shown) == {True, False}


class TestPlan:
    def test_groups_are_planned_applied_and_taken_back(self, store, monkeypatch):
        before = records(store)
        at = take(opened(monkeypatch, store), NEAR, SAME)
        press(at, "duplicates_plan", to=PLAN)
        assert not at.exception
        assert records(store) == before
        assert "Merge 4 memories that say the same into 2" in texts(at)
        press(at, "apply")
        after = records(store)
        assert before.keys() - after.keys() == {"a2", "b1"}
        assert after["a1"].metadata["tags"] == ["vip"]
        with opened_desk(store) as desk:
            (deed,) = desk.history(actor=LOCAL_ADMIN)
        at.switch_page(HISTORY).run()
        assert "2 memories retired" in texts(at)
        at = opened(monkeypatch, store)
        assert "No two of <b>6 memories</b>" in texts(at)
        with opened_desk(store) as desk:
            undo = desk.undo_plan(deed.plan_id, actor=LOCAL_ADMIN)
            desk.apply(undo, actor=LOCAL_ADMIN)
        assert records(store) == before

    def test_the_survivor_and_the_policy_that_were_chosen_are_in_the_plan(self, store, monkeypatch):
        at = take(opened(monkeypatch, store, merge="keep"), NEAR)
        press(at, f"dup_keep_{name_of(NEAR)}_{slug('a2')}")
        press(at, "duplicates_plan", to=PLAN)
        with opened_desk(store) as desk:
            (waiting,) = desk.pending(actor=LOCAL_ADMIN)
            plan = desk.kept(waiting.plan_id, actor=LOCAL_ADMIN)
        assert {change.key: change.replaced_by for change in plan} == {"a2": None, "a1": "a2"}
        assert plan.parameters["policy"] == "keep"

    def test_a_group_that_changed_meanwhile_is_not_merged(self, store, monkeypatch):
        at = take(opened(monkeypatch, store), NEAR)
        searched = at.button(key="duplicates_plan")
        seed(store, [Memory("a2", "Larkspur wants a phone call.", agent_id="ann", created_at=NOW)])
        searched.click().run()
        assert not at.exception
        with opened_desk(store) as desk:
            assert desk.pending(actor=LOCAL_ADMIN) == []

    def test_a_viewer_proposes_and_cannot_reject(self, shown, monkeypatch):
        monkeypatch.setenv(ACTOR_VARIABLE, "eve:viewer")
        at = opened(monkeypatch, shown)
        assert at.button(key=f"dup_reject_{name_of(NEAR)}").disabled
        press(take(at, NEAR), "duplicates_plan", to=PLAN)
        assert "Merge 2 memories that say the same into 1" in texts(at)


class TestRejected:
    def test_a_group_is_rejected_for_a_reason_remembered_and_asked_about_again(self, store, monkeypatch):
        at = press(opened(monkeypatch, store), f"dup_reject_{name_of(NEAR)}")
        assert drawn(at) == [name_of(SAME)]
        next(box for box in at.text_input if box.label == "Why, if you want to say").set_value("<b>Two customers").run()
        with opened_desk(store) as desk:
            (kept,) = load_rejections(desk.store, desk.ledger.documents, actor=LOCAL_ADMIN).every
        assert (kept.by, kept.reason) == (LOCAL_ADMIN.name, "<b>Two customers")
        at.segmented_control(key="duplicates_list").set_value("rejected").run()
        assert "prefers mail over phone calls!" in texts(at)
        assert "“&lt;b&gt;Two customers”" in texts(at)
        at.segmented_control(key="duplicates_list").set_value("groups").run()
        with opened_desk(store) as desk:  # a box drawn anew does not take the reason away
            assert load_rejections(desk.store, desk.ledger.documents, actor=LOCAL_ADMIN).every == (kept,)
        at.segmented_control(key="duplicates_list").set_value("rejected").run()
        press(at, f"rejected_back_{slug(chr(10).join(kept.hashes))}")
        at.segmented_control(key="duplicates_list").set_value("groups").run()
        assert drawn(at) == [name_of(NEAR), name_of(SAME)]
        assert "Not the same.</b>" not in texts(at)


class TestSearch:
    def test_a_search_that_was_stopped_can_be_begun_again(self, store, monkeypatch):
        with works().turn:  # as if another search was going on
            at = open_app(monkeypatch, store, page=DUPLICATES)
            at.button(key="duplicates_stop").click().run()
        for _ in range(60):
            if "Try again" in labels(at):
                break
            at.run()
        assert "Stopped before it was done." in texts(at)
        press(at, "duplicates_again")
        assert drawn(opened(monkeypatch, store)) == [name_of(NEAR), name_of(SAME)]

    def test_one_that_began_before_the_index_changed_is_shown_with_the_way_to_another(self, store, monkeypatch):
        with works().turn:
            at = open_app(monkeypatch, store, page=DUPLICATES)
            seed(store, [Memory("b1", "Something else.", agent_id="ann", created_at=NOW)])
            at.run()
            assert "duplicates_stop" in [button.key for button in at.button]
        at = opened(monkeypatch, store)
        if "duplicates_renew" in [button.key for button in at.button]:
            press(at, "duplicates_renew")
        assert drawn(opened(monkeypatch, store)) == [name_of(NEAR)]

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            pytest.param({"recall": 1.0}, "Every pair that is near enough was found.", id="all"),
            pytest.param({"recall": 0.992}, "about 99 % were found.", id="most"),
            pytest.param({"cut": 1}, "1 memory has more neighbours than were compared: the nearest came first.", id="cut"),
            pytest.param({"series": 3}, "3 memories of long series differ from others", id="series"),
        ],
    )
    def test_it_says_how_much_it_found(self, values, said):
        pairs = Pairs((), (), (), 0.6, Within.AGENT, **({"recall": 1.0} | values), compared=9)
        assert said in found_words(pairs)

    def test_the_likeness_of_two_is_found_from_both_sides(self):
        pairs = replace(make_pairs({("a", "c"): 0.9}, same=[("a", "b")]), within=Within.AGENT)
        search = Search(make_frame(["x", "x", "y"]), pa.table({}), pairs)
        assert search.score("a", "b") is None
        assert [search.score(*both)[1] for both in (("b", "c"), ("c", "b"))] == [True, False]

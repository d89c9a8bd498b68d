"""The page Consolidate: groups, a draft edited and held against its sources, the plan, un-merge, the limits."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.access import ACTOR_VARIABLE, LOCAL_ADMIN
from core.curation.consolidation.limits import MergeLimits, load_limits
from core.curation.consolidation.planning import consolidation_plan
from core.curation.consolidation.summary import summarise
from core.memory import Memory
from core.models.summary import SUMMARISER_VARIABLE
from pages.shared.markup import slug
from tests.pages.app import NOW, SEARCH, labels, open_app, seed, texts
from tests.pages.curating import PLAN, opened_desk, pick, press, records

CONSOLIDATE = "pages/curate/consolidate.py"
HARBOUR = (
    "The harbour crane was inspected on Monday and passed.",
    "Crane number four at the harbour needs a new steel cable.",
    "The harbour crew asked for the crane to stop at noon.",
    "Spare parts for the harbour crane come from Rotterdam by ship.",
)
MILL = ("The wheel of the mill was repaired.", "The miller ordered two new millstones.", "Rain came through the mill roof.")
HOSTILE = "<script>alert(1)</script> [a](javascript:alert(1)) ![x](http://x/y.png) \u202egnp $x$"
RUNS = 400


def told_memories() -> list[Memory]:
    """Return two tasks that could each be one memory, one of them with a hostile text, and memories beside them."""

    def at(days: float) -> dict:
        return {"created_at": NOW - timedelta(days=days)}

    ann = {"agent_id": "ann", "team_id": "port", "task_id": "crane", "confidence": 0.8}
    bob = {"agent_id": "bob", "team_id": "land", "task_id": "mill"}
    return [
        *(Memory(f"h{n}", text, "episodic", **ann, **at(9 - n / 24), tags=(f"t{n}",)) for n, text in enumerate(HARBOUR)),
        *(Memory(f"m{n}", text, "episodic", **bob, **at(5 - n / 24)) for n, text in enumerate(MILL)),
        Memory("m9", HOSTILE, "episodic", **bob, **at(4.5)),
        Memory("p1", "To lift: check the hook, then the cable.", "procedural", **ann, **at(3)),
        Memory("f1", "The invoice of supplier Kale is filed.", "semantic", **at(2)),
        Memory("bare", "A note from nobody."),
    ]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return seed(tmp_path / "store", told_memories())


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that the tests only look at."""
    return seed(tmp_path_factory.mktemp("told") / "store", told_memories())


def settled(at: AppTest) -> AppTest:
    """Draw the page until nothing is being worked out any more."""
    for _ in range(RUNS):
        if not any(str(button.key).endswith("_stop") for button in at.button):
            break
        at.run()
    return at


def opened(monkeypatch: pytest.MonkeyPatch, store: Path, **params) -> AppTest:
    at = open_app(monkeypatch, store, page=CONSOLIDATE, **params)
    return settled(at)


def open_group(at: AppTest, name: str) -> AppTest:
    """Open the group of a name."""
    button = next(each for each in at.button if each.label == f"Open the draft of {name}")
    return settled(button.click().run())


def merged(store: Path) -> str:
    """Merge the harbour's memories as the page would, and return the key of the merged one."""
    with opened_desk(store) as desk:
        sources = list(desk.store.get([f"h{n}" for n in range(4)], actor=LOCAL_ADMIN).values())
        draft = summarise(sources, embedder=desk.store.embedder(), share=1.0)
        plan = consolidation_plan(desk.store, draft, actor=LOCAL_ADMIN, now=NOW, plan_id="merge")
        assert desk.apply(plan, actor=LOCAL_ADMIN).complete
        return next(change.key for change in plan if change.after is not None)


def drafts(at: AppTest) -> int:
    """Return how many groups are shown."""
    return sum(label.startswith("Open the draft of") for label in labels(at))


class TestGroups:
    def test_tasks_are_groups_and_instructions_are_left_alone(self, shown, monkeypatch):
        at = opened(monkeypatch, shown)
        said = texts(at)
        assert not at.exception
        assert "<b>8</b> of 11 memories in <b>team</b> could become <b>2</b>." in said
        assert "task crane" in said
        assert "<b>If each group becomes one:</b> about " in said
        assert "1 memory: it is an instruction" in said
        assert drafts(at) == 2
        assert len(at.toggle) == 1  # that of the rail: no model is configured
        monkeypatch.setenv(SUMMARISER_VARIABLE, "bedrock:some.model-v1:0")
        at.run()
        assert "some.model-v1:0 write the drafts" in " ".join(toggle.label.replace("\\", "") for toggle in at.toggle)

    def test_other_ways_to_group_and_filters(self, shown, monkeypatch):
        at = opened(monkeypatch, shown)
        for params, groups, said in (
            ({"by": "window", "hours": "24"}, 2, "of 11 memories"),
            ({"by": "cluster", "alike": "45"}, 1, "of 11 memories"),
            ({"by": "session"}, 0, "no three belong together this way"),
            ({"by": "given", "given": ["h0", "h1"]}, 1, "<b>2</b> of 2 memories that you chose"),
            ({"by": "given", "given": ["h0", "h1"], "agent": "bob"}, 1, "<b>2</b> of 2 memories that you chose"),
            ({"by": "nonsense", "hours": "nan", "keep": "x", "group": "gone"}, 2, "could become <b>2</b>"),
            ({"agent": "bob"}, 1, "<b>4</b> of 4 memories in <b>team</b> that fit the filters on the left"),
            ({"type": "semantic"}, 0, "Left alone: 1 memory: it is a fact already."),
            ({"by": "given", "given": ["h0", "h1", "p1", "gone"]}, 1, "gone <span class='mn-muted'>it is not in the index"),
            ({"by": "given", "given": ["h0", "h1", "p1"]}, 1, "an instruction, which a summary would blur"),
        ):
            at.query_params.clear()
            at.query_params.update(params)
            settled(at.run())
            assert not at.exception
            assert drafts(at) == groups, params
            assert said in texts(at), params

    def test_a_selection_on_the_search_page_comes_here(self, shown, monkeypatch):
        at = pick(open_app(monkeypatch, shown, page=SEARCH, q="harbour crane"), "h0", "h1", "h2")
        press(at, "bar_consolidate", to=CONSOLIDATE)
        assert at.query_params["given"] == ["h0", "h1", "h2"]
        assert "task crane" not in texts(settled(at))
        assert "Open the draft of chosen by hand" in labels(at)

    def test_little_to_group(self, tmp_path, monkeypatch):
        folder = tmp_path / "s"
        at = opened(monkeypatch, folder)
        assert not at.exception
        seed(folder, [Memory("a", "One.")])
        at = opened(monkeypatch, folder)
        assert not at.exception
        assert not drafts(at)


class TestDraft:
    def test_each_sentence_names_its_sources_and_is_checked_once_it_is_edited(self, shown, monkeypatch):
        at = open_group(opened(monkeypatch, shown, keep="90"), "task crane")
        said = texts(at)
        assert "A source says each of 4 sentences." in said
        assert "from 1</span>" in said
        assert "In the draft" in said
        assert "Mean of the surest source" in said
        assert "<dt>Tags</dt><dd title=''>t0, t1, t2, t3</dd>" in said

        press(at, "open_row_line_1")
        at.text_area[0].set_value(HARBOUR[1].replace("number four", "number nine")).run()
        settled(press(at, "draft_check"))
        assert "No source says 1 of 4 sentences." in texts(at)
        assert "No source says the number “nine”." in texts(at)
        assert at.button(key="propose_one").disabled
        box = next(box for box in at.checkbox if box.label == "I stand by what no source says")
        box.check().run()
        assert not at.button(key="propose_one").disabled
        settled(press(at, "draft_anew"))
        assert "A source says each of 4 sentences." in texts(at)

        press(at, "open_row_line_1")
        settled(press(at, "draft_out"))
        assert "A source says each of 3 sentences." in texts(at)
        assert "not in it: " in texts(at)
        press(at, "draft_add")
        at.text_area[0].set_value(HARBOUR[1]).run()
        settled(press(at, "draft_check"))
        assert "A source says each of 4 sentences." in texts(at)

        open_group(press(at, "draft_back"), "task mill")
        assert not at.exception
        assert "<script>alert(1)" not in texts(at)
        assert "&lt;script&gt;" in texts(at)

    def test_a_draft_without_a_sentence_goes_nowhere(self, shown, monkeypatch):
        at = open_group(opened(monkeypatch, shown, by="given", given=["h0", "h1"], keep="10"), "chosen by hand")
        while any(button.key == "open_row_line_0" for button in at.button):
            press(at, "open_row_line_0")
            settled(press(at, "draft_out"))
        assert "The draft says nothing" in texts(at)
        assert at.button(key="propose_one").disabled


class TestPlan:
    def test_one_draft_is_planned_applied_and_taken_apart_again(self, store, monkeypatch):
        before = records(store)
        at = open_group(opened(monkeypatch, store, keep="90"), "task crane")
        press(at, "propose_one")
        settled(at).switch_page(PLAN).run()
        assert "Consolidate 4 memories into 1" in texts(at)
        press(at, "apply")
        left = records(store)
        (new,) = set(left) - set(before)
        assert not set(left) & {"h0", "h1", "h2", "h3"}

        at = open_app(monkeypatch, store, page=SEARCH, q="crane", sel=new)
        at.session_state["inspector_tab"] = "Lineage"
        at.run()
        assert HARBOUR[2] in texts(at)
        press(at, f"unmerge_{slug('h2')}", to=PLAN)
        press(at, "apply")
        assert records(store)["h2"].metadata == before["h2"].metadata
        assert new in records(store)
        at = open_app(monkeypatch, store, page=SEARCH, q="crane", sel=new)
        at.session_state["inspector_tab"] = "Lineage"
        at.run()
        assert "**1 sentence without a source**" in texts(at)

    def test_all_of_it_is_unmerged(self, store, monkeypatch):
        before, new = records(store), merged(store)
        at = open_app(monkeypatch, store, page=SEARCH, q="crane", sel=new)
        at.session_state["inspector_tab"] = "Lineage"
        at.run()
        press(at, "unmerge_all", to=PLAN)
        press(at, "apply")
        assert {key: each.metadata for key, each in records(store).items()} == {k: r.metadata for k, r in before.items()}

    def test_a_retired_source_says_what_it_was_merged_into(self, store, monkeypatch):
        new = merged(store)
        at = open_app(monkeypatch, store, page=SEARCH, q="crane", sel="h0")
        at.session_state["inspector_tab"] = "Lineage"
        at.run()
        assert "**Merged into**" in texts(at)
        assert any(button.key == f"open_row_into_{slug(new)}" for button in at.button)

    def test_several_groups_become_one_plan(self, store, monkeypatch):
        at = opened(monkeypatch, store, keep="90")
        press(at, "take_every")
        assert "<b>8 memories</b> would become <b>2</b>" in texts(at)
        press(at, "propose")
        settled(at).switch_page(PLAN).run()
        assert "Consolidate 8 memories into 2" in texts(at)

    def test_who_may_only_read_gets_a_plan_of_the_tab(self, store, monkeypatch):
        monkeypatch.setenv(ACTOR_VARIABLE, "vera:viewer")
        at = open_group(opened(monkeypatch, store, keep="90"), "task crane")
        press(at, "propose_one")
        settled(at).switch_page(PLAN).run()
        assert "Only this tab has this plan" in texts(at)
        assert at.button(key="apply").disabled


class TestSchedule:
    def test_an_admin_sets_the_limits(self, store, monkeypatch):
        at = opened(monkeypatch, store)
        assert "<b>Propose.</b>" in texts(at)
        at.radio(key="merging_0_mode").set_value("apply")
        at.number_input(key="merging_0_run").set_value(10.0)
        press(at, "merging_save")
        with opened_desk(store) as desk:
            kept = load_limits(desk.store, desk.ledger.documents, actor=LOCAL_ADMIN).limits
        assert kept == MergeLimits("apply", share_run=0.1)
        assert "Now it may merge <b>0 memories</b>" in texts(settled(at))

    def test_nobody_else_does(self, shown, monkeypatch):
        monkeypatch.setenv(ACTOR_VARIABLE, "rita:reviewer")
        at = opened(monkeypatch, shown)
        assert at.button(key="merging_save").disabled

    def test_a_proposal_waits_and_its_memories_are_in_no_group(self, store, monkeypatch):
        with opened_desk(store) as desk:
            sources = list(desk.store.get([f"h{n}" for n in range(4)], actor=LOCAL_ADMIN).values())
            draft = summarise(sources, embedder=desk.store.embedder(), share=1.0)
            plan = consolidation_plan(desk.store, draft, actor=LOCAL_ADMIN, now=NOW, plan_id="x", reason="Every night.")
            plan, _ = desk.propose(plan, actor=LOCAL_ADMIN, name="consolidation")
        at = opened(monkeypatch, store)
        assert "**1 proposal** of a schedule waits" in texts(at)
        assert "4 memories: it waits for a decision in a plan or a conflict" in texts(at)
        settled(press(at, f"discard_{plan.id}"))
        assert "No proposal waits." in texts(at)
        assert "task crane" in texts(at)

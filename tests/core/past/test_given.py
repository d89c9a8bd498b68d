"""What was given, and what became of it: a recall of memories that each met a fate of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from hypothesis import given as law
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.analysis.frame import to_frame
from core.candidates import Mode
from core.curation.plan import Action, Change
from core.memory import Memory
from core.memory.record import Record
from core.memory.status import with_status
from core.operate.recalls import LoggedRecall
from core.past.compared import Why, against_now, against_then
from core.past.given import DECISION_SPAN, Fate, Given, Turn, become_of, before, given, recall_id
from core.past.relation import relations
from core.past.versions import versions_of
from core.recalled import Recalled, RecallResult
from tests.core.curation.desks import ADA, apply, edit, erase, make_catalog, make_desk, make_plan, retire, seen
from tests.core.memory_builders import NOW

ASKED = NOW - timedelta(hours=1)  # before the desk's clock begins
OLD = NOW - timedelta(days=3)
AFTER = NOW + timedelta(days=30)
FATES = {
    "same": Fate.SAME,
    "edited": Fate.EDITED,
    "adjusted": Fate.ADJUSTED,
    "hidden": Fate.HIDDEN,
    "expired": Fate.EXPIRED,
    "retired": Fate.RETIRED,
    "merged": Fate.MERGED,
    "erased": Fate.ERASED,
    "gone": Fate.GONE,
    "contradicted": Fate.CONTRADICTED,
    "disputed": Fate.SAME,
    "rewritten": Fate.EDITED,
    "back": Fate.SAME,
    "edited and hidden": Fate.HIDDEN,
}


def make_recall(*keys: str, at=ASKED, actor="planner", query="What about the report?", context=2) -> LoggedRecall:
    hits = tuple((key, 0.9 - 0.01 * place) for place, key in enumerate(keys))
    return LoggedRecall(
        "memories/agents", at, actor, "agent", query, "hybrid", len(keys), hits, context_keys=tuple(keys[:context]), ms=4.0
    )


def hide(desk, key):
    (record,) = seen(desk, key).values()
    return Change(key, Action.REPLACE, "not now", "hide", before=record, after=Record(with_status(record.metadata)))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store in which each memory of FATES meets its fate after it was given."""
    directory = tmp_path_factory.mktemp("given")
    catalog = make_catalog(directory)
    store = catalog.create("agents", actor=LOCAL_ADMIN)
    made = [Memory(key, f"The {key} memory.", agent_id="planner", created_at=OLD, confidence=0.8) for key in FATES]
    made = [replace(m, expires_at=NOW + timedelta(days=1)) if m.key == "expired" else m for m in made]
    made += [Memory("before", "Not so.", agent_id="critic", created_at=OLD, extra={"conflicts_with": "disputed"})]
    store.write(made, actor=LOCAL_ADMIN)
    desk = make_desk(store, store.archive.ledger)
    apply(desk, make_plan(desk, edit(desk, "edited", content="It was edited."), id="edit", policy="edit"))
    both = edit(desk, "edited and hidden", content="It was edited first."), edit(desk, "adjusted", confidence=0.3)
    apply(desk, make_plan(desk, *both, id="both", policy="edit"))
    hidden = hide(desk, "hidden"), hide(desk, "edited and hidden")
    apply(desk, make_plan(desk, *hidden, id="hide", policy="hide"))
    apply(desk, make_plan(desk, *retire(desk, "retired", "merged", "back"), id="retire"))
    apply(desk, desk.undo_plan("retire", actor=ADA, keys=["back"]))
    apply(desk, make_plan(desk, *erase(desk, "erased"), id="erase", policy="erase"))
    store.records.delete(["gone"], actor=LOCAL_ADMIN)
    later = NOW + timedelta(hours=2)
    store.write(
        [
            Memory("heir", "Both in one.", agent_id="writer", created_at=later, derived_from=("merged",)),
            Memory("no", "It is not so.", agent_id="critic", created_at=later, extra={"contradicts": ["contradicted"]}),
            Memory("rewritten", "Something else.", agent_id="planner", created_at=later),
        ],
        actor=LOCAL_ADMIN,
    )
    yield store
    catalog.close()


@pytest.fixture(scope="module")
def found(store):
    table = store.scan(actor=LOCAL_ADMIN)
    stated = relations(to_frame(table, info=store.info), table, FATES)
    known = versions_of(store.archive.ledger.journal, store.stream)
    every = given(store, make_recall(*FATES), actor=LOCAL_ADMIN, now=AFTER, versions=known, stated=stated)
    return {each.key: each for each in every}


@pytest.mark.parametrize("key", FATES)
def test_each_meets_its_fate(found, key):
    each = found[key]
    assert each.fate is FATES[key]
    kept = key not in ("erased", "gone", "rewritten")
    assert (each.was.content if each.was else None) == (f"The {key} memory." if kept else None)
    assert (each.now is None) == (key in ("retired", "merged", "erased", "gone"))


@pytest.mark.parametrize(
    ("key", "turn"),
    [
        pytest.param("edited", {"plan_id": "edit", "by": "ada", "policy": "edit", "why": "better so"}, id="edited"),
        pytest.param("hidden", {"plan_id": "hide", "by": "ada", "policy": "hide", "why": "not now"}, id="hidden"),
        pytest.param("retired", {"plan_id": "retire", "by": "ada", "why": "not needed"}, id="retired"),
        pytest.param("merged", {"plan_id": "retire", "keys": ("heir",)}, id="merged"),
        pytest.param("erased", {"plan_id": "erase"}, id="erased"),
        pytest.param("expired", {"at": NOW + timedelta(days=1), "plan_id": None}, id="expired"),
        pytest.param("contradicted", {"by": "critic", "keys": ("no",), "plan_id": None}, id="contradicted"),
        pytest.param("rewritten", {"by": "planner", "at": NOW + timedelta(hours=2)}, id="rewritten"),
        pytest.param("gone", {"at": None, "plan_id": None}, id="gone"),
    ],
)
def test_a_fate_says_when_by_whom_and_which_plan(found, key, turn):
    (told,) = found[key].turns
    assert {name: getattr(told, name) for name in turn} == turn


def test_worse_fates_come_first_and_earlier_contradictions_are_apart(found):
    assert [turn.fate for turn in found["edited and hidden"].turns] == [Fate.HIDDEN, Fate.EDITED]
    assert found["disputed"].turns == ()
    assert [turn.keys for turn in found["disputed"].already] == [("before",)]


def test_a_recall_keeps_its_order_scores_and_context(found):
    every = list(found.values())
    assert [each.key for each in every] == list(FATES)
    assert [each.rank for each in every] == list(range(1, len(FATES) + 1))
    assert [each.in_context for each in every] == [True, True] + [False] * (len(FATES) - 2)
    assert every[3].score == pytest.approx(0.87)


def test_what_is_asked_later_sees_what_is_there_later(store):
    known = versions_of(store.archive.ledger.journal, store.stream)
    after = become_of(store, ["edited", "hidden"], at=AFTER, actor=LOCAL_ADMIN, now=AFTER, versions=known)
    assert [(each.fate, each.was.content) for each in after.values()] == [
        (Fate.SAME, "It was edited."),
        (Fate.SAME, "The hidden memory."),
    ]


def test_ids_stay_when_a_recall_is_redacted_or_loses_a_memory():
    recall = make_recall("a", "b")
    same = recall_id(recall)
    assert recall_id(replace(recall, query=None).without(frozenset("a"))) == same
    others = (
        replace(recall, actor="other"),
        replace(recall, at=recall.at + timedelta(microseconds=1)),
        replace(recall, k=9),
    )
    assert len({same, *map(recall_id, others)}) == 4


minutes = st.integers(-60, 60 * 30).map(lambda count: timedelta(minutes=count))


@law(st.lists(st.tuples(minutes, st.sampled_from(["planner", "other"])), max_size=8), st.none() | minutes)
def test_a_decision_rests_on_what_its_author_was_given_since_its_last_memory(asked, last):
    memory = Memory("m", "Decided.", agent_id="planner", created_at=NOW)
    previous = None if last is None else NOW - last
    recalls = [make_recall("a", at=NOW - ago, actor=actor) for ago, actor in asked]
    chosen = before(memory, recalls, previous=previous)
    since = max(NOW - DECISION_SPAN, previous) if previous is not None and previous < NOW else NOW - DECISION_SPAN
    assert sorted(each.at for each in chosen) == sorted(
        each.at for each in recalls if each.actor == "planner" and since < each.at <= NOW
    )
    assert list(chosen) == sorted(chosen, key=lambda each: each.at, reverse=True)
    assert before(replace(memory, agent_id=None), recalls) == before(replace(memory, created_at=None), recalls) == ()


def make_given(key: str, rank: int, fate: Fate = Fate.SAME) -> Given:
    memory = Memory(key, key, created_at=OLD)
    turns = () if fate is Fate.SAME else (Turn(fate),)
    return Given(key, rank, 0.5, False, memory, memory, turns)


def make_result(*keys: str, **created) -> RecallResult:
    hits = tuple(
        Recalled(Memory(key, key, created_at=created.get(key, OLD)), 0.5, rank, (), None, None, None, None)
        for rank, key in enumerate(keys, start=1)
    )
    return RecallResult(hits, "q", Mode.HYBRID, 5, len(hits), {}, 0, 0, 0)


def test_the_same_question_again_says_what_differs_and_why():
    told = [make_given("a", 1), make_given("b", 2), make_given("c", 3, Fate.RETIRED), make_given("d", 4, Fate.EDITED)]
    told += [make_given("e", 5)]
    now = against_now(told, make_result("a", "new", "b", "d", "riser", new=AFTER), at=ASKED)
    assert [(place.key, place.rank, place.was, place.why) for place in now] == [
        ("a", 1, 1, Why.SAME),
        ("new", 2, None, Why.NEW),
        ("b", 3, 2, Why.MOVED),
        ("d", 4, 4, Why.EDITED),
        ("riser", 5, None, Why.RISEN),
        ("c", None, 3, Why.RETIRED),
        ("e", None, 5, Why.OUTRANKED),
    ]
    then = against_then(told, make_result("b", "x"))
    assert [(place.key, place.why) for place in then[:2]] == [("b", Why.MOVED), ("x", Why.OTHER)]
    assert {place.why for place in then[2:]} == {Why.OUTRANKED}


def test_relations_read_lists_single_keys_and_both_directions(store):
    table = store.scan(actor=LOCAL_ADMIN)
    frame = to_frame(table, info=store.info)
    stated = relations(frame, table, ["contradicted", "disputed", "merged", "same"])
    assert stated.contradicted == {"contradicted": ("no",), "disputed": ("before",)}
    assert stated.made == {"merged": ("heir",)}
    assert relations(pd.DataFrame(frame[:0]), None, ["same"]).made == {}

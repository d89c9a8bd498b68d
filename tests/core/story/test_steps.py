"""Steps, kinds, claims and outcomes: what tags, fields and types say, in which order, and what they do not say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.story import Kind, from_link, outcome_in, rows_of, story, task_list, to_link
from tests.core.story.tellers import START, frame_of, tagged, told


@pytest.mark.parametrize(
    ("text", "fields", "kind"),
    [
        pytest.param("Mine.", tagged("claim:parser"), Kind.CLAIM, id="tag-with-part"),
        pytest.param("Mine.", tagged("locked"), Kind.CLAIM, id="tag-alone"),
        pytest.param("Over to you.", tagged("handoff", "blocked"), Kind.BLOCKED, id="blocked-before-handoff"),
        pytest.param("Over to you.", tagged(to_agent="bob"), Kind.HANDOFF, id="to-agent"),
        pytest.param("Hi.", tagged(to_agent="bob", memory_type="message"), Kind.MESSAGE, id="a-message-to-somebody"),
        pytest.param("x", tagged(status="in progress"), Kind.PROGRESS, id="field-with-a-space"),
        pytest.param("x", tagged("status:done", subtask="docs"), Kind.DONE, id="done-of-a-part"),
        pytest.param("x", tagged("outcome:failed"), Kind.OUTCOME, id="outcome"),
        pytest.param("x", tagged("report"), Kind.NOTE, id="a-topic-is-no-kind"),
        pytest.param("x", tagged(memory_type="tool_result"), Kind.RESULT, id="type"),
        pytest.param("exitcode: 1 (execution failed)", tagged(memory_type="message"), Kind.RESULT, id="printed"),
        pytest.param('call search {"q": 1}', {}, Kind.CALL, id="called"),
        pytest.param("You are given: a task", {}, Kind.TASK, id="set"),
        pytest.param("We chose blue.", tagged("decision"), Kind.DECISION, id="decision"),
        pytest.param("Nothing special.", tagged(memory_type="episodic"), Kind.NOTE, id="note"),
    ],
)
def test_what_a_step_is(text, fields, kind):
    assert told(("ann", text, fields)).steps[0].kind is kind


def test_steps_are_ordered_by_time_then_step_then_key_and_unknown_times_come_last():
    same = {"created_at": START}
    read = told(
        ("ann", "no time", {"created_at": None}),
        ("ann", "third", same | {"step": "10"}),
        ("ann", "second", same | {"step": 9}),
        ("ann", "no step", same),
        ("ann", "first", {"created_at": START - timedelta(seconds=1), "step": 99}),
    )
    assert [step.text for step in read.steps] == ["first", "second", "third", "no step", "no time"]
    assert [step.number for step in read.steps] == [1, 2, 3, 4, 5]
    assert read.span == (START - timedelta(seconds=1), START)


def test_hidden_characters_and_escapes_are_no_part_of_a_step():
    assert told(("ann", "\x1b[31mred\x1b[0m \u202eevil")).steps[0].text == "red evil"


def test_claims_progress_and_overlaps():
    lapse = START + timedelta(minutes=30)
    read = told(
        ("ann", "I take the parser.", tagged("claim:parser")),
        ("bob", "So do I.", tagged("claim:parser", expires_at=lapse)),
        ("bob", "41 of 68 done", tagged("progress", subtask="parser")),
        ("ann", "Over.", tagged("release:parser")),
        ("eve", "Docs.", tagged(subtask="docs", status="done")),
        ("eve", "I have T-4810, leave it to me.", tagged("claim")),
        ("dan", "Deploy lock taken.", tagged("lock")),
        ("eve", "Deploy lock taken.", tagged("lock")),
    )
    parser, docs, ticket, whole = read.parts
    assert (parser.name, parser.state, parser.progress, parser.steps) == ("parser", "open", 41 / 68, (1, 2, 3, 4))
    assert [(claim.agent, claim.start, claim.end) for claim in parser.claims] == [("ann", 1, 4), ("bob", 2, None)]
    assert [claim.is_open(lapse) for claim in parser.claims] == [False, False]
    assert parser.claims[1].is_open(START)
    assert (docs.state, docs.progress, docs.owner) == ("done", 1.0, "eve")
    assert (ticket.name, ticket.owner) == ("T-4810", "eve")
    assert whole.name == ""
    assert [(one.first.agent, one.second.agent) for one in read.overlaps] == [("ann", "bob")]
    assert "overlap" in {sign.kind for sign in read.signs_at()[2]}


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        pytest.param((("a", "x", tagged("claim:p")), ("b", "x", tagged("claim:p"))), 1, id="both"),
        pytest.param((("a", "x", tagged("claim:p")), ("a", "x", tagged("claim:p"))), 0, id="one-agent"),
        pytest.param((("a", "x", tagged("claim:p")), ("b", "x", tagged("claim:q"))), 0, id="two-parts"),
        pytest.param((("a", "x", tagged("claim:p", expires_at=START)), ("b", "x", tagged("claim:p"))), 0, id="lapsed"),
        pytest.param((("a", "x", tagged("lock")), ("b", "x", tagged("lock"))), 0, id="no-name"),
        pytest.param((("a", "x", tagged(claimed_by="a")), ("b", "x", tagged(claimed_by="b"))), 1, id="the-task-by-field"),
        pytest.param(
            (("a", "x", tagged("claim:p")), ("a", "x", tagged("handoff:p")), ("b", "x", tagged("claim:p"))),
            0,
            id="handed-over",
        ),
    ],
)
def test_two_agents_that_claim_the_same(lines, count):
    assert len(told(*lines).overlaps) == count


@pytest.mark.parametrize(
    ("tags", "extra", "good"),
    [
        pytest.param(["outcome:success"], {}, True, id="tag"),
        pytest.param([], {"task_status": "Failed"}, False, id="field"),
        pytest.param([], {"outcome": "abandoned", "outcome_reason": "no budget"}, False, id="reason"),
        pytest.param([], {"reward": 1.0}, True, id="reward"),
        pytest.param([], {"reward": 0.4}, None, id="part-of-a-reward"),
        pytest.param([], {"success": False}, False, id="flag"),
        pytest.param([], {"outcome": "closed"}, None, id="neither"),
    ],
)
def test_outcomes(tags, extra, good):
    found = outcome_in(tags, extra, at=START, key="k")
    assert found is not None
    assert found.good is good
    assert found.reason == extra.get("outcome_reason", "")


@pytest.mark.parametrize("extra", [{}, {"outcome": "later"}, {"reward": float("nan")}, {"success": "yes"}])
def test_no_outcome_is_none(extra):
    assert outcome_in(["done"], extra, at=START, key="k") is None


def test_tasks_are_told_apart_by_team_and_listed_by_their_last_memory():
    frame, extras = frame_of(
        ("ann", "Old.", {"team_id": None}),
        ("ann", "A", {"task_id": "u", "created_at": None}),
        ("bob", "B", {"reward": 0.0}),
        ("ann", "Later", {"session_id": "s"}),
        ("eve", "No task.", {"task_id": None}),
    )
    lines = task_list(frame, extras=extras)
    assert [(line.task, line.memories, line.agents, line.about) for line in lines] == [
        (("red", "t"), 2, 2, "B"),
        ((None, "t"), 1, 1, "Old."),
        (("red", "u"), 1, 1, "A"),
    ]
    assert [line.outcome.good if line.outcome else None for line in lines] == [False, None, None]
    assert [rows_of(frame, line.task).tolist() for line in lines] == [[2, 3], [0], [1]]
    assert rows_of(frame, ("red", "nothing")).tolist() == []
    assert task_list(frame[frame["task_id"].isna()]) == ()


@given(team=st.none() | st.text(min_size=1), name=st.text(min_size=1))
def test_a_link_names_the_task_again(team, name):
    assert from_link(to_link((team, name))) == (team, name)


@pytest.mark.parametrize("text", ["", "all", "team/", "/"])
def test_what_is_no_task(text):
    assert from_link(text) is None


def test_an_empty_task_has_a_story_too():
    frame, _ = frame_of(("ann", "x"))
    empty = story(frame.iloc[:0], ("red", "t"))
    assert (empty.steps, empty.signs, empty.parts, empty.runs, empty.outcome, empty.span) == ((), (), (), (), None, None)

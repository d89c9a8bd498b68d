"""Expiry: what a memory states, what a rule by age and kind says, and when a task is finished."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.curation.decision import Verdict
from core.curation.expiry import STATED, ExpiryRule, ExpiryRules, decide_expiry
from core.curation.tasks import TaskBook
from core.errors import ConfigError
from core.memory import Memory
from tests.core.memory_builders import DAY, NOW, make_memory

AGED = ExpiryRule("old chatter", after_days=10, types=("episodic",))
OF_TASKS = ExpiryRule("finished tasks", after_days=30, types=("episodic",), finished_tasks=True)
TAGGED = ExpiryRule("drafts", after_days=0, tags=("draft",), agents=("planner",))
RULES = ExpiryRules(rules=(AGED, OF_TASKS, TAGGED), grace_days=7)


def book_of(*memories: Memory) -> TaskBook:
    book = TaskBook()
    for memory in memories:
        book.add(memory)
    return book


def in_task(days: float, **fields: Any) -> Memory:
    return make_memory(f"t{days}", memory_type="episodic", task_id="q3", created_at=NOW - days * DAY, **fields)


@pytest.mark.parametrize(
    ("memory", "rule", "reason"),
    [
        pytest.param(make_memory(expires_at=NOW + DAY), None, "not over", id="to-come"),
        pytest.param(make_memory(expires_at=NOW - 6 * DAY), None, "not over", id="in-grace"),
        pytest.param(
            make_memory(expires_at=NOW - 7 * DAY),
            STATED,
            "It expired on 2026-02-22 12:00 UTC, 7 days ago, which is past the 7 days of grace.",
            id="past-grace",
        ),
        pytest.param(
            make_memory(memory_type="procedural", expires_at=NOW - 8 * DAY),
            STATED,
            "8 days ago",
            id="procedural-that-says-so",
        ),
        pytest.param(
            make_memory(memory_type="episodic", created_at=NOW - 10 * DAY),
            "old chatter",
            "Rule “old chatter”: it was made 10 days ago.",
            id="old",
        ),
        pytest.param(make_memory(memory_type="episodic", created_at=NOW - 9 * DAY), None, "", id="young"),
        pytest.param(make_memory(memory_type="semantic", created_at=NOW - 99 * DAY), None, "", id="another-type"),
        pytest.param(make_memory(memory_type="episodic", created_at=None), None, "", id="of-no-time"),
        pytest.param(make_memory(tags=("x", "draft"), created_at=NOW), "drafts", "0 days ago", id="tagged"),
        pytest.param(make_memory(tags=("draft",), agent_id="scout", created_at=NOW), None, "", id="anothers-draft"),
        pytest.param(
            make_memory(memory_type="procedural", tags=("draft",), created_at=NOW - DAY), None, "", id="procedural-never"
        ),
    ],
)
def test_what_goes_and_why(memory: Memory, rule: str | None, reason: str) -> None:
    decision = decide_expiry(memory, now=NOW, rules=RULES)
    assert (decision.verdict is Verdict.RETIRE) is (rule is not None)
    assert decision.rule == (rule or "")
    assert reason in decision.reason


def test_without_stated_expiries_only_the_rules_count() -> None:
    rules = ExpiryRules(stated=False, rules=())
    assert decide_expiry(make_memory(expires_at=NOW - 99 * DAY), now=NOW, rules=rules).verdict is Verdict.KEEP


def test_a_year_beyond_the_calendar_never_comes() -> None:
    far = make_memory(expires_at=NOW.replace(year=9999, month=12, day=31))
    assert decide_expiry(far, now=NOW, rules=ExpiryRules(grace_days=100_000)).verdict is Verdict.KEEP


@pytest.mark.parametrize(
    ("memories", "why"),
    [
        pytest.param([in_task(40, tags=("task:done",)), in_task(45)], "tag 'task:done'", id="tag"),
        pytest.param([in_task(40, tags=("Outcome:Success",))], "tag 'Outcome:Success'", id="outcome"),
        pytest.param([in_task(40, tags=("task-completed",))], "tag 'task-completed'", id="one-word"),
        pytest.param([in_task(40, extra={"task_status": "Failed"})], "task_status 'failed'", id="field"),
        pytest.param([in_task(40)], "nothing was written for task q3", id="idle"),
        pytest.param([in_task(2, tags=("task:done",))], "tag 'task:done'", id="just-now"),
        pytest.param([in_task(40, tags=("task:done",)), in_task(39.5)], "tag 'task:done'", id="with-an-afterword"),
        pytest.param([in_task(9, tags=("task:done",)), in_task(2)], None, id="reopened"),
        pytest.param([in_task(9), in_task(40)], None, id="running"),
        pytest.param([in_task(9, tags=("done", "task:open"))], None, id="a-word-alone"),
        pytest.param([make_memory(tags=("task:done",))], None, id="of-no-task"),
    ],
)
def test_when_a_task_is_finished(memories: list[Memory], why: str | None) -> None:
    found = book_of(*memories).finished(now=NOW)
    assert len(found) == (why is not None)
    assert all(why in one.why for one in found.values() if why)


def test_the_same_task_of_another_team_is_another() -> None:
    found = book_of(in_task(40), in_task(1, team_id="beta"), in_task(40, team_id=None)).finished(now=NOW)
    assert set(found) == {("alpha", "q3"), (None, "q3")}


def test_memories_of_a_finished_task_go_after_the_days_of_the_rule() -> None:
    rules = ExpiryRules(rules=(OF_TASKS,))
    for days, verdict in ((29, Verdict.KEEP), (31, Verdict.RETIRE)):
        memory = in_task(days)
        finished = book_of(memory).finished(now=NOW)
        decision = decide_expiry(memory, now=NOW, rules=rules, finished=finished)
        assert decision.verdict is verdict
    assert decision.reason == (
        f"Rule “finished tasks”: nothing was written for task q3 since {NOW - 31 * DAY:%Y-%m-%d}, 31 days."
    )


def test_without_idle_days_only_a_task_that_says_so_is_finished() -> None:
    book = book_of(in_task(400), in_task(40, team_id="beta", tags=("outcome=failed",)))
    assert set(book.finished(now=NOW, idle_days=None)) == {("beta", "q3")}


def test_rules_come_back_from_json() -> None:
    for rules in (RULES, ExpiryRules(), ExpiryRules(rules=(), never=(), idle_days=None)):
        assert ExpiryRules.from_json(rules.to_json()) == rules
    assert ExpiryRules.from_json({}) == ExpiryRules()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"grace_days": -1}, "grace_days is -1", id="negative"),
        pytest.param({"grace_days": "7"}, "grace_days is '7'", id="text"),
        pytest.param({"grace_days": 1e9}, "from 0 to 100,000", id="far"),
        pytest.param({"never": "procedural"}, "give a list of names", id="one-name"),
        pytest.param({"rules": [{"name": "a", "after_days": 1}, {"name": "a", "after_days": 2}]}, "one name", id="twice"),
        pytest.param({"rules": [{"name": "expires_at", "after_days": 1}]}, "is named 'expires_at'", id="reserved"),
        pytest.param({"rules": [{"name": " ", "after_days": 1}]}, "has no name", id="nameless"),
        pytest.param({"rules": [{"nom": "a"}]}, "expiry rule 1 have no .nom.", id="unknown-field"),
        pytest.param({"graze_days": 1}, "expiry rules have no .graze_days.", id="unknown-rule"),
    ],
)
def test_rules_that_make_no_sense_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ExpiryRules.from_json(given)


def test_a_rule_says_itself_in_words() -> None:
    assert OF_TASKS.sentence() == "episodic memories of finished tasks, after 30 days"
    assert TAGGED.sentence() == "memories of any type of agent planner tagged draft, after 0 days"


@pytest.mark.parametrize("name", ["procedural", "Procedural", "PROCEDURAL"])
def test_a_type_is_the_same_in_capitals(name: str) -> None:
    """Else "procedural never" would not spare what other software calls Procedural."""
    rules = ExpiryRules(rules=(ExpiryRule("old", after_days=1),))
    memory = make_memory(memory_type=name, created_at=NOW - 99 * DAY)
    assert decide_expiry(memory, now=NOW, rules=rules).verdict is Verdict.KEEP
    assert decide_expiry(memory, now=NOW, rules=replace(rules, never=())).verdict is Verdict.RETIRE

"""Decay: what is left of a stated confidence, and that writing it back changes nothing of what comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.curation.decay import (
    AT_KEY,
    STATED_KEY,
    VALIDATED_KEY,
    WRITTEN_KEY,
    DecayRules,
    decide_decay,
    effective_confidence,
    without_decay,
)
from core.curation.decision import Verdict
from core.errors import ConfigError
from core.memory import Memory
from core.memory.fields import iso
from tests.core.memory_builders import DAY, NOW, make_memory

RULES = DecayRules({"episodic": 30.0, "procedural": None}, other_half_life=100.0, floor=0.1, threshold=0.3)


def sure(confidence: float | None = 0.9, days: float | None = 30, **fields: Any) -> Memory:
    made = None if days is None else NOW - days * DAY
    return make_memory(**({"memory_type": "episodic", "confidence": confidence, "created_at": made} | fields))


@pytest.mark.parametrize(
    ("memory", "value", "said"),
    [
        pytest.param(
            sure(0.9, 30),
            0.5,
            "Stated 0.90, 30 days without reinforcement at a half-life of 30 days: 0.50.",
            id="a-half-life",
        ),
        pytest.param(
            sure(0.9, 60), 0.3, "Stated 0.90, 60 days without reinforcement at a half-life of 30 days: 0.30.", id="two"
        ),
        pytest.param(sure(0.9, 0), 0.9, "less than a day", id="now"),
        pytest.param(sure(0.9, -5), 0.9, "less than a day", id="future"),
        pytest.param(sure(0.9, None), 0.9, "does not say when", id="of-no-time"),
        pytest.param(sure(0.9, 300, memory_type="procedural"), 0.9, "do not decay", id="procedural"),
        pytest.param(sure(0.9, 100, memory_type="semantic"), 0.5, "100 days", id="another-type"),
        pytest.param(sure(0.9, 100, memory_type=None), 0.5, "100 days", id="no-type"),
        pytest.param(sure(0.05, 300), 0.05, "300 days", id="below-the-floor"),
        pytest.param(sure(0.9, 300, last_recalled_at=NOW - 30 * DAY), 0.5, "30 days", id="recalled"),
        pytest.param(sure(0.9, 300, extra={VALIDATED_KEY: iso(NOW - 30 * DAY)}), 0.5, "30 days", id="validated"),
        pytest.param(sure(0.9, 30, extra={VALIDATED_KEY: "once"}), 0.5, "30 days", id="validated-by-others"),
    ],
)
def test_what_is_left(memory: Memory, value: float, said: str) -> None:
    found = effective_confidence(memory, now=NOW, rules=RULES)
    assert found is not None
    assert found.value == pytest.approx(value, abs=1e-9)
    assert said in found.sentence


def test_what_nobody_stated_does_not_decay() -> None:
    assert effective_confidence(sure(None), now=NOW, rules=RULES) is None
    assert decide_decay(sure(None, 999), now=NOW, rules=RULES).verdict is Verdict.KEEP


def test_the_recall_log_reinforces_too() -> None:
    found = effective_confidence(sure(0.9, 300), now=NOW, rules=RULES, last_recall=NOW - 30 * DAY)
    assert found is not None
    assert (found.value, found.since) == (pytest.approx(0.5), "recalled")


@pytest.mark.parametrize(
    ("memory", "verdict"),
    [
        pytest.param(sure(0.9, 59), Verdict.KEEP, id="above"),
        pytest.param(sure(0.9, 61), Verdict.RETIRE, id="below"),
        pytest.param(sure(0.2, 0), Verdict.KEEP, id="was-never-above"),
        pytest.param(sure(0.2, 29), Verdict.KEEP, id="was-never-above-and-is-young"),
        pytest.param(sure(0.2, 31), Verdict.RETIRE, id="was-never-above-and-a-half-life-passed"),
        pytest.param(sure(0.9, 999, memory_type="procedural"), Verdict.KEEP, id="procedural"),
    ],
)
def test_what_falls_under_the_threshold_is_proposed_for_retirement(memory: Memory, verdict: Verdict) -> None:
    assert decide_decay(memory, now=NOW, rules=RULES).verdict is verdict


moments = st.integers(0, 700).map(lambda days: NOW - days * DAY)
rules = st.builds(
    DecayRules,
    st.just({"episodic": 30.0, "procedural": None}),
    other_half_life=st.sampled_from([None, 7.0, 100.0]),
    floor=st.sampled_from([0.0, 0.1, 0.5]),
    threshold=st.just(0.0),
    step=st.sampled_from([0.0, 0.05]),
)
memories = st.builds(
    lambda confidence, made, recalled, kind: make_memory(
        confidence=confidence, created_at=made, last_recalled_at=recalled, memory_type=kind
    ),
    st.floats(0, 1),
    st.none() | moments,
    st.none() | moments,
    st.sampled_from(["episodic", "semantic", "procedural", None]),
)


@given(memories, rules, st.lists(st.integers(0, 400), min_size=1, max_size=4), st.integers(0, 900), st.none() | moments)
def test_a_write_back_changes_nothing_of_what_comes(
    memory: Memory, rules: DecayRules, sweeps: list[int], later: int, recalled: datetime | None
) -> None:
    written, moment = memory, NOW
    for days in sweeps:
        moment += days * DAY
        decision = decide_decay(written, now=moment, rules=rules, write_back=True)
        assume(decision.verdict is not Verdict.RETIRE)
        written = decision.after or written
    for touch in (None, recalled):
        before, after = replace(memory, last_recalled_at=touch), replace(written, last_recalled_at=touch)
        now = moment + later * DAY
        assert effective_confidence(after, now=now, rules=rules) == effective_confidence(before, now=now, rules=rules)
    found = effective_confidence(written, now=moment, rules=rules)
    if found is not None and written.confidence is not None:
        assert abs(found.value - written.confidence) <= max(rules.step, 1e-4)


def test_a_confidence_stated_after_a_write_back_counts_itself() -> None:
    after = decide_decay(sure(0.9, 30), now=NOW, rules=RULES, write_back=True).after
    assert after is not None
    assert after.confidence == pytest.approx(0.5)
    assert (after.extra[STATED_KEY], after.extra[WRITTEN_KEY], after.extra[AT_KEY]) == (0.9, 0.5, iso(NOW))
    restated = replace(after, confidence=0.7, created_at=NOW)
    found = effective_confidence(restated, now=NOW, rules=RULES)
    assert found is not None
    assert found.stated == 0.7
    assert without_decay(after.extra) == {}


def test_a_small_difference_is_not_worth_a_write() -> None:
    assert decide_decay(sure(0.9, 1), now=NOW, rules=RULES, write_back=True).verdict is Verdict.KEEP


def test_rules_come_back_from_json() -> None:
    for one in (RULES, DecayRules()):
        assert DecayRules.from_json(one.to_json()) == one
        assert hash(DecayRules.from_json(one.to_json())) == hash(one)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"half_lives": {"episodic": 0}}, "half-life of episodic is 0", id="zero"),
        pytest.param({"half_lives": {"episodic": float("inf")}}, "half-life of episodic is inf", id="endless"),
        pytest.param({"half_lives": [30]}, r"half_lives is \[30\]", id="list"),
        pytest.param({"other_half_life": True}, "other types is True", id="flag"),
        pytest.param({"floor": 1.5}, "floor is 1.5", id="floor"),
        pytest.param({"threshold": None}, "threshold is None", id="none"),
        pytest.param({"half_life": 3}, "decay rules have no .half_life.", id="unknown"),
    ],
)
def test_rules_that_make_no_sense_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        DecayRules.from_json(given)

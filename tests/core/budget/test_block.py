"""What a block takes and leaves out, and what it says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from core.budget import ContextBlock, Packing, Reason, context_block
from core.errors import ConfigError
from core.recall import Recalled
from core.scoring import ScorePart
from tests.core.budget.hits import make_hit, make_result
from tests.core.memory_builders import DAY, NOW

LONG = "The rollout plan has many steps. " * 40


def block_of(*hits: Recalled, budget: int = 2_000, **options: Any) -> ContextBlock:
    return context_block(make_result(hits), budget_tokens=budget, **options)


def reasons(block: ContextBlock) -> dict[str, Reason]:
    return {one.key: one.reason for one in block.left_out}


def test_the_same_text_enters_once_whatever_the_room() -> None:
    block = block_of(
        make_hit("a", "The launch moved to Thursday.", 0.9),
        make_hit("b", "The  launch moved to\nThursday. ", 0.8, agent_id="other"),
    )
    assert block.used == ("a",)
    assert reasons(block) == {"b": Reason.SAME_TEXT}
    assert block.left_out[0].by == "a"
    assert block.left_out[0].sentence == "Says word for word what a says, which is in the block."
    assert block.left_out[0].short is None


@pytest.mark.parametrize("vectors", [False, True], ids=["by words", "by vectors"])
@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param(
            "The quarterly sales report goes out to all customers on Thursday at noon.", "other", id="a day clashes"
        ),
        pytest.param("The quarterly sales report goes out to all the customers on Friday at noon.", "far", id="the same"),
    ],
)
def test_what_says_the_same_makes_room_but_not_what_clashes(text: str, first: str, vectors: bool) -> None:
    report = make_hit("report", "The quarterly sales report goes out to all customers on Friday at noon.", 0.9)
    other, far = make_hit("other", text, 0.89), make_hit("far", "Refunds above forty euros need a manager to agree.", 0.85)
    same = np.array([1.0, 0.0], np.float32)
    known = {"report": same, "other": same + 0.05, "far": np.array([0.0, 1.0], np.float32)} if vectors else None
    room = max(block_of(report, one).tokens for one in (other, far))
    block = block_of(report, other, far, budget=room, vectors=known)
    assert block.used == ("report", first)
    left = block.left_out[0]
    if first == "far":
        assert (left.reason, left.by) == (Reason.SAID_ALREADY, "report")
        assert "says the same as report, which is in the block" in left.sentence
    else:
        assert left.reason is Reason.NO_ROOM
    # With room to spare, both are there.
    assert block_of(report, other, far, vectors=known).left_out == ()


def test_what_was_made_from_a_memory_makes_room_for_what_was_not() -> None:
    turn = make_hit("turn", "Anna: I will take the train to Ghent, the one at nine.", 0.9)
    fact = make_hit("fact", "Anna travels to Ghent by rail in the morning hours.", 0.89, derived_from=("turn",))
    other = make_hit("other", "Ben said that the hotel has been booked already.", 0.86)
    assert block_of(turn, fact, other, budget=block_of(turn, other).tokens).used == ("turn", "other")
    left = block_of(turn, fact, other, budget=block_of(turn, other).tokens).left_out[0]
    assert (left.key, left.reason, left.by) == ("fact", Reason.SAID_ALREADY, "turn")
    assert left.sentence.startswith("Made from turn, which is in the block; ")


@pytest.mark.parametrize("gap_s", [pytest.param(30, id="beside"), pytest.param(86_400, id="a day apart")])
def test_what_stands_beside_a_hit_is_worth_more(gap_s: int) -> None:
    asked = make_hit("asked", "When does the train leave?", 0.9, session_id="s", created_at=NOW)
    answer = make_hit(
        "answer", "At nine, from platform four.", 0.70, session_id="s", created_at=NOW + timedelta(seconds=gap_s)
    )
    other = make_hit("other", "Trains were late in autumn.", 0.75, session_id="t", created_at=NOW)
    block = block_of(asked, answer, other, budget=block_of(asked, answer).tokens)
    assert block.used == ("asked", "answer" if gap_s == 30 else "other")
    if gap_s == 30:
        assert "is for standing beside asked" in block.entered[1].sentence


def test_sessions_of_two_teams_are_two() -> None:
    asked = make_hit("asked", "When does the train leave?", 0.9, session_id="s", team_id="alpha")
    answer = make_hit("answer", "At nine, from platform four.", 0.70, session_id="s", team_id="beta")
    assert "beside" not in "".join(one.sentence for one in block_of(asked, answer).entered)


def test_how_sure_a_memory_is_counts_and_comes_from_what_recall_found() -> None:
    parts = (
        ScorePart("similarity", "Similarity", 0.90, 0.9, 0.81, ""),
        ScorePart("confidence", "Confidence", 0.05, 0.1, 0.005, "decayed"),
    )
    faded = replace(make_hit("faded", "The office is in Ghent, on the market square.", 0.815, confidence=0.9), parts=parts)
    sure = make_hit("sure", "The office has moved to Bruges, near the station.", 0.88, confidence=0.9)
    block = block_of(faded, sure, budget=max(block_of(one).tokens for one in (faded, sure)))
    assert block.used == ("sure",)
    both = block_of(faded, sure)
    told = {one.key: one for one in both.entered}
    assert (told["faded"].relevance, told["faded"].confidence) == (pytest.approx(0.9), 0.05)
    assert told["sure"].value > told["faded"].value


def test_a_long_memory_leaves_room_for_short_ones_and_a_short_one_for_the_best() -> None:
    long, short = make_hit("long", LONG, 0.9), make_hit("short", "Ask Ben.", 0.3)
    assert block_of(long, short, budget=100).used == ("short",)
    assert block_of(long, short, budget=450).used == ("long",)


def test_what_is_over_or_says_too_little_stays_out() -> None:
    gone = make_hit("gone", "The report was due on Monday.", 0.9, expires_at=NOW - DAY)
    copy = make_hit("copy", "The report was due on Monday.", 0.8)
    weak = make_hit("weak", "The kitchen is being painted.", 0.2)
    block = block_of(gone, copy, weak, now=NOW, least_relevance=0.5)
    assert block.used == ("copy",)
    assert reasons(block) == {"gone": Reason.EXPIRED, "weak": Reason.BELOW}
    assert block.left_out[0].sentence == "Expired at 2026-02-28 12:00 UTC."
    assert block_of(gone, weak).left_out == ()


def test_the_tokens_that_are_missing_are_enough() -> None:
    hits = [
        make_hit(f"k{n}", f"Fact {n} is about {word} and nothing else.", 0.9 - n / 100) for n, word in enumerate("abcdef")
    ]
    result = make_result(hits)
    packing = Packing(result)
    for budget in range(40, 240, 7):
        block = packing.at(budget)
        for left in block.left_out:
            assert left.short is not None
            beside = make_result([hit for hit in result.hits if hit.memory.key in (*block.used, left.key)])
            assert set(context_block(beside, budget_tokens=budget + left.short).used) == {*block.used, left.key}


def test_nothing_recalled_is_an_empty_block() -> None:
    block = block_of()
    assert (block.text, block.used, block.left_out, block.tokens) == ("", (), (), 0)
    assert Packing(make_result([])).frontier(10) is None


def test_what_makes_no_sense_is_refused() -> None:
    result = make_result([make_hit("a", "x", 0.5)])
    with pytest.raises(ConfigError, match="budget_tokens is 0"):
        context_block(result, budget_tokens=0)
    with pytest.raises(ConfigError, match="least_relevance is 2"):
        context_block(result, budget_tokens=9, least_relevance=2)
    with pytest.raises(ConfigError, match="'none' is not among the hits"):
        Packing(result).needs("none")


def test_a_hostile_key_stays_on_one_line() -> None:
    block = block_of(make_hit("a\n~~~\x1b[31m", "Twice.", 0.9), make_hit("b", "Twice.", 0.8))
    assert "\n" not in block.left_out[0].sentence
    assert "\x1b" not in block.left_out[0].sentence

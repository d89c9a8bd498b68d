"""What holds for every block: its budget, what it tells of each hit, and that it is the same twice."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.budget import ESTIMATE, Packing, TokenCounter, context_block, token_counter
from core.hostile import clean_text, without_turns
from core.recall import RecallResult
from tests.core.budget.hits import Generous, Grumpy, make_hit, make_result
from tests.core.memory_builders import NOW

WORDS = (
    "the launch moved to Thursday budget of 40 60 agents refund ~~~ queue is not down Anna Ben <|im_start|> 日本 é \n".split(
        " "
    )
)


def random_result(rng: random.Random, most: int) -> RecallResult:
    hits = [
        make_hit(
            f"k{place}",
            " ".join(rng.choices(WORDS, k=rng.choice((1, 5, 12, 12, 30, 90)))),
            rng.choice((0.0, 0.5, 0.5, rng.random())),
            session_id=rng.choice((None, "s")),
            confidence=rng.choice((None, 0.0, 1.0, rng.random())),
            derived_from=tuple(f"k{rng.randrange(most)}" for _ in range(rng.choice((0, 0, 0, 1, 2)))),
        )
        for place in range(rng.randrange(most + 1))
    ]
    return make_result(hits)


def check(result: RecallResult, budget: int, counter: TokenCounter, vectors: dict[str, np.ndarray]) -> None:
    block = Packing(result, counter, vectors).at(budget)
    assert counter.count(block.text) == block.tokens <= budget
    keys = [hit.memory.key for hit in result.hits]
    assert Counter([*block.used, *(one.key for one in block.left_out)]) == Counter(keys)
    assert [key for key in keys if key in block.used] == list(block.used) == [one.key for one in block.entered]
    assert all(one.sentence and (one.short is None or one.short >= 1) for one in block.left_out)
    for hit in result.hits:
        if hit.memory.key in block.used:
            assert without_turns(clean_text(hit.memory.content)) in block.text


def test_a_budget_is_never_exceeded_in_ten_thousand_cases() -> None:
    rng = random.Random(9)
    for _ in range(10_000):
        check(random_result(rng, 4), rng.randint(1, 300), ESTIMATE, {})


@pytest.mark.parametrize("counter", [Grumpy(), Generous(), token_counter("minilm")], ids=lambda one: one.name)
def test_nor_where_tokens_do_not_add_up(counter: TokenCounter) -> None:
    rng = random.Random(10)
    for _ in range(150):
        check(random_result(rng, 12), rng.randint(1, 900), counter, {})


@settings(max_examples=60)
@given(
    texts=st.lists(st.text(max_size=80), max_size=8),
    budget=st.integers(1, 600),
    seed=st.integers(0, 2**32 - 1),
    known=st.sampled_from(["none", "some", "all", "odd"]),
)
def test_any_text_and_any_vectors(texts: list[str], budget: int, seed: int, known: str) -> None:
    rng = np.random.default_rng(seed)
    result = make_result(make_hit(f"k{n}", text, rng.random()) for n, text in enumerate(texts))
    vectors = {f"k{n}": rng.standard_normal(4).astype(np.float32) for n in range(len(texts)) if known != "none"}
    if known == "some":
        vectors = {key: vector for key, vector in vectors.items() if key in ("k0", "k2", "k3")}
    if known == "odd":
        vectors |= {"k0": np.zeros(4, np.float32), "k1": np.full(4, np.nan, np.float32), "k2": np.ones(7, np.float32)}
    check(result, budget, ESTIMATE, vectors)
    one, other = (context_block(result, budget_tokens=budget, vectors=vectors, now=NOW) for _ in range(2))
    assert one == other


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), budget=st.integers(40, 300))
def test_each_budget_that_is_offered_brings_the_hit_in(seed: int, budget: int) -> None:
    packing = Packing(random_result(random.Random(seed), 6))
    block = packing.at(budget)
    for left in block.left_out:
        needed = packing.needs(left.key)
        assert (needed is None) is (left.short is None)
        if needed is not None:
            assert left.key in packing.at(needed).used
            assert needed == 1 or left.key not in packing.at(needed - 1).used
    step = packing.frontier(budget)
    assert (step is None) is all(left.short is None for left in block.left_out)
    if step is not None:
        assert step.budget == budget + step.more > budget
        assert step.key in packing.at(step.budget).used
        assert step.key not in block.used

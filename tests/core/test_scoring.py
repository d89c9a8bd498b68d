"""The score is a convex combination of explained parts: laws, each part's formula, each part's sentence."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.candidates import Candidate, Mode
from core.errors import ConfigError
from core.lineage import missing_sources
from core.scoring import Scored, Weights, score
from tests.core.memory_builders import DAY, NOW, make_memory

candidates = st.lists(
    st.builds(
        lambda number, cosine, bm25, age, count, confidence, sources: Candidate(
            make_memory(
                f"k{number}",
                f"text {number}",
                created_at=None if age is None else NOW - age * DAY,
                recall_count=count,
                confidence=confidence,
                derived_from=tuple(f"k{source}" for source in sources),
            ),
            cosine=cosine,
            bm25=bm25,
        ),
        st.integers(0, 9),
        st.none() | st.floats(-1, 1),
        st.none() | st.floats(0, 50),
        st.none() | st.floats(-10, 1_000),
        st.integers(0, 50),
        st.none() | st.floats(0, 1),
        st.lists(st.integers(0, 9), max_size=3),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda candidate: candidate.memory.key,
)
amounts = st.floats(0, 5)
all_weights = st.builds(
    Weights,
    relevance=st.floats(0.1, 5),
    recency=amounts,
    reinforcement=amounts,
    confidence=amounts,
    half_life_days=st.floats(0.1, 400),
    text_share=st.floats(0, 1),
    author=amounts,
    lineage=amounts,
)


@given(candidates, st.sampled_from(list(Mode)), all_weights)
def test_a_score_is_a_convex_combination_of_its_parts(found: list[Candidate], mode: Mode, weights: Weights) -> None:
    ranked = score(found, "what does planner know", mode=mode, weights=weights, now=NOW)
    assert sorted(one.candidate.memory.key for one in ranked) == sorted(one.memory.key for one in found)
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
    for one in ranked:
        assert all(0 <= part.value <= 1 for part in one.parts)
        assert math.fsum(part.weight for part in one.parts) == pytest.approx(1)
        assert math.fsum(part.contribution for part in one.parts) == pytest.approx(one.score)
        assert all(part.explanation.endswith(".") for part in one.parts)


@given(candidates, st.sampled_from(list(Mode)), st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_does_not_matter(found: list[Candidate], mode: Mode, random: object) -> None:
    shuffled = sorted(found, key=lambda candidate: hash((candidate.memory.key, id(random))))
    one = score(found, "planner", mode=mode, weights=Weights(), now=NOW)
    other = score(shuffled, "planner", mode=mode, weights=Weights(), now=NOW)
    assert [scored.candidate.memory.key for scored in one] == [scored.candidate.memory.key for scored in other]


def part(scored: Scored, name: str) -> tuple[float, str]:
    found = next(part for part in scored.parts if part.name == name)
    return found.value, found.explanation


def one(candidate: Candidate, *others: Candidate, query: str = "q", mode: Mode = Mode.HYBRID, **weights: float) -> Scored:
    ranked = score([candidate, *others], query, mode=mode, weights=Weights(**weights), now=NOW)
    return next(scored for scored in ranked if scored.candidate is candidate)


BEST = Candidate(make_memory("best"), cosine=0.6, bm25=12.0)

PARTS = [
    pytest.param(
        Candidate(make_memory(), cosine=0.2, bm25=3.0),
        "similarity",
        0.75,
        "(1 + 0.20) / (1 + 0.60) = 0.75",
        id="sim",
    ),
    pytest.param(Candidate(make_memory(), cosine=-1.0), "similarity", 0, "(1 + -1.00)", id="opposite"),
    pytest.param(
        Candidate(make_memory(), cosine=0.7), "similarity", 1, "0.70 to the query: the closest in meaning", id="closest"
    ),
    pytest.param(Candidate(make_memory(), bm25=3.0), "similarity", 0, "could not be read any more", id="no-vector"),
    pytest.param(
        Candidate(make_memory(), bm25=3.0), "words", 0.25, "BM25 score 3.0 for the query's words, the best", id="words"
    ),
    pytest.param(Candidate(make_memory(), cosine=0.1), "words", 0, "Not among the best matches by words", id="no-words"),
    pytest.param(Candidate(make_memory(), bm25=0.0), "words", 0, "too common to tell", id="common-words"),
    pytest.param(
        Candidate(make_memory(created_at=NOW - 30 * DAY)),
        "recency",
        0.5,
        "Created 30 days ago; with a half-life of 30 days",
        id="age",
    ),
    pytest.param(
        Candidate(make_memory(created_at=NOW - timedelta(hours=1))), "recency", 0.999, "Created 1 hour ago", id="an-hour"
    ),
    pytest.param(
        Candidate(make_memory(created_at=NOW - 90 * DAY, last_recalled_at=NOW - 30 * DAY)),
        "recency",
        0.5,
        "Last recalled 30 days ago",
        id="recalled",
    ),
    pytest.param(Candidate(make_memory(created_at=NOW + DAY)), "recency", 1, "just now or later", id="future"),
    pytest.param(Candidate(make_memory(created_at=None)), "recency", 0, "does not say when", id="no-time"),
    pytest.param(
        Candidate(make_memory(recall_count=1)), "reinforcement", 0.25, "Recalled once before: 1 / (1 + 3) = 0.25", id="once"
    ),
    pytest.param(
        Candidate(make_memory(recall_count=9)), "reinforcement", 0.75, "9 times before: 9 / (9 + 3) = 0.75", id="often"
    ),
    pytest.param(Candidate(make_memory()), "reinforcement", 0, "Never recalled before.", id="never"),
    pytest.param(
        Candidate(make_memory(confidence=0.8, created_at=NOW)),
        "confidence",
        0.8,
        "Stated 0.80, less than a day without reinforcement at a half-life of 180 days: 0.80.",
        id="confidence",
    ),
    pytest.param(
        Candidate(make_memory(confidence=0.85, memory_type="episodic", created_at=NOW - 30 * DAY)),
        "confidence",
        0.45,
        "Stated 0.85, 30 days without reinforcement at a half-life of 30 days: 0.45.",
        id="decayed",
    ),
    pytest.param(
        Candidate(make_memory(confidence=0.8, memory_type="procedural", created_at=NOW - 999 * DAY)),
        "confidence",
        0.8,
        "do not decay",
        id="procedural",
    ),
    pytest.param(Candidate(make_memory()), "confidence", 0.5, "No confidence stated: it counts as 0.5.", id="unstated"),
]


@pytest.mark.parametrize(("candidate", "name", "value", "said"), PARTS)
def test_each_part_says_its_numbers(candidate: Candidate, name: str, value: float, said: str) -> None:
    found, explanation = part(one(candidate, BEST), name)
    assert found == pytest.approx(value, abs=0.001)
    assert said in explanation


@pytest.mark.parametrize(
    ("agent", "content", "query", "value"),
    [
        pytest.param("caroline", "I went to the group.", "When did Caroline go?", 1, id="named"),
        pytest.param("maria_lopez", "I went.", "When did Maria go?", 0.5, id="half-named"),
        pytest.param("caroline", "Caroline went.", "When did Caroline go?", 0, id="the-text-says-it"),
        pytest.param("caroline", "I went.", "When did Melanie go?", 0, id="another"),
        pytest.param(None, "I went.", "When did Caroline go?", 0, id="nobody"),
    ],
)
def test_the_author_counts_where_the_text_does_not_name_them(
    agent: str | None, content: str, query: str, value: float
) -> None:
    # Another candidate has the part, so that it is there to be read when it is 0.
    told = Candidate(make_memory("told", "I was there.", agent_id="there_did"), cosine=0.1)
    candidate = Candidate(make_memory(agent_id=agent, content=content), cosine=0.1)
    found, explanation = part(one(candidate, told, query=query), "author")
    assert found == value
    assert ("The query names its agent" in explanation) is bool(value)


def test_a_source_inherits_from_what_was_made_of_it() -> None:
    fact = Candidate(make_memory("fact", derived_from=("k", "other")), cosine=0.6, bm25=12.0)
    source = Candidate(make_memory("k"), cosine=-1.0)
    found, explanation = part(one(source, fact), "lineage")
    assert found == pytest.approx(0.5)
    assert explanation == "It is one of its 2 sources: “fact” has a relevance of 1.00: it lends 0.50."


MERGED = {"consolidation": {"at": "2026-11-01T00:00:00Z"}}


def test_what_stands_for_a_merged_source_inherits_in_its_place() -> None:
    fact = Candidate(make_memory("fact", derived_from=("a", "b", "c", "k")), cosine=0.6, bm25=12.0)
    merged = Candidate(make_memory("m", derived_from=("a", "b", "k", "z"), extra=MERGED), cosine=-1.0)
    there = Candidate(make_memory("k"), cosine=-1.0)
    found, explanation = part(one(merged, fact, there), "lineage")
    assert found == pytest.approx(0.5)
    assert explanation.startswith("It stands for 2 of the 4 sources of another memory: “fact” has a relevance of 1.00")
    assert part(one(there, fact, merged), "lineage")[0] == pytest.approx(0.25)
    plain = Candidate(replace(merged.memory, extra={}), cosine=-1.0)
    assert part(one(plain, fact, there), "lineage")[0] == 0


def test_the_copies_that_a_survivor_stands_for_take_no_share_from_its_sources() -> None:
    said = {"duplicates": {"count": 3}}
    fact = Candidate(make_memory("fact", derived_from=("k", "copy", "other"), extra=said), cosine=0.6, bm25=12.0)
    assert part(one(Candidate(make_memory("k"), cosine=-1.0), fact), "lineage")[0] == pytest.approx(1.0)
    other = Candidate(replace(fact.memory, extra={"duplicates": "a field of the writer's own"}), cosine=0.6, bm25=12.0)
    assert part(one(Candidate(make_memory("k"), cosine=-1.0), other), "lineage")[0] == pytest.approx(1 / 3)


def test_what_was_merged_into_a_candidate_is_looked_for_last() -> None:
    fact = Candidate(make_memory("fact", derived_from=("a", "k")))
    merged = Candidate(make_memory("m", derived_from=("a", "b"), extra=MERGED))
    relevance = {"fact": 0.2, "m": 1.0}
    assert missing_sources([fact, merged], relevance, limit=2) == ["k", "a"]
    assert missing_sources([fact, merged], relevance, limit=9) == ["k", "a", "b"]


def test_parts_that_nobody_has_take_no_weight() -> None:
    names = [part.name for part in one(BEST, mode=Mode.VECTOR).parts]
    assert names == ["similarity", "recency", "reinforcement", "confidence"]
    assert next(part.name for part in one(BEST, mode=Mode.TEXT).parts) == "words"


def test_among_equals_the_newer_the_recalled_and_the_surer_win() -> None:
    plain = make_memory("plain", created_at=NOW - 60 * DAY, confidence=0.5)
    for better in (
        make_memory("better", created_at=NOW - DAY, confidence=0.5),
        make_memory("better", created_at=NOW - 60 * DAY, confidence=0.5, recall_count=4),
        make_memory("better", created_at=NOW - 60 * DAY, confidence=0.9),
    ):
        found = [Candidate(plain, cosine=0.5, bm25=5.0), Candidate(better, cosine=0.5, bm25=5.0)]
        ranked = score(found, "q", mode=Mode.HYBRID, weights=Weights(), now=NOW)
        assert [scored.candidate.memory.key for scored in ranked] == ["better", "plain"]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        pytest.param({"recency": -1}, "The weight recency is -1", id="negative"),
        pytest.param({"relevance": math.nan}, "The weight relevance is nan", id="nan"),
        pytest.param({"relevance": 0, "recency": 0, "reinforcement": 0, "confidence": 0}, "Every weight is 0", id="zero"),
        pytest.param({"half_life_days": 0}, "half_life_days is 0", id="half-life"),
        pytest.param({"text_share": 1.5}, "text_share is 1.5", id="share"),
    ],
)
def test_weights_that_make_no_sense_are_refused(weights: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Weights(**weights)

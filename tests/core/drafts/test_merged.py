"""The memory that a draft becomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.curation.consolidation import (
    CONSOLIDATION_KEY,
    checked,
    combined_confidence,
    direct_sources,
    merged_memory,
    sentences_of,
    summarise,
)
from core.curation.decay import effective_confidence
from core.errors import ConfigError
from core.memory import Memory, from_metadata, to_metadata
from tests.core.drafts.drafting import EMBEDDER, source, sources
from tests.core.memory_builders import DAY, NOW

TEXTS = ("The cache of the api is cold.", "Kim closed the ticket of Acme.", "The train to Oslo is late.")


def merged(*memories: Memory, key: str = "merged") -> Memory:
    return merged_memory(summarise(memories, embedder=EMBEDDER), memories, key=key, now=NOW)


def test_each_field_by_its_rule() -> None:
    memory = merged(
        source(0, TEXTS[0], tags=("a", "b"), task_id="t", recall_count=2, expires_at=NOW + DAY, confidence=0.8),
        source(
            1, TEXTS[1], tags=("b", "c"), task_id="t", recall_count=3, expires_at=NOW + 2 * DAY, last_recalled_at=NOW - DAY
        ),
    )
    assert memory.content == f"2026-01-30: {TEXTS[0]}\n2026-01-31: {TEXTS[1]}"
    assert (memory.memory_type, memory.source) == ("semantic", "consolidation")
    assert (memory.agent_id, memory.team_id, memory.task_id) == ("ada", "alpha", "t")
    assert memory.tags == ("a", "b", "c")
    assert memory.derived_from == ("m0", "m1")
    assert memory.created_at == NOW - 29 * DAY
    assert (memory.recall_count, memory.last_recalled_at) == (5, NOW - DAY)
    assert memory.expires_at == NOW + 2 * DAY
    assert memory.extra[CONSOLIDATION_KEY]["at"] == "2026-03-01T12:00:00Z"


def test_what_the_sources_do_not_share_is_left_open() -> None:
    memory = merged(source(0, TEXTS[0], expires_at=NOW + DAY), source(1, TEXTS[1], agent_id="bob", team_id=None))
    assert (memory.agent_id, memory.team_id, memory.expires_at, memory.confidence) == (None, None, None, None)


def test_sentences_are_read_back_with_their_sources() -> None:
    memory = merged(*sources(*TEXTS))
    back = from_metadata("merged", to_metadata(memory))
    found = sentences_of(back)
    assert [(one.text, one.sources, one.supported) for one in found] == [
        (f"{day}: {text}", (f"m{number}",), True)
        for number, (day, text) in enumerate(zip(("2026-01-30", "2026-01-31", "2026-02-01"), TEXTS, strict=True))
    ]
    assert sentences_of(source(0, "x")) == ()


def test_what_was_edited_or_taken_out_since_stands_on_nothing() -> None:
    memory = merged(*sources(*TEXTS))
    fewer = replace(memory, derived_from=("m0", "m2"))
    assert [one.supported for one in sentences_of(fewer)] == [True, False, True]
    assert direct_sources(fewer) == ("m0", "m2")
    edited = replace(memory, content=memory.content.replace("Kim", "Tom"))
    assert [(one.supported, "Edited" in one.why) for one in sentences_of(edited)] == [
        (True, False),
        (False, True),
        (True, False),
    ]


@settings(max_examples=40)
@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=5), max_leaves=9)
)
def test_marks_that_others_wrote_break_nothing(marks: object) -> None:
    memory = replace(merged(*sources(*TEXTS)), extra={CONSOLIDATION_KEY: {"sources": marks, "sentences": marks}})
    assert not any(one.supported for one in sentences_of(memory))
    direct_sources(memory)


def test_a_merge_of_merges_keeps_the_whole_lineage() -> None:
    first = merged(*sources(*TEXTS[:2]), key="first")
    second = merged(first, source(2, TEXTS[2]), key="second")
    assert second.derived_from == ("first", "m2", "m0", "m1") or second.derived_from == ("m2", "first", "m0", "m1")
    assert set(direct_sources(second)) == {"first", "m2"}
    assert all(one.supported for one in sentences_of(second))
    assert f"2026-01-30: {TEXTS[0]}" in second.content


@pytest.mark.parametrize(
    ("confidences", "text", "expected"),
    [
        pytest.param((0.8, 0.4), TEXTS[:2], 0.6, id="mean-of-sentences"),
        pytest.param((0.8, 0.4), (TEXTS[1],), 0.4, id="of-those-that-are-said"),
        pytest.param((0.8, None), TEXTS[:2], 0.8, id="who-says-nothing-does-not-count"),
        pytest.param((None, None), TEXTS[:2], None, id="nobody-says"),
        pytest.param((0.8, 0.4), (TEXTS[0], "The parrots sing in Lisbon."), 0.4, id="unsupported-counts-nothing"),
    ],
)
def test_confidence(confidences: tuple[float | None, ...], text: tuple[str, ...], expected: float | None) -> None:
    memories = [source(n, TEXTS[n], confidence=c, created_at=NOW) for n, c in enumerate(confidences)]
    draft = checked("\n".join(text), memories, EMBEDDER)
    found = combined_confidence(draft, memories, now=NOW)
    assert found.value == (None if expected is None else pytest.approx(expected))


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 400)), min_size=2, max_size=3))
def test_a_merge_makes_nobody_surer_and_nothing_fresher(stated: list[tuple[float, int]]) -> None:
    memories = [
        source(n, TEXTS[n], confidence=value, created_at=NOW - timedelta(days=days))
        for n, (value, days) in enumerate(stated)
    ]
    before = [one.value for memory in memories if (one := effective_confidence(memory, now=NOW))]
    after = effective_confidence(merged(*memories), now=NOW)
    assert after is not None
    assert min(before) - 1e-3 <= after.value <= max(before) + 1e-3


def test_a_draft_of_other_sources_makes_no_memory() -> None:
    memories = sources(*TEXTS)
    draft = summarise(memories, embedder=EMBEDDER)
    with pytest.raises(ConfigError, match="source 'm2' is missing"):
        merged_memory(draft, memories[:2], key="k", now=NOW)
    with pytest.raises(ConfigError, match="no sentences"):
        merged_memory(replace(draft, sentences=()), memories, key="k", now=NOW)

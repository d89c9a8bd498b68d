"""The cues: what clashes is told from what does not, said in words, and shown in both texts; whatever the texts are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.judge import ConflictVerdict, JudgedPair, Judgement, Side
from core.models.judges.cues import CuesJudge
from core.models.judges.focus import focus
from core.models.judges.traits import traits_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
JUDGE = CuesJudge()


def judged(a: str, b: str, *, cosine: float = 0.8, days: float | None = None) -> Judgement:
    times = (None, None) if days is None else (AT, AT + timedelta(days=days))
    (found,) = JUDGE.judge([JudgedPair(Side(a, times[0]), Side(b, times[1]), cosine)])
    return found


@pytest.mark.parametrize(
    ("a", "b", "cue"),
    [
        pytest.param("The retry limit of gate is 5.", "The retry limit of gate is 7.", "number", id="number"),
        pytest.param("The launch is on 3 May.", "The launch is on 9 May.", "date", id="date"),
        pytest.param("The report mentions Spain.", "The report does not mention Spain.", "negation", id="negation"),
        pytest.param("The migration of orders succeeded.", "The migration of orders failed.", "status", id="status"),
        pytest.param("Rook and Moss are sworn allies.", "Rook and Moss are enemies.", "antonym", id="antonym"),
    ],
)
def test_what_clashes_is_named_and_shown_in_both_texts(a: str, b: str, cue: str) -> None:
    found = judged(a, b)
    assert found.cue == cue
    assert found.clash > judged(a, a).clash
    assert "differs: " in found.rationale
    left, right = ([text[slice(*span)] for span in side] for text, side in zip((a, b), found.spans, strict=True))
    assert all(word and word in a for word in left)
    assert all(word and word in b for word in right)


@pytest.mark.parametrize(
    ("clash", "none"),
    [
        pytest.param(
            ("Ticket 51 is still open.", "Ticket 51 was closed."),
            ("Ticket 51 is still open.", "Ticket 51 has not been closed."),
            id="a-no-that-says-the-same",
        ),
        pytest.param(
            ("The timeout of prod is 30 s.", "The timeout of prod is 60 s."),
            ("The timeout of prod is 30 s.", "The timeout of staging is 60 s."),
            id="another-environment",
        ),
        pytest.param(
            ("The backup runs every 2 hours.", "The backup runs every 6 hours."),
            ("The backup runs every 2 hours.", "The backup runs every 120 minutes."),
            id="another-unit",
        ),
    ],
)
def test_what_allows_both_to_be_true_clashes_less(clash: tuple[str, str], none: tuple[str, str]) -> None:
    assert judged(*clash).clash > judged(*none).clash


def test_a_later_word_of_change_makes_it_superseded() -> None:
    a, b = "Mikkel leads the pager rotation.", "Since March Ayaan leads the pager rotation, Mikkel handed it over."
    later, same = judged(a, b, days=40), judged(a, b, days=0)
    share = [each.probabilities[ConflictVerdict.SUPERSEDED] / each.clash for each in (later, same)]
    assert share[0] > share[1]


def test_of_a_long_text_the_part_that_is_alike_is_compared() -> None:
    long = (
        "Notes from Friday. Ari and Mei were there, with two people from the clinic. The devices worked all night. "
        "The key of the study stayed in the safe of the clinic until the scores were frozen. Pay for the taxi is open. "
        "Next call in two weeks, same time, and bring the forms for the second consent of all who sleep there."
    )
    short = "The key of the study did not stay in the safe of the clinic."
    ((one, other),) = focus(traits_of(long), traits_of(short))
    assert long[slice(*one)].startswith("The key of the study")
    assert other == (0, len(short))
    found = judged(long, short)
    assert found.cue in ("negation", "status")
    assert all("safe" not in long[:start] for start, _ in found.spans[0])


WORDS = st.sampled_from(
    "the gate is not open closed 5 7 30 s 60 ms on Monday Friday prod staging Anna Bob has failed passed all none must . ? "
    'v1.2 unless now since \u202e <b> \x1b[31m 🚀 日本 كتاب \ud800 {"a":1}'.split(" ")
)
TEXTS = st.lists(WORDS, max_size=14).map(" ".join)


@given(TEXTS, TEXTS, st.floats(-1, 1), st.none() | st.floats(-400, 400))
@settings(max_examples=60, deadline=None)
def test_a_judgement_is_that_of_the_pair(a: str, b: str, cosine: float, days: float | None) -> None:
    times = (None, None) if days is None else (AT, AT + timedelta(days=days))
    left, right = Side(a, times[0], "x"), Side(b, times[1])
    one, other = JUDGE.judge([JudgedPair(left, right, cosine), JudgedPair(right, left, cosine)])
    assert sum(one.probabilities.values()) == pytest.approx(1)
    assert set(one.probabilities) == set(ConflictVerdict)
    if a != b:
        assert one.probabilities == pytest.approx(other.probabilities)
        assert one.spans == other.spans[::-1]
    for text, side in zip((a, b), one.spans, strict=True):
        assert all(0 <= start <= end <= len(text) for start, end in side)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("not " * 3_000, id="12-kb-of-no"),
        pytest.param("<script>alert(1)</script>. " * 400, id="markup"),
        pytest.param("\x1b]0;x\x07\u202e. \ud800 \U0001f468\u200d\U0001f469. " * 300, id="controls"),
        pytest.param("12,345.6 ms. " * 900, id="numbers"),
    ],
)
def test_a_hostile_text_is_judged_as_any(text: str) -> None:
    found = judged(text, "The gate is not open since 3 May, and takes 5 ms.", cosine=0.1)
    assert sum(found.probabilities.values()) == pytest.approx(1)


def test_nothing_is_judged_of_nothing() -> None:
    assert JUDGE.judge([]) == []

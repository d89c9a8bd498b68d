"""What sources say of a sentence, and what they do not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.curation.consolidation import checked, coverage, summarise
from core.errors import ConfigError
from tests.core.drafts.drafting import EMBEDDER, check, draft_of, source, sources

DEPLOY = "The checkout service was deployed to eu-west-1 on 2026-02-03 with a limit of 200 requests."
FAILED = "Kim did not restart the payment queue."
LENT = "Klaus lent Maria the car."


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(DEPLOY, id="word-for-word"),
        pytest.param(
            "the  checkout service was deployed to eu-west-1 on 2026-02-03 with a limit of 200 requests",
            id="spaces-and-marks",
        ),
        pytest.param("The checkout service was deployed to eu-west-1 with a limit of 200 requests.", id="shorter"),
        pytest.param("The checkout service has a limit of 200 requests and was deployed on 2026-02-03.", id="turned-round"),
    ],
)
def test_what_a_source_says_is_supported(text: str) -> None:
    (sentence,) = check(text, "Something else was planned.", DEPLOY).sentences
    assert sentence.supported, sentence.why
    assert sentence.sources == ("m1",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(DEPLOY.replace("200", "500"), "number", id="number"),
        pytest.param(DEPLOY.replace("2026-02-03", "2026-02-13"), "date", id="date"),
        pytest.param(DEPLOY.replace("eu-west-1", "us-east-1"), "name", id="name"),
        pytest.param(DEPLOY.replace("was deployed", "was not deployed"), "", id="a-no-more"),
        pytest.param("Kim did restart the payment queue.", "otherwise", id="a-no-less"),
        pytest.param("Maria lent Klaus the car.", "other way round", id="names-turned"),
        pytest.param("The parrots sing in Lisbon.", "No source says it", id="invented"),
    ],
)
def test_what_no_source_says_is_flagged(text: str, why: str) -> None:
    draft = check(text, DEPLOY, FAILED, LENT)
    (sentence,) = draft.sentences
    assert not sentence.supported
    assert sentence.sources == ()
    assert why in sentence.why
    assert draft.unsupported == (sentence,)
    assert draft.faithfulness == 0.0


def test_a_number_of_something_else_is_no_support() -> None:
    budget, heads = "The budget of the project is 300.", "The headcount of the office is 500."
    assert not check("The budget of the project is 500.", budget, heads).sentences[0].supported


def test_two_sources_may_stand_behind_one_sentence() -> None:
    draft = check(
        "The cache server runs Redis and the login server runs Postgres.",
        "The cache server runs Redis.",
        "The login server runs Postgres.",
    )
    assert draft.sentences[0].supported, draft.sentences[0].why
    assert set(draft.sentences[0].sources) == {"m0", "m1"}


def test_all_that_say_the_same_are_named() -> None:
    draft = check("The build is green.", "The build is green.", "Well! The build is green!", "The build is red.")
    assert draft.sentences[0].sources == ("m0", "m1")


def test_an_edited_draft_is_checked_line_by_line() -> None:
    made = draft_of(DEPLOY, FAILED)
    edited = check(made.text + "\nThe parrots sing in Lisbon.", DEPLOY, FAILED)
    assert [one.supported for one in edited.sentences] == [True, True, False]
    assert edited.method == "edited"
    assert edited.faithfulness == pytest.approx(2 / 3)
    assert edited.sources == ("m0", "m1")


@pytest.mark.parametrize(
    ("heading", "supported"),
    [
        pytest.param("2026-01-30 ada: ", True, id="as-it-was"),
        pytest.param("2026-01-31 ada: ", False, id="another-day"),
        pytest.param("2026-01-30 bob: ", False, id="another-author"),
    ],
)
def test_a_heading_is_held_against_the_sources(heading: str, supported: bool) -> None:
    memories = [source(0, LENT), source(1, FAILED, agent_id="bob")]
    (sentence,) = checked(heading + LENT, memories, EMBEDDER).sentences
    assert sentence.supported is supported, sentence.why


@pytest.mark.parametrize(
    ("text", "supported"),
    [
        pytest.param("On 2026-01-30 Ada restarted the mail server in Oslo.", True, id="who-and-when"),
        pytest.param("On 2026-01-31 Ada restarted the mail server in Oslo.", False, id="the-day-of-another"),
        pytest.param("Bob Smith cancelled the train to Bergen on 2026-01-31.", True, id="both-of-another"),
        pytest.param("Ada cancelled the train to Bergen.", False, id="the-deed-of-another"),
        pytest.param("Bob Smith restarted the mail server in Oslo.", False, id="and-the-other-way-round"),
    ],
)
def test_who_and_when_are_those_of_the_source(text: str, supported: bool) -> None:
    memories = [
        source(0, "I restarted the mail server in Oslo."),
        source(1, "I cancelled the train to Bergen.", agent_id="bob_smith"),
    ]
    (sentence,) = checked(text, memories, EMBEDDER).sentences
    assert sentence.supported is supported, sentence.why


def test_nothing_to_check_and_nothing_to_check_it_with() -> None:
    assert check("  ", DEPLOY).sentences == ()
    with pytest.raises(ConfigError, match="name the memories"):
        checked("x", [], EMBEDDER)


def test_coverage_says_what_of_which_source_is_missing() -> None:
    memories = sources(DEPLOY, f"{FAILED} {LENT}", "Thanks!")
    half = checked(f"{DEPLOY}\n{LENT}", memories, EMBEDDER)
    found = coverage(half, memories, EMBEDDER)
    assert found.of("m0").share == 1.0
    assert found.of("m1").missing == (FAILED,)
    assert 0 < found.of("m1").share < 1
    assert found.of("m2").missing == ()  # small talk is not missed
    whole = coverage(summarise(memories, embedder=EMBEDDER, share=1.0), memories, EMBEDDER)
    assert whole.share == 1.0
    with pytest.raises(KeyError):
        found.of("other")


def test_what_no_source_says_covers_nothing() -> None:
    memories = sources(DEPLOY)
    assert coverage(check(DEPLOY.replace("200", "500"), DEPLOY), memories, EMBEDDER).share == 0.0


WORDS = st.lists(
    st.sampled_from("the cache holds seven keys Kim never closed ticket 41 in Oslo today not".split()), min_size=1
)


@settings(max_examples=40)
@given(st.lists(WORDS.map(" ".join), min_size=1, max_size=5))
def test_the_sources_own_words_are_always_supported(contents: list[str]) -> None:
    draft = draft_of(*contents)
    again = check(draft.text, *contents)
    assert draft.faithfulness == again.faithfulness == 1.0
    assert {key for one in draft.sentences for key in one.sources} <= set(draft.sources)

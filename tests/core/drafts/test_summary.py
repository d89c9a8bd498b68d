"""Drafts from the sources' own sentences: what is chosen, what is never lost alone, and that chance plays no part."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.curation.consolidation import checked, summarise
from core.curation.consolidation.draft import text_hash
from core.curation.consolidation.facility import choose
from core.curation.consolidation.telling import telling
from core.errors import ConfigError
from core.models.summary import Statement
from tests.core.drafts.drafting import EMBEDDER, draft_of, source, sources


def test_each_sentence_names_the_sources_that_say_it() -> None:
    draft = draft_of("The cache is cold.", "The build of the api is green.", "The cache is cold.")
    assert [(one.text, one.sources) for one in draft.sentences] == [
        ("2026-01-30/2026-02-01: The cache is cold.", ("m0", "m2")),
        ("2026-01-31: The build of the api is green.", ("m1",)),
    ]
    assert draft.method == "extractive"
    assert draft.sources == ("m0", "m1", "m2")
    assert draft.seen["m0"] == text_hash("The cache is cold.")
    assert draft.faithfulness == 1.0


def test_days_and_authors_stand_where_they_tell_something() -> None:
    memories = [
        source(0, "I moved the meeting.", agent_id="ada"),
        source(1, "I cancelled the train.", agent_id="bob"),
        source(2, "Deploys are on Monday.", agent_id="bob", memory_type="semantic"),
        source(3, "The tests of the parser pass.", created_at=None),
    ]
    assert summarise(memories, embedder=EMBEDDER).text.splitlines() == [
        "2026-01-30 ada: I moved the meeting.",
        "2026-01-31 bob: I cancelled the train.",
        "bob: Deploys are on Monday.",
        "ada: The tests of the parser pass.",
    ]


@pytest.mark.parametrize(
    "block", ["- restart the queue\n- drain the old workers", '{"queue": "mail", "size": 40}', "1. One. Two."]
)
def test_what_stays_whole_goes_below_its_heading(block: str) -> None:
    memories = [source(0, f"Kim wrote the steps.\n{block}"), source(1, "Bob read the steps of Kim.", agent_id="bob")]
    draft = summarise(memories, embedder=EMBEDDER, share=1.0)
    assert checked(draft.text, memories, EMBEDDER).faithfulness == 1.0
    assert len(checked(draft.text, memories, EMBEDDER).sentences) == len(draft.sentences)


def test_small_talk_goes_first() -> None:
    draft = draft_of(
        "Hey! How are you? The invoice of Acme is overdue since March.",
        "Thanks! The printer on floor 3 needs toner.",
        share=0.4,
    )
    assert [one.text.partition(": ")[2] for one in draft.sentences] == [
        "The invoice of Acme is overdue since March.",
        "The printer on floor 3 needs toner.",
    ]


@pytest.mark.parametrize(
    ("told", "tells_less"),
    [
        pytest.param("The deploy of the api failed.", "It failed again for the api deploy.", id="a-pronoun-heads-it"),
        pytest.param("Maria cooks dinner in Oslo tonight.", "Does Maria cook dinner in Oslo tonight?", id="a-question"),
        pytest.param("Le serveur de paiement est en panne.", "Il est en panne, le serveur de paiement.", id="french"),
        pytest.param("服务器在晚上停机维护。", "它在晚上停机维护服务器。", id="chinese"),
        pytest.param("The queue holds many jobs.", "Good.", id="short"),
    ],
)
def test_what_tells_less_by_itself(told: str, tells_less: str) -> None:
    assert telling(told) > telling(tells_less)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("The limit of the api is 200 requests.", "The limit of the api is 500 requests.", id="number"),
        pytest.param("Paul eats meat.", "Paul does not eat meat.", id="negation"),
        pytest.param("The door of the vault is open.", "The door of the vault is closed.", id="status"),
    ],
)
def test_no_side_of_a_contradiction_is_dropped_alone(one: str, other: str) -> None:
    filler = [f"The {name} team met in room {name} for planning." for name in ("legal", "sales", "design", "press")]
    for most in (1, 2, 3):
        text = draft_of(one, other, *filler, most_sentences=most).text
        assert (one in text) == (other in text)
    both = draft_of(f"Hello! {one}", f"Hi there! {other}", share=0.1).text
    assert one in both
    assert other in both


def test_every_source_comes_to_speak_by_the_share_and_not_beyond_a_number() -> None:
    texts = [f"The {name} sensor in hall {name} measured the water." for name in ("north", "south", "east", "west")]
    assert {key for one in draft_of(*texts, share=0.01).sentences for key in one.sources} == {"m0", "m1", "m2", "m3"}
    texts = [f"The {name} team met for the planning of the quarter." for name in ("legal", "sales", "design", "press")]
    assert len(draft_of(*texts, most_sentences=2).sentences) == 2


@pytest.mark.parametrize("options", [{"share": 0.0}, {"share": 1.5}, {"most_sentences": 0}], ids=str)
def test_a_size_that_makes_no_sense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="choose 1 or more"):
        summarise(sources("a"), embedder=EMBEDDER, **options)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="at least one"):
        summarise([], embedder=EMBEDDER)


def test_blank_sources_make_an_empty_draft() -> None:
    draft = draft_of("", " \n")
    assert (draft.sentences, draft.sources, draft.faithfulness) == ((), ("m0", "m1"), 1.0)


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(["a b c.", "d e f!", "g h?", "7 i j.", "k"]), min_size=2, max_size=6))
def test_neither_order_nor_chance_matters(seed: int, contents: list[str]) -> None:
    memories = sources(*contents)
    mixed = random.Random(seed).sample(memories, len(memories))
    assert summarise(mixed, embedder=EMBEDDER) == summarise(memories, embedder=EMBEDDER)


def test_greedy_choice_is_near_the_best_there_is() -> None:
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(3, 16))
    vectors = np.concatenate([centre + 0.1 * rng.normal(size=(6, 16)) for centre in centres]).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ones = np.ones(len(vectors))
    found = choose(vectors, ones, ones, [], most=3, hard=True, says=lambda a, b: True, opposed=lambda a, b: False)
    assert {row // 6 for row in found.chosen} == {0, 1, 2}
    assert all(
        set(covers) == {row // 6 * 6 + place for place in range(6)} - {row}
        for row, covers in zip(found.chosen, found.stands_for, strict=True)
    )


class Writer:
    """A summariser that writes what it is told."""

    model_id = "writer-1"

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        self.read: list[str] = []

    def summarise(self, texts: list[str], *, most_sentences: int) -> tuple[Statement, ...]:
        self.read = list(texts)
        return tuple(Statement(line, (0,)) for line in self.lines)


def test_what_a_model_writes_is_not_believed() -> None:
    writer = Writer("Ada restarted the mail server in Oslo.", "Ada deleted all 40 backups.")
    memories = sources("Ada restarted the mail server in Oslo.", "The mail server is slow.")
    draft = summarise(memories, embedder=EMBEDDER, summariser=writer)
    assert writer.read == [
        "2026-01-30 ada: Ada restarted the mail server in Oslo.",
        "2026-01-31 ada: The mail server is slow.",
    ]
    assert draft.method == "writer-1"
    assert [one.supported for one in draft.sentences] == [True, False]
    assert draft.sentences[1].sources == ()


CLOSED = "The big gate of hall four is closed for the whole night shift"


@pytest.mark.parametrize(
    ("one", "other", "author", "together"),
    [
        pytest.param(f"{CLOSED} now.", f"{CLOSED}.", "ada", True, id="it says all of it"),
        pytest.param(f"{CLOSED} now.", f"{CLOSED}.", "bob", False, id="another says it"),
        pytest.param(f"{CLOSED} now.", f"{CLOSED}?", "ada", False, id="a question"),
        pytest.param(f"{CLOSED}.", f"{CLOSED.replace('closed', 'painted')}.", "ada", False, id="another verb"),
    ],
)
def test_a_sentence_stands_only_for_what_it_says(one: str, other: str, author: str, together: bool) -> None:
    """However near their vectors are: else its sources would not say it, and what they say would be lost."""
    draft = summarise([source(0, one), source(1, other, agent_id=author)], embedder=EMBEDDER, share=0.1)
    assert [one.sources for one in draft.sentences] == ([("m0", "m1")] if together else [("m0",), ("m1",)])


def test_a_day_that_a_sentence_stands_for_is_in_its_heading() -> None:
    draft = draft_of(f"{CLOSED} now.", f"{CLOSED}.", share=0.1)
    assert [one.text for one in draft.sentences] == [f"2026-01-30/2026-01-31: {CLOSED} now."]
    assert checked(draft.text, sources(f"{CLOSED} now.", f"{CLOSED}."), EMBEDDER).faithfulness == 1.0


def test_a_title_tells_little_without_what_follows() -> None:
    assert telling("## Steps to extract the numbers of the chapters") < telling(
        "Steps to extract the numbers of the chapters"
    )

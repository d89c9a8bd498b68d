"""Full-text and hybrid search: configuration, ranking, scores and what is refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import ConflictError, NotFoundError, ServiceError
from core.vectors import limits
from tests.core.builders import Where, keys_of, make_record, pages, put, query_all
from tests.core.contract.model import Checked
from tests.core.contract.refusal import length, refused

NewIndex = Callable[..., Where]
TEXTS = {
    "cat": "The cat sat on the mat and watched the garden.",
    "dog": "A dog chased the cat through the garden, then the dog slept.",
    "tax": "Quarterly tax report for the finance team, due in March.",
    "none": "",
}


def configured(*keys: str, hidden: bool = False, **language: str) -> dict[str, Any]:
    entries = [{"metadataKey": key} | language for key in keys]
    configuration: dict[str, Any] = {"textSearchConfigurations": entries}
    return configuration | ({"nonFilterableMetadataKeys": list(keys)} if hidden else {})


@pytest.fixture(params=[False, True], ids=["filterable", "non-filterable"])
def library(request: pytest.FixtureRequest, client: Checked, new_index: NewIndex) -> Where:
    """Return an index whose key `content` is searchable, with TEXTS and one record without a text."""
    where = new_index(metadataConfiguration=configured("content", hidden=request.param))
    put(client, where, *(make_record(key, [1, n], {"content": text}) for n, (key, text) in enumerate(TEXTS.items())))
    put(client, where, make_record("bare", [1, 9]))
    return where


def asked(text: str, key: str = "content") -> list[dict[str, str]]:
    return [{"metadataKey": key, "text": text}]


def search(client: Checked, where: Where, text: str, **options: Any) -> list[dict[str, Any]]:
    return query_all(client, where, queryTexts=asked(text), **options)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        pytest.param("dog", ["dog"], id="word"),
        pytest.param("DOG!", ["dog"], id="case-and-marks"),
        pytest.param("dog garden", ["dog", "cat"], id="any-word-best-first"),
        pytest.param("reports", ["tax"], id="stem"),
        pytest.param("zebra", [], id="nothing"),
        pytest.param("!?.", [], id="marks-only"),
        pytest.param('"tax', ["tax"], id="open-quote"),
        pytest.param("NEAR(tax, report) OR NOT tax*", ["tax"], id="query-syntax-is-text"),
        pytest.param("content:tax", ["tax"], id="column-syntax-is-text"),
        pytest.param("tax\x00", ["tax"], id="zero"),
    ],
)
def test_texts_are_found_by_words(client: Checked, library: Where, text: str, keys: list[str]) -> None:
    assert keys_of(search(client, library, text)) == keys


def test_scores_of_a_text(client: Checked, library: Where) -> None:
    hits = search(client, library, "dog garden", returnScores=True, returnDistance=True)
    assert all(set(hit) == {"key", "scores"} and set(hit["scores"]) == {"bm25Scores"} for hit in hits)
    scores = [hit["scores"]["bm25Scores"][0] for hit in hits]
    assert [score["metadataKey"] for score in scores] == ["content", "content"]
    assert scores[0]["score"] > scores[1]["score"] > 0


def test_scores_of_text_and_vector(client: Checked, library: Where) -> None:
    vector = {"float32": [1.0, 0.0]}  # nearest first: cat, dog, tax, none, bare
    hits = search(client, library, "dog garden", queryVector=vector, returnScores=True, returnDistance=True)
    parts = {hit["key"]: hit["scores"] for hit in hits}
    assert set(parts) == {"cat", "dog", "tax", "none", "bare"}
    # Reciprocal rank fusion: the sum over both lists of 1 / (60 + rank).
    assert parts["cat"]["fused"] == pytest.approx(1 / 61 + 1 / 62)
    assert parts["dog"]["fused"] == pytest.approx(1 / 62 + 1 / 61)
    assert parts["tax"]["fused"] == pytest.approx(1 / 63)
    assert keys_of(hits)[2:] == ["tax", "none", "bare"]
    assert set(parts["cat"]) == {"fused", "bm25Scores", "vectorDistance"}
    assert set(parts["tax"]) == {"fused", "vectorDistance"}
    assert parts["cat"]["vectorDistance"] == pytest.approx(0, abs=1e-5)
    assert all(hit["distance"] == hit["scores"]["vectorDistance"] for hit in hits)


def test_two_keys_rank_by_the_sum_of_their_scores(client: Checked, new_index: NewIndex) -> None:
    where = new_index(metadataConfiguration=configured("title", "body"))
    put(client, where, make_record("both", metadata={"title": "cat", "body": "cat"}))
    put(client, where, make_record("title", metadata={"title": "cat"}), make_record("body", metadata={"body": "cat nap"}))
    texts = [*asked("cat", "title"), *asked("cat", "body")]
    hits = query_all(client, where, queryTexts=texts, returnScores=True)
    assert keys_of(hits)[0] == "both"
    assert {score["metadataKey"] for score in hits[0]["scores"]["bm25Scores"]} == {"title", "body"}
    assert len(hits) == 3
    assert all(set(hit["scores"]) == {"bm25Scores"} for hit in hits), "only hybrid queries fuse"
    sums = [sum(score["score"] for score in hit["scores"]["bm25Scores"]) for hit in hits]
    assert sums == sorted(sums, reverse=True)
    best = query_all(client, where, queryTexts=texts, topK=1)
    assert keys_of(best) == ["both"]


def test_k_and_pages_hold_for_texts(client: Checked, library: Where) -> None:
    put(client, library, *(make_record(f"k{number}", metadata={"content": f"unicorn {number}"}) for number in range(230)))
    found = pages(client.query_vectors, **library, topK=230, queryTexts=asked("unicorn"))
    assert [len(page["vectors"]) for page in found] == [100, 100, 30]
    assert len({key for page in found for key in keys_of(page["vectors"])}) == 230
    both = pages(client.query_vectors, **library, topK=150, queryTexts=asked("unicorn"), queryVector={"float32": [1.0, 0.0]})
    assert [len(page["vectors"]) for page in both] == [100, 50]
    with refused(message="Invalid nextToken"):
        client.query_vectors(**library, topK=230, queryTexts=asked("other"), nextToken=found[0]["nextToken"])


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("asked_form", ["NFC", "NFD"])
def test_accents_match_composed_or_not(client: Checked, new_index: NewIndex, form: str, asked_form: str) -> None:
    where = new_index(metadataConfiguration=configured("content"))
    put(client, where, make_record(metadata={"content": unicodedata.normalize(form, "Le résumé était prêt.")}))
    assert search(client, where, unicodedata.normalize(asked_form, "résumé"))
    assert search(client, where, "resume")


def test_texts_follow_writes(client: Checked, library: Where) -> None:
    put(client, library, make_record("tax", metadata={"content": "a song about rivers"}))
    client.delete_vectors(**library, keys=["dog"])
    assert search(client, library, "tax") == []
    assert keys_of(search(client, library, "rivers")) == ["tax"]
    assert keys_of(search(client, library, "garden")) == ["cat"]
    put(client, library, make_record("cat"))
    assert search(client, library, "garden") == []


@pytest.mark.parametrize(
    ("value", "matches"),
    [(["first cat", "second"], True), ("cat", True), (5, False), (True, False), ([1, 2], False)],
    ids=["list", "string", "number", "bool", "numbers"],
)
def test_any_value_under_a_searchable_key(client: Checked, new_index: NewIndex, value: Any, matches: bool) -> None:
    where = new_index(metadataConfiguration=configured("content"))
    put(client, where, make_record(metadata={"content": value}))
    assert bool(search(client, where, "cat")) is matches


def test_an_unconfigured_key_is_refused(client: Checked, library: Where) -> None:
    with refused(message="not configured for text search"):
        query_all(client, library, queryTexts=asked("cat", "title"))
    with refused(message="not configured for text search"):
        query_all(client, library, queryTexts=asked("cat", "title"), queryVector={"float32": [1.0, 0.0]})


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        pytest.param([], length("/queryTexts", 0, 1, 10), id="none"),
        pytest.param([{"metadataKey": f"k{n}", "text": "x"} for n in range(11)], length("/queryTexts", 11, 1, 10), id="11"),
        pytest.param(asked(""), length("/queryTexts/0/text", 0, 1, 1024), id="empty"),
        pytest.param(asked("x" * 1025), length("/queryTexts/0/text", 1025, 1, 1024), id="1025-characters"),
        pytest.param(asked("a") + asked("b"), "duplicate metadata keys", id="one-key-twice"),
        pytest.param([{"text": "x"}], None, id="no-key"),
        pytest.param([{"metadataKey": "content"}], None, id="no-text"),
    ],
)
def test_wrong_texts_are_refused(client: Checked, library: Where, texts: list[dict[str, str]], message: str | None) -> None:
    with refused(message=message):
        query_all(client, library, queryTexts=texts)


@pytest.mark.parametrize(
    "text", ["x" * 1024, "ab " * 341, "é" * 1024, "".join(f"{chr(0x4E00 + n)} " for n in range(512))], ids=len
)
def test_the_longest_text_is_taken(client: Checked, library: Where, text: str) -> None:
    assert search(client, library, text) == []


def test_ten_texts_are_taken(client: Checked, new_index: NewIndex) -> None:
    keys = [f"k{number}" for number in range(10)]
    where = new_index(metadataConfiguration=configured(*keys))
    put(client, where, make_record(metadata=dict.fromkeys(keys, "cat")))
    hits = query_all(client, where, queryTexts=[{"metadataKey": key, "text": "cat"} for key in keys], returnScores=True)
    assert [score["metadataKey"] for score in hits[0]["scores"]["bm25Scores"]] == keys


class TestConfiguration:
    def entries(self, client: Checked, where: Where) -> list[dict[str, str]]:
        configuration = client.get_index(**where)["index"].get("metadataConfiguration", {})
        entries: list[dict[str, str]] = configuration.get("textSearchConfigurations", [])
        return entries

    def add(self, client: Checked, where: Where, *keys: str) -> None:
        client.update_metadata_configuration(**where, add=configured(*keys))

    def test_it_is_active_with_its_language(self, client: Checked, new_index: NewIndex) -> None:
        where = new_index(
            metadataConfiguration={
                "textSearchConfigurations": [{"metadataKey": "a"}, {"metadataKey": "b", "language": "de"}]
            }
        )
        assert [(entry["metadataKey"], entry["status"]) for entry in self.entries(client, where)] == [
            ("a", "ACTIVE"),
            ("b", "ACTIVE"),
        ]
        assert self.entries(client, where)[1]["language"] == "de"

    @pytest.mark.parametrize("language", limits.TEXT_SEARCH_LANGUAGES)
    def test_every_language(self, client: Checked, new_index: NewIndex, language: str) -> None:
        where = new_index(metadataConfiguration=configured("content", language=language))
        put(client, where, make_record(metadata={"content": "Zürich ist groß. 東京は大きい。 서울은 크다."}))
        for word in ("Zürich", "東京", "서울"):
            assert keys_of(search(client, where, word)) == ["k"]

    def test_a_key_added_later_finds_what_was_there(self, client: Checked, index: Where) -> None:
        put(client, index, *(make_record(f"k{number}", metadata={"content": f"cat {number}"}) for number in range(30)))
        self.add(client, index, "content")
        assert len(search(client, index, "cat")) == 30
        assert [entry["status"] for entry in self.entries(client, index)] == ["ACTIVE"]

    def test_a_key_taken_away_is_not_searched(self, client: Checked, library: Where) -> None:
        client.update_metadata_configuration(**library, delete={"textSearchConfigurations": [{"metadataKey": "content"}]})
        assert self.entries(client, library) == []
        with refused(message="not configured for text search"):
            search(client, library, "cat")
        self.add(client, library, "content")
        assert keys_of(search(client, library, "tax")) == ["tax"]

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            pytest.param({"add": configured("content")}, ConflictError, id="there-already"),
            pytest.param(
                {"delete": {"textSearchConfigurations": [{"metadataKey": "title"}]}}, NotFoundError, id="not-there"
            ),
            pytest.param({"add": configured("a", language="xx")}, None, id="language"),
            pytest.param({"add": configured("a", "a")}, None, id="twice"),
            pytest.param({"add": configured("k" * 64)}, None, id="64-characters"),
            pytest.param({"add": configured("")}, None, id="empty-key"),
            pytest.param({"add": configured(*(f"k{number}" for number in range(11)))}, None, id="11"),
            pytest.param({"add": configured(*(f"k{number}" for number in range(10)))}, None, id="11-with-the-first"),
            pytest.param({}, None, id="nothing"),
            pytest.param({"add": {"textSearchConfigurations": []}}, None, id="nothing-to-add"),
            pytest.param(
                {"add": configured("title"), "delete": {"textSearchConfigurations": [{"metadataKey": "content"}]}},
                None,
                id="both-at-once",
            ),
        ],
    )
    def test_a_wrong_change_changes_nothing(
        self, client: Checked, library: Where, change: dict[str, Any], error: type[ServiceError] | None
    ) -> None:
        with refused(*filter(None, [error])):
            client.update_metadata_configuration(**library, **change)
        assert [entry["metadataKey"] for entry in self.entries(client, library)] == ["content"]
        assert keys_of(search(client, library, "tax")) == ["tax"]

    def test_11_searchable_keys_are_refused_at_creation(self, client: Checked, new_index: NewIndex) -> None:
        assert new_index(metadataConfiguration=configured(*(f"k{number}" for number in range(10))))
        with refused(message="Member must have length between 0 and 10, inclusive"):
            new_index(metadataConfiguration=configured(*(f"k{number}" for number in range(11))))

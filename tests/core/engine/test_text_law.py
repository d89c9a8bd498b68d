"""Laws of full-text search: what was written is found by its own words, and no text whatever breaks a query."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.vectors import limits
from tests.core.builders import keys_of, make_client, make_index, make_record, put, query_all

_numbers = itertools.count()
# Letters, digits, accents, scripts without spaces, marks, controls, quotes and FTS5's own syntax.
ALPHABET = "abAB09éßĳñøΩжאعग漢字かなカ한글ไทย"
ALPHABET += "_-'\"*:^(){}.,;!?\x00\n\t 　👍½²①"
texts = st.text(st.sampled_from(ALPHABET), min_size=1, max_size=40) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1
)
_WORD = re.compile(r"[A-Za-z0-9]+|[漢字かなカ]+|[жأع]+|[éßñøΩ]+")
laws = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@laws
@given(contents=st.lists(texts, min_size=1, max_size=5), query=texts, language=st.sampled_from(limits.TEXT_SEARCH_LANGUAGES))
@example(contents=["the cat"], query="the", language="en")
@example(contents=["AND OR NOT NEAR"], query="NOT", language="en")
def test_a_text_is_found_by_its_own_words(quick_path: Path, contents: list[str], query: str, language: str) -> None:
    client = make_client(quick_path)
    configuration = {"textSearchConfigurations": [{"metadataKey": "content", "language": language}]}
    where = make_index(client, f"index-{next(_numbers)}", metadataConfiguration=configuration)
    put(client, where, *(make_record(f"k{n}", metadata={"content": text}) for n, text in enumerate(contents)))

    def search(text: str) -> list[str]:
        hits = query_all(client, where, queryTexts=[{"metadataKey": "content", "text": text}], returnScores=True)
        scores = [hit["scores"]["bm25Scores"][0]["score"] for hit in hits]
        assert scores == sorted(scores, reverse=True)
        assert all(score > 0 for score in scores)
        return keys_of(hits)

    search(query)
    for number, text in enumerate(contents):
        for word in filter(_WORD.fullmatch, re.split(r"[ \n\t.,;!?]+", text)):
            assert f"k{number}" in search(word), (text, word)
    client.delete_index(**where)
    client.close()

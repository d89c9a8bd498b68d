"""Drafts of real memories: no sentence without a source, and what is edited back is found again."""

from __future__ import annotations

import gzip
import itertools
import json

import pytest

from core.curation.consolidation import checked, summarise
from core.memory import Memory, from_row
from core.models.embedding import HashingEmbedder
from tests.core.test_shared_data import set_file

EMBEDDER = HashingEmbedder(128)


def groups(name: str, *, most: int = 8, count: int = 6) -> list[list[Memory]]:
    """Return the first memories of the first sessions of a set."""
    with gzip.open(set_file(name), "rt", encoding="utf-8") as file:
        rows = [from_row(json.loads(line), fallback_key=f"line:{n}") for n, line in enumerate(itertools.islice(file, 800))]
    sessions: dict[str | None, list[Memory]] = {}
    for memory in rows:
        sessions.setdefault(memory.session_id, []).append(memory)
    return [memories[:most] for memories in itertools.islice(sessions.values(), count)]


@pytest.mark.parametrize("name", ["locomo_a", "generative_agents", "memorybank", "whowhen_captainagent", "taubench_airline"])
def test_each_sentence_of_a_local_draft_stands_on_a_source(name: str) -> None:
    for memories in groups(name):
        draft = summarise(memories, embedder=EMBEDDER)
        keys = {one.key for one in memories}
        assert all(one.sources and set(one.sources) <= keys for one in draft.sentences)
        again = checked(draft.text, memories, EMBEDDER)
        assert again.unsupported == ()
        assert len(again.sentences) == len(draft.sentences)

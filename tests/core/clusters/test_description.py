"""What is said of a cluster."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from core.analysis.clusters import ClusterInfo, Clusters, describe

TEXTS = ["refund late", "refund lost", "the refund", "12 34", "\x1b[31m56 78", "90", "elsewhere"]
CODES = np.array([0, 0, 0, 1, 1, 1, -1], np.int32)
FOUND = Clusters(CODES, np.ones(7, np.float32), CODES, np.array([3, 8], np.int32), 9, 3)
MATRIX = np.array([[1, 0.2], [3, 0], [1, -0.3], [0, 1], [0, 1], [0, 1], [1, 1]], np.float32)
FRAME = pd.DataFrame(
    {
        "agent_id": pd.Categorical(["ann", "bob", "bob", None, None, None, "eve"]),
        "memory_type": pd.Categorical(["fact"] * 7),
        "team_id": pd.Categorical([None] * 7),
        "task_id": pd.Categorical(["b", "a", None, "c", "c", "d", "a"]),
        "created_at": pd.Series(
            pd.to_datetime(["2026-01-03", "2026-01-01", None, None, None, None, "2020-01-01"], utc=True)
        ).astype("datetime64[us, UTC]"),
    }
)


def test_what_is_said_of_a_cluster() -> None:
    first, second = describe(FOUND, TEXTS, FRAME, MATRIX)
    assert (first.id, first.code, first.size, first.terms[0], first.central) == (3, 0, 3, "refund", 1)
    assert first.label.startswith("refund")
    assert first.agents == (("bob", 2), ("ann", 1))
    assert (first.types, first.teams, first.tasks) == ((("fact", 3),), (), (("a", 1), ("b", 1)))
    assert (first.first, first.last) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
    assert 0.9 < first.cohesion < 1
    assert (second.id, second.agents, second.first, second.cohesion) == (8, (), None, 1.0)


def test_without_terms_the_central_memory_names_it() -> None:
    for text, label in (
        ("12 34", "numbers such as 12 34"),
        ("?!\x1b[31m\u202e", "signs such as ?!"),
        ("Thank you", "Thank you"),
        ("", "Cluster 9"),
    ):
        assert describe(FOUND, [*TEXTS[:3], *[text] * 3, ""], FRAME, MATRIX)[1].label == label


def test_vectors_of_zeros_and_opposite_ones_are_no_trouble() -> None:
    matrix = np.zeros((7, 2), np.float32)
    matrix[3], matrix[4] = (1, 0), (-1, 0)
    assert [info.cohesion for info in describe(FOUND, TEXTS, FRAME, matrix)] == [0.0, 0.0]


def test_a_file_gives_the_same_back() -> None:
    for info in describe(FOUND, TEXTS, FRAME, MATRIX):
        assert ClusterInfo.from_dict(json.loads(json.dumps(info.as_dict()))) == info


def test_no_clusters_no_words() -> None:
    none = Clusters(np.full(7, -1, np.int32), np.zeros(7, np.float32), np.full(7, -1, np.int32), np.zeros(0, np.int32), 0, 3)
    assert describe(none, TEXTS, FRAME, MATRIX) == ()

"""The figures of clusters: the files they read, what agreement is, and what is printed last."""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import ConfigError, FileReadError
from core.eval import clusters
from core.maps.parameters import MapParameters

SUBJECTS = {
    "coffee": "The espresso machine in the kitchen {}.",
    "trains": "The train to Leeds on platform two {}.",
    "cats": "The black cat of my neighbour {}.",
}
ENDS = ["is broken", "is late", "is here", "is new", "was seen", "is loud", "is gone", "is fine", "is back", "was old"]


def evaluate(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    clusters.add_arguments(parser)
    return clusters.run(parser.parse_args(list(arguments)))


def test_a_run_ends_with_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "texts.jsonl.gz"
    rows = [{"text": text.format(end), "label": name} for name, text in SUBJECTS.items() for end in ENDS]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    assert evaluate("--texts", str(path), "--layout", "pca") == 0
    printed = capsys.readouterr().out.strip().splitlines()
    last = json.loads(printed[-1])
    assert list(last) == ["ari", "ami", "noise", "clusters", "seconds"]
    assert (last["ari"], last["ami"], last["clusters"]) == (1.0, 1.0, 3)
    assert printed[0].startswith("30 texts, 3 labels")
    assert [line[:24].strip() for line in printed[2:-1]] == ["pca map, medium", "… noise a group apart", "k-means, true k"]


def test_agreement_is_one_for_the_same_groups_and_none_by_chance() -> None:
    labels = ["a", "a", "b", "b", "c", "c"]
    assert clusters.agreement(labels, np.array([5, 5, -1, -1, 2, 2])) == clusters.Agreement(1.0, 1.0)
    chance = clusters.agreement(labels, np.zeros(6, np.int32))
    assert (chance.ari, chance.ami) == (pytest.approx(0), pytest.approx(0))


def test_clusters_are_those_of_the_map() -> None:
    random = np.random.default_rng(0)
    matrix = np.repeat(np.eye(3, 8, dtype=np.float32), 30, axis=0) + random.normal(0, 0.02, (90, 8)).astype(np.float32)
    found = clusters.found_on_map(matrix, MapParameters(), granularity="medium", layout="pca")
    groups = clusters.found_by_kmeans(matrix, 3, seed=0)
    assert clusters.agreement(groups.tolist(), found.nearest).ari == 1.0


@pytest.mark.parametrize("name", ["texts.csv", "texts.CSV", "texts.csv.gz"])
def test_csv_with_other_fields(tmp_path: Path, name: str) -> None:
    content = '\ufeffquestion,intent\n"Where, please,\nis it?",place\nWhen?,time\n'.encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    found = clusters.read_labelled(tmp_path / name, text_field="question", label_field="intent")
    assert found == clusters.Labelled(("Where, please,\nis it?", "When?"), ("place", "time"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(
            '{"text": "a", "label": 1}\n{"text": " ", "label": 1}', "line 2: there is no text in 'text'", id="text"
        ),
        pytest.param('{"text": "a"}', "line 1: there is no label in 'label'", id="label"),
        pytest.param("[1]", "line 1 must be a JSON object", id="object"),
        pytest.param("{", "line 1 is not JSON", id="json"),
        pytest.param("\n", "holds no texts", id="empty"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FileReadError, match=said):
        evaluate("--texts", str(path))
    with pytest.raises(FileReadError, match=r"none\.jsonl cannot be read"):
        evaluate("--texts", str(tmp_path / "none.jsonl"))


def test_a_seed_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ConfigError, match="seed"):
        evaluate("--texts", "none", "--seed", "-1")

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
    assert [line[:24].strip() for line in printed[2:-1]] == [
        "pca map, broad",
        "pca map, medium",
        "… noise a group apart",
        "pca map, fine",
        "k-means, true k",
    ]


def test_agreement_is_one_for_the_same_groups_and_none_by_chance() -> None:
    labels = ["a", "a", "b", "b", "c", "c"]
    assert clusters.agreement(labels, np.array([5, 5, -1, -1, 2, 2])) == clusters.Agreement(1.0, 1.0)
    chance = clusters.agreement(labels, np.zeros(6, np.int32))
    assert (chance.ari, chance.ami) == (pytest.approx(0), pytest.approx(0))


def test_clusters_are_those_of_the_map() -> None:
    random = np.random.default_rng(0)
    matrix = np.repeat(np.eye(3, 8, dtype=np.float32), 30, axis=0) + random.normal(0, 0.02, (90, 8)).astype(np.float32)
    found = clusters.found_on_map(matrix, MapParameters(), layout="pca")["medium"]
    groups = clusters.found_by_kmeans(matrix, 3, seed=0)
    assert clusters.agreement(groups.tolist(), found.nearest).ari == 1.0


@pytest.mark.parametrize("name", ["texts.csv", "texts.CSV", "texts.csv.gz"])
def test_csv_with_other_fields(tmp_path: Path, name: str) -> None:
    content = '\ufeffquestion,intent\n"Where, please,\nis it?",place\nWhen?,time\n'.encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    found = clusters.read_labelled(tmp_path / name, text_field="question", label_field="intent")
    assert found == clusters.Labelled(("Where, please,\nis it?", "When?"), ("place", "time"))


def test_rows_without_a_text_or_a_label_are_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(
        '\ufeff{"text": "a", "label": 0}\n{"text": " ", "label": 1}\n\n{"text": "b", "label": 2.0}\n{"text": "c"}\n'
        '{"text": 5, "label": 1}\n{"text": "d", "label": ""}\n{"text": "e", "label": NaN}\n{"text": "f", "label": " x "}\n'
        '{"text": "g", "label": ["x"]}',
        encoding="utf-8",
    )
    found = clusters.read_labelled(path, text_field="text", label_field="label")
    assert found == clusters.Labelled(("a", "b", "f"), ("0", "2", "x"), 6)


@pytest.mark.parametrize("count", [1, 2, 4, 12])
def test_few_and_equal_texts_are_no_trouble(count: int) -> None:
    found = clusters.found_on_map(np.ones((count, 4), np.float32), MapParameters(), layout="pca")["medium"]
    assert (found.count, found.noise) == (0, 1.0)
    assert clusters.agreement(["x"] * count, found.nearest).ari == 1.0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param('{"sentence": "a", "label": 1}', "no field 'text', but 'sentence', 'label': .*--text-field", id="text"),
        pytest.param('{"text": "a"}', "no field 'label', but 'text': .*--label-field", id="label"),
        pytest.param('{"text": "a", "label": ""}', "no field 'label', but 'text'", id="empty-labels"),
        pytest.param('{"text": "a"}\n{"label": "b"}', "holds no row with a text and a label", id="never-both"),
        pytest.param("[1]", "line 1 must be a JSON object", id="object"),
        pytest.param("{", "line 1 is not JSON", id="json"),
        pytest.param("\n", "holds no row with a text", id="empty"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FileReadError, match=said):
        evaluate("--texts", str(path))
    with pytest.raises(FileReadError, match=r"none\.jsonl cannot be read"):
        evaluate("--texts", str(tmp_path / "none.jsonl"))


@pytest.mark.parametrize("damage", [slice(None, 60), slice(40, 60)], ids=["cut", "altered"])
def test_a_damaged_file_is_said(tmp_path: Path, damage: slice) -> None:
    path = tmp_path / "texts.jsonl.gz"
    packed = bytearray(gzip.compress("\n".join(json.dumps({"text": str(row), "label": row}) for row in range(99)).encode()))
    if damage.start:
        packed[damage] = b"\xff" * 20
    path.write_bytes(packed if damage.start else packed[damage])
    with pytest.raises(FileReadError, match="cannot be read"):
        clusters.read_labelled(path, text_field="text", label_field="label")


def test_a_seed_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ConfigError, match="seed"):
        evaluate("--texts", "none", "--seed", "-1")

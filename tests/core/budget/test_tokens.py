"""Counting tokens: by an estimate, by a tokenizer's file, by tiktoken where it is installed."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from core.budget import ESTIMATE, context_block, estimate_tokens, token_counter, tokenizer_file
from core.budget.tokens import Estimate
from core.errors import ConfigError, MissingExtraError, ModelError
from core.models.minilm import tokenizer_path
from tests.core.budget.hits import make_hit, make_result


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param("abcdefg", 2, id="seven bytes"),
        pytest.param("abcdefgh", 3, id="rounded up"),
        pytest.param("日本", 2, id="bytes, not characters"),
        pytest.param("\ud800", 1, id="a lone surrogate"),
    ],
)
def test_the_estimate(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == ESTIMATE.count(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        pytest.param("", 0, id="nothing, no special tokens"),
        pytest.param("hello world", 2, id="two words"),
        pytest.param("unbelievably", 5, id="pieces"),
        pytest.param("word " * 600, 600, id="not truncated"),
        pytest.param("\ud800 hello", 2, id="a lone surrogate"),
    ],
)
def test_the_tokenizer_of_a_model(text: str, tokens: int) -> None:
    assert token_counter("minilm").count(text) == tokens
    assert tokenizer_file(tokenizer_path()).count(text) == tokens
    assert token_counter(f"file:{tokenizer_path()}").count(text) == tokens


def test_a_block_says_by_what_it_was_counted() -> None:
    counter = token_counter("minilm")
    result = make_result([make_hit("a", "The launch moved to Thursday.", 0.9)])
    block = context_block(result, budget_tokens=200, tokens=counter)
    assert (block.tokens, block.counted_by) == (counter.count(block.text), "minilm")
    assert context_block(result, budget_tokens=200).counted_by == "estimate (3.5 bytes a token)"


@pytest.mark.parametrize("name", ["gpt", "file:", "tiktoken:", "minilm:3"])
def test_an_unknown_tokenizer_names_those_there_are(name: str) -> None:
    with pytest.raises(ConfigError, match="choose estimate, minilm, file:PATH"):
        token_counter(name)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nothing\.json cannot be read \(No such file"):
        token_counter(f"file:{tmp_path / 'nothing.json'}")
    for number, content in enumerate((b"{}", b"\xff\xfe", b"")):
        path = tmp_path / f"{number}.json"
        path.write_bytes(content)
        with pytest.raises(ModelError, match="is no tokenizer"):
            tokenizer_file(path)


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(tokenizer_path().read_bytes())
    assert tokenizer_file(path).count("hello") == 1
    path.write_text("{}")
    with pytest.raises(ModelError):
        tokenizer_file(path)


def test_tiktoken_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    with pytest.raises(MissingExtraError, match="pip install tiktoken"):
        token_counter("tiktoken:o200k_missing")


def test_tiktoken_by_encoding_or_model(monkeypatch: pytest.MonkeyPatch) -> None:
    class Encoding:
        name = "by_letter"

        def encode_ordinary(self, text: str) -> list[int]:
            return [ord(letter) for letter in text]

    def for_model(name: str) -> Encoding:
        if name == "unreachable":
            raise OSError("no network")
        if name != "gpt-letter":
            raise KeyError(name)
        return Encoding()

    module = types.ModuleType("tiktoken")
    module.__dict__.update(
        list_encoding_names=lambda: ["by_letter"], get_encoding=lambda name: Encoding(), encoding_for_model=for_model
    )
    monkeypatch.setitem(sys.modules, "tiktoken", module)
    assert token_counter("tiktoken:by_letter").count("<|endoftext|>") == 13
    assert token_counter("tiktoken:gpt-letter").name == "tiktoken:by_letter"
    with pytest.raises(ConfigError, match="neither an encoding nor a model 'other'"):
        token_counter("tiktoken:other")
    with pytest.raises(ModelError, match="no network"):
        token_counter("tiktoken:unreachable")


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_an_estimate_needs_a_number_of_bytes(value: float) -> None:
    with pytest.raises(ConfigError, match="bytes_per_token"):
        Estimate(value)

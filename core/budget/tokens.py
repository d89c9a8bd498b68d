"""What a text costs: by the model's own tokenizer where it is known, else by a documented estimate.

A counter is asked for by name: `estimate` (the default), `minilm`, `file:PATH` for any tokenizer.json of Hugging Face,
`tiktoken:NAME` for an encoding or model of OpenAI. What a model wraps around a message of its own is not counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

from core.errors import ConfigError, MissingExtraError, ModelError

__all__ = ["BYTES_PER_TOKEN", "ESTIMATE", "Estimate", "TokenCounter", "estimate_tokens", "token_counter", "tokenizer_file"]

# English prose has about 4 bytes a token, code and other scripts fewer: 3.5 errs on the side of too many tokens.
BYTES_PER_TOKEN: Final = 3.5
_INSTALL: Final = "pip install tiktoken"
_KEPT: Final = 8


class TokenCounter(Protocol):
    """Counts tokens as a model does."""

    @property
    def name(self) -> str:
        """What it counts by, as a person reads it."""
        ...

    def count(self, text: str) -> int:
        """Return how many tokens a text has; 0 for an empty one, and never fewer for a text with more behind it."""
        ...


@dataclass(frozen=True)
class Estimate:
    """One token per so many bytes of UTF-8, rounded up."""

    bytes_per_token: float = BYTES_PER_TOKEN

    def __post_init__(self) -> None:
        if not (math.isfinite(self.bytes_per_token) and self.bytes_per_token > 0):
            raise ConfigError(f"bytes_per_token is {self.bytes_per_token}: give a number above 0.")

    @property
    def name(self) -> str:
        """Say that it is an estimate."""
        return f"estimate ({self.bytes_per_token:g} bytes a token)"

    def count(self, text: str) -> int:
        """Return about how many tokens a text has."""
        return math.ceil(len(text.encode("utf-8", "replace")) / self.bytes_per_token)


@dataclass(frozen=True)
class _Encoder:
    """A tokenizer of `tokenizers` or `tiktoken` behind one method."""

    name: str
    encode: Any = field(repr=False, compare=False)

    def count(self, text: str) -> int:
        return len(self.encode(_whole(text)))


ESTIMATE: Final = Estimate()


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text costs: one per 3.5 bytes of UTF-8, rounded up."""
    return ESTIMATE.count(text)


def token_counter(name: str | None = None) -> TokenCounter:
    """Return the counter of a name, the estimate without one; raise ConfigError, or ModelError for a file that is none."""
    asked = (name or "").strip()
    kind, _, rest = asked.partition(":")
    match kind.lower(), rest:
        case ("" | "estimate" | "default", ""):
            return ESTIMATE
        case "minilm", "":
            from core.models.minilm import tokenizer_path

            return _of_file(tokenizer_path(), "minilm")
        case "file", path if path:
            return tokenizer_file(Path(path))
        case "tiktoken", encoding if encoding:
            return _of_tiktoken(encoding)
    raise ConfigError(
        f"There is no tokenizer {asked!r}: choose estimate, minilm, file:PATH with a tokenizer.json, or tiktoken:NAME."
    )


def tokenizer_file(path: Path) -> TokenCounter:
    """Return the counter of a tokenizer.json as Hugging Face writes it; raise ModelError for a file that is none."""
    return _of_file(path, f"file:{path}")


def _of_file(path: Path, name: str) -> TokenCounter:
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): name a tokenizer.json.") from error
    return _read(path, name, changed)


@lru_cache(maxsize=_KEPT)
def _read(path: Path, name: str, _changed: int) -> TokenCounter:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ModelError(f"A tokenizer needs {error.name}: pip install tokenizers") from error
    try:
        text = path.read_text(encoding="utf-8")
        tokenizer = Tokenizer.from_str(text)
    # What is wrong with a file, tokenizers says with a plain Exception.
    except Exception as error:
        raise ModelError(f"{path} is no tokenizer.json ({str(error)[:200]}): give another file.") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return _Encoder(name, lambda one: tokenizer.encode(one, add_special_tokens=False).ids)


@lru_cache(maxsize=_KEPT)
def _of_tiktoken(name: str) -> TokenCounter:
    try:
        import tiktoken
    except ImportError as error:
        raise MissingExtraError(f"tiktoken:{name} needs {error.name}: {_INSTALL}") from error
    try:
        known = name in tiktoken.list_encoding_names()
        encoding = tiktoken.get_encoding(name) if known else tiktoken.encoding_for_model(name)
    except KeyError as error:
        raise ConfigError(f"tiktoken knows neither an encoding nor a model {name!r}: try o200k_base.") from error
    # The first use of an encoding downloads it, with a client that tiktoken chooses.
    except Exception as error:
        raise ModelError(
            f"tiktoken cannot load {name!r} ({str(error)[:200]}): set TIKTOKEN_CACHE_DIR, or file:PATH."
        ) from error
    return _Encoder(f"tiktoken:{encoding.name}", encoding.encode_ordinary)


def _whole(text: str) -> str:
    """Return a text as a tokenizer takes it: a lone surrogate is a question mark."""
    return text.encode("utf-8", "replace").decode()

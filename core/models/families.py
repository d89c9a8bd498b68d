"""The embedding models of Amazon Bedrock: what each reads, what is sent to it and what it answers.

Sources: Amazon Bedrock user guide, "Amazon Titan Embeddings Text", "Cohere Embed v3" and "Cohere Embed v4" (November 2026).
The limit of 2,048 characters of Cohere v3 is what Bedrock itself answers to longer texts ("expected maxLength: 2048").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.errors import ModelError
from core.models.windows import Limits

__all__ = ["FAMILIES", "VERSION", "Family", "base_model"]

# Raised when our way from texts to vectors changes: vectors of two ways must not meet.
VERSION: Final = "1"

_GEOGRAPHIES: Final = ("us", "eu", "apac", "jp", "au", "ca", "us-gov", "global")


@dataclass(frozen=True)
class Family:
    """One model: `dimensions` are what it can return, the default first; `batch` is how many texts a call takes."""

    model_id: str
    name: str
    dimensions: tuple[int, ...]
    limits: Limits
    batch: int
    # Tokens of one call together, by estimate.
    batch_tokens: int
    asymmetric: bool
    sends_dimension: bool
    truncate: str | None

    @property
    def titan(self) -> bool:
        """Say whether the model takes one text as `inputText`."""
        return self.batch == 1

    def request(self, texts: Sequence[str], *, dimension: int, query: bool) -> dict[str, Any]:
        """Return the body of InvokeModel."""
        if self.titan:
            return {"inputText": texts[0], "dimensions": dimension, "normalize": True}
        body = {
            "texts": list(texts),
            "input_type": "search_query" if query else "search_document",
            "embedding_types": ["float"],
            "truncate": self.truncate,
        }
        return body | ({"output_dimension": dimension} if self.sends_dimension else {})

    def vectors(self, answer: Any) -> list[Any]:
        """Return the vectors of an answer, not yet checked; raise ModelError where there are none."""
        if isinstance(answer, Mapping):
            if self.titan and "embedding" in answer:
                return [answer["embedding"]]
            found = answer.get("embeddings")
            # Without embedding_types Cohere answers a bare list; some versions do so with them too.
            found = found.get("float") if isinstance(found, Mapping) else found
            if not self.titan and isinstance(found, list):
                return found
        raise ModelError(f"{self.model_id} answered without vectors: check the endpoint that it is served by.")

    def tokens(self, answer: Mapping[str, Any], headers: Mapping[str, str]) -> int | None:
        """Return how many tokens were read; None where neither the body nor a header tells."""
        count = answer.get("inputTextTokenCount", headers.get("x-amzn-bedrock-input-token-count"))
        return int(count) if isinstance(count, int) or (isinstance(count, str) and count.isdecimal()) else None


def _cohere(model_id: str, name: str, **changed: Any) -> Family:
    v3: dict[str, Any] = {
        "dimensions": (1024,),
        "limits": Limits(tokens=512, characters=2_048),
        "batch_tokens": 96 * 512,
        "sends_dimension": False,
        "truncate": "END",
    }
    return Family(model_id, name, batch=96, asymmetric=True, **(v3 | changed))


_ALL: Final = (
    Family(
        "amazon.titan-embed-text-v2:0",
        "titan-v2",
        dimensions=(1024, 512, 256),
        limits=Limits(tokens=8_192, characters=50_000),
        batch=1,
        batch_tokens=8_192,
        asymmetric=False,
        sends_dimension=True,
        truncate=None,
    ),
    _cohere("cohere.embed-english-v3", "cohere-v3-english"),
    _cohere("cohere.embed-multilingual-v3", "cohere-v3-multilingual"),
    _cohere(
        "cohere.embed-v4:0",
        "cohere-v4",
        dimensions=(1536, 1024, 512, 256),
        # The model reads 128,000 tokens, a memory has 40 KB at most: less than a third of it keeps calls small.
        limits=Limits(tokens=40_000, characters=80_000),
        batch_tokens=100_000,
        sends_dimension=True,
        truncate="RIGHT",
    ),
)
FAMILIES: Final[Mapping[str, Family]] = {family.model_id: family for family in _ALL}


def base_model(model_id: str) -> str:
    """Return the model behind an inference profile ("us.cohere.embed-v4:0"): its vectors are the same."""
    prefix, _, rest = model_id.partition(".")
    return rest if prefix in _GEOGRAPHIES else model_id

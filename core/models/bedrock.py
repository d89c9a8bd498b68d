"""Embedders that Amazon Bedrock serves: Titan Text Embeddings V2 and Cohere Embed.

A text longer than the model reads is the mean of its windows, as with the local model; what the service finds too long after
all is halved. A blank text is not sent, for Bedrock refuses it: its vector is the first axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from core.errors import ConfigError, ModelError
from core.models.families import VERSION, Family
from core.models.runtime import Invocations, Runtime, TooLongError
from core.models.windows import estimated_tokens, halves, is_blank, normalised, pooled, windows

__all__ = ["CONCURRENCY", "BedrockEmbedder", "CohereEmbedder", "bedrock_embedder"]

CONCURRENCY: Final = 8


class BedrockEmbedder:
    """One model at one dimension, over at most `concurrency` calls at a time; `served_as` may be an inference profile."""

    version = VERSION

    def __init__(
        self,
        family: Family,
        runtime: Runtime,
        *,
        dimension: int | None = None,
        served_as: str | None = None,
        concurrency: int = CONCURRENCY,
    ) -> None:
        self.model_id = family.model_id
        self.dimension = family.dimensions[0] if dimension is None else dimension
        if self.dimension not in family.dimensions:
            choices = ", ".join(map(str, sorted(family.dimensions)))
            raise ConfigError(f"{family.model_id} has no dimension {dimension}: choose one of {choices}.")
        self._family = family
        self._served_as = served_as or family.model_id
        self._runtime = runtime
        self._concurrency = concurrency

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return (n, dimension) float32 of length 1, row i for text i; one failure fails them all."""
        return self._embed(texts, query=False)

    def counted(self) -> Invocations:
        """Return the requests, tokens, retries and seconds so far."""
        return self._runtime.counted()

    def close(self) -> None:
        """Close the connections."""
        self._runtime.close()

    def _embed(self, texts: Sequence[str], *, query: bool) -> np.ndarray:
        pieces: list[str] = []
        owners: list[int] = []
        blank: list[int] = []
        for row, text in enumerate(texts):
            if is_blank(text):
                blank.append(row)
                continue
            # Half a pair of surrogates is no text to any service.
            found = windows(text.encode("utf-8", "replace").decode(), self._family.limits)
            kept = [piece for piece in found if not is_blank(piece)]
            pieces += kept
            owners += [row] * len(kept)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if pieces:
            vectors = pooled(self._all(list(self._batches(pieces)), query=query), owners, len(texts))
        vectors[blank, 0] = 1.0
        return vectors

    def _batches(self, pieces: Sequence[str]) -> Iterator[list[str]]:
        """Yield the pieces in order, as many a call as the model takes."""
        batch: list[str] = []
        weight = 0.0
        for piece in pieces:
            tokens = estimated_tokens(piece) if self._family.batch > 1 else 0.0
            if batch and (len(batch) == self._family.batch or weight + tokens > self._family.batch_tokens):
                yield batch
                batch, weight = [], 0.0
            batch.append(piece)
            weight += tokens
        yield batch

    def _all(self, batches: Sequence[list[str]], *, query: bool) -> np.ndarray:
        """Return the vectors of all batches in order; the first failure stops those that have not begun."""
        if len(batches) == 1:
            return self._vectors(batches[0], query=query)
        pool = ThreadPoolExecutor(min(self._concurrency, len(batches)), thread_name_prefix="embed")
        try:
            return np.concatenate(list(pool.map(lambda batch: self._vectors(batch, query=query), batches)))
        finally:
            # A failure or Ctrl-C is told at once; what is under way ends by itself and is forgotten.
            pool.shutdown(wait=False, cancel_futures=True)

    def _vectors(self, pieces: list[str], *, query: bool) -> np.ndarray:
        try:
            return self._ask(pieces, query=query)
        except TooLongError:
            if len(pieces) > 1:
                middle = len(pieces) // 2
                return np.concatenate([self._vectors(part, query=query) for part in (pieces[:middle], pieces[middle:])])
            if len(pieces[0]) < 2:
                raise
            parts = [self._vectors([half], query=query) for half in halves(pieces[0]) if not is_blank(half)]
            return pooled(np.concatenate(parts), [0] * len(parts), 1)

    def _ask(self, pieces: list[str], *, query: bool) -> np.ndarray:
        family = self._family
        answer = self._runtime.invoke(
            self._served_as,
            family.request(pieces, dimension=self.dimension, query=query),
            items=len(pieces),
            tokens=family.tokens,
        )
        return self._checked(family.vectors(answer.body), len(pieces))

    def _checked(self, found: list[object], count: int) -> np.ndarray:
        try:
            vectors = np.asarray(found, dtype=np.float64)
        except (TypeError, ValueError):
            raise ModelError(f"{self._served_as} answered something else than rows of numbers.") from None
        if vectors.shape != (count, self.dimension):
            raise ModelError(
                f"{self._served_as} answered vectors of the shape {vectors.shape} to {count} texts of dimension "
                f"{self.dimension}: check that the endpoint serves this model."
            )
        if not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
            raise ModelError(
                f"{self._served_as} answered a vector with NaN or infinity, or one of zeros: it cannot be used."
            )
        return normalised(vectors)


class CohereEmbedder(BedrockEmbedder):
    """A Cohere model, which reads a query otherwise than a memory (input_type)."""

    def embed_query(self, text: str) -> np.ndarray:
        """Return (dimension,) float32 of length 1."""
        vector: np.ndarray = self._embed([text], query=True)[0]
        return vector


def bedrock_embedder(
    family: Family, runtime: Runtime, *, dimension: int | None = None, served_as: str | None = None
) -> BedrockEmbedder:
    """Return the embedder of a model."""
    kind = CohereEmbedder if family.asymmetric else BedrockEmbedder
    return kind(family, runtime, dimension=dimension, served_as=served_as)

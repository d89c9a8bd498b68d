"""What a summariser is: texts to statements, each with the texts that it is drawn from; and which one is asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from core.errors import ConfigError
from core.vectors.client import Tracer

__all__ = ["SUMMARISER_VARIABLE", "Statement", "Summariser", "summariser_for"]

SUMMARISER_VARIABLE: Final = "MNEMOSCOPE_SUMMARISER"
_LOCAL: Final = frozenset({"", "extractive", "local", "default"})
_BEDROCK: Final = "bedrock:"


@dataclass(frozen=True)
class Statement:
    """One sentence of a summary, and the places (from 0) of the texts that it claims to be drawn from."""

    text: str
    sources: tuple[int, ...]


class Summariser(Protocol):
    """A model that writes summaries; nothing that it writes is believed before it was held against the texts."""

    @property
    def model_id(self) -> str: ...

    def summarise(self, texts: Sequence[str], *, most_sentences: int) -> tuple[Statement, ...]:
        """Return a summary of the texts; raise ModelError where the model gave none that can be used."""
        ...


def summariser_for(
    name: str | None = None,
    *,
    region: str | None = None,
    profile: str | None = None,
    endpoint_url: str | None = None,
    tracer: Tracer | None = None,
) -> Summariser | None:
    """Return the summariser of a name, without one that of $MNEMOSCOPE_SUMMARISER; None: the sources' own sentences.

    "bedrock:MODEL" is a model or inference profile of Amazon Bedrock; nothing is called before it is used. Raises
    ConfigError for an unknown name.
    """
    asked = (os.environ.get(SUMMARISER_VARIABLE, "") if name is None else name).strip()
    if asked.lower() in _LOCAL:
        return None
    model = asked.removeprefix(_BEDROCK)
    if model == asked or not model:
        raise ConfigError(f"There is no summariser {asked!r}: choose extractive, or bedrock:MODEL with the id of a model.")
    # Late: botocore takes its time to import.
    from core.models.bedrock_summary import BedrockSummariser
    from core.models.converse import Converse
    from core.vectors.session import AwsOptions

    return BedrockSummariser(model, Converse(AwsOptions(region, profile, endpoint_url), tracer=tracer))

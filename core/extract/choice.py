"""Which extractor is asked: by its name, as a person types it, or that of the environment."""

from __future__ import annotations

import os
from typing import Final

from core.errors import ConfigError
from core.extract.candidate import Extractor
from core.extract.local import LocalExtractor
from core.vectors.client import Tracer

__all__ = ["EXTRACTOR_VARIABLE", "extractor_of"]

EXTRACTOR_VARIABLE: Final = "MNEMOSCOPE_EXTRACTOR"
_LOCAL: Final = frozenset({"", "default", "local"})
_BEDROCK: Final = "bedrock:"
# A model that every Bedrock account may ask for, where none is named.
_BEDROCK_MODEL: Final = "amazon.nova-lite-v1:0"


def extractor_of(
    name: str | None = None,
    *,
    region: str | None = None,
    profile: str | None = None,
    endpoint_url: str | None = None,
    tracer: Tracer | None = None,
) -> Extractor:
    """Return the extractor of a name, without one that of $MNEMOSCOPE_EXTRACTOR, else the local one; nothing is called.

    "local", "bedrock" or "bedrock:MODEL" of a model or inference profile. Raises ConfigError for an unknown one.
    """
    asked = (os.environ.get(EXTRACTOR_VARIABLE, "") if name is None else name).strip()
    if asked.lower() in _LOCAL:
        return LocalExtractor()
    model = _BEDROCK_MODEL if asked.lower() == "bedrock" else asked[len(_BEDROCK) :].strip()
    if not model or not (asked.lower() == "bedrock" or asked.lower().startswith(_BEDROCK)):
        raise ConfigError(f"There is no extractor {asked!r}: choose local, or bedrock:MODEL with the id of a model.")
    # Late: botocore takes its time to import.
    from core.extract.bedrock import BedrockExtractor
    from core.models.converse import Converse
    from core.vectors.session import AwsOptions

    return BedrockExtractor(model, Converse(AwsOptions(region, profile, endpoint_url), tracer=tracer))

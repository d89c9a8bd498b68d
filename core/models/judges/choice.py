"""Which judge is asked: by its name, as a person types it, or that of the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from core.errors import ConfigError
from core.models.judge import Judge
from core.models.judges.crossencoder import CrossEncoder
from core.models.judges.cues import CuesJudge
from core.models.judges.ensemble import EnsembleJudge
from core.models.judges.joint import JointJudge
from core.models.judges.onnx import OnnxJudge
from core.vectors.client import Tracer

__all__ = ["JUDGE_VARIABLE", "judge_of", "pairs_a_scan"]

JUDGE_VARIABLE: Final = "MNEMOSCOPE_JUDGE"
_DEFAULT: Final = frozenset({"", "default", "local"})
_CUES: Final = "cues"
# What is read in about half a minute on two cores.
_PAIRS_BY_CUES, _PAIRS_BY_MODEL = 40_000, 5_000
_ONNX, _JOINT, _BEDROCK = "onnx:", "joint:", "bedrock:"
# A model that every Bedrock account may ask for, where none is named.
_BEDROCK_MODEL: Final = "amazon.nova-lite-v1:0"


def judge_of(
    name: str | None = None,
    *,
    region: str | None = None,
    profile: str | None = None,
    endpoint_url: str | None = None,
    tracer: Tracer | None = None,
) -> Judge:
    """Return the judge of a name, without one that of $MNEMOSCOPE_JUDGE, else the default; nothing is loaded or called.

    "cues", "onnx:PATH" of a model or its directory, "joint:PATH" of one that was fitted together with the cues, "bedrock" or
    "bedrock:MODEL" of a model or inference profile, and some as one, as in "cues+onnx:PATH". Raises ConfigError for an
    unknown one.
    """
    asked = (os.environ.get(JUDGE_VARIABLE, "") if name is None else name).strip()
    if asked.lower() in _DEFAULT:
        return CuesJudge()
    judges = [_one(part, region, profile, endpoint_url, tracer) for part in _parts(asked)]
    return judges[0] if len(judges) == 1 else EnsembleJudge(judges)


def pairs_a_scan(judge: Judge) -> int:
    """Return how many pairs a scan has a judge read where nobody says otherwise: a model reads fewer than the cues alone."""
    return _PAIRS_BY_CUES if isinstance(judge, CuesJudge) else _PAIRS_BY_MODEL


def _parts(asked: str) -> list[str]:
    """Return the names of an ensemble; a plus in a path stays where what follows it names no judge."""
    found: list[str] = []
    for part in asked.split("+"):
        named = part.strip().lower().startswith((_ONNX, _JOINT, _BEDROCK)) or part.strip().lower() in (_CUES, "bedrock")
        if found and not named and found[-1].lower().startswith((_ONNX, _JOINT)):
            found[-1] += f"+{part}"
        else:
            found.append(part.strip())
    return found


def _one(asked: str, region: str | None, profile: str | None, endpoint_url: str | None, tracer: Tracer | None) -> Judge:
    if asked.lower() == _CUES:
        return CuesJudge()
    for prefix, kind in ((_ONNX, OnnxJudge), (_JOINT, JointJudge)):
        if asked.lower().startswith(prefix) and (path := asked[len(prefix) :].strip()):
            return kind(CrossEncoder(Path(path).expanduser()))
    model = _BEDROCK_MODEL if asked.lower() == "bedrock" else asked[len(_BEDROCK) :].strip()
    if model and (asked.lower() == "bedrock" or asked.lower().startswith(_BEDROCK)):
        # Late: botocore takes its time to import.
        from core.models.converse import Converse
        from core.models.judges.bedrock import CONCURRENCY, BedrockJudge
        from core.vectors.session import AwsOptions

        options = AwsOptions(region, profile, endpoint_url)
        return BedrockJudge(model, Converse(options, tracer=tracer, connections=CONCURRENCY))
    raise ConfigError(
        f"There is no judge {asked!r}: choose cues, onnx:PATH, bedrock:MODEL, or some of them as in cues+onnx:PATH."
    )

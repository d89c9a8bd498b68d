"""An NLI cross-encoder in ONNX on this machine's processor: pairs of texts to logits of contradiction, entailment, neutral.

Beside the model lie its labels: `NAME.json` of `NAME.onnx` (labels, max_length, sha256, threshold, temperature, tokenizer)
or the `config.json` of its training (id2label), and its `tokenizer.json`; a model with a NAME.json reads as all-MiniLM-L6-v2
does where it has none (core/models/minilm.py). Nothing is read before it is asked.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.errors import ModelError
from core.models.judges.focus import focus
from core.models.judges.traits import traits_of
from core.models.minilm import model_files
from core.models.onnx_session import encodable, opened_session, run_session

__all__ = ["LABELS", "CrossEncoder"]

# In this order the logits are.
LABELS: Final = ("contradiction", "entailment", "neutral")
_MINILM: Final = "minilm"
_BATCH: Final = 32
_MOST: Final = 512
_LEAST: Final = 16
_INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids")
_NAMES: Final = ("model.onnx", "model_quantized.onnx", "onnx/model.onnx", "onnx/model_quantized.onnx")
_PADS: Final = ("[PAD]", "<pad>")
Logits = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Facts:
    """What the files beside a model say of it: where each label's logit is, and how long a pair may be."""

    places: tuple[int, int, int]
    longest: int
    sha256: str | None
    minilm: bool
    threshold: float
    temperature: float
    joint: Mapping[str, Any] | None


class CrossEncoder:
    """One model by its path: a file, or the directory that has it; threads may share it."""

    def __init__(self, path: Path) -> None:
        self._given = path
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any, int] | None = None

    @cached_property
    def path(self) -> Path:
        """The model's file; raise ModelError where there is none."""
        if self._given.is_file():
            return self._given
        found = [self._given / name for name in _NAMES if (self._given / name).is_file()] or sorted(
            self._given.glob("*.onnx")
        )
        if len(found) == 0:
            raise ModelError(f"There is no model at {self._given}: give the path of an .onnx file, or of its directory.")
        return found[0]

    @cached_property
    def digest(self) -> str:
        """The sha256 of the file, which must be the one that is stated beside it; raise ModelError where it is not."""
        with self.path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if self.facts.sha256 not in (None, found):
            raise ModelError(
                f"{self.path} is not the file that was measured (sha256 {found[:8]}…, expected "
                f"{str(self.facts.sha256)[:8]}…): fetch it again, or put the labels of this one beside it."
            )
        return found

    @cached_property
    def facts(self) -> _Facts:
        """What is said of the model; raise ModelError where that is missing or unusable."""
        own = self.path.with_suffix(".json")
        places = (own, self.path.parent / "config.json", self.path.parent.parent / "config.json")
        file = next((place for place in places if place.is_file()), None)
        if file is None:
            raise ModelError(
                f"{self.path} has no labels beside it: put its config.json there, or {own.name} as "
                '{"labels": ["contradiction", "entailment", "neutral"], "max_length": 256}.'
            )
        return _facts(file)

    def logits(self, pairs: Sequence[tuple[str, str]]) -> Logits:
        """Return (n, 3) of the labels in the order of LABELS, the mean of both orders of each pair."""
        both = [*pairs, *((b, a) for a, b in pairs)]
        found = self._run(both)
        return np.asarray((found[: len(pairs)] + found[len(pairs) :]) / 2)

    def _run(self, pairs: Sequence[tuple[str, str]]) -> Logits:
        session, tokenizer, pad = self._load()
        encoded = [self._encoded(tokenizer, a, b) for a, b in pairs]
        found = np.empty((len(pairs), len(LABELS)))
        order = iter(sorted(range(len(pairs)), key=lambda place: len(encoded[place][0])))
        wanted = [name for name in _INPUTS if name in {each.name for each in session.get_inputs()}]
        while places := list(islice(order, _BATCH)):
            inputs = _padded([encoded[place] for place in places], pad)
            answer = run_session(session, {name: inputs[name] for name in wanted}, path=self.path)
            if answer.shape != (len(places), len(LABELS)):
                raise ModelError(
                    f"{self.path} answered {answer.shape}, and not three logits a pair: give an NLI cross-encoder."
                )
            found[places] = answer[:, self.facts.places] / self.facts.temperature
        return found

    def _encoded(self, tokenizer: Any, a: str, b: str) -> tuple[Sequence[int], Sequence[int]]:
        """Return ids and types; of texts that are too long the parts that are most alike, cut where that is not enough."""
        a, b = encodable(a), encodable(b)
        tokenizer.no_truncation()
        one = tokenizer.encode(a, b)
        if len(one.ids) > self.facts.longest:
            places = focus(traits_of(a), traits_of(b))
            if places:
                a, b = (text[slice(*span)] for text, span in zip((a, b), places[0], strict=True))
            tokenizer.enable_truncation(self.facts.longest)
            one = tokenizer.encode(a, b)
        return one.ids, one.type_ids

    def _load(self) -> tuple[Any, Any, int]:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._opened()
            return self._loaded

    def _opened(self) -> tuple[Any, Any, int]:
        try:
            import onnxruntime  # noqa: F401
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ModelError(f"The model of {self.path} needs {error.name}: pip install onnxruntime tokenizers") from error
        assert self.digest
        tokenizer = Tokenizer.from_file(str(self._tokenizer()))
        tokenizer.no_padding()
        pad = next((number for name in _PADS if (number := tokenizer.token_to_id(name)) is not None), 0)
        session = opened_session(self.path)
        missing = {each.name for each in session.get_inputs()} - set(_INPUTS)
        if missing:
            raise ModelError(f"{self.path} wants the inputs {', '.join(sorted(missing))}, which no pair of texts has.")
        return session, tokenizer, pad

    def _tokenizer(self) -> Path:
        for folder in (self.path.parent, self.path.parent.parent):
            if (folder / "tokenizer.json").is_file():
                return folder / "tokenizer.json"
        if self.facts.minilm:
            return model_files()[0]
        raise ModelError(f"{self.path} has no tokenizer beside it: put its tokenizer.json there.")


def _facts(file: Path) -> _Facts:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{file} cannot be read as JSON ({error}): put the model's own there.") from error
    if not isinstance(said, Mapping):
        raise ModelError(f"{file} is no JSON object: put the model's own there.")
    labels = said.get("labels") or said.get("id2label") or {}
    by_place = dict(enumerate(labels)) if isinstance(labels, list) else {str(place): name for place, name in labels.items()}
    places = {
        str(name).strip().lower().replace("contradictory", "contradiction"): int(place) for place, name in by_place.items()
    }
    if sorted(places) != sorted(LABELS) or sorted(places.values()) != [0, 1, 2]:
        raise ModelError(
            f"{file} has the labels {', '.join(map(str, by_place.values())) or 'of none'}; a judge needs contradiction, "
            "entailment and neutral: give another model, or name them there as `labels`, in the order of its logits."
        )
    longest = said.get("max_length") or said.get("longest") or said.get("max_position_embeddings") or _MOST
    return _Facts(
        places=(places["contradiction"], places["entailment"], places["neutral"]),
        longest=max(_LEAST, min(_MOST, int(longest))),
        sha256=said.get("sha256"),
        minilm="labels" in said and said.get("tokenizer", _MINILM) == _MINILM,
        threshold=float(said.get("threshold", 0.5)),
        temperature=float(said.get("temperature", 1.0)),
        joint=said.get("joint"),
    )


def _padded(encoded: Sequence[tuple[Sequence[int], Sequence[int]]], pad: int) -> dict[str, npt.NDArray[np.int64]]:
    longest = max(len(ids) for ids, _ in encoded)
    ids = np.full((len(encoded), longest), pad, dtype=np.int64)
    mask, types = np.zeros_like(ids), np.zeros_like(ids)
    for row, (own, kinds) in enumerate(encoded):
        ids[row, : len(own)], mask[row, : len(own)], types[row, : len(own)] = own, 1, kinds
    return dict(zip(_INPUTS, (ids, mask, types), strict=True))

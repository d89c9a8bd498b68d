"""How well the clusters of the map agree with labels: the adjusted Rand index and adjusted mutual information.

ARI (Hubert & Arabie 1985) and AMI (Vinh, Epps & Bailey 2010) are 1 where both agree and about 0 by chance. As k-means leaves
nothing out, the comparison counts noise to the cluster that it is nearest to, as the map colours it; beside it stands the
figure with noise as one more group.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.clusters import GRANULARITIES, Clusters, Granularity, clusters_at, least_members
from core.analysis.neighbours import Neighbours, nearest
from core.analysis.projection import pca, unit_box
from core.errors import FileReadError, MissingExtraError
from core.eval.rows import read_rows
from core.maps.parameters import MapParameters
from core.memory.fields import preview
from core.models.protocol import Embedder

__all__ = ["Agreement", "Labelled", "add_arguments", "agreement", "found_by_kmeans", "found_on_map", "read_labelled", "run"]

_BATCH: Final = 256
_FIELDS_NAMED: Final = 8
_STARTS: Final = 4  # of k-means, the best of which counts
Floats = npt.NDArray[np.float32]
Groups = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Labelled:
    """Texts, the label of each, and how many rows of the file had no text or no label."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    unusable: int = 0


@dataclass(frozen=True)
class Agreement:
    """How well groups agree with labels."""

    ari: float
    ami: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `eval clusters`."""
    parser.add_argument(
        "--texts", required=True, type=Path, metavar="FILE", help="texts with labels: JSON lines or .csv, plain or gzip"
    )
    parser.add_argument("--text-field", default="text", metavar="NAME", help="the field with the text (default: text)")
    parser.add_argument("--label-field", default="label", metavar="NAME", help="the field with the label (default: label)")
    parser.add_argument("--granularity", choices=GRANULARITIES, default="medium", help="default: medium, as on the map")
    parser.add_argument("--layout", choices=["umap", "pca"], default="umap", help="default: umap, the final map")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the layout and of k-means (default: 0)")
    parser.add_argument("--embeddings", type=Path, metavar="DIR", help="keep the embeddings there for the next run")


def run(args: argparse.Namespace) -> int:
    """Embed the texts, cluster their map, compare with k-means, print a table and one line of JSON."""
    from core.models.embedding import default_embedder

    parameters = MapParameters(seed=args.seed)
    labelled = read_labelled(args.texts, text_field=args.text_field, label_field=args.label_field)
    started = time.perf_counter()
    matrix = _embedded(labelled.texts, default_embedder(args.embeddings))
    embedded = time.perf_counter()
    told = found_on_map(matrix, parameters, layout=args.layout)
    seconds, true = time.perf_counter() - embedded, len(set(labelled.labels))
    found = told[args.granularity]
    left = f", {labelled.unusable:,} rows without a text or a label left out" if labelled.unusable else ""
    held = f"{len(labelled.texts):,} texts, {true:,} {'labels' if true > 1 else 'label'}{left}"
    print(f"{held}, embedded in {embedded - started:.1f} s")
    print(f"{'clusters of':<24}{'ari':>8}{'ami':>8}{'noise':>8}{'clusters':>10}{'seconds':>9}")
    for name, one in told.items():
        _print(f"{args.layout} map, {name}", agreement(labelled.labels, one.nearest), one.noise, one.count, seconds)
        if name == args.granularity:
            _print("… noise a group apart", agreement(labelled.labels, one.codes), one.noise, one.count, seconds)
    again = time.perf_counter()
    plain = agreement(labelled.labels, found_by_kmeans(matrix, true, seed=args.seed))
    _print("k-means, true k", plain, 0.0, true, time.perf_counter() - again)
    best, noise = agreement(labelled.labels, found.nearest), round(found.noise, 4)
    figures = {"ari": round(best.ari, 4), "ami": round(best.ami, 4), "noise": noise, "clusters": found.count}
    print(json.dumps(figures | {"seconds": round(seconds, 2)}))
    return 0


def _print(name: str, one: Agreement, noise: float, count: int, seconds: float) -> None:
    print(f"{name:<24}{one.ari:>8.3f}{one.ami:>8.3f}{noise:>8.3f}{count:>10,}{seconds:>9.1f}")


def read_labelled(path: Path, *, text_field: str, label_field: str) -> Labelled:
    """Return the texts of a file with their labels, and count the rows without one of them, which are left out.

    Raises FileReadError for a file that cannot be read, and where a field is in no row, naming those that are.
    """
    texts, labels, unusable = [], [], 0
    fields: Counter[str] = Counter()
    for _, row in read_rows(path):
        text, label = row.get(text_field), _label(row.get(label_field))
        fields.update(name for name, value in row.items() if isinstance(name, str) and value not in (None, ""))
        if isinstance(text, str) and text.strip() and label:
            texts.append(text)
            labels.append(label)
        else:
            unusable += 1
    for option, name in (("--text-field", text_field), ("--label-field", label_field)):
        if fields and not fields[name]:
            raise FileReadError(f"{path} has no field {name!r}, but {_named(fields)}: name one of them with {option}.")
    if not texts:
        raise FileReadError(f"{path} holds no row with a text and a label: name a file with both.")
    return Labelled(tuple(texts), tuple(labels), unusable)


def _label(value: object) -> str:
    """Return a label as text, "" for none: a text, a number, or true and false."""
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:g}"
    return str(value).strip() if isinstance(value, str | int) else ""


def _named(fields: Counter[str]) -> str:
    """Return the names of the most frequent fields, for a message."""
    return ", ".join(preview(name) for name, _ in fields.most_common(_FIELDS_NAMED))


def found_on_map(matrix: Floats, parameters: MapParameters, *, layout: str) -> dict[Granularity, Clusters]:
    """Return the clusters of vectors (n, dim) as the map page shows them, by granularity."""
    coords = pca(matrix, dims=parameters.dims, seed=parameters.seed)
    neighbours = nearest(matrix, k=parameters.neighbours, seed=parameters.seed)
    if layout == "umap":
        coords = _laid_out(neighbours, coords, parameters)
    leasts = {name: least_members(len(matrix), name) for name in GRANULARITIES}
    return clusters_at(coords, leasts, matrix, neighbours)


def found_by_kmeans(matrix: Floats, count: int, *, seed: int) -> Groups:
    """Return the groups that k-means makes of vectors (n, dim), int (n,)."""
    try:
        from sklearn.cluster import KMeans
    except ImportError as error:
        raise _missing() from error
    groups: Groups = KMeans(count, n_init=_STARTS, random_state=seed).fit_predict(matrix)
    return groups


def agreement(labels: Sequence[str], groups: Groups) -> Agreement:
    """Return how well groups agree with labels; each distinct number is a group, -1 too."""
    try:
        from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score
    except ImportError as error:
        raise _missing() from error
    return Agreement(float(adjusted_rand_score(labels, groups)), float(adjusted_mutual_info_score(labels, groups)))


def _laid_out(neighbours: Neighbours, start: Floats, parameters: MapParameters) -> Floats:
    try:
        from core.maps.layout import laid_out

        return unit_box(laid_out(neighbours, start, parameters))
    except ImportError as error:
        raise _missing() from error


def _embedded(texts: Sequence[str], embedder: Embedder) -> Floats:
    """Return the vectors of the texts, telling on stderr how far it is."""
    parts = []
    for start in range(0, len(texts), _BATCH):
        parts.append(np.asarray(embedder.embed(texts[start : start + _BATCH]), np.float32))
        print(f"\r{min(start + _BATCH, len(texts)):,} of {len(texts):,} texts embedded", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return np.concatenate(parts)


def _missing() -> MissingExtraError:
    return MissingExtraError(
        "Measuring clusters needs the optional part `map`: install it with `pip install 'mnemoscope[map]'`."
    )

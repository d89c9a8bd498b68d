"""How well the clusters of the map agree with labels: the adjusted Rand index and adjusted mutual information.

ARI (Hubert & Arabie 1985) and AMI (Vinh, Epps & Bailey 2010) are 1 where both agree and about 0 by chance. As k-means leaves
nothing out, the comparison counts noise to the cluster that it is nearest to, as the map colours it; beside it stands the
figure with noise as one more group.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.clusters import GRANULARITIES, Clusters, Granularity, clusters, least_members
from core.analysis.neighbours import nearest
from core.analysis.projection import pca, unit_box
from core.errors import FileReadError, MissingExtraError
from core.eval.rows import read_rows
from core.maps.parameters import MapParameters
from core.models.protocol import Embedder

__all__ = ["Agreement", "Labelled", "add_arguments", "agreement", "found_by_kmeans", "found_on_map", "read_labelled", "run"]

_BATCH: Final = 256
_STARTS: Final = 4  # of k-means, the best of which counts
Floats = npt.NDArray[np.float32]
Groups = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Labelled:
    """Texts and the label of each."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]


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
    found = found_on_map(matrix, parameters, granularity=args.granularity, layout=args.layout)
    seconds = time.perf_counter() - embedded
    true = len(set(labelled.labels))
    again = time.perf_counter()
    plain = found_by_kmeans(matrix, true, seed=args.seed)
    rows = [
        (
            f"{args.layout} map, {args.granularity}",
            agreement(labelled.labels, found.nearest),
            found.noise,
            found.count,
            seconds,
        ),
        ("… noise a group apart", agreement(labelled.labels, found.codes), found.noise, found.count, seconds),
        ("k-means, true k", agreement(labelled.labels, plain), 0.0, true, time.perf_counter() - again),
    ]
    print(f"{len(labelled.texts):,} texts, {true:,} labels, embedded in {embedded - started:.1f} s")
    print(f"{'clusters of':<24}{'ari':>8}{'ami':>8}{'noise':>8}{'clusters':>10}{'seconds':>9}")
    for name, one, noise, count, took in rows:
        print(f"{name:<24}{one.ari:>8.3f}{one.ami:>8.3f}{noise:>8.3f}{count:>10,}{took:>9.1f}")
    best, noise = rows[0][1], round(found.noise, 4)
    figures = {"ari": round(best.ari, 4), "ami": round(best.ami, 4), "noise": noise, "clusters": found.count}
    print(json.dumps(figures | {"seconds": round(seconds, 2)}))
    return 0


def read_labelled(path: Path, *, text_field: str, label_field: str) -> Labelled:
    """Return the texts of a file with their labels; raise FileReadError naming the line that cannot be used."""
    texts, labels = [], []
    for number, row in read_rows(path):
        text, label = row.get(text_field), row.get(label_field)
        if not isinstance(text, str) or not text.strip():
            raise FileReadError(
                f"{path} line {number}: there is no text in {text_field!r}: name its field with --text-field."
            )
        if label is None or label == "":
            raise FileReadError(
                f"{path} line {number}: there is no label in {label_field!r}: name its field with --label-field."
            )
        texts.append(text)
        labels.append(str(label))
    if not texts:
        raise FileReadError(f"{path} holds no texts: name a file with texts and labels.")
    return Labelled(tuple(texts), tuple(labels))


def found_on_map(matrix: Floats, parameters: MapParameters, *, granularity: Granularity, layout: str) -> Clusters:
    """Return the clusters of vectors (n, dim) as the map page shows them."""
    coords = pca(matrix, dims=parameters.dims, seed=parameters.seed)
    if layout == "umap":
        coords = _laid_out(matrix, coords, parameters)
    return clusters(coords, least=least_members(len(matrix), granularity), matrix=matrix)


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


def _laid_out(matrix: Floats, start: Floats, parameters: MapParameters) -> Floats:
    try:
        from core.maps.layout import laid_out

        neighbours = nearest(matrix, k=parameters.neighbours, seed=parameters.seed)
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

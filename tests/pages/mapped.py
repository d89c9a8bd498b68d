"""A map kept beside a store, as a worker would have left it: tests of the page need none to lay one out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from core.access import LOCAL_ADMIN
from core.analysis.clusters import GRANULARITIES, Clusters, describe
from core.analysis.neighbours import nearest
from core.analysis.projection import quality
from core.config import open_catalog
from core.maps import ClusterView, MapParameters
from core.maps.jobs import maps_directory
from core.maps.keeping import Kept, KeptMaps
from core.maps.matching import marks_of
from core.snapshots.job import Job
from core.snapshots.keeping import key_of
from core.snapshots.reading import Wish, read_in_process
from core.vectors.client import KEY_COLUMN

__all__ = ["PLACES", "keep_map"]

# Two groups far from each other and, at the end, one memory between them.
PLACES = ((0.1, 0.1), (0.2, 0.1), (0.1, 0.2), (0.8, 0.9), (0.9, 0.9), (0.8, 0.8), (0.2, 0.2), (0.5, 0.5))


def keep_map(
    directory: Path,
    *,
    index: str = "team",
    places: Sequence[tuple[float, ...]] = PLACES,
    codes: Sequence[int] = (0, 0, 0, 1, 1, 1, 0, -1),
    labels: Sequence[str] | None = None,
) -> Path:
    """Keep a map of an index: places and groups in the order of the keys; return the store's directory."""
    catalog = open_catalog(directory)
    store = catalog.open(index, actor=LOCAL_ADMIN)
    now = datetime.now(UTC)
    job = Job(index, clock=lambda: now)
    snapshot = read_in_process(store, None, Wish(vectors=True), actor=LOCAL_ADMIN, now=now, job=job)
    order = np.argsort(np.argsort(snapshot.frame["key"].to_numpy(str)))
    coords, found = np.array(places, np.float32)[order], np.array(codes, np.int32)[order]
    count = int(found.max()) + 1
    clusters = Clusters(found, np.ones(len(found), np.float32), found, np.arange(count, dtype=np.int32), count, 2)
    infos = describe(clusters, snapshot.frame["content"].tolist(), snapshot.frame, snapshot.vectors())
    if labels is not None:
        infos = tuple(
            type(info).from_dict(info.as_dict() | {"label": label}) for info, label in zip(infos, labels, strict=True)
        )
    neighbours = nearest(snapshot.vectors(), k=5)
    marks = marks_of(snapshot.table[KEY_COLUMN], snapshot.vectors())
    kept = Kept(
        arn=store.info.arn,
        revision=snapshot.revision,
        method="umap",
        keys=marks[0],
        marks=marks[1],
        fitted=np.ones(len(coords), np.bool_),
        coords=coords,
        side=1.0,
        neighbours=neighbours,
        quality=quality(snapshot.vectors(), coords, k=2),
        clusters={name: ClusterView(clusters, infos) for name in GRANULARITIES},
    )
    files = KeptMaps(maps_directory(store))
    files.save(key_of(store), MapParameters(dims=coords.shape[1]), kept, erasures=files.erasures())
    catalog.close()
    return directory

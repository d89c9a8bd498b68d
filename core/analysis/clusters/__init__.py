"""Clusters of a map: who lies together, what each group is about, and which group of today is which of yesterday. Pure."""

from core.analysis.clusters.density import GRANULARITIES, Clusters, Granularity, clusters, clusters_at, least_members
from core.analysis.clusters.description import ClusterInfo, describe
from core.analysis.clusters.growth import Growth, growth
from core.analysis.clusters.labels import labels, terms
from core.analysis.clusters.matching import carried, matched

__all__ = [
    "GRANULARITIES",
    "ClusterInfo",
    "Clusters",
    "Granularity",
    "Growth",
    "carried",
    "clusters",
    "clusters_at",
    "describe",
    "growth",
    "labels",
    "least_members",
    "matched",
    "terms",
]

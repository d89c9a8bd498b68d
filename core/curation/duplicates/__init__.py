"""Duplicates: which memories say the same, which of them stays, and what it takes over. Pure; merging.py makes the plan."""

from core.curation.duplicates.exact import content_hash, exact_groups
from core.curation.duplicates.found import Group, Pair, Pairs, PairScore, Suspect
from core.curation.duplicates.grouping import groups
from core.curation.duplicates.likeness import DEFAULT_THRESHOLD, likeness
from core.curation.duplicates.merge import DuplicateDecision, MergePolicy, merged
from core.curation.duplicates.near import near_pairs
from core.curation.duplicates.survivor import Survivor, SurvivorRule, survivor

__all__ = [
    "DEFAULT_THRESHOLD",
    "DuplicateDecision",
    "Group",
    "MergePolicy",
    "Pair",
    "PairScore",
    "Pairs",
    "Survivor",
    "SurvivorRule",
    "Suspect",
    "content_hash",
    "exact_groups",
    "groups",
    "likeness",
    "merged",
    "near_pairs",
    "survivor",
]

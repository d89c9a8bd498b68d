"""Consolidation: several memories become one, each of whose sentences can say which of them it stands on. Pure."""

from core.curation.consolidation.confidence import Combined, combined_confidence
from core.curation.consolidation.coverage import Coverage, SourceCoverage, coverage
from core.curation.consolidation.draft import Draft, Sentence
from core.curation.consolidation.grouping import WAYS, SourceGroup, Way, groups_of, spared
from core.curation.consolidation.merged import CONSOLIDATION_KEY, direct_sources, merged_memory, sentences_of
from core.curation.consolidation.sentences import sentences_in
from core.curation.consolidation.summary import summarise
from core.curation.consolidation.support import checked

__all__ = [
    "CONSOLIDATION_KEY",
    "WAYS",
    "Combined",
    "Coverage",
    "Draft",
    "Sentence",
    "SourceCoverage",
    "SourceGroup",
    "Way",
    "checked",
    "combined_confidence",
    "coverage",
    "direct_sources",
    "groups_of",
    "merged_memory",
    "sentences_in",
    "sentences_of",
    "spared",
    "summarise",
]

"""What two texts say differently, by rules and without a model: shared by duplicates, consolidation and conflicts. Pure."""

from core.analysis.difference.compare import claims, differences, unsupported
from core.analysis.difference.found import Claim, Difference, Kind, Span

__all__ = ["Claim", "Difference", "Kind", "Span", "claims", "differences", "unsupported"]

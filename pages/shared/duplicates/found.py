"""How much of an index was compared, and how much of what is near was found, in words."""

from __future__ import annotations

from typing import Final

from core.curation.duplicates import Pairs
from pages.shared.words import plural, share

__all__ = ["found_words"]

# A sum of shares may miss 1 by its last digits.
_ALL: Final = 1 - 1e-6


def found_words(pairs: Pairs) -> str:
    """Return how much was compared, and how much of what is near was found."""
    whose = {"agent": "within each agent", "team": "within each team"}.get(str(pairs.within), "all with all")
    recall = (
        "Every pair that is near enough was found."
        if pairs.recall > _ALL
        else f"Of the pairs that are near enough, about {share(min(pairs.recall, 0.999), 1)} were found."
    )
    said = [f"{plural(pairs.compared, 'memory')} compared, {whose}.", recall]
    if pairs.cut:
        more = "has more neighbours than were", "have more neighbours than were"
        said.append(f"{plural(pairs.cut, f'memory {more[0]}', f'memories {more[1]}')} compared: the nearest came first.")
    if pairs.series:
        verb = "differs" if pairs.series == 1 else "differ"
        said.append(
            f"{plural(pairs.series, 'memory')} of long series {verb} from others in nothing but numbers and dates: "
            "of these only some were compared."
        )
    said.append("Hidden, quarantined, disputed and expired memories are left as they are.")
    return " ".join(said)

"""Where two texts clash, for a judge that has only a number: by cues, else the sentences that are most alike. Pure."""

from __future__ import annotations

from core.analysis.difference import Span
from core.models.judge import JudgedPair
from core.models.judges.cues import noticed, strongest
from core.models.judges.focus import focus
from core.models.judges.traits import traits_of

__all__ = ["shown_places"]


def shown_places(pair: JudgedPair) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return the places to show in both texts; none where the whole of both is meant."""
    found = strongest(noticed(pair))
    if found is not None and all(found.spans):
        return found.spans
    places = focus(traits_of(pair.left.text), traits_of(pair.right.text))
    return ((places[0][0],), (places[0][1],)) if places else ((), ())

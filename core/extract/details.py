"""What makes a sentence specific: a number, a name, an identifier, an owner, a time, a relation."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["NUMBER", "details_in"]

NUMBER: Final = "a number"
_NO_NAMES: Final = (
    "The|A|An|It|This|That|These|Those|They|We|I|He|She|You|Our|My|Your|Their|His|Her|Its|There|If|When|In|On|At|For|With|As"
    "|To|Some|Any|Most|Both|Now|So|But|And|Yes|No|All|Everything|Nothing|Nobody|Everyone|None|One|What|Which|Who"
)
_DETAILS: Final = {
    NUMBER: re.compile(
        r"\d|%|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|dozen|hundred|half|third|every|each|daily"
        r"|weekly|monthly|yearly|hourly)\b"
    ),
    "a name": re.compile(
        r"(?<=[\w,;:)] )[A-Z][\w-]+|(?<!\w)[A-Z]{2,}\w*\b"
        rf"|^(?!(?:{_NO_NAMES})\b)[A-Z][a-z]+ (?:is|are|was|has|had|owns|runs|offers|costs|handles|works)"
    ),
    "an identifier": re.compile(
        r"`[^`\n]+`|\b\w+[_/@]\w+|\b\w+\.(?:com|org|net|py|js|md|io|json|yaml|txt|h)\b|(?<!\w)/\w+|\b[a-z]+-\d+|--\w+"
    ),
    "an owner": re.compile(r"\b(?:our|my|your|their|his|her|its|\w+'s)\b", re.IGNORECASE),
    "a time": re.compile(
        r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:today|yesterday|tomorrow|tonight|noon|midnight|morning|week"
        r"|month|quarter|year|spring|summer|autumn|winter)\b",
        re.IGNORECASE,
    ),
    "a relation": re.compile(
        r"\b(?:because|since|therefore|requires?|depends? on|belongs? to|owned by|handled by|responsible for|instead of"
        r"|not .* anymore|no longer|never|reserved for|missing|caused|intolerant|vegetarian|vegan"
        r"|allergic|takes effect|out of)\b",
        re.IGNORECASE,
    ),
}


def details_in(text: str) -> tuple[str, ...]:
    """Return what makes a sentence specific; () for one that could be of anything."""
    return tuple(what for what, pattern in _DETAILS.items() if pattern.search(text))

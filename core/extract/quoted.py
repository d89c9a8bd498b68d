"""What of a message its writer only quotes: code, other people's words, pasted documents. It is blanked, place by place."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["blanked", "is_quoted"]

# Blocks, each closed by what opened it or by the end of the text.
_BLOCKS: Final = re.compile(
    r"^[ \t]{0,3}(?P<fence>```|~~~).*?(?:^[ \t]{0,3}(?P=fence)[^\n]*$|\Z)"
    r"|\"\"\".*?(?:\"\"\"|\Z)"
    r"|^[ \t]*>[^\n]*$"
    r"|^-{2,}[ ]?(?:Original Message|Forwarded message|BEGIN [A-Z ]{1,40})[ ]?-{2,}.*\Z",
    re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_TAG: Final = re.compile(r"<([A-Za-z][\w-]{0,40})(?:\s[^<>\n]{0,200})?>")
# Four words and more within one line: shorter ones are names and terms.
_MARKS: Final = re.compile(
    "|".join(
        rf"{opened}(?=[^{closed}\n]*{closed})(?:[^{closed}\s]+[ \t]+){{3,}}[^{closed}\n]*{closed}"
        for opened, closed in (('"', '"'), ("“", "”"), ("«[ \t]?", "»"), ("„", "“"))
    )
)
_SHARE: Final = 0.34


def blanked(text: str) -> str:
    """Return the text, as long as it was, with spaces for what it quotes; lines stay where they are.

    A curved apostrophe becomes a straight one, which is what patterns look for.
    """
    return _MARKS.sub(_spaces, _without_tagged(_BLOCKS.sub(_spaces, text))).replace("’", "'")


def is_quoted(passage: str, bare: str) -> bool:
    """Say whether a passage is someone else's words more than its writer's; `bare` is the same place, blanked."""
    words = len(passage.split())
    return bool(words) and 1 - len(bare.split()) / words >= _SHARE


def _without_tagged(text: str) -> str:
    """Blank what stands between a tag and the tag that closes it; one that nothing closes is looked for once."""
    parts: list[str] = []
    place, hopeless, lower = 0, set[str](), text.lower()
    for match in _TAG.finditer(text) if len(lower) == len(text) else ():
        name = match[1].lower()
        if match.start() < place or name in hopeless:
            continue
        end = lower.find(f"</{name}>", match.end())
        if end < 0:
            hopeless.add(name)
            continue
        end += len(name) + 3
        parts += [text[place : match.start()], _blank(text[match.start() : end])]
        place = end
    return "".join([*parts, text[place:]])


def _spaces(match: re.Match[str]) -> str:
    return _blank(match[0])


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)

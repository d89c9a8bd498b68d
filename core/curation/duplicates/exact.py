"""The same text twice: by a hash of the text as it is read, not as it happens to be spaced."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from core.curation.duplicates.found import Group, Within
from core.curation.sparing import spared_rows
from core.errors import ConfigError

__all__ = ["comparable", "content_hash", "exact_groups", "scopes_of", "within_of"]

_SPACE: Final = re.compile(r"\s+")
# A line that begins with blanks, or a fence: there the blanks are part of what is said, as in Python and YAML.
_INDENTED: Final = re.compile(r"\n[ \t]+\S|```")
_LINE_END: Final = re.compile(r"[ \t]+(?=\n|$)")
_COLUMNS: Final = {Within.AGENT: ("team_id", "agent_id"), Within.TEAM: ("team_id",), Within.ANYONE: ()}


def content_hash(text: str) -> str:
    """Return 32 hex digits that two texts share where they are the same but for the form of letters and spacing.

    Letters are compared in NFC: NFKC would make "x²" of "x2". Runs of white space are one space, but a text with indented
    lines or code keeps its lines and indentation. Capitals count: in a path, an identifier or a password they are the
    difference; what is the same but for capitals is found as nearly the same, and a person sees it.
    """
    plain = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()
    plain = _LINE_END.sub("", plain) if _INDENTED.search(plain) else _SPACE.sub(" ", plain)
    return hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def exact_groups(
    frame: pd.DataFrame, *, within: Within | str = Within.AGENT, now: datetime | None = None
) -> tuple[Group, ...]:
    """Return the groups of memories with the same text, by their first key; empty texts and spared ones are in none.

    At `now` memories whose time is over are spared as well (see curation.sparing).
    """
    chosen = comparable(frame, now=now)
    hashes = np.array([content_hash(text) for text in frame["content"].to_numpy()[chosen]], dtype=object)
    keys = frame["key"].to_numpy()[chosen]
    classes: dict[tuple[int, str], list[str]] = {}
    for key, scope, digest in zip(keys, scopes_of(frame, within_of(within))[chosen], hashes, strict=True):
        classes.setdefault((int(scope), str(digest)), []).append(str(key))
    found = [
        Group(tuple(sorted(members)), 1.0, hashes=(digest,)) for (_, digest), members in classes.items() if len(members) > 1
    ]
    return tuple(sorted(found, key=lambda group: group.keys))


def comparable(frame: pd.DataFrame, *, now: datetime | None) -> np.ndarray:
    """Return the rows of a frame that may be merged, int64: with a text, and not spared."""
    spared = spared_rows(frame, now=now).to_numpy()
    return np.flatnonzero(~spared & (frame["content"].str.strip() != "").to_numpy())


def scopes_of(frame: pd.DataFrame, within: Within) -> np.ndarray:
    """Return whose memory each row of a frame is, as codes, int64 (n,); those of nobody are of one nobody."""
    codes = np.zeros(len(frame), np.int64)
    for name in _COLUMNS[within]:
        own = frame[name].cat.codes.to_numpy().astype(np.int64) + 1
        codes = codes * (int(own.max(initial=0)) + 1) + own
    return codes


def within_of(within: Within | str) -> Within:
    """Return whose memories are compared; raise ConfigError for what is none of agent, team, anyone."""
    try:
        return Within(within)
    except ValueError:
        raise ConfigError(f"Duplicates are not looked for within {within!r}: choose of {', '.join(Within)}.") from None

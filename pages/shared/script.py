"""The scripts of our components: files of JavaScript with imports between them, joined to the one module Streamlit takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

__all__ = ["joined"]

_IMPORT: Final = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?!default)", re.MULTILINE)
_COMMENT: Final = re.compile(r"^ *//[^\n]*\n|^ */\*\*.*?\*/\n|^ +", re.MULTILINE | re.DOTALL)


def joined(files: Iterable[Path]) -> str:
    """Return files as one module, without what joins them; each file needs only the ones before it.

    Streamlit sends it with every run, so comments and indentation stay behind.
    """
    texts = (path.read_text(encoding="utf-8") for path in files)
    return "\n".join(_COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub("", text))) for text in texts)

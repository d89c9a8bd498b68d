"""The scripts of our components: files of JavaScript with imports between them, joined to the one module Streamlit takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

__all__ = ["ASSETS", "DRAWING", "joined", "styles"]

ASSETS: Final = Path(__file__).parent / "assets"
# What every drawing of ours is made with; in this order each file only needs the ones before it.
DRAWING: Final = tuple(
    f"drawing/{name}"
    for name in (
        *("words", "shapes", "canvas", "canvases", "svg", "styling", "tip", "toolbar", "fitted", "download", "lasso"),
        "figure",
    )
)

_IMPORT: Final = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?!default)", re.MULTILINE)
_COMMENT: Final = re.compile(r"^ *//[^\n]*\n|^ */\*\*.*?\*/\n|^ +", re.MULTILINE | re.DOTALL)


def joined(names: Iterable[str]) -> str:
    """Return scripts, folder/name, as one module, without what joins them; each needs only the ones before it.

    Streamlit sends it with every run, so comments and indentation stay behind.
    """
    texts = ((ASSETS / f"{name}.js").read_text(encoding="utf-8") for name in names)
    return "\n".join(_COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub("", text))) for text in texts)


def styles(*folders: str) -> str:
    """Return the styles of folders as one."""
    return "".join((ASSETS / folder / "style.css").read_text(encoding="utf-8") for folder in folders)

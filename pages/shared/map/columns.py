"""Columns that the browser keeps: each is sent once and named by its digest from then on."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["Columns"]

# The browser keeps more (assets/map/store.js), so that what is believed to be there is.
_KEPT: Final = 40


class Columns:
    """The columns of one run: which are named, and which of them the browser still needs."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = dict.fromkeys(known)
        self._new: dict[str, dict[str, str]] = {}

    def add(self, values: npt.ArrayLike, kind: str) -> str:
        """Return the name of an array; `kind` is a numpy type code: u4, u2 or u1."""
        content = np.ascontiguousarray(values, dtype=f"<{kind}").tobytes()
        name = hashlib.blake2b(content, digest_size=12, person=kind.encode()).hexdigest()
        if name not in self._known:
            self._new[name] = {"type": kind, "data": base64.b64encode(content).decode("ascii")}
        self._known.pop(name, None)
        self._known[name] = None  # the last used are the last to be forgotten
        return name

    def bits(self, mask: npt.NDArray[np.bool_]) -> str:
        """Return the name of a mask, eight to a byte, the first in the lowest bit."""
        return self.add(np.packbits(mask, bitorder="little"), "u1")

    @property
    def sent(self) -> dict[str, Any]:
        """What the browser does not have, by name."""
        return self._new

    @property
    def known(self) -> tuple[str, ...]:
        """The names that it has with this run."""
        return tuple(self._known)[-_KEPT:]

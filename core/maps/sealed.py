"""Arrays in one file with its length and checksum, written whole or not at all; what is not whole is not read."""

from __future__ import annotations

import io
import os
import time
import zipfile
import zlib
from pathlib import Path
from typing import Final

import numpy as np

from core.maps.order import Arrays

__all__ = ["remove_drafts", "seal", "sealed", "sealed_part"]

_SEAL_BYTES: Final = 12
_DRAFT: Final = ".draft-"
# Nobody takes so long to write one file.
_LEFT_S: Final = 3600.0


def seal(path: Path, arrays: Arrays) -> None:
    """Write arrays in place of what is there; OSError as it comes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    content = buffer.getbuffer()
    draft = path.with_name(f"{_DRAFT}{os.urandom(4).hex()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(len(content).to_bytes(8, "little") + zlib.crc32(content).to_bytes(4, "little"))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def sealed(path: Path) -> Arrays:
    """Return what was sealed; ValueError, OSError or zipfile.BadZipFile where it is not what was written."""
    content = memoryview(path.read_bytes())
    said, body = content[:_SEAL_BYTES], content[_SEAL_BYTES:]
    if said != len(body).to_bytes(8, "little") + zlib.crc32(body).to_bytes(4, "little"):
        raise ValueError(path)
    with np.load(io.BytesIO(body), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def sealed_part(path: Path, name: str) -> bytes:
    """Return the bytes of one array, and read no other; errors as of `sealed`, and KeyError."""
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False).tobytes()


def remove_drafts(folder: Path, *, all_of_them: bool) -> None:
    """Remove what a crash left half written, or whatever is half written now; OSError as it comes."""
    for draft in folder.glob(f"{_DRAFT}*"):
        try:
            if all_of_them or time.time() - draft.stat().st_mtime > _LEFT_S:
                draft.unlink()
        except FileNotFoundError:  # another process finished or removed it
            continue

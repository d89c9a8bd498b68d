"""Read lines from a file of any size: plain or gzip (told by its content, not its name), one line in memory at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from core.errors import FileReadError

__all__ = ["LINE_BYTES_MAX", "Line", "Source", "read_lines"]

# A memory holds 40,960 bytes of metadata, which JSON escapes may stretch sixfold, and a vector of 4,096 numbers.
LINE_BYTES_MAX: Final = 4 * 1024 * 1024
# Small, so that progress by bytes is that of the rows: a gzip block of 16 KB holds some 200 of them.
_BLOCK: Final = 16 * 1024
_GZIP: Final = b"\x1f\x8b"
_FOREIGN: Final = (
    (b"PK\x03\x04", "a zip archive", "unpack it first"),
    (b"BZh", "bzip2 data", "unpack it first: bzip2 -dc FILE | python -m core import - …"),
    (b"\xfd7zXZ\x00", "xz data", "unpack it first: xz -dc FILE | python -m core import - …"),
    (b"\x28\xb5\x2f\xfd", "zstd data", "unpack it first: zstd -dc FILE | python -m core import - …"),
    (b"PAR1", "a Parquet file", "write it as JSON lines first"),
    (b"SQLite format 3\x00", "an SQLite database", "to open a store give its directory with --store"),
    (b"\xff\xfe", "UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8 FILE | python -m core import - …"),
    (b"\xfe\xff", "UTF-16 text", "convert it: iconv -f UTF-16 -t UTF-8 FILE | python -m core import - …"),
)


class Source:
    """A file or stream to read: its name for messages, its size in bytes where known, and how far it was read."""

    def __init__(self, name: str, stream: BinaryIO, *, size: int | None = None) -> None:
        self.name = name
        self.size = size
        self.bytes_read = 0
        self.line_reached = 1
        self._stream = stream

    @classmethod
    def open(cls, path: str | Path) -> Source:
        """Open a file by path; raise FileReadError with the way out."""
        try:
            stream = Path(path).open("rb")  # noqa: SIM115 - closed by close()
            size = Path(path).stat().st_size if Path(path).is_file() else None
        except FileNotFoundError:
            raise FileReadError(f"There is no file {str(path)!r}: check the path.") from None
        except IsADirectoryError:
            raise FileReadError(f"{str(path)!r} is a directory: name the files in it.") from None
        except (OSError, ValueError) as error:
            raise FileReadError(f"{str(path)!r} cannot be read ({_words(error)}): check its permissions.") from error
        return cls(str(path), stream, size=size)

    def blocks(self) -> Iterator[bytes]:
        """Yield the raw bytes block by block."""
        while block := self._read():
            self.bytes_read += len(block)
            yield block

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()

    def _read(self) -> bytes:
        try:
            return self._stream.read(_BLOCK)
        except OSError as error:
            raise _DamagedError(f"Reading failed ({_words(error)})") from error


@dataclass(frozen=True)
class Line:
    """A line without its end: `data` is None beyond LINE_BYTES_MAX; `whole` is false where the file broke off inside it."""

    number: int
    data: bytes | None
    length: int
    whole: bool = True


class _DamagedError(FileReadError):
    """The stream broke off; the message is the reason alone."""


def read_lines(source: Source, *, limit: int = LINE_BYTES_MAX) -> Iterator[Line]:
    """Yield each line that is not blank, numbered from 1.

    A line over `limit` bytes is counted and skipped, never held. Where the file is damaged or ends too early, every line
    before comes first, then FileReadError names the line reached.
    """
    number, parts, length = 1, list[bytes](), 0
    try:
        for chunk in _plain(source):
            *ended, rest = chunk.split(b"\n")
            for piece in ended:
                yield from _line(number, [*parts, piece], length + len(piece), limit)
                number, parts, length = number + 1, [], 0
                source.line_reached = number
            length += len(rest)
            parts = [*parts, rest] if length <= limit else []
    except _DamagedError as damage:
        yield from _line(number, parts, length, limit, whole=False)
        raise FileReadError(
            f"{damage}, in line {number:,}. The lines before it were read: get the file again and repeat."
        ) from damage
    yield from _line(number, parts, length, limit)


def _line(number: int, parts: list[bytes], length: int, limit: int, *, whole: bool = True) -> Iterator[Line]:
    if length > limit:
        yield Line(number, None, length, whole)
    elif (data := b"".join(parts)).strip():
        yield Line(number, data, length, whole)


def _plain(source: Source) -> Iterator[bytes]:
    blocks = source.blocks()
    head = b""
    # A pipe may give a few bytes at a time; the magic numbers need up to 16.
    for block in blocks:
        head += block
        if len(head) >= 16:
            break
    for magic, what, advice in _FOREIGN:
        if head.startswith(magic):
            raise FileReadError(f"This is {what}, and import reads JSON lines, plain or gzip: {advice}.")
    whole = _chain(head, blocks)
    return _gunzip(whole) if head.startswith(_GZIP) else whole


def _chain(head: bytes, blocks: Iterable[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from blocks


def _gunzip(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what gzip members hold, one after the other; raise _DamagedError at the first byte that makes no sense."""
    engine, fresh = zlib.decompressobj(wbits=31), True
    for block in blocks:
        left = block
        while left := left.lstrip(b"\x00") if fresh else left:  # zeros between members are padding
            before = engine.copy()
            try:
                out = engine.decompress(left, _BLOCK)
            except zlib.error as error:
                yield from _salvage(before, left)
                raise _DamagedError(f"The gzip data is damaged ({error})") from error
            if out:
                yield out
            fresh = engine.eof
            left = engine.unused_data if fresh else engine.unconsumed_tail
            if fresh:
                engine = zlib.decompressobj(wbits=31)
    if not fresh:
        yield engine.flush()
        raise _DamagedError("The gzip data ends too early: the file was cut off")


def _salvage(engine: zlib._Decompress, block: bytes) -> Iterator[bytes]:
    """Yield what comes out before the damage: zlib drops a call's output when the call fails, so go byte by byte."""
    for at in range(len(block)):
        try:
            yield engine.decompress(block[at : at + 1])
        except zlib.error:
            return


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)

"""Bounds of the server: sizes in bytes, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from core.vectors import limits

__all__ = ["Tuning"]


@dataclass(frozen=True)
class Tuning:
    """What the server takes and how long it waits; tests make them small."""

    body_bytes: int = limits.REQUEST_BYTES_MAX  # of one request, before and after decompression
    held_bytes: int = 8 * limits.REQUEST_BYTES_MAX  # of all bodies in memory at once; more is answered with 503
    drained_bytes: int = 4 * limits.REQUEST_BYTES_MAX  # read and dropped after an early answer, so that it can be seen
    head_bytes: int = 131_072  # 50 tag keys of 128 characters outside ASCII are 77 KB of query
    head_s: float = 20.0  # from the first byte of a request, or from the connection, to the end of its headers
    body_s: float = 60.0  # for a whole body
    idle_s: float = 20.0  # between two parts of a body, or of an answer that is read
    keep_alive_s: int = 75
    large_bytes: int = 1_048_576  # a body over this is large…
    large_at_once: int = 2  # …and so many of them are worked on at once
    threads: int = 16  # reads worked on at once, and writes
    pending: int = 256  # requests read, worked on or waiting; more are answered with 503
    connections: int = 1_024  # no more than half of what the process may have open; others are closed at once
    grace_s: int = 30  # for open requests when the server is stopped

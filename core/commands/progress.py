"""A progress bar on stderr, for people only: nothing is drawn where stderr is not a terminal."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from core.commands.console import Console

__all__ = ["Bar", "duration"]

_REDRAW_S: Final = 0.1
_WINDOW_S: Final = 10.0
_BAR_WIDTH: Final = 24
_WARM_UP_S: Final = 1.0  # an ETA before that is a guess


class Bar:
    """Draws `label ███░░░  42 %  1,234 rows  56/s  ETA 0:12`, ten times a second at most.

    Rate and ETA are those of the last ten seconds: an import that goes on starts with rows that cost nothing.
    """

    def __init__(
        self, console: Console, label: str, *, unit: str = "rows", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._label = label
        self._unit = unit
        self._clock = clock
        self._shown = console.stderr.isatty()
        self._drawn_at = 0.0
        self._samples: deque[tuple[float, int, float]] = deque([(clock(), 0, 0.0)])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the bar off the line."""
        if self._shown and self._drawn_at:
            self._console.stderr.write("\r\x1b[K")
            self._console.stderr.flush()
            self._drawn_at = 0.0

    def update(self, count: int, *, share: float | None = None, note: str = "") -> None:
        """Draw `count` things done, `share` (0-1, None where unknown) of the whole."""
        now = self._clock()
        if not self._shown or now - self._drawn_at < _REDRAW_S:
            return
        self._drawn_at = now
        line = self.line(count, share=share, now=now, note=note)
        self._console.stderr.write(f"\r{line[: self._console.width - 1]}\x1b[K")
        self._console.stderr.flush()

    def line(self, count: int, *, share: float | None, now: float, note: str = "") -> str:
        """Return the bar as text."""
        self._samples.append((now, count, share or 0.0))
        while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW_S:
            self._samples.popleft()
        since, counted, shared = self._samples[0]
        seconds = max(now - since, 1e-9)
        parts = [f"{count:,} {self._unit}", f"{(count - counted) / seconds:,.0f}/s"]
        if share is not None:
            full = min(int(share * _BAR_WIDTH), _BAR_WIDTH)
            parts.insert(0, "█" * full + "░" * (_BAR_WIDTH - full) + f" {share:4.0%}")
            if share > shared and seconds > _WARM_UP_S:
                parts.append(f"ETA {duration((1 - share) / (share - shared) * seconds)}")
        return "  ".join([self._label, *parts, *([note] if note else [])])


def duration(seconds: float) -> str:
    """Return seconds as a clock: 0:07, 12:30, 1:02:05."""
    minutes, second = divmod(max(round(seconds), 0), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"

"""Where a command reads and writes: results on stdout, words for people on stderr, one JSON object with --json."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Self, TextIO

from core.hostile import clean_text, one_line

__all__ = ["Console"]


@dataclass(frozen=True)
class Console:
    """The streams of one command; `as_json` makes stdout hold exactly one JSON object and nothing else."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    as_json: bool = False

    @classmethod
    def standard(cls, *, as_json: bool = False) -> Self:
        """Return the console of this process."""
        return cls(sys.stdin, sys.stdout, sys.stderr, as_json)

    @property
    def stdin_bytes(self) -> BinaryIO:
        """Return stdin as bytes."""
        return self.stdin.buffer

    @property
    def stdout_bytes(self) -> BinaryIO:
        """Return stdout as bytes: what is exported is UTF-8 wherever it goes."""
        return self.stdout.buffer

    @property
    def width(self) -> int:
        """Return the terminal's width in columns, 100 where there is none."""
        return shutil.get_terminal_size((100, 24)).columns

    @property
    def can_ask(self) -> bool:
        """Say whether a person is there to answer."""
        return self.stdin.isatty() and self.stderr.isatty() and not self.as_json

    def say(self, text: str) -> None:
        """Tell the person something, on stderr; silent with --json, whose object says it all."""
        if not self.as_json:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Tell the person what went wrong, on stderr, with --json too."""
        _write(self.stderr, clean_text(text) + "\n")

    def ask(self, question: str) -> bool:
        """Ask on stderr; anything but y or yes is no."""
        _write(self.stderr, f"{clean_text(question)} [y/N] ")
        return self.stdin.readline().strip().lower() in ("y", "yes")

    def typed(self, question: str) -> str:
        """Ask on stderr for words, and return them."""
        _write(self.stderr, f"{clean_text(question)} ")
        return self.stdin.readline().strip()

    def result(self, value: Mapping[str, Any], lines: Iterable[str]) -> None:
        """Print the JSON object with --json, else the lines, cleaned of what a terminal would obey."""
        if self.as_json:
            # Other readers get the text as it is; a terminal must not obey what a memory holds.
            text = json.dumps(value, ensure_ascii=self.stdout.isatty(), default=str)
            _write(self.stdout, text + "\n")
        else:
            _write(self.stdout, "".join(clean_text(line) + "\n" for line in lines))
        self.stdout.flush()

    def table(self, rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
        """Return the rows as aligned lines; the columns in `right` are aligned to the right."""
        cells = [[one_line(cell, 60) for cell in row] for row in rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))] if cells else []
        return [
            "  ".join(
                c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        ]

    def settle(self) -> None:
        """Drop what stdout still holds where it takes no more: else the end of the program would fail on it."""
        try:
            self.stdout.flush()
        except OSError:
            self.drop()

    def drop(self) -> None:
        """Send what is still to be printed nowhere: the reader of stdout is gone."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())


def _write(stream: TextIO, text: str) -> None:
    """Write the text, with what the stream's encoding lacks as escapes."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()

"""Access keys of the server: written as ID:SECRET, read from a file, or made up. No message here repeats a secret."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from core.errors import ConfigError

__all__ = ["is_access_key_id", "is_private", "new_access_key", "parse_access_keys", "read_access_keys"]

_ID: Final = re.compile(r"[!-+.0-9;-~-]+")  # visible ASCII without the separators ',', '/' and ':'
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_FILE_BYTES: Final = 1_048_576


def is_access_key_id(text: str) -> bool:
    """Return whether a text can be an access key id: a part of a header, between separators."""
    return _ID.fullmatch(text) is not None


def parse_access_keys(entries: Iterable[str], *, source: str) -> dict[str, str]:
    """Return secrets by access key id, of entries ID:SECRET; ConfigError names the entry by its place in `source`."""
    keys: dict[str, str] = {}
    for place, entry in enumerate(entries, 1):
        text = entry.strip()
        if not text or text.startswith("#"):
            continue
        access_key, colon, secret = text.partition(":")
        if not colon or not secret or not is_access_key_id(access_key):
            raise ConfigError(
                f"{source} {place} is no access key: write ID:SECRET, the id without spaces, ',', '/' and ':'."
            )
        if keys.setdefault(access_key, secret) != secret:
            raise ConfigError(f"{source} {place} gives the access key {access_key} a second secret: name each id once.")
    return keys


def read_access_keys(path: Path) -> dict[str, str]:
    """Return the access keys of a file, one ID:SECRET a line, with comments from # on."""
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_BYTES + 1)
        text = data.decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigError(f"The access keys in '{path}' cannot be read ({reason}): check the file.") from error
    if len(data) > _FILE_BYTES:
        raise ConfigError(f"'{path}' is no file of access keys: it is larger than 1 MB.")
    keys = parse_access_keys(text.splitlines(), source=f"'{path}', line")
    if not keys:
        raise ConfigError(f"'{path}' has no access key: write ID:SECRET on a line.")
    return keys


def is_private(path: Path) -> bool:
    """Return whether only the file's owner may read it."""
    return not path.stat().st_mode & 0o077


def new_access_key() -> tuple[str, str]:
    """Return an access key id and a secret that nobody knows yet."""
    return "MNEM" + "".join(secrets.choice(_ALPHABET) for _ in range(16)), secrets.token_urlsafe(30)

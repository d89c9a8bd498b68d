"""What tells a secret from what only looks like one: randomness, placeholders, checksums and structure. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from typing import Final

__all__ = ["PROOFS", "entropy", "is_mixed", "is_no_placeholder", "is_random"]

_PLACEHOLDER: Final = re.compile(
    r"example|sample|dummy|placeholder|redacted|changeme|change[_-]?me|replace[_-]?(?:me|with)|insert|todo|fixme|foobar"
    r"|your[_-]?|my[_-]?(?:secret|token|key|password)|not[_-]?a?[_-]?real|fake|lorem|xxxx|\*{3}|\.{3}|…|<[^>]{0,40}>"
    r"|\$\{?\w|\{\{|%\(|process\.env|os\.environ|getenv|(?:abcdefgh|12345678|deadbeef|01234567)",
    re.IGNORECASE,
)
_WORDS: Final = re.compile(r"[A-Za-z]{3,}")
_LINE: Final = re.compile(r"[A-Za-z0-9+/=]{40}")
_PROSE: Final = frozenset({"required", "optional", "string", "rotated", "expired", "stored", "hashed"})
_STAND_INS: Final = frozenset({"password", "passwd", "secret", "passphrase", "postgres", "username"})
_VOWELS: Final = frozenset("aeiouyAEIOUY")


def entropy(text: str) -> float:
    """Return the bits of each character by how often it occurs in the text (Shannon 1948)."""
    if not text:
        return 0.0
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def is_no_placeholder(text: str) -> bool:
    """Say whether a text is not the stand-in of an example, a template or a mask."""
    return len(set(text)) > 4 and _PLACEHOLDER.search(text) is None


def is_random(text: str, *, least: float = 3.0) -> bool:
    """Say whether a text may be drawn by chance: no placeholder, and of enough entropy for its length."""
    return is_no_placeholder(text) and entropy(text) >= min(least, 0.75 * math.log2(max(len(text), 2)))


def is_mixed(text: str) -> bool:
    """Say whether a text is drawn by chance and no identifier or words: digits among letters, or hardly a vowel."""
    if not is_random(text, least=3.2) or not any(sign.isdigit() for sign in text):
        return False
    letters = sum(sign.isalpha() for sign in text)
    words = sum(
        len(word) for word in _WORDS.findall(text) if not _VOWELS.isdisjoint(word) and (word.islower() or word.istitle())
    )
    return letters > 0 and words < 0.6 * len(text)


def is_private_key(text: str) -> bool:
    """Say whether a key follows its heading: a line of base64 as long as one of PEM, or one broken by escapes."""
    body = re.sub(r"\\[nr]|\s", "", text.split("-----", 2)[-1])
    return _LINE.search(body) is not None


def is_json_token(text: str) -> bool:
    """Say whether a JSON Web Token has the header of one (RFC 7519)."""
    head = text.split(".", 1)[0]
    try:
        value = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return False
    return isinstance(value, dict) and ("alg" in value or "enc" in value or "typ" in value)


def user_and_password(text: str) -> bool:
    """Say whether the base64 of HTTP's Basic scheme has a user and a password (RFC 7617)."""
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8")
    except (ValueError, binascii.Error):
        return False
    user, found, password = plain.partition(":")
    return bool(found and user and password) and plain.isprintable() and is_no_placeholder(password)


def is_password(text: str) -> bool:
    """Say whether what follows "password" may be one: not a word of prose, a type, a variable or a stand-in."""
    if not is_no_placeholder(text) or text.lower().rstrip(".,;:!?") in _PROSE:
        return False
    plain = text.rstrip(".,;:!?)")
    has_digit, has_odd = (
        any(sign.isdigit() for sign in plain),
        any(not sign.isalnum() and sign not in "-_." for sign in plain),
    )
    kinds = sum((any(sign.islower() for sign in plain), any(sign.isupper() for sign in plain), has_digit))
    return kinds >= 3 or (kinds >= 2 and (has_odd or has_digit)) or (has_odd and kinds >= 1 and len(plain) >= 8)


def is_url_password(text: str) -> bool:
    """Say whether the password of an address is more than the word that stands for one in every example."""
    return is_no_placeholder(text) and text.lower() not in _STAND_INS


PROOFS: Final = {
    "json_token": is_json_token,
    "mixed": is_mixed,
    "no_placeholder": is_no_placeholder,
    "password": is_password,
    "private_key": is_private_key,
    "random": is_random,
    "url_password": is_url_password,
    "user_and_password": user_and_password,
}

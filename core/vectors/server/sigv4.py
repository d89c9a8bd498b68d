"""Verifying AWS Signature Version 4 of a request, as AWS's "Create a signed AWS API request" defines it.

The path is encoded once more than it was sent, which holds for every service but S3. The hash of the payload is computed
from the body, never taken from a header. An unknown access key and a wrong secret are told apart neither by the answer nor
by the work that it takes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from core.errors import AccessDeniedError

__all__ = ["Request", "check_head", "claimed_region", "verify"]

ALGORITHM: Final = "AWS4-HMAC-SHA256"
SERVICE: Final = "s3vectors"
SKEW_S: Final = 15 * 60
_HEADER: Final = re.compile(
    rf"{ALGORITHM} +Credential=(?P<credential>[^, ]+) *, *SignedHeaders=(?P<headers>[^, ]+) *, *"
    r"Signature=(?P<signature>[^, ]+) *"
)
_MEANT: Final = ("x-amz-security-token", "content-encoding")  # change what a request means, so they must be signed
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_NOBODY: Final = secrets.token_hex(20)  # stands in for the secret of an access key that does not exist


@dataclass(frozen=True)
class Request:
    """A request as it was sent: names of headers in lower case, path and query still percent-encoded."""

    method: str
    path: bytes
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]

    def values(self, name: str) -> list[str]:
        """Return the values of a header, without the space around them and with runs of space inside as one."""
        wanted = name.encode("latin-1", "replace")
        return [b" ".join(value.split()).decode("latin-1") for key, value in self.headers if key == wanted]

    def header(self, name: str) -> str | None:
        """Return the value of a header, several joined with commas, or None."""
        values = self.values(name)
        return ",".join(values) if values else None


@dataclass(frozen=True)
class _Claim:
    """What the Authorization header says."""

    access_key: str
    scope: str
    date: str
    region: str
    signed: tuple[str, ...]
    signature: str
    stamp: str


def check_head(request: Request, *, now: float, region: str | None = None) -> _Claim:
    """Return the claim of a request's headers, or raise AccessDeniedError; a `region` of None allows any.

    Everything but the signature itself: so a request without a usable claim costs no reading of its body.
    """
    header = request.header("authorization")
    if header is None:
        if b"X-Amz-Signature=" in request.query:
            raise AccessDeniedError("Presigned URLs are not taken here: sign the request in its Authorization header.")
        raise AccessDeniedError(
            "Missing Authentication Token: sign the request with an access key of this server (AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY).",
            code="MissingAuthenticationTokenException",
        )
    match = _HEADER.fullmatch(header)
    if not match:
        raise _incomplete(f"Authorization must be '{ALGORITHM} Credential=…, SignedHeaders=…, Signature=…'.")
    parts = match["credential"].rsplit("/", 4)
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise _incomplete("Credential must be ACCESS_KEY_ID/YYYYMMDD/REGION/s3vectors/aws4_request.")
    access_key, date, claimed, service, _ = parts
    if service != SERVICE:
        raise _mismatch(f"The credential is scoped to another service: sign for '{SERVICE}'.")
    if region is not None and claimed != region:
        raise _mismatch(f"The credential is scoped to another region: sign for '{region}' (AWS_REGION).")
    signed = tuple(match["headers"].split(";"))
    stamp = _moment(request, signed, now=now)
    if stamp[:8] != date:
        raise _mismatch("The date in the credential is not that of the request.")
    return _Claim(access_key, "/".join(parts[1:]), date, claimed, signed, match["signature"], stamp)


def claimed_region(request: Request) -> str | None:
    """Return the region in the request's credential scope, None if it has none that can be read."""
    _, _, rest = (request.header("authorization") or "").partition("Credential=")
    parts = rest.partition(",")[0].rsplit("/", 3)
    return parts[1] if len(parts) == 4 and parts[2] == SERVICE else None


def verify(
    request: Request, body: bytes | bytearray, *, keys: Mapping[str, str], now: float, region: str | None = None
) -> str:
    """Return the access key id that signed the request and its body, or raise AccessDeniedError (403)."""
    claim = check_head(request, now=now, region=region)
    payload = hashlib.sha256(body).hexdigest()
    stated = request.header("x-amz-content-sha256")
    if stated is not None and not hmac.compare_digest(stated.encode(), payload.encode()):
        raise _mismatch("x-amz-content-sha256 is not the SHA-256 of the body: a body must be signed, and not changed since.")
    expected = sign(keys.get(claim.access_key, _NOBODY), claim.scope, claim.stamp, canonical(request, claim.signed, payload))
    same = hmac.compare_digest(expected.encode(), claim.signature.encode())
    if not (same and claim.access_key in keys):
        raise _mismatch(
            "The signature does not match: check the access key id and the secret, and that nothing between the client and "
            "this server changes the request."
        )
    return claim.access_key


def sign(secret: str, scope: str, stamp: str, request: bytes) -> str:
    """Return the signature of a canonical request, in hex; `scope` is DATE/REGION/SERVICE/aws4_request."""
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(request).hexdigest()))
    return hmac.digest(key, text.encode(), "sha256").hex()


def canonical(request: Request, signed: Sequence[str], payload: str) -> bytes:
    """Return the canonical request of these signed headers and this hash of the payload."""
    headers = "".join(f"{name}:{','.join(request.values(name))}\n" for name in signed)
    lines = (request.method, _path(request.path), _query(request.query), headers, ";".join(signed), payload)
    return "\n".join(lines).encode("latin-1", "replace")


def _path(path: bytes) -> str:
    """Return the path without dot segments and double slashes, encoded once more than it was sent."""
    kept: list[str] = []
    for part in path.decode("latin-1").split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    last = "/" if kept and path.endswith(b"/") else ""
    return quote("/" + "/".join(kept) + last, safe="/-_.~", encoding="latin-1")


def _query(query: bytes) -> str:
    """Return the parameters sorted, each name and value encoded by the one rule."""
    pairs = []
    for pair in query.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            pairs.append((quote(unquote_to_bytes(name), safe="-_.~"), quote(unquote_to_bytes(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _moment(request: Request, signed: Sequence[str], *, now: float) -> str:
    """Return the request's time as YYYYMMDD'T'HHMMSS'Z'; it and the host must be signed, and it must be near to `now`."""
    name = "x-amz-date" if request.header("x-amz-date") is not None else "date"
    for needed in ("host", name, *(header for header in _MEANT if request.header(header))):
        if needed not in signed:
            raise _incomplete(f"SignedHeaders must include '{needed}'.")
    missing = [header for header in signed if request.header(header) is None]
    if missing:
        raise _mismatch("A header that was signed is not there: something between the client and this server dropped it.")
    when = _parsed(request.header(name) or "")
    if when is None:
        raise _incomplete(f"The header '{name}' must be a time, as 20261123T080000Z.")
    if abs(now - when.timestamp()) > SKEW_S:
        raise AccessDeniedError(
            f"The request's time, {when:{_STAMP}}, is more than 15 minutes from the server's, "
            f"{datetime.fromtimestamp(now, UTC):{_STAMP}}: set the clock of the client.",
            code="RequestTimeTooSkewed",
        )
    return f"{when:{_STAMP}}"


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _incomplete(message: str) -> AccessDeniedError:
    return AccessDeniedError(message, code="IncompleteSignatureException")


def _mismatch(message: str) -> AccessDeniedError:
    return AccessDeniedError(message, code="InvalidSignatureException")

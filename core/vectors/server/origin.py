"""Where a request comes from, for a server that verifies no signature.

A web page may send a POST to an address of the reader's own machine, under a name that it has pointed there. So a request
must name this machine as its host and must not come from a page.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from core.errors import AccessDeniedError
from core.vectors.server.sigv4 import Request

__all__ = ["check_local", "is_loopback"]


def is_loopback(host: str) -> bool:
    """Return whether a name or address is this machine's own loopback."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_local(request: Request) -> None:
    """Raise AccessDeniedError unless the request names this machine and comes from no web page."""
    if request.header("origin") is not None or request.header("sec-fetch-site") is not None:
        raise AccessDeniedError("Web pages are not served without signatures: start the server with an access key.")
    try:
        host = urlsplit(f"//{request.header('host') or ''}").hostname or ""
    except ValueError:
        host = ""
    if not is_loopback(host):
        raise AccessDeniedError("Without signatures only requests to localhost are answered: start the server with a key.")

"""The region in ARNs of a server that serves every region: a client finds its own region in them, whichever it signs for.

The store behind has one region, its home. Nothing else depends on it, so ARNs are translated here, in both directions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from core.vectors.names import partition
from core.vectors.server.sigv4 import Request, claimed_region

__all__ = ["Regions"]

_REGION: Final = re.compile(r"[a-z0-9-]{1,64}")
_ARN: Final = re.compile(r"(arn:[a-z0-9-]+:s3vectors:)([a-z0-9-]+)(:.*)", re.DOTALL)
_ASKED: Final = ("vectorBucketArn", "indexArn", "resourceArn")
_TOLD: Final = ("vectorBucketArn", "indexArn")
_STRUCTURES: Final = ("vectorBucket", "index")
_LISTS: Final = ("vectorBuckets", "indexes")


class Regions:
    """Translates ARNs between the region of a request and `home`, the store's; without a home nothing is translated.

    With `any_arn` ARNs of every region are understood, else those of the request's own.
    """

    def __init__(self, home: str | None, *, any_arn: bool) -> None:
        self._home, self._any_arn = home, any_arn

    def of(self, request: Request) -> str | None:
        """Return the region that the request was signed for; home where it says none that an ARN could hold."""
        claimed = claimed_region(request)
        return claimed if self._home and claimed and _REGION.fullmatch(claimed) else self._home

    def asked(self, arguments: dict[str, Any], region: str | None) -> dict[str, Any]:
        """Return the arguments with their ARNs as the store knows them."""
        for name in _ASKED:
            arn = arguments.get(name)
            if isinstance(arn, str) and self._home and region:
                arguments[name] = self._home_arn(arn, self._home, region)
        return arguments

    def _home_arn(self, arn: str, home: str, region: str) -> str:
        match = _ARN.fullmatch(arn)
        if match is None:
            return arn
        if match[2] == region or self._any_arn:
            expected = f"arn:{partition(match[2])}:s3vectors:"
            return _prefix(home) + match[3] if match[1] == expected else arn
        return _prefix(region) + match[3] if match[2] == home else arn  # home is elsewhere for this client

    def told(self, response: Mapping[str, Any], region: str | None) -> Mapping[str, Any]:
        """Return an answer with its ARNs in the request's region."""
        if not self._home or not region or region == self._home:
            return response
        answer = _moved(response, region)
        for name in _STRUCTURES:
            if name in answer:
                answer[name] = _moved(answer[name], region)
        for name in _LISTS:
            if name in answer:
                answer[name] = [_moved(part, region) for part in answer[name]]
        return answer


def _prefix(region: str) -> str:
    return f"arn:{partition(region)}:s3vectors:{region}"


def _moved(part: Mapping[str, Any], region: str) -> dict[str, Any]:
    moved = dict(part)
    for name in _TOLD:
        match = _ARN.fullmatch(moved[name]) if isinstance(moved.get(name), str) else None
        if match:
            moved[name] = _prefix(region) + match[3]
    return moved

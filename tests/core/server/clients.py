"""boto3 on a server of ours: the ordinary client of the service, over HTTP on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from core.vectors.server import RunningServer

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
REGION = "us-east-1"


def make_boto3(url: str, *, key_id: str = KEY_ID, secret: str = SECRET, region: str = REGION, **config: Any) -> Any:
    """Return boto3's own client; without retries, so that a test sees each answer."""
    return boto3.client(
        "s3vectors",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=Config(**({"retries": {"total_max_attempts": 1}} | config)),
    )


class Served:
    """A boto3 client together with the server behind it; `close` ends both."""

    def __init__(self, server: RunningServer) -> None:
        self._server, self._client = server, make_boto3(server.url)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def close(self) -> None:
        self._client.close()
        self._server.stop()


def served(directory: Path) -> Served:
    """Return a client of boto3 over a server of its own on this directory."""
    return Served(RunningServer(directory, access_keys={KEY_ID: SECRET}).__enter__())

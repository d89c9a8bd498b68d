"""Endpoints of S3 Vectors on this machine, and clients of them: our own server, and moto's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from core.vectors.aws import AwsClient
from core.vectors.server import RunningServer
from tests.core.aws_environment import KEY, SECRET, isolate_aws

KEY_ID = KEY
REGION = "us-east-1"


def as_somebody(patch: pytest.MonkeyPatch, *, key_id: str = KEY_ID, secret: str = SECRET) -> None:
    """Give this process credentials and a region, and no other way to find some."""
    isolate_aws(patch, Path("/nowhere"))
    for name, value in (
        ("AWS_ACCESS_KEY_ID", key_id),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_DEFAULT_REGION", REGION),
    ):
        patch.setenv(name, value)


class Closing:
    """A client that takes what it talks to with it when it is closed."""

    def __init__(self, client: Any, *after: Callable[[], Any]) -> None:
        self.raw = client
        self._after = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    def close(self) -> None:
        self.raw.close()
        for release in self._after:
            release()


def aws_client(directory: Path, **options: Any) -> Closing:
    """Return our client of S3 Vectors, connected to our own server over a directory."""
    patch = pytest.MonkeyPatch()
    as_somebody(patch)
    server = RunningServer(directory, access_keys={KEY_ID: SECRET})
    server.__enter__()
    return Closing(AwsClient(endpoint_url=server.url, **options), server.stop, patch.undo)


def moto_client(directory: Path) -> Closing:
    """Return plain boto3, connected to moto's server, which keeps everything in memory."""
    from moto.backends import get_backend
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    get_backend("s3vectors").reset()  # they are of the process, not of the server
    client = boto3.client(
        "s3vectors",
        region_name=REGION,
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=Config(retries={"total_max_attempts": 1}),
    )
    return Closing(client, server.stop)

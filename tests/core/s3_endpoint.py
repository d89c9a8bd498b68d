"""Amazon S3 on this machine, as moto's server has it, with a bucket for journals."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

import boto3
from moto.backends import get_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from tests.core.aws_environment import KEY, SECRET

REGION = "us-east-1"


class S3Endpoint:
    """A server of S3. One request at a time: moto looks whether an object is there and writes it in two steps."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        self.calls: list[str] = []
        # What is said instead of the answer to "PUT /bucket/key": a status and a code, and whether it is done all the same.
        self.fault: Callable[[str], tuple[str, str, bool] | None] = lambda _: None
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, name="s3-endpoint", daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.client = boto3.client(
            "s3", region_name=REGION, endpoint_url=self.url, aws_access_key_id=KEY, aws_secret_access_key=SECRET
        )

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        call = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        with self._lock:
            self.calls.append(call)
            fault = self.fault(call)
            if fault is None:
                return list(self._app(environ, start_response))
            status, code, done = fault
            if done:
                list(self._app(environ, lambda *_: None))
        body = f"<Error><Code>{code}</Code><Message>As the test says</Message></Error>".encode()
        start_response(status, [("content-type", "application/xml"), ("content-length", str(len(body)))])
        return [body]

    def make_bucket(self, name: str, *, versioned: bool = False) -> None:
        self.client.create_bucket(Bucket=name)
        if versioned:
            self.client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def uri(self, bucket: str, prefix: str = "journal") -> str:
        """Return the address of the ledger below a prefix."""
        return f"s3://{bucket}/{prefix}?{urlencode({'region': REGION, 'endpoint_url': self.url})}"

    def keys(self, bucket: str) -> list[str]:
        """Return the keys of all objects."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]

    def content(self, bucket: str) -> bytes:
        """Return every version of every object, one after the other."""
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=bucket)
        versions = [version for page in pages for version in page.get("Versions", ())]
        return b"\n".join(
            self.client.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"].read()
            for version in versions
        )

    def close(self) -> None:
        self.client.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        get_backend("s3").reset()

"""An environment of AWS that is this test's own: its keys, no files and no metadata service of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

KEY, SECRET = "AKIATESTTESTTEST0001", "a-secret-of-the-tests"


def isolate_aws(monkeypatch: pytest.MonkeyPatch, directory: Path) -> None:
    """Take away what the machine knows of AWS, and give the keys of the tests."""
    for name in (
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3VECTORS",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
        "AWS_BEARER_TOKEN_BEDROCK",
        "MNEMOSCOPE_EMBEDDER",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(directory / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(directory / "credentials"))

"""AWS clients and their failures: one way to connect, and one mapping of botocore's errors to our tree.

Credentials come from the standard chain only (environment, profile, SSO, role of the machine), never from a store URI.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from core.errors import MissingExtraError
from core.vectors.failures import BOTO_FAULTS, translated

__all__ = ["BOTO3_MIN", "SERVICE_FAULTS", "AwsOptions", "boto3_version", "connect", "require_boto3", "session", "translated"]

# The first version with paged QueryVectors, full-text and hybrid search.
BOTO3_MIN: Final = (1, 44, 5)
INSTALL_LINE: Final = "pip install 'boto3>=1.44.5'"
SERVICE_FAULTS: Final = BOTO_FAULTS
AGENT: Final = "mnemoscope/0.1.0"  # what AWS's own logs say of who asked


@dataclass(frozen=True)
class AwsOptions:
    """Where to connect to and as whom; None leaves it to the environment and the configuration files of AWS."""

    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None


def boto3_version() -> str:
    """Return the version of boto3 that is installed, or of botocore where that is the older one: they go together."""
    import boto3
    import botocore

    return min(str(boto3.__version__), str(botocore.__version__), key=_numbers)


def require_boto3(version: str | None = None) -> None:
    """Raise MissingExtraError if boto3 (the one installed, unless a version is given) is older than what we use of it."""
    found = boto3_version() if version is None else version
    if _numbers(found) < BOTO3_MIN:
        wanted = ".".join(map(str, BOTO3_MIN))
        raise MissingExtraError(
            f"boto3 {found} is too old for S3 Vectors as it is today ({wanted} or newer): {INSTALL_LINE}"
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def session(options: AwsOptions) -> Any:
    """Return the boto3 session of a profile and region; raise CredentialsError if there is no such profile."""
    import boto3

    try:
        return boto3.Session(region_name=options.region, profile_name=options.profile)
    except SERVICE_FAULTS as fault:
        raise translated(fault, service="AWS") from fault


def connect(
    service: str,
    options: AwsOptions,
    *,
    connections: int = 10,
    max_attempts: int = 6,
    connect_timeout: float = 5.0,
    read_timeout: float = 60.0,
    retry_mode: str = "adaptive",
    path_style: bool = False,
) -> Any:
    """Return a boto3 client whose retries and time-outs are bounded; `path_style` puts a bucket of S3 behind the host."""
    from botocore.config import Config

    config = Config(
        retries={"mode": retry_mode, "total_max_attempts": max_attempts},
        max_pool_connections=connections,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        user_agent_extra=AGENT,
        s3={"addressing_style": "path"} if path_style else None,
    )
    try:
        return session(options).client(service, endpoint_url=options.endpoint_url, config=config)
    except SERVICE_FAULTS as fault:
        raise translated(fault, service=service) from fault

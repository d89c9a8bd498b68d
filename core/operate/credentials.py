"""Which credentials AWS's own chain finds and how long they last; never a secret, and only the ends of a key id."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from core.errors import CredentialsError
from core.vectors.failures import BOTO_FAULTS, translated
from core.vectors.session import AwsOptions, session

__all__ = ["credentials_found", "masked"]

_SOURCES: Final = {
    "env": "the environment",
    "shared-credentials-file": "the credentials file",
    "config-file": "the configuration file",
    "assume-role": "a role that was assumed",
    "assume-role-with-web-identity": "a role that was assumed with a web identity",
    "sso": "AWS IAM Identity Center",
    "login": "aws login",
    "container-role": "the container's role",
    "iam-role": "the machine's role",
    "custom-process": "a program named in the configuration",
}


def credentials_found(options: AwsOptions, *, now: datetime) -> str:
    """Return where the credentials come from, as words; raise CredentialsError if there are none or they are over."""
    try:
        credentials = session(options).get_credentials()
        if credentials is None:
            raise CredentialsError(
                "No AWS credentials were found: run `aws configure` or `aws sso login`, set AWS_PROFILE, or set "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        key = credentials.get_frozen_credentials().access_key
    except BOTO_FAULTS as fault:
        raise translated(fault, service="AWS") from fault
    # botocore tells it of credentials that it renews, and of no others.
    until: datetime | None = getattr(credentials, "_expiry_time", None)
    if until is not None and until <= now:
        raise CredentialsError(
            f"The AWS credentials expired at {until:%Y-%m-%d %H:%M} UTC: renew them, as by `aws sso login`."
        )
    source = _SOURCES.get(credentials.method, credentials.method)
    lasts = f", until {until:%Y-%m-%d %H:%M} UTC" if until is not None else ""
    return f"key {masked(key)} from {source}{lasts}"


def masked(key: str) -> str:
    """Return an access key id by its ends."""
    return f"{key[:4]}…{key[-4:]}" if len(key) >= 12 else f"{key[:2]}…"

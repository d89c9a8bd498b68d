"""The encryption that a bucket or an index is asked to have: kept and shown, and left to the disk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from core.errors import ValidationError
from core.vectors import limits
from core.vectors.validation import check_choice, check_length, check_object, check_text, constraint

__all__ = ["DEFAULT", "encryption_of"]

DEFAULT: Final[Mapping[str, Any]] = {"sseType": "AES256"}  # of a bucket that was asked none of
_KMS_KEY: Final = re.compile(r"arn:aws[-a-z0-9]*:kms:[-a-z0-9]*:[0-9]{12}:key/.+")


def encryption_of(arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the encryption as asked, None if it was not; raise unless a key is given with aws:kms, and only then."""
    if arguments.get("encryptionConfiguration") is None:
        return None
    path = "/encryptionConfiguration"
    asked = check_object(path, arguments["encryptionConfiguration"])
    kind, key = asked.get("sseType"), asked.get("kmsKeyArn")
    kind = check_choice(f"{path}/sseType", "AES256" if kind is None else kind, ("AES256", "aws:kms"))
    if (key is None) == (kind == "AES256"):
        return {"sseType": kind} | ({} if key is None else {"kmsKeyArn": _kms_key(f"{path}/kmsKeyArn", key)})
    message = (
        "kmsKeyArn must be specified when sseType is set to aws:kms"
        if key is None
        else "kmsKeyArn must not be specified when sseType is AES256."
    )
    raise ValidationError(message, field_list=[("EncryptionConfiguration", message)])


def _kms_key(path: str, key: object) -> str:
    arn = check_text(path, key)
    check_length(path, arn, 1, limits.KMS_KEY_ARN_CHARS_MAX)
    if not _KMS_KEY.fullmatch(arn):
        raise constraint(path, "", f"Member must satisfy regular expression pattern: {_KMS_KEY.pattern}")
    return arn

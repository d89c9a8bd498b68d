"""Every error that Mnemoscope raises on purpose.

::

    MnemoscopeError
    ├── ServiceError            the vector service refused or failed (code, status, field_list)
    │   ├── ValidationError         400  ValidationException
    │   ├── AccessDeniedError       403  AccessDeniedException
    │   ├── NotFoundError           404  NotFoundException
    │   ├── RequestTimeoutError     408  RequestTimeoutException
    │   ├── ConflictError           409  ConflictException
    │   ├── QuotaExceededError      402  ServiceQuotaExceededException
    │   ├── TooManyRequestsError    429  TooManyRequestsException
    │   ├── InternalError           500  InternalServerException
    │   ├── UnavailableError        503  ServiceUnavailableException
    │   └── KmsError                400  KmsDisabled-, KmsInvalidKeyUsage-, KmsInvalidState-, KmsNotFoundException
    ├── StorageError            the directory of a local store cannot be used as asked
    │   ├── StorageReadOnlyError    no permission to write
    │   ├── StorageFullError        no space left
    │   ├── StorageVersionError     written by a newer Mnemoscope
    │   ├── StorageCorruptError     a file is damaged or not ours
    │   └── StorageLocationError    not a directory, or on a network file system
    ├── CredentialsError        there are no credentials for AWS, or they are unusable
    ├── UnreachableError        the service did not answer: no network, a wrong address, a time-out
    ├── CancelledError          a person stopped it
    ├── NotAllowedError         the actor's role or tenants do not allow it
    ├── ClaimLostError          an agent does not hold the subtask that it speaks of, or not any more
    ├── InvalidMemoryError      a memory that no index could hold
    │   └── GuardError              the guard of its index refuses it
    ├── EmbedderMismatchError   the index was written with another embedder
    ├── ModelError              a model's files are missing, altered or unusable
    ├── ConfigError             a setting, URI or argument that makes no sense
    │   └── MissingExtraError       an optional part is not installed
    ├── FileReadError           a file to import cannot be read at all
    └── CurationError           the curation machine refused or could not go on
        ├── StalePlanError          what a plan is about to change is not what it saw
        ├── RegressionError         its pre-flight found answers that would be lost
        ├── ConfirmationError       it needs a typed confirmation, or a second person
        ├── BusyError               another plan is being applied to the index
        ├── ChangedMeanwhileError   a plan, golden query or rule was saved by somebody else in between
        └── JournalError            the journal is damaged, or not the one that it was

A message says what happened, which value, and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

__all__ = [
    "AccessDeniedError",
    "BusyError",
    "CancelledError",
    "ChangedMeanwhileError",
    "ClaimLostError",
    "ConfigError",
    "ConfirmationError",
    "ConflictError",
    "CredentialsError",
    "CurationError",
    "EmbedderMismatchError",
    "FileReadError",
    "GuardError",
    "InternalError",
    "InvalidMemoryError",
    "JournalError",
    "KmsError",
    "MissingExtraError",
    "MnemoscopeError",
    "ModelError",
    "NotAllowedError",
    "NotFoundError",
    "QuotaExceededError",
    "RegressionError",
    "RequestTimeoutError",
    "ServiceError",
    "StalePlanError",
    "StorageCorruptError",
    "StorageError",
    "StorageFullError",
    "StorageLocationError",
    "StorageReadOnlyError",
    "StorageVersionError",
    "TooManyRequestsError",
    "UnavailableError",
    "UnreachableError",
    "ValidationError",
    "service_error",
]


class MnemoscopeError(Exception):
    """Base of every error raised on purpose; pages and the command line catch only this."""


class ServiceError(MnemoscopeError):
    """An error that the vector service reports, local or remote."""

    code: ClassVar[str] = "InternalServerException"
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, field_list: Sequence[tuple[str, str]] = (), code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field_list = tuple(field_list)
        self.service_code = code or self.code


class ValidationError(ServiceError):
    """The request is not valid."""

    code, status = "ValidationException", 400


class AccessDeniedError(ServiceError):
    """The credentials do not allow the operation."""

    code, status = "AccessDeniedException", 403


class NotFoundError(ServiceError):
    """The bucket, index or resource does not exist."""

    code, status = "NotFoundException", 404


class RequestTimeoutError(ServiceError):
    """The request took too long."""

    code, status = "RequestTimeoutException", 408


class ConflictError(ServiceError):
    """The request conflicts with what exists."""

    code, status = "ConflictException", 409


class QuotaExceededError(ServiceError):
    """A quota of the service is used up."""

    code, status = "ServiceQuotaExceededException", 402


class TooManyRequestsError(ServiceError):
    """The request rate is over the limit."""

    code, status = "TooManyRequestsException", 429


class InternalError(ServiceError):
    """The service failed."""

    code, status = "InternalServerException", 500


class UnavailableError(ServiceError):
    """The service cannot answer now."""

    code, status = "ServiceUnavailableException", 503


class KmsError(ServiceError):
    """The encryption key cannot be used."""

    code, status = "KmsInvalidStateException", 400


class StorageError(MnemoscopeError):
    """The directory of a local store cannot be used as asked."""


class StorageReadOnlyError(StorageError):
    """No permission to write in the directory of a local store."""


class StorageFullError(StorageError):
    """No space is left where a local store lives."""


class StorageVersionError(StorageError):
    """A file of a local store was written by a newer Mnemoscope."""


class StorageCorruptError(StorageError):
    """A file of a local store is damaged or is not a store's."""


class StorageLocationError(StorageError):
    """A path that cannot hold a local store."""


class CredentialsError(MnemoscopeError):
    """There are no credentials for AWS, or they are expired, partial or unknown to it."""


class UnreachableError(MnemoscopeError):
    """The service did not answer: no network, a wrong address, or a time-out after every retry."""


class CancelledError(MnemoscopeError):
    """A person stopped what was running; what was done until then stays."""


class NotAllowedError(MnemoscopeError):
    """The actor's role or tenants do not allow the operation."""


class ClaimLostError(MnemoscopeError):
    """An agent does not hold the subtask that it speaks of, or not any more: it must not go on with it."""


class InvalidMemoryError(MnemoscopeError):
    """A memory that no index could hold."""


class GuardError(InvalidMemoryError):
    """The guard of an index refuses a memory; `findings` says why (core.guard.Findings). Nothing of its text is told."""

    def __init__(self, message: str, *, findings: object = None) -> None:
        super().__init__(message)
        self.findings = findings


class EmbedderMismatchError(MnemoscopeError):
    """The index was written with another embedder than the one in use."""


class ModelError(MnemoscopeError):
    """A model's files are missing, altered or unusable."""


class ConfigError(MnemoscopeError):
    """A setting, URI or argument that makes no sense."""


class MissingExtraError(ConfigError):
    """An optional part is not installed; the message has the install line."""


class FileReadError(MnemoscopeError):
    """A file to import cannot be read at all."""


class CurationError(MnemoscopeError):
    """The curation machine refused a plan or could not go on with it."""


class StalePlanError(CurationError):
    """What a plan is about to change is not what it saw; `keys` are those that differ, each with what happened to it."""

    def __init__(self, message: str, *, keys: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.keys: Mapping[str, str] = keys or {}


class RegressionError(CurationError):
    """The pre-flight found answers that would be lost; `report` is the whole of it (core.curation.preflight.Preflight)."""

    def __init__(self, message: str, *, report: object = None) -> None:
        super().__init__(message)
        self.report = report


class ConfirmationError(CurationError):
    """It needs a typed confirmation, or the approval of a second person."""


class BusyError(CurationError):
    """Another plan is being applied to the index."""


class ChangedMeanwhileError(CurationError):
    """A plan, golden query or rule was saved by somebody else in between."""


class JournalError(CurationError):
    """The journal is damaged, or not the one that it was; `number` is that of the entry, if it is one."""

    def __init__(self, message: str, *, number: int | None = None) -> None:
        super().__init__(message)
        self.number = number


_KMS_CODES = ("KmsDisabledException", "KmsInvalidKeyUsageException", "KmsInvalidStateException", "KmsNotFoundException")
_BY_CODE: dict[str, type[ServiceError]] = {cls.code: cls for cls in ServiceError.__subclasses__()}
_BY_CODE |= dict.fromkeys(_KMS_CODES, KmsError)


def service_error(code: str, message: str, *, field_list: Sequence[tuple[str, str]] = ()) -> ServiceError:
    """Return the error for a code of the service; an unknown code becomes the base ServiceError."""
    return _BY_CODE.get(code, ServiceError)(message, field_list=field_list, code=code)

"""What boto3 raises, as errors of our tree: one table for the exceptions of botocore, one for the codes of AWS.

A code of the service's own model is a class of its own (core/errors.py); what its front ends and proxies say is here.
"""

from __future__ import annotations

import re
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from core.errors import (
    AccessDeniedError,
    ConfigError,
    CredentialsError,
    InternalError,
    MissingExtraError,
    MnemoscopeError,
    ServiceError,
    TooManyRequestsError,
    UnreachableError,
    ValidationError,
    service_error,
)

__all__ = ["BOTO_FAULTS", "kind_of", "translated"]

# What a call of boto3 raises on its own account; a ValueError is an endpoint URL that makes no sense, or no UTF-8.
BOTO_FAULTS: Final = (BotoCoreError, ClientError, ResponseParserError, ValueError)
_HOW: Final = "run `aws configure` or `aws sso login`, set AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
_CLOCK: Final = "set this machine's clock: the service compares it with its own."
_REGION: Final = "name one, as in s3vectors://BUCKET?region=us-east-1, or set AWS_REGION."

# By name, for older and newer botocores lack some; a class that is not here counts as its nearest ancestor that is.
_KINDS: Final[dict[str, type[MnemoscopeError]]] = (
    dict.fromkeys(
        (
            "CredentialRetrievalError",
            "InfiniteLoopConfigError",
            "LoginError",
            "MetadataRetrievalError",
            "NoAuthTokenError",
            "NoCredentialsError",
            "PartialCredentialsError",
            "ProfileNotFound",
            "RefreshWithMFAUnsupportedError",
            "SSOError",
            "TokenRetrievalError",
            "UnknownCredentialError",
            "UnknownTokenProviderError",
        ),
        CredentialsError,
    )
    | dict.fromkeys(
        (
            "AwsChunkedWrapperError",
            "ChecksumError",
            "ConnectionError",
            "FlexibleChecksumError",
            "HTTPClientError",
            "IncompleteReadError",
        ),
        UnreachableError,
    )
    | dict.fromkeys(("MissingParametersError", "ParamValidationError", "UnicodeError", "ValidationError"), ValidationError)
    | dict.fromkeys(
        (
            "ApiVersionNotFoundError",
            "BaseEndpointResolverError",
            "ConfigNotFound",
            "ConfigParseError",
            "DataNotFoundError",
            "EndpointProviderError",
            "InvalidChecksumConfigError",
            "InvalidConfigError",
            "InvalidDefaultsMode",
            "InvalidEndpointConfigurationError",
            "InvalidEndpointDiscoveryConfigurationError",
            "InvalidHostLabelError",
            "InvalidIMDSEndpointError",
            "InvalidIMDSEndpointModeError",
            "InvalidProxiesConfigError",
            "InvalidRegionError",
            "InvalidRetryConfigurationError",
            "InvalidSTSRegionalEndpointsConfigError",
            "MD5UnavailableError",
            "ServiceNotInRegionError",
            "UnknownRegionError",
            "UnknownServiceStyle",
            "UnknownSignatureVersionError",
            "UnsupportedServiceProtocolsError",
            "UnsupportedSignatureVersionError",
            "ValueError",
        ),
        ConfigError,
    )
    | {
        "CapacityNotAvailableError": TooManyRequestsError,
        "ClientError": ServiceError,
        "MissingDependencyException": MissingExtraError,
        "ResponseParserError": InternalError,
    }
)

# Codes with which AWS says that it does not know who asks; its front ends differ in the names.
_NOT_KNOWN: Final = frozenset(
    """AuthFailure ExpiredToken ExpiredTokenException IncompleteSignature IncompleteSignatureException InvalidAccessKeyId
    InvalidClientTokenId InvalidSignature InvalidSignatureException InvalidToken MissingAuthenticationToken
    MissingAuthenticationTokenException NotSignedUp OptInRequired RequestExpired RequestInTheFuture RequestTimeTooSkewed
    SignatureDoesNotMatch
    TokenRefreshRequired UnrecognizedClient UnrecognizedClientException""".split()
)
# Those of them, and words of the others, that come from a clock that is wrong.
_SKEWED: Final = frozenset({"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"})
_SKEWED_WORDS: Final = ("signature expired", "signature not yet current", "clock")
_ACCOUNT: Final = re.compile(r"(arn:[\w-]*:[\w-]*:[\w-]*:)\d{12}(?=:)")
_THROTTLED: Final = frozenset(
    """BandwidthLimitExceeded EC2ThrottledException LimitExceededException ProvisionedThroughputExceededException
    RequestLimitExceeded RequestThrottled RequestThrottledException SlowDown Throttling ThrottlingException
    ThrottledException TooManyRequests TransactionInProgressException""".split()
)
# What load balancers and proxies say with a status and no code, and AWS's other names for the codes of the model.
_ALIASES: Final = (
    dict.fromkeys(_THROTTLED | {"429"}, "TooManyRequestsException")
    | dict.fromkeys(("AccessDenied", "UnauthorizedAccess", "401", "403"), "AccessDeniedException")
    | dict.fromkeys(("RequestTimeout", "PriorRequestNotComplete", "408"), "RequestTimeoutException")
    | dict.fromkeys(("InternalError", "InternalFailure", "InternalServerError", "500"), "InternalServerException")
    | dict.fromkeys(("ServiceUnavailable", "502", "503", "504"), "ServiceUnavailableException")
    | dict.fromkeys(("SerializationException", "ValidationError", "400", "413"), "ValidationException")
)


def kind_of(fault: type[BaseException]) -> type[MnemoscopeError] | None:
    """Return the error that stands for an exception of botocore; None where the table has neither it nor an ancestor."""
    return next((_KINDS[base.__name__] for base in fault.__mro__ if base.__name__ in _KINDS), None)


def translated(fault: Exception, *, service: str, operation: str = "") -> MnemoscopeError:
    """Return our error for what boto3 raised; `service` is its name in the message, with the endpoint if that is known."""
    if isinstance(fault, ClientError):
        return _refused(fault, service, operation)
    kind, said = kind_of(type(fault)) or ConfigError, _said(fault)
    if type(fault).__name__ == "ProfileNotFound":
        return CredentialsError(f"{said}: name one of those that `aws configure list-profiles` shows.")
    if kind is CredentialsError:
        return CredentialsError(f"No usable AWS credentials for {service} ({said}): {_HOW}")
    if type(fault).__name__ == "NoRegionError":
        return ConfigError(f"No region for {service}: {_REGION}")
    if kind is UnreachableError:
        return UnreachableError(f"{service} did not answer ({said}): check the network, the region and the endpoint.")
    if kind is InternalError:
        return InternalError(f"What answered is not {service} ({said}): check the endpoint.")
    if issubclass(kind, (ServiceError, MissingExtraError)):
        return kind(said)
    return ConfigError(f"AWS is not set up for {service}: {said}. Check region, endpoint and profile.")


def _refused(fault: ClientError, service: str, operation: str) -> MnemoscopeError:
    told: dict[str, Any] = fault.response.get("Error", {})
    status = str(fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
    code, message = str(told.get("Code", "")), str(told.get("Message") or _said(fault))
    if code in _NOT_KNOWN:
        skewed = code in _SKEWED or any(words in message.lower() for words in _SKEWED_WORDS)
        what = "refused the time of the request" if skewed else "does not accept these credentials"
        return CredentialsError(f"{service} {what} ({code}: {_masked(message)}): {_CLOCK if skewed else _HOW}")
    fields = [(str(field.get("path", "")), str(field.get("message", ""))) for field in fault.response.get("fieldList") or ()]
    error = service_error(_ALIASES.get(code, code), message, field_list=fields)
    if type(error) is ServiceError or code.isdecimal():
        # A load balancer or proxy, or a code that nobody announced: what its status says, in general terms.
        asked = operation or "a request"
        message = f"{service} answered HTTP {status or code} to {asked}: check the endpoint. ({_clipped(message)})"
        error = service_error(_ALIASES.get(status, code), message, field_list=fields)
    return _named(error, operation)


def _named(error: ServiceError, operation: str) -> ServiceError:
    """Return the error; one about missing rights names the right, which AWS says only sometimes, and no account."""
    if not isinstance(error, AccessDeniedError):
        return error
    needs = f" (needs the right {operation})" if operation and operation not in error.message else ""
    return AccessDeniedError(_masked(error.message) + needs, field_list=error.field_list)


def _masked(message: str) -> str:
    """Return the message with a star for the account in each ARN: a page shows it to people whose account it is not."""
    return _ACCOUNT.sub(r"\1*", message)


def _clipped(text: str, most: int = 200) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[:most] + "…"


def _said(fault: Exception) -> str:
    return " ".join(str(fault).split()).rstrip(".")

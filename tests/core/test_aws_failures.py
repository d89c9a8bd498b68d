"""Every error of the service's model and every exception of botocore has its place in our tree."""

from __future__ import annotations

import inspect
from typing import Any

import botocore.exceptions
import pytest
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import ResponseParserError

from core.errors import (
    AccessDeniedError,
    ConfigError,
    CredentialsError,
    InternalError,
    KmsError,
    MnemoscopeError,
    NotFoundError,
    QuotaExceededError,
    RequestTimeoutError,
    ServiceError,
    TooManyRequestsError,
    UnavailableError,
    UnreachableError,
    ValidationError,
)
from core.vectors.failures import kind_of, translated

# Exceptions of botocore that a call of S3 Vectors cannot raise: other services, its own stubber, waiters and paginators.
ELSEWHERE = {
    "BotoCoreError",
    "EventStreamError",
    "InvalidDNSNameError",
    "InvalidExpressionError",
    "InvalidS3AddressingStyleError",
    "InvalidS3UsEast1RegionalEndpointConfigError",
    "MissingServiceIdError",
    "OperationNotPageableError",
    "PaginationError",
    "StubAssertionError",
    "StubResponseError",
    "UnStubbedResponseError",
    "UndefinedModelAttributeError",
    "UnknownClientMethodError",
    "UnseekableStreamError",
    "UnsupportedOutpostResourceError",
    "UnsupportedS3AccesspointConfigurationError",
    "UnsupportedS3ArnError",
    "UnsupportedS3ConfigurationError",
    "UnsupportedS3ControlArnError",
    "UnsupportedS3ControlConfigurationError",
    "WaiterConfigError",
    "WaiterError",
}
EXCEPTIONS = [
    thing
    for name, thing in vars(botocore.exceptions).items()
    if inspect.isclass(thing) and issubclass(thing, Exception) and not issubclass(thing, Warning) and name not in ELSEWHERE
]
MODEL = ServiceModel(Loader().load_service_model("s3vectors", "service-2"))


@pytest.mark.parametrize("exception", [*EXCEPTIONS, ResponseParserError], ids=lambda exception: exception.__name__)
def test_every_exception_of_botocore_has_a_kind(exception: type[Exception]) -> None:
    kind = kind_of(exception)
    assert kind is not None, f"core/vectors/failures.py does not know {exception.__name__}"
    assert issubclass(kind, MnemoscopeError)


@pytest.mark.parametrize("shape", MODEL.error_shapes, ids=lambda shape: shape.name)
def test_every_error_of_the_model_is_a_class_with_its_status(shape: Any) -> None:
    error = refused(shape.name, "said", status=shape.metadata.get("error", {}).get("httpStatusCode", 400))
    assert type(error) is not ServiceError, f"core/errors.py does not know {shape.name}"
    assert isinstance(error, ServiceError)
    assert error.service_code == shape.name
    assert error.status == shape.metadata.get("error", {}).get("httpStatusCode", 400)
    assert str(error).startswith("said")


def refused(code: str, message: str = "", *, status: int = 400, **more: Any) -> MnemoscopeError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return translated(ClientError(response, "ListIndexes"), service="S3 Vectors", operation="s3vectors:ListIndexes")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ExpiredToken", 403, CredentialsError),
        ("ExpiredTokenException", 400, CredentialsError),
        ("UnrecognizedClientException", 403, CredentialsError),
        ("InvalidSignatureException", 403, CredentialsError),
        ("SignatureDoesNotMatch", 403, CredentialsError),
        ("InvalidClientTokenId", 403, CredentialsError),
        ("MissingAuthenticationTokenException", 403, CredentialsError),
        ("RequestTimeTooSkewed", 403, CredentialsError),
        ("AccessDenied", 403, AccessDeniedError),
        ("403", 403, AccessDeniedError),
        ("ThrottlingException", 400, TooManyRequestsError),
        ("SlowDown", 503, TooManyRequestsError),
        ("429", 429, TooManyRequestsError),
        ("502", 502, UnavailableError),
        ("504", 504, UnavailableError),
        ("500", 500, InternalError),
        ("RequestTimeout", 400, RequestTimeoutError),
        ("SerializationException", 400, ValidationError),
        ("KmsNotFoundException", 400, KmsError),
        ("ServiceQuotaExceededException", 402, QuotaExceededError),
        ("NotFoundException", 404, NotFoundError),
        ("404", 404, ServiceError),
        ("UnknownOperationException", 404, ServiceError),
        ("SomethingNewException", 503, UnavailableError),
    ],
)
def test_codes_of_front_ends_and_proxies(code: str, status: int, kind: type[MnemoscopeError]) -> None:
    assert type(refused(code, "said", status=status)) is kind


def test_fields_are_kept_and_a_missing_right_is_named() -> None:
    error = refused("ValidationException", "wrong", fieldList=[{"path": "/a", "message": "bad"}])
    assert isinstance(error, ValidationError)
    assert (error.field_list, error.message) == ((("/a", "bad"),), "wrong")
    assert str(refused("AccessDeniedException", "No", status=403)) == "No (needs the right s3vectors:ListIndexes)"
    aws = "User: arn:aws:iam::1:user/a is not authorized to perform: s3vectors:ListIndexes on resource: x"
    assert str(refused("AccessDeniedException", aws, status=403)) == aws
    assert "HTTP 404 to s3vectors:ListIndexes" in str(refused("404", "<html>" + "x" * 999, status=404))
    assert len(str(refused("404", "x" * 9_999, status=404))) < 400


@pytest.mark.parametrize(
    ("exception", "kind", "said"),
    [
        pytest.param(botocore.exceptions.NoCredentialsError(), CredentialsError, "aws configure", id="none"),
        pytest.param(
            botocore.exceptions.PartialCredentialsError(provider="env", cred_var="x"),
            CredentialsError,
            "missing: x",
            id="partial",
        ),
        pytest.param(botocore.exceptions.ProfileNotFound(profile="nobody"), CredentialsError, "nobody", id="profile"),
        pytest.param(botocore.exceptions.UnauthorizedSSOTokenError(), CredentialsError, "aws sso login", id="sso"),
        pytest.param(botocore.exceptions.NoRegionError(), ConfigError, "region=us-east-1", id="region"),
        pytest.param(
            botocore.exceptions.EndpointConnectionError(endpoint_url="http://x"),
            UnreachableError,
            "http://x",
            id="connection",
        ),
        pytest.param(
            botocore.exceptions.SSLError(endpoint_url="https://x", error="bad"), UnreachableError, "https://x", id="ssl"
        ),
        pytest.param(
            botocore.exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2), UnreachableError, "1 read", id="short"
        ),
        pytest.param(botocore.exceptions.ParamValidationError(report="x"), ValidationError, "x", id="parameters"),
        pytest.param(ResponseParserError("x"), InternalError, "What answered is not", id="parser"),
        pytest.param(ValueError("Invalid endpoint: x"), ConfigError, "Invalid endpoint: x", id="endpoint"),
    ],
)
def test_what_boto3_raises_itself(exception: Exception, kind: type[MnemoscopeError], said: str) -> None:
    error = translated(exception, service="S3 Vectors")
    assert type(error) is kind
    assert said in str(error)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
        ("InvalidSignatureException", "Signature expired: 20261101T000000Z is now earlier than 20261101T001000Z"),
        ("InvalidSignatureException", "Signature not yet current: 20261101T001000Z is still later than 20261101T000000Z"),
        ("RequestInTheFuture", "Date in the future"),
    ],
)
def test_a_clock_that_is_wrong_is_named(code: str, message: str) -> None:
    error = refused(code, message, status=403)
    assert isinstance(error, CredentialsError)
    assert str(error).endswith("set this machine's clock: the service compares it with its own.")
    assert "aws configure" not in str(error)


def test_no_account_is_told() -> None:
    said = (
        "User: arn:aws:sts::123456789012:assumed-role/Reader/ada is not authorized to perform: s3vectors:ListIndexes on "
        "resource: arn:aws:s3vectors:us-east-1:123456789012:bucket/memories"
    )
    for code in ("AccessDeniedException", "AccessDenied", "UnrecognizedClientException"):
        told = str(refused(code, said, status=403))
        assert "123456789012" not in told
        assert "arn:aws:sts::*:assumed-role/Reader/ada" in told
        assert "arn:aws:s3vectors:us-east-1:*:bucket/memories" in told

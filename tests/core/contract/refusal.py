"""What a refusal must look like, whoever the client is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from core.errors import ServiceError, ValidationError, service_error

BUCKET_MISSING = "The specified vector bucket could not be found"
INDEX_MISSING = "The specified index could not be found"
INVALID_FILTER = "Invalid filter"
NON_FILTERABLE = "Invalid use of non-filterable metadata in filter"
INVALID_QUERY_VECTOR = "Query vector contains invalid values or is invalid for this index"


@contextmanager
def refused(error: type[ServiceError] = ValidationError, message: str | None = None) -> Iterator[None]:
    """Expect the block to be refused with this error and a message that contains `message`.

    boto3 refuses some requests before it sends them, in words of its own: those count as ValidationError.
    """
    try:
        yield
    except ServiceError as failure:
        if isinstance(failure.__cause__, ParamValidationError):
            assert issubclass(error, ValidationError)
            return
        found = failure
    except ClientError as failure:
        if failure.response["Error"]["Code"] == "SerializationException":  # boto3 sends NaN and such as no JSON has them
            assert issubclass(error, ValidationError)
            return
        found = service_error(failure.response["Error"]["Code"], failure.response["Error"]["Message"])
    except ParamValidationError:
        assert issubclass(error, ValidationError)
        return
    else:
        pytest.fail(f"not refused; expected {error.__name__}: {message}")
    assert type(found) is error, found
    assert (found.service_code, found.status) == (error.code, error.status)
    assert message is None or message in str(found)


def constraint(path: str, value: str, rule: str) -> str:
    """Return the service's words for a broken constraint."""
    where = f"{value} at" if value else "at"
    return f"1 validation error detected. Value {where} '{path}' failed to satisfy constraint: Member must {rule}"


def length(path: str, found: int, low: int, high: int) -> str:
    """Return the service's words for a wrong length."""
    return constraint(path, f"with length {found}", f"have length between {low} and {high}, inclusive")

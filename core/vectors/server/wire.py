"""The wire format of S3 Vectors, rest-json: requests to operations and their arguments, answers to bytes.

Paths, methods and members are read from botocore's model of the service. Members that an operation does not have are passed
over, as AWS does, and a member that is null counts as not given. Of equal keys in one JSON object the last counts.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import unquote_to_bytes

import orjson
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from core.errors import NotFoundError, ServiceError, ValidationError

__all__ = ["Answer", "MethodNotAllowedError", "Operation", "Route", "arguments_of", "encode", "refuse", "route"]

_JSON: Final = (b"content-type", b"application/json")
_MESSAGE_CHARS: Final = 2_000  # an error that quotes a value must not send all of it back


class MethodNotAllowedError(ServiceError):
    """The path is known, but not with this method; `allow` has those that are."""

    code: ClassVar[str] = "MethodNotAllowedException"
    status: ClassVar[int] = 405

    def __init__(self, method: str, allow: str) -> None:
        super().__init__(f"The method {method[:20]} is not allowed here: use {allow}.")
        self.allow = allow


@dataclass(frozen=True)
class Operation:
    """An operation: its method on the client, and where its members are in a request."""

    name: str
    call: str
    members: frozenset[str]
    label: str | None = None  # the member in the path
    listed: frozenset[str] = frozenset()  # the members in the query, each a list


@dataclass(frozen=True)
class Route:
    """The operation that a request asks for, and the part of the path that is its argument."""

    operation: Operation
    argument: str | None = None


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    error: str | None = None


@functools.cache
def _routes() -> dict[str, dict[str, Operation]]:
    """Return the operations by path (with its argument cut off) and method."""
    model = ServiceModel(Loader().load_service_model("s3vectors", "service-2"))
    found: dict[str, dict[str, Operation]] = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        path = operation.http["requestUri"].partition("{")[0]
        found.setdefault(path, {})[operation.http["method"]] = _operation(operation)
    return found


def _operation(model: OperationModel) -> Operation:
    members = model.input_shape.members
    where = {name: shape.serialization.get("location") for name, shape in members.items()}
    labels = [name for name, place in where.items() if place == "uri"]
    return Operation(
        name=model.name,
        call=xform_name(model.name),
        members=frozenset(name for name, place in where.items() if place is None),
        label=labels[0] if labels else None,
        listed=frozenset(name for name, place in where.items() if place == "querystring"),
    )


def route(method: str, path: bytes) -> Route:
    """Return what a request asks for, from its path as it was sent; NotFoundError or MethodNotAllowedError if nothing."""
    text = path.decode("latin-1")
    start, slash, rest = text[1:].partition("/")
    labelled = f"/{start}/" if slash and rest else None
    plain = not slash or not {"", ".", ".."} & set(rest.split("/"))  # what a signature covers has none of these
    by_method = _routes().get(labelled or text) if plain else None
    if by_method is None:
        raise NotFoundError(
            "There is no such operation: S3 Vectors takes POST /OperationName and /tags/{resourceArn}.",
            code="UnknownOperationException",
        )
    operation = by_method.get(method)
    if operation is None:
        raise MethodNotAllowedError(method, ", ".join(sorted(by_method)))
    return Route(operation, _text(rest.encode("latin-1")) if labelled else None)


def arguments_of(found: Route, query: bytes, body: bytes | bytearray) -> dict[str, Any]:
    """Return the operation's arguments, or raise ValidationError for what is no JSON object."""
    operation = found.operation
    arguments: dict[str, Any] = {}
    if operation.members and body:
        document = _parsed(body)
        arguments = {name: value for name, value in document.items() if name in operation.members and value is not None}
    if operation.label is not None:
        arguments[operation.label] = found.argument
    for pair in query.split(b"&"):
        name, equals, value = pair.partition(b"=")
        key = _text(name)
        if equals and key in operation.listed:
            arguments.setdefault(key, []).append(_text(value))
    return arguments


def _parsed(body: bytes | bytearray) -> Mapping[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise unserializable(f"The body is not valid JSON in UTF-8 ({error.msg}).") from None
    if not isinstance(document, dict):
        raise unserializable("The body must be a JSON object.")
    return document


def unserializable(message: str) -> ValidationError:
    """Return the error for a body that cannot be read as what it should be."""
    return ValidationError(message, code="SerializationException")


def _text(encoded: bytes) -> str:
    try:
        return unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        raise unserializable("The path and the query must be UTF-8 once percent-decoded.") from None


def encode(response: Mapping[str, Any], *headers: tuple[bytes, bytes]) -> Answer:
    """Return the answer of an operation that went well; times become seconds since 1970, to the millisecond."""
    body = orjson.dumps(response, default=_default, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_SERIALIZE_NUMPY)
    return Answer(200, body, (_JSON, *headers))


def _default(value: object) -> float:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def refuse(error: ServiceError) -> Answer:
    """Return the answer that says what went wrong."""
    document: dict[str, Any] = {"message": _short(error.message)}
    if error.field_list:
        document["fieldList"] = [{"path": _short(path), "message": _short(text)} for path, text in error.field_list]
    headers = [_JSON, (b"x-amzn-errortype", error.service_code.encode())]
    if isinstance(error, MethodNotAllowedError):
        headers.append((b"allow", error.allow.encode()))
    return Answer(error.status, orjson.dumps(document), tuple(headers), error.service_code)


def _short(text: str) -> str:
    return text if len(text) <= _MESSAGE_CHARS else text[:_MESSAGE_CHARS] + "…"

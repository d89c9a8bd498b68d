"""boto3's own description of the service, used to judge what a client takes and gives."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.validate import ParamValidator

_MARKS = "_.:/=+-@"


@functools.cache
def service() -> ServiceModel:
    """Return the model of s3vectors."""
    return ServiceModel(Loader().load_service_model("s3vectors", "service-2"))


@functools.cache
def operations() -> dict[str, OperationModel]:
    """Return the operations by the name of their method."""
    return {xform_name(name): service().operation_model(name) for name in service().operation_names}


def faults_of_response(method: str, response: Any) -> list[str]:
    """Return what in a response its model does not allow."""
    kept = {key: value for key, value in response.items() if key != "ResponseMetadata"}
    shape = operations()[method].output_shape
    return faults(shape, kept, method) if shape is not None else ([f"{method}: answers something"] if kept else [])


def faults_of_request(method: str, arguments: Mapping[str, Any]) -> list[str]:
    """Return what boto3 itself would refuse to send."""
    report = ParamValidator().validate(dict(arguments), operations()[method].input_shape)
    return report.generate_report().splitlines() if report.has_errors() else []


def faults(shape: Shape, value: Any, path: str) -> list[str]:
    """Return where a value departs from its shape: type, members, required, range, pattern, enum."""
    if getattr(shape, "is_document_type", False):
        return [] if isinstance(value, Mapping) else [f"{path}: {value!r} is no document"]
    kind = _KINDS[shape.type_name]
    if not isinstance(value, kind) or (isinstance(value, bool) and bool not in kind):
        return [f"{path}: {value!r} is no {shape.type_name}"]
    found = _range_faults(shape, value, path)
    if shape.type_name == "structure":
        found += [f"{path}.{name}: missing" for name in shape.required_members if name not in value]
        found += [f"{path}.{name}: unknown" for name in value if name not in shape.members]
        for name in value.keys() & shape.members.keys():
            found += faults(shape.members[name], value[name], f"{path}.{name}")
    elif shape.type_name == "list":
        for place, item in enumerate(value):
            found += faults(shape.member, item, f"{path}[{place}]")
    elif shape.type_name == "map":
        for key, item in value.items():
            found += faults(shape.key, key, f"{path} key") + faults(shape.value, item, f"{path}.{key}")
    return found


_KINDS: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "list": (list,),
    "map": (dict,),
    "string": (str,),
    "integer": (int,),
    "float": (int, float),
    "boolean": (bool,),
    "timestamp": (datetime,),
}


def _range_faults(shape: Shape, value: Any, path: str) -> list[str]:
    size = len(value) if isinstance(value, (str, list, dict)) else value
    found = []
    if "min" in shape.metadata and size < shape.metadata["min"]:
        found.append(f"{path}: {size} is below {shape.metadata['min']}")
    if "max" in shape.metadata and size > shape.metadata["max"]:
        found.append(f"{path}: {size} is above {shape.metadata['max']}")
    if shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            found.append(f"{path}: {value!r} is none of {shape.enum}")
        if "pattern" in shape.metadata and not _matches(shape.metadata["pattern"], value):
            found.append(f"{path}: {value!r} does not match {shape.metadata['pattern']}")
    return found


def _matches(pattern: str, value: str) -> bool:
    if r"\p{L}" in pattern:  # the one such pattern of the model: tags; Python's re has no \p
        return all(unicodedata.category(char)[0] in "LZN" or char in _MARKS for char in value)
    return re.fullmatch(pattern, value) is not None


class Checked:
    """A client whose every answer, and every request that it accepts, is held against boto3's model."""

    def __init__(self, client: Any) -> None:
        self.raw = client

    def __getattr__(self, method: str) -> Any:
        call = getattr(self.raw, method)
        if method not in operations():
            return call

        def checked(**arguments: Any) -> Any:
            response = call(**arguments)
            assert faults_of_request(method, arguments) == []
            assert faults_of_response(method, response) == []
            return response

        return checked

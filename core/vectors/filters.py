"""Metadata filters of QueryVectors: parsed and validated once, then evaluated by whoever holds the metadata.

Semantics (see ARCHITECTURE.md, "Filters"): types never coerce; `$eq` on a list matches any element; range operators look at
numbers that stand alone; `$ne` and `$nin` are the exact negations of `$eq` and `$in`, so they match absent keys.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.errors import ValidationError
from core.vectors.limits import FILTER_CONSTRAINTS_MAX
from core.vectors.validation import is_number

__all__ = ["All", "AnyOf", "Condition", "Node", "Operator", "parse_filter"]

_DEPTH_MAX = 100  # ours: a filter of legal size never needs more, and it bounds recursion
_INVALID = "Invalid filter"
_NON_FILTERABLE = "Invalid use of non-filterable metadata in filter"

Scalar = str | int | float | bool


class Operator(StrEnum):
    """The operators of one condition."""

    EQ = "$eq"
    NE = "$ne"
    GT = "$gt"
    GTE = "$gte"
    LT = "$lt"
    LTE = "$lte"
    IN = "$in"
    NIN = "$nin"
    EXISTS = "$exists"
    STARTS_WITH = "$startsWith"


RANGE_OPERATORS = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})


@dataclass(frozen=True)
class Condition:
    """One operator on one metadata key; `operand` is a tuple of scalars for `$in` and `$nin`."""

    key: str
    operator: Operator
    operand: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True)
class All:
    """True where every child is."""

    children: tuple[Node, ...]


@dataclass(frozen=True)
class AnyOf:
    """True where some child is."""

    children: tuple[Node, ...]


Node = Condition | All | AnyOf


def parse_filter(document: object, *, non_filterable: Collection[str] = ()) -> Node:
    """Return the filter as a tree.

    Raises ValidationError "Invalid filter" for what the service refuses, or "Invalid use of non-filterable metadata in
    filter" for a key of the index's non-filterable ones.
    """
    node = _parse(document, frozenset(non_filterable), 0)
    if _constraints(node) > FILTER_CONSTRAINTS_MAX:
        raise _refused()
    return node


def _parse(document: object, non_filterable: frozenset[str], depth: int) -> Node:
    if not isinstance(document, Mapping) or len(document) != 1 or depth > _DEPTH_MAX:
        raise _refused()
    ((key, value),) = document.items()
    if not isinstance(key, str):
        raise _refused()
    if key in ("$and", "$or"):
        if not isinstance(value, (list, tuple)) or not value:
            raise _refused()
        children = tuple(_parse(child, non_filterable, depth + 1) for child in value)
        return All(children) if key == "$and" else AnyOf(children)
    if key.startswith("$"):
        raise _refused()
    node = _conditions(key, value)
    if key in non_filterable:
        raise _refused(_NON_FILTERABLE)
    return node


def _conditions(key: str, value: object) -> Node:
    if not isinstance(value, Mapping):
        return _condition(key, Operator.EQ, value)
    if not value:
        raise _refused()
    conditions = tuple(_condition(key, _operator(name), operand) for name, operand in value.items())
    return conditions[0] if len(conditions) == 1 else All(conditions)


def _operator(name: Any) -> Operator:
    try:
        return Operator(name)
    except ValueError:
        raise _refused() from None


def _condition(key: str, operator: Operator, operand: object) -> Condition:
    if operator in (Operator.IN, Operator.NIN):
        if not isinstance(operand, (list, tuple)) or not operand or not all(_is_scalar(item) for item in operand):
            raise _refused()
        return Condition(key, operator, tuple(operand))
    if operator is Operator.EXISTS:
        valid = isinstance(operand, bool)
    elif operator is Operator.STARTS_WITH:
        valid = isinstance(operand, str)
    elif operator in RANGE_OPERATORS:
        valid = _is_scalar(operand) and not isinstance(operand, (str, bool))
    else:
        valid = _is_scalar(operand)
    if not valid:
        raise _refused()
    return Condition(key, operator, operand)  # type: ignore[arg-type]  # each branch above proved a scalar


def _is_scalar(value: object) -> bool:
    return isinstance(value, (str, bool)) or is_number(value)


def _constraints(node: Node) -> int:
    if isinstance(node, Condition):
        return len(node.operand) if isinstance(node.operand, tuple) else 1
    return sum(_constraints(child) for child in node.children)


def _refused(message: str = _INVALID) -> ValidationError:
    return ValidationError(message, field_list=[("filter", message)])

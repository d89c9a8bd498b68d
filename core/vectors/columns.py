"""Metadata as dictionary-coded columns, and filters evaluated on them.

A column keeps each distinct value once and an int32 code per row, so a condition is decided once per distinct value and
then looked up for all rows at memory speed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from core.vectors.filters import RANGE_OPERATORS, All, Condition, Node, Operator

__all__ = ["ABSENT", "Column", "Mask", "evaluate"]

ABSENT = -1
Mask = npt.NDArray[np.bool_]
_Codes = npt.NDArray[np.int32]

_Identity = tuple[str, object]

_COMPARE = {
    Operator.GT: np.greater,
    Operator.GTE: np.greater_equal,
    Operator.LT: np.less,
    Operator.LTE: np.less_equal,
}


def _identity(value: object) -> _Identity:
    """Return what makes two values the same to a filter: types never coerce, but 1 and 1.0 are one number."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, str):
        return ("string", value)
    if isinstance(value, (list, tuple)):
        return ("list", tuple(_identity(item) for item in value))
    return ("number", value)


class Column:
    """The values of one metadata key over the rows of a segment; `codes[row]` is ABSENT where the row lacks the key.

    Written by one thread under the index's lock, read by others: rows are only added behind the end of a reader's view.
    """

    def __init__(self, values: list[Any], codes: _Codes) -> None:
        self.values = values
        self.codes = codes
        # Built at the first need for a snapshot's column, which nobody writes; at once for one that grows.
        self._coded: dict[_Identity, int] | None = None if values else {}
        self._elements: dict[_Identity, list[int]] = {}
        self._numbers = np.empty(0, np.float64)
        self._prefixes: dict[str, Mask] = {}

    @classmethod
    def empty(cls, capacity: int) -> Column:
        """Return a column that no row has."""
        return cls([], np.full(capacity, ABSENT, np.int32))

    def reserve(self, capacity: int) -> None:
        """Make room for `capacity` rows."""
        if capacity > len(self.codes):
            grown = np.full(capacity, ABSENT, np.int32)
            grown[: len(self.codes)] = self.codes
            self.codes = grown

    def set(self, row: int, value: Any) -> None:
        """Give a row its value."""
        coded = self._dictionary()
        identity = _identity(value)
        code = coded.get(identity)
        if code is None:
            code = len(self.values)
            self.values.append(value)
            _note(identity, code, coded, self._elements)
        self.codes[row] = code

    def _dictionary(self) -> dict[_Identity, int]:
        if self._coded is None:
            coded: dict[_Identity, int] = {}
            elements: dict[_Identity, list[int]] = {}
            for code, value in enumerate(self.values):
                _note(_identity(value), code, coded, elements)
            self._elements, self._coded = elements, coded
        return self._coded

    def mask(self, condition: Condition, rows: int) -> Mask:
        """Return which of the first `rows` rows satisfy the condition."""
        codes = self.codes[:rows]
        operator, operand = condition.operator, condition.operand
        if operator is Operator.EXISTS:
            present: Mask = codes != ABSENT
            return present if operand else ~present
        if operator in RANGE_OPERATORS:
            numbers = self._all_numbers()
            with np.errstate(invalid="ignore"):
                return _look_up(_COMPARE[operator](numbers, operand), codes)
        if operator is Operator.STARTS_WITH:
            return _look_up(self._prefix_table(str(operand)), codes)
        wanted = self._codes_of(operand if isinstance(operand, tuple) else (operand,))
        negated = operator in (Operator.NE, Operator.NIN)
        if len(wanted) == 1:
            one: Mask = codes != wanted[0] if negated else codes == wanted[0]
            return one
        table = np.zeros(len(self.values), np.bool_)
        table[wanted] = True
        found = _look_up(table, codes)
        return ~found if negated else found

    def _codes_of(self, operands: Iterable[object]) -> list[int]:
        coded = self._dictionary()
        wanted: list[int] = []
        for operand in operands:
            identity = _identity(operand)
            code = coded.get(identity)
            if code is not None:
                wanted.append(code)
            wanted.extend(self._elements.get(identity, ()))
        return wanted

    def _all_numbers(self) -> npt.NDArray[np.float64]:
        """Return each distinct value as a number, NaN for what is not one."""
        numbers, total = self._numbers, len(self.values)
        if len(numbers) < total:
            fresh = [
                float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else np.nan
                for value in self.values[len(numbers) : total]
            ]
            numbers = np.concatenate([numbers, np.array(fresh, np.float64)])
            self._numbers = numbers
        return numbers

    def _prefix_table(self, prefix: str) -> Mask:
        table = self._prefixes.get(prefix, np.empty(0, np.bool_))
        total = len(self.values)
        if len(table) < total:
            fresh = [isinstance(value, str) and value.startswith(prefix) for value in self.values[len(table) : total]]
            table = np.concatenate([table, np.array(fresh, np.bool_)])
            if len(self._prefixes) >= 32:
                self._prefixes.clear()
            self._prefixes[prefix] = table
        return table


def _note(identity: _Identity, code: int, coded: dict[_Identity, int], elements: dict[_Identity, list[int]]) -> None:
    coded[identity] = code
    kind, items = identity
    if kind == "list" and isinstance(items, tuple):
        for item in set(items):
            elements.setdefault(item, []).append(code)


def _look_up(table: Mask, codes: _Codes) -> Mask:
    """Return table[code] for each code, False for ABSENT, which as −1 reads the entry appended here."""
    return np.append(table, False)[codes]


def evaluate(node: Node, columns: Mapping[str, Column], rows: int) -> Mask:
    """Return which of the first `rows` rows satisfy the filter."""
    if isinstance(node, Condition):
        column = columns.get(node.key)
        return column.mask(node, rows) if column else np.full(rows, _matches_absent(node), np.bool_)
    combine = np.logical_and if isinstance(node, All) else np.logical_or
    mask = evaluate(node.children[0], columns, rows)
    for child in node.children[1:]:
        mask = combine(mask, evaluate(child, columns, rows))
    return mask


def _matches_absent(condition: Condition) -> bool:
    if condition.operator is Operator.EXISTS:
        return condition.operand is False
    return condition.operator in (Operator.NE, Operator.NIN)

"""Reading lines: gzip in every state of repair, lines of any size, and what each bad line is told."""

from __future__ import annotations

import gzip
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FileReadError, InvalidMemoryError
from core.transfer.lines import LINE_BYTES_MAX, Line, Source, read_lines
from core.transfer.rows import fallback_key, parse_line, row_digest, vector_of

ROWS = [json.dumps({"content": f"memory {n}", "noise": random.Random(n).randbytes(40).hex()}) for n in range(2_000)]
TEXT = "".join(row + "\n" for row in ROWS).encode()


def lines_of(data: bytes, *, limit: int = LINE_BYTES_MAX) -> list[Line]:
    return list(read_lines(Source("rows", io.BytesIO(data)), limit=limit))


def collect(data: bytes) -> tuple[list[Line], str]:
    """Return the lines that came, and the error that ended them."""
    found: list[Line] = []
    try:
        for line in read_lines(Source("rows", io.BytesIO(data))):
            found.append(line)  # noqa: PERF402 - what came before the error is what the tests look at
    except FileReadError as error:
        return found, str(error)
    return found, ""


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(TEXT, id="plain"),
        pytest.param(TEXT.rstrip(b"\n"), id="no-last-newline"),
        pytest.param(gzip.compress(TEXT), id="gzip"),
        pytest.param(b"".join(gzip.compress(row.encode() + b"\n") for row in ROWS), id="a-gzip-member-a-line"),
        pytest.param(
            gzip.compress(TEXT[:777]) + b"\0" * 512 + gzip.compress(TEXT[777:]) + b"\0" * 70_000, id="padded-members"
        ),
        pytest.param(gzip.compress(b"") + gzip.compress(TEXT), id="empty-member-first"),
    ],
)
def test_every_line_comes_with_its_number(data: bytes) -> None:
    lines = lines_of(data)
    assert [line.data for line in lines] == [row.encode() for row in ROWS]
    assert [line.number for line in lines] == list(range(1, len(ROWS) + 1))


@given(st.lists(st.binary(max_size=30).filter(lambda part: b"\n" not in part)), st.integers(1, 40))
def test_lines_are_those_of_split(parts: list[bytes], limit: int) -> None:
    data = b"\n".join([b"{", *parts])
    expected = [(n, p) for n, p in enumerate(data.split(b"\n"), start=1) if p.strip() or len(p) > limit]
    assert [(line.number, line.data) for line in lines_of(data, limit=limit)] == [
        (n, p if len(p) <= limit else None) for n, p in expected
    ]


def test_blank_lines_are_counted_and_left_out() -> None:
    lines = lines_of(b"\n  \r\n{}\r\n\t\n{}")
    assert [(line.number, (line.data or b"").strip()) for line in lines] == [(3, b"{}"), (5, b"{}")]


def test_an_empty_file_has_no_lines() -> None:
    assert lines_of(b"") == []
    assert lines_of(gzip.compress(b"")) == []


def test_a_huge_line_is_skipped_without_being_held() -> None:
    class Endless(io.RawIOBase):
        left = 30 * 1024 * 1024

        def read(self, size: int = -1) -> bytes:
            self.left -= size
            return b"x" * size if self.left >= 0 else b""

    lines = list(read_lines(Source("big", Endless())))  # type: ignore[arg-type]
    assert [(line.data, line.length) for line in lines] == [(None, 30 * 1024 * 1024)]
    around = lines_of(b'{"a":1}\n' + b"x" * (LINE_BYTES_MAX + 1) + b'\n{"b":2}\n')
    assert [line.data for line in around] == [b'{"a":1}', None, b'{"b":2}']
    with pytest.raises(InvalidMemoryError, match=r"4,194,305 bytes.*split it"):
        parse_line(around[1])


def test_a_line_of_exactly_the_limit_is_read() -> None:
    assert [line.length for line in lines_of(b"x" * 10 + b"\n", limit=10) if line.data] == [10]


@pytest.mark.parametrize("cut", [1, 9, 400, 5_000, 60_000])
def test_a_truncated_gzip_gives_every_line_before_the_cut(cut: int) -> None:
    packed = gzip.compress(TEXT)
    whole = len(gzip.decompress(packed).splitlines())
    found, message = collect(packed[:-cut])
    complete = [line.data for line in found if line.whole]
    assert complete == [row.encode() for row in ROWS[: len(complete)]]
    # Deflate works in blocks; what is lost is no more than what the missing bytes held.
    assert whole - len(complete) <= cut / len(packed) * whole * 2 + 20
    assert "ends too early" in message
    assert f"in line {len(complete) + 1:,}" in message


def test_a_truncated_line_without_its_newline_is_still_whole_json() -> None:
    packed = gzip.compress(b'{"content": "one"}\n{"content": "two"}')
    found, _ = collect(packed[:-4])
    assert [parse_line(line).fields["content"] for line in found] == ["one", "two"]


def test_a_wrong_checksum_is_an_error_after_every_line() -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[-8] ^= 0xFF
    found, message = collect(bytes(packed))
    assert [line.data for line in found] == [row.encode() for row in ROWS]
    assert "damaged" in message


def test_garbage_after_a_member_is_an_error_after_its_lines() -> None:
    found, message = collect(gzip.compress(TEXT) + b"garbage")
    assert len(found) == len(ROWS)
    assert "damaged" in message


def test_a_read_error_names_the_line() -> None:
    class Failing(io.RawIOBase):
        calls = 0

        def read(self, size: int = -1) -> bytes:
            self.calls += 1
            if self.calls > 1:
                raise OSError(5, "Input/output error")
            return TEXT[:60_000]

    with pytest.raises(FileReadError, match=r"Reading failed \(Input/output error\), in line 5\d\d\."):
        list(read_lines(Source("disk", Failing())))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        pytest.param(b"PK\x03\x04xxxx", "zip archive", id="zip"),
        pytest.param(b"\x28\xb5\x2f\xfdxxxx", "zstd -dc", id="zstd"),
        pytest.param(b"PAR1xxxx", "Parquet", id="parquet"),
        pytest.param("\ufeff{}".encode("utf-16-le"), "iconv", id="utf-16"),
        pytest.param(b"SQLite format 3\x00xxxx", "--store", id="sqlite"),
    ],
)
def test_other_formats_are_named(head: bytes, message: str) -> None:
    with pytest.raises(FileReadError, match=message):
        lines_of(head)


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileReadError, match="There is no file"):
        Source.open(tmp_path / "none.jsonl")
    with pytest.raises(FileReadError, match="is a directory"):
        Source.open(tmp_path)
    with pytest.raises(FileReadError, match="cannot be read"):
        Source.open("nul\0byte")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b'{"content": "\xff"}', r"Byte 0xff at position 14 is not UTF-8", id="utf-8"),
        pytest.param(b'{"content": ', r"Not JSON: .* at position", id="broken"),
        pytest.param(b"key,content", r"Not JSON", id="csv"),
        pytest.param(b'["a"]', r"holds an array, not an object .*jq", id="array"),
        pytest.param(b'"a"', r"holds a string", id="string"),
        pytest.param(b"12", r"holds a number", id="number"),
        pytest.param(b"null", r"holds null", id="null"),
        pytest.param(b"true", r"holds a boolean", id="boolean"),
        pytest.param(b'{"confidence": NaN}', r"NaN is no JSON number", id="nan"),
        pytest.param(b'{"confidence": -Infinity}', r"-Infinity is no JSON number", id="infinity"),
        pytest.param(b'{"x": 1e999}', r"1e999 is beyond a 64-bit float", id="overflow"),
        pytest.param(b'{"content": "a", "content": "b"}', r"'content' appears twice", id="field-twice"),
        pytest.param(b'{"a": ' + b"[" * 100_000, r"nested too deeply", id="deep"),
        pytest.param(b'{"n": ' + b"9" * 5_000 + b"}", r"Not usable JSON: Exceeds the limit", id="huge-integer"),
        pytest.param(b"{} {}", r"Not JSON: Extra data", id="two-on-a-line"),
    ],
)
def test_a_bad_line_is_told_what_and_where(data: bytes, message: str) -> None:
    with pytest.raises(InvalidMemoryError, match=message):
        parse_line(Line(1, data, len(data)))


def test_a_byte_order_mark_is_no_part_of_a_line() -> None:
    assert parse_line(Line(1, b'\xef\xbb\xbf{"content": "a"}\r', 20)).fields == {"content": "a"}


@pytest.mark.parametrize("name", ["vector", "embedding"])
def test_a_vector_is_taken_out_of_a_row_and_metadata_stays(name: str) -> None:
    numbers = [0.5] * 8
    for value in (numbers, {"float32": numbers}):
        row = parse_line(Line(1, json.dumps({"content": "a", name: value}).encode(), 1))
        assert (row.fields, row.vector) == ({"content": "a"}, numbers)
    for kept in ("titan-v2", [1.0, 2.0], ["a"] * 9, {"model": "m"}):
        row = parse_line(Line(1, json.dumps({"content": "a", name: kept}).encode(), 1))
        assert (row.fields[name], row.vector) == (kept, None)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        pytest.param([1.0] * 9, "has 9 numbers, the index 8", id="dimension"),
        pytest.param([0.0] * 8, "zero or beyond float32", id="zero"),
        pytest.param([1e300] * 8, "zero or beyond float32", id="too-large"),
        pytest.param([10**400] * 8, "zero or beyond float32", id="huge-integer"),
        pytest.param([1.0] * 7 + [None], "vector is not all numbers", id="null"),
        pytest.param({"float32": ["NaN"] * 8}, "vector is not all numbers", id="nan-as-boto3-sends-it"),
    ],
)
def test_a_vector_that_no_index_takes_is_refused(numbers: Any, message: str) -> None:
    row = parse_line(Line(1, json.dumps({"content": "a", "vector": numbers}).encode(), 1))
    with pytest.raises(InvalidMemoryError, match=message):
        vector_of(row, dimension=8)


def test_keys_of_rows_without_one_depend_on_the_content_alone() -> None:
    one, same, other = (
        row_digest(parse_line(Line(1, text, 1))) for text in (b'{"a":1,"b":2}', b'{"b":2, "a":1}', b'{"a":1}')
    )
    assert one == same != other
    keys = {fallback_key(one, occurrence=n) for n in range(3)} | {fallback_key(other, occurrence=0)}
    assert len(keys) == 4

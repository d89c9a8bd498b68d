"""Where a ledger can be, for tests that hold everywhere: a directory, and a bucket of S3 with and without versions.

A place also gives what somebody has who does not go through the ledger: the bytes, and every entry as it is kept.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from core.curation.journal import Image, Ledger
from core.curation.ledgers import open_ledger
from core.curation.ledgers.s3.location import place_of
from core.memory.record import Record
from tests.core.s3_endpoint import S3Endpoint

Edit = Callable[[dict[str, Any]], None]


class Place(ABC):
    """A ledger's place: its address, and what lies there."""

    where: str

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self._opened: list[Ledger] = []

    def open(self, *, read_only: bool = False) -> Ledger:
        """Open the ledger anew; all are closed with the place."""
        ledger = open_ledger(self.where, read_only=read_only, clock=self.clock)
        self._opened.append(ledger)
        return ledger

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, opened once."""
        return self.open()

    def close(self) -> None:
        for ledger in self._opened:
            ledger.close()

    @abstractmethod
    def content(self) -> bytes:
        """Return every byte that is kept."""

    @abstractmethod
    def read(self, stream: str) -> dict[int, bytes]:
        """Return each entry as it is kept."""

    @abstractmethod
    def write(self, stream: str, entries: Mapping[int, bytes]) -> None:
        """Make these the entries of a stream, whatever they are."""

    @abstractmethod
    def edit_images(self, stream: str, number: int, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Change the images of an entry: salt, after, metadata and vector by key."""

    @abstractmethod
    def edited(self, kept: bytes, edit: Edit) -> bytes:
        """Return an entry as it is kept, with its JSON changed."""


class Directory(Place):
    """A directory with SQLite."""

    def __init__(self, directory: Path, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.directory = directory / "ledger"
        self.where = str(self.directory)

    def content(self) -> bytes:
        return b"\n".join(path.read_bytes() for path in sorted(self.directory.rglob("*")) if path.is_file())

    def _connection(self) -> apsw.Connection:
        return apsw.Connection(str(self.directory / "journal.sqlite"))

    def read(self, stream: str) -> dict[int, bytes]:
        with closing(self._connection()) as connection:
            return dict(
                connection.execute("SELECT number, body FROM entry WHERE stream = ? ORDER BY number", (stream.encode(),))
            )

    def write(self, stream: str, entries: Mapping[int, bytes]) -> None:
        with closing(self._connection()) as connection:
            connection.execute("DELETE FROM entry WHERE stream = ?", (stream.encode(),))
            for number, body in entries.items():
                connection.execute("INSERT INTO entry VALUES (?, ?, ?, ?)", (stream.encode(), number, b"", body))

    def edit_images(self, stream: str, number: int, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        with closing(self._connection()) as connection:
            rows = connection.execute(
                "SELECT key, body FROM image WHERE stream = ? AND number = ? AND live = 1", (stream.encode(), number)
            ).fetchall()
            images = {}
            for key, body in rows:
                said, _, vector = body.partition(b"\0")
                images[key.decode()] = json.loads(said) | {"vector": np.frombuffer(vector, dtype="<f4").tolist()}
            connection.execute("DELETE FROM image WHERE stream = ? AND number = ?", (stream.encode(), number))
            for key, image in edit(images).items():
                said = {name: image[name] for name in ("salt", "after", "metadata")}
                body = json.dumps(said).encode() + b"\0" + np.asarray(image["vector"], dtype="<f4").tobytes()
                connection.execute(
                    "INSERT INTO image (stream, number, key, live, body) VALUES (?, ?, ?, 1, ?)",
                    (stream.encode(), number, key.encode(), body),
                )

    def edited(self, kept: bytes, edit: Edit) -> bytes:
        entry = json.loads(kept)
        edit(entry)
        return json.dumps(entry).encode()


class S3(Place):
    """A bucket of S3."""

    def __init__(self, endpoint: S3Endpoint, bucket: str, clock: Callable[[], datetime], *, versioned: bool = False) -> None:
        super().__init__(clock)
        self.endpoint, self.bucket = endpoint, bucket
        endpoint.make_bucket(bucket, versioned=versioned)
        self.where = endpoint.uri(bucket)

    def close(self) -> None:
        self.endpoint.fault = lambda _: None
        super().close()

    def content(self) -> bytes:
        return self.endpoint.content(self.bucket)

    def _key(self, stream: str, part: str) -> str:
        return f"journal/{place_of(stream)}/{part}"

    def _get(self, key: str) -> bytes:
        return self.endpoint.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def read(self, stream: str) -> dict[int, bytes]:
        folder = self._key(stream, "entries/")
        keys = [key for key in self.endpoint.keys(self.bucket) if key.startswith(folder)]
        return {int(key.removeprefix(folder).removesuffix(".json")): self._get(key) for key in keys}

    def write(self, stream: str, entries: Mapping[int, bytes]) -> None:
        before = self.read(stream)
        for number in before.keys() | entries.keys():
            key = self._key(stream, f"entries/{number:012d}.json")
            if number not in entries:
                self.endpoint.client.delete_object(Bucket=self.bucket, Key=key)
            elif entries[number] != before.get(number):
                self.endpoint.client.put_object(Bucket=self.bucket, Key=key, Body=entries[number])

    def edit_images(self, stream: str, number: int, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        name = json.loads(self.read(stream)[number])["images"]["name"]
        key = self._key(stream, f"images/{name}.json")
        images = {}
        for image in map(Image.from_json, json.loads(self._get(key))):
            before = image.before
            metadata, vector = (None, []) if before is None else (dict(before.metadata), before.vector.tolist())
            images[image.key] = {"salt": image.salt, "after": image.after, "metadata": metadata, "vector": vector}
        changed = []
        for name_, image in edit(images).items():
            vector = np.asarray(image["vector"], dtype=np.float32)
            before = None if image["metadata"] is None else Record(image["metadata"], vector)
            changed.append(Image(name_, image["salt"], before, image["after"]).to_json())
        self.endpoint.client.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(changed).encode())

    def edited(self, kept: bytes, edit: Edit) -> bytes:
        value = json.loads(kept)
        edit(value["entry"])
        return json.dumps(value).encode()

"""Opening the SQLite files of a local store, and saying plainly why one cannot be used."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from core.errors import (
    StorageCorruptError,
    StorageError,
    StorageFullError,
    StorageLocationError,
    StorageReadOnlyError,
    StorageVersionError,
    UnavailableError,
)

__all__ = ["SCHEMA_VERSION", "Mark", "check_location", "connect", "naming", "prepare_directory", "transaction", "translated"]

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x4D4E454D  # "MNEM"
_BUSY_MS = 10_000
# SQLite's WAL needs shared memory between processes, which these file systems do not give (sqlite.org/wal.html).
_NETWORK_FILE_SYSTEMS = frozenset(
    "nfs nfs4 cifs smb3 smbfs ncpfs afs 9p ceph glusterfs lustre gpfs beegfs "
    "fuse.sshfs fuse.s3fs fuse.glusterfs fuse.rclone fuse.mount-s3 fuse.goofys fuse.gcsfuse".split()
)
ALLOW_NETWORK_VARIABLE = "MNEMOSCOPE_ALLOW_NETWORK_FS"


class Mark:
    """Which file a path was when this was made.

    SQLite goes on with a file that was deleted or replaced, and what is written to it is lost without a word.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, self._found(path)

    @staticmethod
    def _found(path: Path) -> tuple[int, int] | None:
        try:
            found = path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @property
    def holds(self) -> bool:
        """Whether the path is that file still."""
        return self._found(self._path) == self._file

    def check(self) -> None:
        """Raise StorageError unless the path is that file still."""
        if not self.holds:
            raise StorageError(
                f"'{self._path}' was deleted or replaced while it was in use: put it back, or open the store anew."
            )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's and the operating system's errors into ours, naming the path."""
    try:
        yield
    except apsw.FullError as error:
        raise StorageFullError(
            f"No space is left for '{path}': free some and try again; everything acknowledged before is kept."
        ) from error
    except (apsw.ReadOnlyError, apsw.PermissionsError, PermissionError) as error:
        raise _read_only(path) from error
    except (apsw.NotADBError, apsw.CorruptError, apsw.FormatError) as error:
        raise StorageCorruptError(
            f"'{path}' is damaged or is not a Mnemoscope store ({error}): restore a backup or choose another directory."
        ) from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise UnavailableError(f"'{path}' is busy with another process's write: try again in a moment.") from error
    except apsw.CantOpenError as error:
        if path.parent.is_dir() and not os.access(
            path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids
        ):
            raise _read_only(path) from error
        raise StorageError(
            f"'{path}' cannot be opened: check that the directory exists and that you may read and write it."
        ) from error
    except (apsw.Error, OSError) as error:
        number = getattr(error, "errno", None)
        if number == errno.ENOSPC:
            raise StorageFullError(f"No space is left for '{path}': free some and try again.") from error
        if number == errno.EROFS:
            raise _read_only(path) from error
        raise StorageError(f"Reading or writing '{path}' failed ({error}): check the disk and its permissions.") from error


@contextmanager
def naming(index: str) -> Iterator[None]:
    """Put the index's name before what its file's errors say: the path has only its identity."""
    try:
        yield
    except StorageError as error:
        raise type(error)(f"Index '{index}': {error}") from error


def _read_only(path: Path) -> StorageReadOnlyError:
    return StorageReadOnlyError(
        f"'{path}' cannot be written: check its permissions, or choose a directory that you may write with --store."
    )


def check_location(directory: Path) -> None:
    """Raise StorageLocationError if the directory is on a network file system (Linux; elsewhere it cannot be told)."""
    kind = _file_system(directory)
    if kind in _NETWORK_FILE_SYSTEMS and os.environ.get(ALLOW_NETWORK_VARIABLE) != "1":
        raise StorageLocationError(
            f"'{directory}' is on a network file system ({kind}), where SQLite's log is not safe: choose a local "
            f"directory, use S3 Vectors for a shared store, or set {ALLOW_NETWORK_VARIABLE}=1 if only one machine writes."
        )


def _file_system(directory: Path) -> str | None:
    try:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    target = os.path.realpath(directory)
    best, kind = -1, None
    for line in lines:
        fields = line.split()
        point = fields[4].replace("\\040", " ")
        inside = target == point or target.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:  # of equal mount points the later one is on top
            best, kind = len(point), fields[fields.index("-") + 1]
    return kind


def prepare_directory(directory: Path, *, read_only: bool) -> None:
    """Create the directory unless read-only, and refuse what cannot hold a store."""
    if directory.exists() and not directory.is_dir():
        raise StorageLocationError(f"'{directory}' is a file: a store is a directory; give one that exists or can be made.")
    check_location(directory)
    if read_only:
        if not directory.is_dir():
            raise StorageLocationError(
                f"'{directory}' does not exist: a store opened for reading only must be there already."
            )
        return
    with translated(directory):
        directory.mkdir(parents=True, exist_ok=True)


def connect(path: Path, schema: str, *, read_only: bool) -> apsw.Connection:
    """Open one SQLite file in WAL mode, create or check its schema, and return the connection.

    With `read_only`, a file in a directory that nobody can write opens as immutable.
    """
    with translated(path):
        connection = _open_read_only(path) if read_only else apsw.Connection(str(path))
        try:
            _prepare(connection, path, schema, read_only=read_only)
        except BaseException:
            connection.close()
            raise
    return connection


def _prepare(connection: apsw.Connection, path: Path, schema: str, *, read_only: bool) -> None:
    connection.set_busy_timeout(_BUSY_MS)
    made = _check_owner(connection, path)
    if read_only:
        return
    if not made:
        connection.pragma("journal_mode", "wal")
        with transaction(connection):
            if int(connection.pragma("application_id")) == 0:  # else another process was faster
                connection.execute(schema)
                connection.pragma("application_id", _APPLICATION_ID)
                connection.pragma("user_version", SCHEMA_VERSION)
    # An acknowledged write survives the death of the process; FULL makes it survive a power cut too.
    connection.pragma("synchronous", "FULL")


def _check_owner(connection: apsw.Connection, path: Path) -> bool:
    """Return whether the file is a store's already, False for an empty one; raise for another program's or a newer one."""
    with transaction(connection, write=False):
        owner, version = connection.pragma("application_id"), int(connection.pragma("user_version"))
        empty = not connection.execute("SELECT count(*) FROM sqlite_schema").get
    if owner == 0 and version == 0 and empty:
        return False
    if owner != _APPLICATION_ID:
        raise StorageCorruptError(f"'{path}' is a database, but not a Mnemoscope store: choose another directory.")
    if version > SCHEMA_VERSION:
        raise StorageVersionError(
            f"'{path}' was written by a newer Mnemoscope (format {version}, this one reads up to {SCHEMA_VERSION}): "
            "upgrade Mnemoscope; nothing was changed."
        )
    return True


def _open_read_only(path: Path) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    uri = path.resolve().as_uri()
    connection = apsw.Connection(f"{uri}?mode=ro", flags=flags)
    try:
        connection.pragma("user_version")
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        # No writer can be active where the -shm file cannot be made, so what is on disk will not change.
        connection.close()
        connection = apsw.Connection(f"{uri}?immutable=1", flags=flags)
    return connection


@contextmanager
def transaction(connection: apsw.Connection, *, write: bool = True) -> Iterator[None]:
    """Run the block in one transaction: everything or nothing when `write`, one snapshot for all reads otherwise."""
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk makes SQLite roll back by itself
            connection.execute("ROLLBACK")
        raise

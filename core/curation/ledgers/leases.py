"""The right to change an index, as a lock of the operating system: it ends with the process that has it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from core.errors import BusyError
from core.hostile import one_line
from core.vectors.embedded.queue import try_lock
from core.vectors.embedded.storage import prepare_directory, translated

__all__ = ["busy", "held"]


def busy(stream: str, *, plan_id: str, actor: str, since: datetime, until: datetime | None = None) -> BusyError:
    """Return the error for a stream that somebody else changes; `until` is when that ends by itself."""
    ends = f" (it ends at {until.astimezone(UTC):%H:%M:%S} UTC if its process has died)" if until else ""
    return BusyError(
        f"{one_line(actor, 80)} has been changing {one_line(stream, 160)} (plan {one_line(plan_id, 80)}) "
        f"since {since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: try again when it has ended{ends}."
    )


@contextmanager
def held(directory: Path, stream: str, *, plan_id: str, actor: str, now: datetime) -> Iterator[None]:
    """Hold the lock of a stream during the block; raise BusyError where another thread or process has it."""
    folder = directory / "journal.leases"
    if not directory.exists():
        with translated(folder):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    prepare_directory(folder, read_only=False)
    name = hashlib.sha256(stream.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    lock, holder = folder / f"{name}.lock", folder / f"{name}.json"
    with ExitStack() as stack:
        with translated(lock):
            if not stack.enter_context(try_lock(lock)):
                raise _held_by(holder, stream)
            said = {"plan_id": plan_id, "actor": actor, "since": now.astimezone(UTC).isoformat()}
            fresh = holder.with_suffix(".new")
            fresh.write_text(json.dumps(said), encoding="ascii")
            fresh.replace(holder)
        try:
            yield
        finally:
            holder.unlink(missing_ok=True)


def _held_by(holder: Path, stream: str) -> BusyError:
    try:
        said = json.loads(holder.read_text(encoding="ascii"))
        return busy(stream, plan_id=said["plan_id"], actor=said["actor"], since=datetime.fromisoformat(said["since"]))
    except (OSError, ValueError, KeyError, TypeError):  # it was taken a moment ago, or is just given back
        return BusyError(f"Another plan is changing {one_line(stream, 160)}: try again when it has ended.")

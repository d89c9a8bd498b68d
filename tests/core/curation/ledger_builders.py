"""Entries and images as the machine writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from core.curation.journal import Draft, Entry, Image, Journal, Kind
from core.memory.record import Record

STREAM = "mnemoscope/team"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def make_image(key: str, content: str | None = "", *, salt: str = "5a17", after: str | None = None) -> Image:
    """Return the image of a memory, by default one that says its key; None for one that was not there."""
    if content is None:
        return Image(key, salt, None, after)
    record = Record({"content": content or f"What {key} said.", "n": 1}, np.asarray([0.5, -1.25, 3.0], dtype=np.float32))
    return Image(key, salt, record, after)


def draft(kind: Kind, plan: str = "p1", /, **body: Any) -> Draft:
    return Draft(kind, plan, f"hash of {plan}", AT, "ann", "because", body)


def prepared(images: Sequence[Image], plan: str = "p1", /, *, batch: int = 0) -> Draft:
    changes = [
        {"key": image.key, "action": "retire", "reason": "old", "policy": "delete", "image": image.digest}
        for image in images
    ]
    return draft(Kind.PREPARED, plan, batch=batch, changes=changes)


def write_plan(journal: Journal, images: Sequence[Image], plan: str = "p1", /, *, stream: str = STREAM) -> list[Entry]:
    """Write what a plan of one batch leaves: four entries."""
    keys = [image.key for image in images]
    count = len(keys)
    return [
        journal.append(
            stream,
            draft(
                Kind.BEGUN,
                plan,
                title=f"Delete {count}",
                policy="delete",
                index="team",
                bucket="mnemoscope",
                author="ann",
                undoes=None,
                changes=count,
                counts={"retire": count},
                fingerprint="f",
                preflight=None,
                acknowledged=None,
                resumed=False,
                parameters={},
                note="",
            ),
        ),
        journal.append(stream, prepared(images, plan), images),
        journal.append(stream, draft(Kind.APPLIED, plan, batch=0, done=keys, failed=[])),
        journal.append(stream, draft(Kind.ENDED, plan, state="applied", done=count, failed=0, left=0, why=None)),
    ]

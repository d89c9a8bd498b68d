"""Run by our own Python: open an index over the endpoint, change one field of each memory, and print what was there as JSON.

python -m tests.clients.opened STORE INDEX DIMENSION TAG
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace

from core import LOCAL_ADMIN, open_catalog
from core.models.hashing import HashingEmbedder


def main(uri: str, index: str, dimension: str, tag: str) -> None:
    """Print the schema and the memories as they were; each is then written again with a tag more."""
    catalog = open_catalog(uri, embedder_factory=lambda: HashingEmbedder(dimension=int(dimension)))
    try:
        store = catalog.open(index, actor=LOCAL_ADMIN)
        detection = store.detection()
        memories = sorted(store.memories(actor=LOCAL_ADMIN), key=lambda memory: memory.key)
        report = store.write([replace(memory, tags=(*memory.tags, tag)) for memory in memories], actor=LOCAL_ADMIN)
        answer = {
            "schema": store.schema.name,
            "sure": detection.sure,
            "memories": {memory.key: _shown(memory) for memory in memories},
            "failed": [failure.reason for failure in report.failed],
            "written": report.written,
        }
    finally:
        catalog.close()
    json.dump(answer, sys.stdout)


def _shown(memory):
    return {
        "content": memory.content,
        "agent_id": memory.agent_id,
        "created_at": memory.created_at.isoformat() if memory.created_at else None,
        "tags": list(memory.tags),
        "extra": dict(memory.extra),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])

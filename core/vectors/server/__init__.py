"""S3 Vectors over HTTP: a VectorsClient behind the wire protocol that every AWS SDK speaks."""

from __future__ import annotations

from core.vectors.server.app import Access, create_app
from core.vectors.server.serving import RunningServer
from core.vectors.server.tuning import Tuning

__all__ = ["Access", "RunningServer", "Tuning", "create_app"]

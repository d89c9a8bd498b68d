"""Maps of indexes: computed in one worker process a server, kept beside the snapshots, shared by all sessions."""

from __future__ import annotations

from core.maps.jobs import DEFAULT, Maps, maps_directory
from core.maps.parameters import MapParameters
from core.maps.state import ClusterView, MapState, Method, Stage

__all__ = ["DEFAULT", "ClusterView", "MapParameters", "MapState", "Maps", "Method", "Stage", "maps_directory"]

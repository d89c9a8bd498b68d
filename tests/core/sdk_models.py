"""The SDK's models of services, read once for the whole run.

Each session of botocore reads and parses megabytes of JSON for its first client, 0.1 s of processor; tests make hundreds.
"""

from __future__ import annotations

import functools

import botocore.session
from botocore.loaders import Loader, create_loader

__all__ = ["share_models"]

_loader = functools.cache(create_loader)


def _shared(search_path: str | None = None) -> Loader:
    loader = _loader(search_path)
    # Every session of boto3 adds its own folder again.
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)
    return loader


def share_models() -> None:
    """Let all sessions of this process have one loader of models, and with it what it has read."""
    botocore.session.create_loader = _shared

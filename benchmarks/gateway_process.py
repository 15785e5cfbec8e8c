"""`casewright serve gateway` as a process of its own, for what measures it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from service_process import served


@contextmanager
def gateway(data_dir: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """Serve one that has all places of its engines to itself; see ``served``."""
    with served("gateway", data_dir, {"CASEWRIGHT_ENGINE_SHARERS": "1", **settings}) as url:
        yield url

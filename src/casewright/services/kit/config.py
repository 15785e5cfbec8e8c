"""A service's frozen configuration, common to all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

AuthMode = Literal["auto", "none"]


@dataclass(frozen=True, slots=True)
class KitConfig:
    """Where a service listens and what it holds requests to.

    ``auth`` ``auto``: on loopback a key is asked for as soon as one exists, beyond it always; ``none``: never
    (set on purpose by whoever puts something else in front). ``port`` 0 lets the system choose. Seconds:
    ``body_s`` for a request's body to arrive, ``grace_s`` for answers under way when the service is told to
    stop. ``concurrency`` requests are worked on at once, ``queue`` more wait for at most ``queue_s``.
    """

    name: str
    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    auth: AuthMode = "auto"
    max_body_bytes: int = 4 * 1024 * 1024
    body_s: float = 60.0
    grace_s: float = 10.0
    concurrency: int = 4
    queue: int = 64
    queue_s: float = 30.0
    log_level: str = "INFO"

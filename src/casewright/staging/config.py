"""What a stage is told: where the stack is, how it is started, how long it waits for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from casewright.api.staging import Group


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds each wait may take; ``start_s`` is longer than a start may take, so that a slow one shows."""

    command_s: float = 60.0
    start_s: float = 120.0
    stop_s: float = 60.0
    request_s: float = 30.0
    answer_s: float = 120.0
    switch_s: float = 30.0
    recovery_s: float = 30.0
    poll_s: float = 0.2


@dataclass(frozen=True, slots=True)
class StageConfig:
    """One stage of target ``local``.

    ``services`` is where each service answers (rag, notes, documents, web). ``command`` is how ``casewright``
    is run and ``environment`` what it is given beyond this process's own. ``token`` is the bearer key the
    services are asked with, ``sample`` a PDF to upload too. ``attach``: the stack runs already and is left as
    it is. ``only`` empty: every group.
    """

    data_dir: Path
    output: Path
    services: Mapping[str, str]
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    sample: Path | None = None
    attach: bool = False
    only: tuple[Group, ...] = ()
    deadlines: Deadlines = field(default_factory=Deadlines)

    def asks(self, group: Group) -> bool:
        """Whether this run is to judge a group."""
        return not self.only or group in self.only

"""What the notes service runs with."""

from __future__ import annotations

from dataclasses import dataclass, field

from casewright.notes.draft import Bounds
from casewright.services.kit.config import KitConfig
from casewright.services.llm import LlmConfig, llm_config
from casewright.services.notes.worker import WorkerConfig
from casewright.settings import Settings

NAME = "notes"


@dataclass(frozen=True, slots=True)
class NotesConfig:
    """``max_lines`` lines with something on them are taken. A model that phrases is given ``model_lines``
    sentences of one letter at most, ``at_once`` at a time; for one that drafts there is ``draft``.

    Seconds: ``call_s`` for one sentence, ``model_s`` for all of one letter's, ``draft_call_s`` for one call
    of a draft; what is not written by then stays as code has it. Each is longer than an engine's first token
    may take, so that one that hangs is found out and not only left. ``worker`` is a process that reads
    beside the service; where there is none, a thread does all.
    """

    kit: KitConfig
    llm: LlmConfig
    max_lines: int = 10_000
    model_lines: int = 40
    at_once: int = 3
    call_s: float = 40.0
    model_s: float = 60.0
    draft_call_s: float = 60.0
    draft: Bounds = field(default_factory=Bounds)
    worker: WorkerConfig | None = None


def config_from(settings: Settings, host: str, port: int) -> NotesConfig:
    """The service's configuration from the settings."""
    kit = KitConfig(
        name=NAME,
        data_dir=settings.data_dir,
        host=host,
        port=port,
        auth=settings.auth,
        log_level=settings.log_level,
    )
    return NotesConfig(kit, llm_config(settings, NAME), worker=WorkerConfig())

"""The document service's configuration, out of the settings."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta

from casewright.documents.vision import VisionConfig
from casewright.documents.workers import WorkerConfig
from casewright.services.kit.config import KitConfig
from casewright.settings import Settings, parse_engine

NAME = "documents"
# An upload waits on disk for its turn, so few may.
QUEUE = 8


@dataclass(frozen=True, slots=True)
class JobsConfig:
    """``waiting`` jobs at most, each begun ``attempts`` times at most (a file may end the whole service).

    One to which the disk refuses what it needs is put off ``setbacks`` times, for ``setback_s`` each.
    Seconds: ``read_s`` for one file, ``result_s`` a reading is there for whom nothing is kept, ``told_s`` a
    failed or cancelled job can be asked about. A stream of events gives a sign of life every
    ``heartbeat_s``; so many ``streams`` are open at once.
    """

    waiting: int = 64
    attempts: int = 2
    setbacks: int = 20
    read_s: float = 1800.0
    setback_s: float = 30.0
    result_s: float = 3600.0
    told_s: float = 86400.0
    heartbeat_s: float = 15.0
    streams: int = 64


@dataclass(frozen=True, slots=True)
class DocumentsConfig:
    """The service's own. ``POST /process`` reads ``sync_pages`` at most, within ``sync_s`` seconds.

    ``retention`` None keeps nothing after the answer. What is due is removed every ``sweep_s`` seconds.
    Pages are shown at ``image_dpi``; of a file with a password ``encrypted_pages`` are made at once, since
    the password is not kept. ``vision`` None: no model looks at figures.
    """

    kit: KitConfig
    workers: WorkerConfig = field(default_factory=WorkerConfig)
    jobs: JobsConfig = field(default_factory=JobsConfig)
    vision: VisionConfig | None = None
    retention: timedelta | None = timedelta(days=30)
    sync_s: float = 120.0
    sync_pages: int = 500
    sweep_s: float = 60.0
    image_dpi: int = 110
    encrypted_pages: int = 50

    def limits(self) -> dict[str, int]:
        """What /health tells of the bounds."""
        return {
            **asdict(self.workers.limits),
            "worker_memory_bytes": self.workers.bounds.memory_bytes,
            "page_seconds": round(self.workers.page_s),
            "process_pages": self.sync_pages,
            "process_seconds": round(self.sync_s),
            "job_seconds": round(self.jobs.read_s),
            "jobs_waiting": self.jobs.waiting,
            "job_attempts": self.jobs.attempts,
            "retention_seconds": 0 if self.retention is None else round(self.retention.total_seconds()),
            "workers": self.workers.workers,
            **({} if self.vision is None else self.vision.shown),
        }


def config_from(settings: Settings, host: str, port: int) -> DocumentsConfig:
    """The service as the settings describe it.

    Raises:
        UsageError: the vision model's URL is none.
    """
    # a job's deadline is the workers' own; the shorter one of /process is held by the service
    longest = max(settings.document_job_s, settings.document_seconds)
    workers = WorkerConfig(workers=settings.document_workers, deadline_s=longest)
    kit = KitConfig(
        name=NAME,
        data_dir=settings.data_dir,
        host=host,
        port=port,
        auth=settings.auth,
        max_body_bytes=settings.document_bytes,
        concurrency=workers.workers,
        queue=QUEUE,
        queue_s=settings.document_seconds,
        log_level=settings.log_level,
    )
    days = settings.document_retention_days
    return DocumentsConfig(
        kit,
        workers,
        JobsConfig(read_s=settings.document_job_s, waiting=settings.document_jobs),
        vision_from(settings),
        retention=timedelta(days=days) if days > 0 else None,
        sync_s=settings.document_seconds,
        sync_pages=settings.document_sync_pages,
    )


def vision_from(settings: Settings) -> VisionConfig | None:
    """The vision model as the settings name it; None where they name none."""
    if settings.vision_provider == "none":
        return None
    word: str = settings.vision_provider
    if settings.vision_url is not None:
        word = f"{word}={settings.vision_url}"
    spec = parse_engine(word, settings)
    if settings.vision_model is not None:
        spec = spec.model_copy(update={"model": settings.vision_model})
    return VisionConfig(
        spec,
        settings.api_key(spec.kind),
        max_tokens=settings.vision_tokens,
        context=settings.ollama_context,
        pictures=settings.vision_pictures,
        picture_s=settings.vision_picture_s,
        document_s=settings.vision_document_s,
    )

"""The document service's own metrics. Labels hold kinds and methods, never what stands in a file."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from casewright.api.documents import Reading, ReadStatus
from casewright.errors import (
    CasewrightError,
    DocumentError,
    DocumentTimeout,
    DocumentWorkerLost,
    UnsupportedMedia,
)
from casewright.observability.metrics import SECONDS


class DocumentMetrics:
    """What is counted of files."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.pages = Counter(
            "casewright_document_pages",
            "Pages read, by how: text, ocr, mixed, none (nothing on them).",
            ("method",),
            registry=registry,
        )
        self.files = Counter(
            "casewright_document_files",
            "Files that came to an end: ok, partial, rejected (not taken), failed (lost on the way).",
            ("status",),
            registry=registry,
        )
        self.seconds = Histogram(
            "casewright_document_seconds",
            "Time for one file, by part: read, join (put together), image (a page's), describe.",
            ("part",),
            buckets=SECONDS,
            registry=registry,
        )
        self.deaths = Counter(
            "casewright_document_worker_deaths", "Files that their worker died of.", registry=registry
        )
        self.descriptions = Counter(
            "casewright_document_descriptions",
            "Figures that a vision model was asked about, by outcome: described, failed.",
            ("outcome",),
            registry=registry,
        )
        self.queue = Gauge(
            "casewright_document_queue",
            "Files that wait: callers of /process, and jobs.",
            ("kind",),
            registry=registry,
        )

    def watch(self, kind: str, count: Callable[[], int]) -> None:
        """Show a queue's length as it is when asked."""
        self.queue.labels(kind).set_function(count)

    def read(self, reading: Reading) -> None:
        """Count a file that was read."""
        self.files.labels(reading.status).inc()
        for page in reading.pages:
            self.pages.labels(page.method).inc()

    def refused(self, error: CasewrightError) -> None:
        """Count a file that was not."""
        self.files.labels(status_of(error)).inc()
        if isinstance(error, DocumentWorkerLost):
            self.deaths.inc()


def status_of(error: CasewrightError) -> ReadStatus:
    """What became of a file: ``rejected`` is the file's own fault, ``failed`` may go better another time."""
    if isinstance(error, DocumentTimeout | DocumentWorkerLost):
        return "failed"
    return "rejected" if isinstance(error, DocumentError | UnsupportedMedia) else "failed"

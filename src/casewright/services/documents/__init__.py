"""The document service: any file in, Markdown out, every word with its place on a page that can be shown.

::

    app.py      the application: what lives as long as it does, and its health
    config.py   the configuration, from the settings
    upload.py   a form with a file: what it asks for, and the file on disk
    places.py   who reads next: callers that wait, and jobs
    desk.py     one file read: workers, pages, figures, and what is kept of it
    images.py   pages as they look, made when asked for
    process.py  POST /process
    stored.py   /documents: what is kept
    runner.py   the jobs at work; they survive the process
    queue.py    /jobs
    events.py   a job's progress as server-sent events
    figures.py  the metrics
"""

from __future__ import annotations

from casewright.services.documents.app import create_app
from casewright.services.documents.config import NAME, DocumentsConfig, config_from

__all__ = ["NAME", "DocumentsConfig", "config_from", "create_app"]

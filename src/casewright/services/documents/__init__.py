"""The document service: any file in, Markdown out, every word with its place on a page that can be shown.

::

    app.py      the application: what lives as long as it does, and its health
    config.py   the configuration, from the settings
    form.py     how requests are taken: no field or parameter is silently not heard
    upload.py   a form with a file: what it asks for
    places.py   who reads next: callers that wait, and jobs
    desk.py     one file read: workers, pages, figures, and what is kept of it
    images.py   pages as they look, made when asked for
    process.py  POST /process
    stored.py   /documents: what is kept
    runner.py   the jobs at work; they survive the process
    live.py     a job at work, as this process knows it
    leftovers.py  what stays of jobs that have ended, and how it goes
    queue.py    /jobs
    events.py   a job's progress as server-sent events
    figures.py  the metrics
"""

from __future__ import annotations

from casewright.services.documents.app import create_app
from casewright.services.documents.config import NAME, DocumentsConfig, config_from

__all__ = ["NAME", "DocumentsConfig", "config_from", "create_app"]

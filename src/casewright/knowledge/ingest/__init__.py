"""Uploads into a case: durable from the moment they are acknowledged, resumed after any end of the process.

::

    intake.py    uploads taken, jobs told, documents taken out again
    pipeline.py  read, cut, embedded, written, published
    reading.py   a file or text to a document as the index takes it
    live.py      how far each item is
    spool.py     uploads on disk
    backlog.py   the line of what is to be read (persist-queue)
"""

from __future__ import annotations

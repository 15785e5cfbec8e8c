"""The notes service: notes to a letter, a person's word on it, and its files.

::

    app.py             the routes, and what lives as long as the service does
    config.py          what it runs with
    convert.py         from a request to the sealed answer
    model.py           the way to the model, whichever way it is asked
    stream.py          a letter as events
    seal.py            that a letter was made here and not changed since
    confirmations.py   who confirmed which letter
    files.py           a letter as a file
"""

from __future__ import annotations

from casewright.services.notes.app import create_app
from casewright.services.notes.config import NotesConfig, config_from

__all__ = ["NotesConfig", "config_from", "create_app"]

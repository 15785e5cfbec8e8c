"""One file to pages: its content decides who reads it. Runs inside a worker process.

A reader is a generator: first ``Opened``, then a ``Page`` at a time, ``Noted`` where something about the
whole comes up. So what was read before a reader dies is not lost, and progress can be told page by page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from casewright.documents import detect
from casewright.documents.blocks import Found, Noted, Opened, Page
from casewright.documents.detect import Kind
from casewright.documents.formats.cut import Room
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions

Reader = Callable[[Path, Kind, DocumentLimits, ReadOptions], Iterator[Found]]


def read_file(path: Path, name: str, limits: DocumentLimits, options: ReadOptions) -> Iterator[Found]:
    """Read the file at ``path``; ``name`` is only compared with what it is.

    Reading stops, and says so, where the text passes ``limits.output_chars``.

    Raises:
        DocumentError: it cannot be read, asks for a password, or is beyond the limits.
        UnsupportedMedia: it is nothing that is read here.
    """
    kind, doubts = detect.detect(path, name)
    room = Room(limits)
    for found in reader_of(kind)(path, kind, limits, options):
        if isinstance(found, Opened):
            yield replace(found, warnings=doubts + found.warnings)
            continue
        if isinstance(found, Page):
            page, whole = room.take(found)
            if not whole:
                yield page
                yield Noted(
                    f"the text of this file is longer than is read ({limits.output_chars} characters, "
                    f"{limits.pieces} lines or cells): it was cut there",
                    lost=True,
                )
                return
        yield found


def reader_of(kind: Kind) -> Reader:
    """The reader of a kind; its module is imported here, so that a worker holds only what it needs."""
    reader: Reader = import_module(f"casewright.documents.{kind.reader}").read
    return reader

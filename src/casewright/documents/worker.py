"""A process that reads files for the service: ``python -m casewright.documents.worker '<json>'``.

Started by :mod:`casewright.documents.child` and by nothing else. It holds itself to its bounds, says what
holds it, and then answers one task at a time over its socket; what it found leaves it page by page. It ends
when the other end of the socket does, and dies with its parent.
"""

from __future__ import annotations

import errno
import json
import logging
import socket
import sys
import traceback
from pathlib import Path

from casewright.documents import wire
from casewright.documents.blocks import Found, Noted, Page
from casewright.documents.haste import allow
from casewright.documents.sandbox import Bounds, confine, limit_cpu
from casewright.errors import (
    CasewrightError,
    DiskFull,
    DocumentError,
    DocumentTooLarge,
    InstallError,
    UnreadableDocument,
)
from casewright.observability.logs import set_up

log = logging.getLogger(__name__)
RECURSION = 2_000


def main(arguments: list[str]) -> int:
    """Serve until the service goes; the one argument is the JSON of ``child.start``."""
    told = json.loads(arguments[0])
    set_up("documents-worker", "WARNING")
    sys.setrecursionlimit(RECURSION)
    folder = wire.local(told["folder"])
    isolation = confine(Bounds(**told["bounds"]), told["parent"], folder / "in", folder / "out")
    allow()
    with socket.socket(fileno=told["socket"]) as connection:
        line = _Line(connection)
        line.say(wire.Ready(isolation))
        while (task := line.hear()) is not None:
            _answer(line, task)
    return 0


class _Line:
    """The socket to the service; counts what is said about one file."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.said = 0

    def hear(self) -> wire.Task | None:
        """The next task; None when the service is gone."""
        self.said = 0
        head = self._exactly(wire.HEAD.size)
        if head is None:
            return None
        body = self._exactly(wire.length(head))
        task: wire.Task | None = None if body is None else wire.decode(head, body)
        return task

    def say(self, answer: wire.Answer) -> None:
        frame = wire.encode(answer)
        self.said += len(frame)
        self._connection.sendall(frame)

    def _exactly(self, size: int) -> bytes | None:
        held = bytearray()
        while len(held) < size:
            block = self._connection.recv(size - len(held))
            if not block:
                return None
            held += block
        return bytes(held)


def _answer(line: _Line, task: wire.Task) -> None:
    try:
        if isinstance(task, wire.Ping):
            line.say(wire.Done())
            return
        limit_cpu(task.cpu_s)
        if isinstance(task, wire.ReadTask):
            _read(line, task)
        else:
            line.say(_view(task))
    except CasewrightError as error:
        line.say(wire.Refused(error.kind, error.message, error.hint))
    except MemoryError:
        line.say(_refused_for_memory())
    except ImportError as error:
        line.say(_missing(str(error.name)))
    except RecursionError:
        line.say(_unreadable("is nested too deeply"))
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - told without the error's words: they may be the document's
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            line.say(_refused_for_space())
            return
        where = "".join(traceback.format_tb(error.__traceback__, limit=-8))
        log.error("a reader failed with %s\n%s", type(error).__name__, where)
        line.say(_unreadable(f"failed in an unforeseen way ({type(error).__name__})"))


def _read(line: _Line, task: wire.ReadTask) -> None:
    # after the process was confined; what detects languages is native code too
    from casewright.documents.convert import read_file  # noqa: PLC0415
    from casewright.documents.language import Words, language_of  # noqa: PLC0415

    words = Words()
    found: Found
    for found in read_file(_file(task.path), task.name, task.limits, task.options):
        if line.said > wire.FILE_BYTES - wire.FRAME_BYTES // 2:
            line.say(Noted("there is more in this file than is read of one: it was cut there", lost=True))
            break
        words.hear(found)
        try:
            line.say(found)
        except DocumentError as error:
            if isinstance(found, Page):
                line.say(
                    Page((), "none", unread=True, warnings=(f"this page was not read: {error.message}",))
                )
            line.say(Noted(f"a part of this file was not read: {error.message}", lost=True))
    line.say(wire.Done(language_of(words.text)))


def _view(task: wire.ViewTask) -> wire.Picture:
    from casewright.documents.view import view  # noqa: PLC0415 - after the process was confined

    return wire.Picture(view(_file(task.path), task.page, task.dpi, task.limits, task.password))


def _file(path: str) -> Path:
    return wire.local(path)


def _refused_for_memory() -> wire.Refused:
    return wire.Refused(
        DocumentTooLarge.kind,
        "reading this file takes more memory than allowed",
        "split it and send its parts",
        worn=True,
    )


def _refused_for_space() -> wire.Refused:
    return wire.Refused(
        DiskFull.kind, "no space is left to read files in", "free some space and send it again"
    )


def _missing(part: str) -> wire.Refused:
    return wire.Refused(
        InstallError.kind,
        f"{part}, which reads this kind of file, cannot be loaded",
        "install casewright[documents]",
    )


def _unreadable(how: str) -> wire.Refused:
    return wire.Refused(
        UnreadableDocument.kind, f"reading this file {how}", "open it, save it again and send that"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

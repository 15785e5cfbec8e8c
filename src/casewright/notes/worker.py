"""A process that reads beside the notes service: ``python -m casewright.notes.worker SOCKET``.

Started by :mod:`casewright.services.notes.worker` and by nothing else. It looks for the contradictions of
notes and holds sentences against their lines, one task at a time, by the code that the service has as well;
it ends when the other end of its socket does. It keeps nothing of a task.
"""

from __future__ import annotations

import logging
import signal
import socket
import sys
import traceback
from typing import BinaryIO

from casewright.notes import worker_wire as wire
from casewright.notes.contradict import contradictions
from casewright.notes.ground import faults
from casewright.notes.read_once import read_once
from casewright.notes.remembered import forget
from casewright.notes.shapes import Context, SourceLine
from casewright.observability.logs import set_up

log = logging.getLogger(__name__)
TASK_S = 300  # the system ends whatever takes longer; the service has given it up long before
# What is loaded once is loaded by these, before the first task comes.
_FIRST = "cl owes Barclays £40\ncl to send payslips by 3 May"
_FIRST_SENTENCE = "You owe Barclays £40."
_FIRST_CONTEXT = Context("Ann Other", "matters_discussed", "client", sure=True)


def main(arguments: list[str]) -> int:
    """Serve until the service goes; the one argument is the number of the socket."""
    set_up("notes-worker", "WARNING")
    with socket.socket(fileno=int(arguments[0])) as connection, connection.makefile("rb") as heard:
        clashes(wire.Clashes(0, _FIRST, "Ann Other", None))
        faults(_FIRST_SENTENCE, [SourceLine(1, "cl owes Barclays £40")], _FIRST_CONTEXT)
        forget()
        said: wire.Found | wire.Judged | wire.Failed = wire.Found(0, ())
        try:
            while True:
                connection.sendall(wire.frame(wire.ANSWER, said))
                task = _hear(heard)
                if task is None:
                    return 0
                signal.alarm(TASK_S)  # the service may be gone, and the socket is read between tasks only
                said = answered(task)
                signal.alarm(0)
        except (BrokenPipeError, ConnectionResetError):
            return 0  # the service is gone
        except ValueError as error:
            log.error("a task of another shape: %s", type(error).__name__)
            return 1


def answered(task: wire.Clashes | wire.Judge) -> wire.Found | wire.Judged | wire.Failed:
    """The answer to a task; a defect is told without its words."""
    try:
        if isinstance(task, wire.Clashes):
            return clashes(task)
        found = tuple(faults(one.sentence, one.lines, one.context) for one in task.sentences)
        return wire.Judged(task.number, found)
    except Exception as error:  # noqa: BLE001 - told without the error's words: they may be the client's
        where = "".join(traceback.format_tb(error.__traceback__, limit=-8))
        log.error("a task failed with %s\n%s", type(error).__name__, where)
        return wire.Failed(task.number, type(error).__name__)
    finally:
        forget()


def clashes(task: wire.Clashes) -> wire.Found:
    """The contradictions of notes, read as the service reads them."""
    reading = read_once(task.notes, task.client_name)
    found = contradictions(reading.entries, task.client_name, task.meeting, withheld=reading.withheld)
    return wire.Found(task.number, found)


def _hear(heard: BinaryIO) -> wire.Clashes | wire.Judge | None:
    """The next task; None when the service is gone."""
    head = heard.read(wire.HEAD.size)
    if len(head) < wire.HEAD.size:
        return None
    size = wire.length(head)
    body = heard.read(size)
    return wire.TASK.validate_json(body) if len(body) == size else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

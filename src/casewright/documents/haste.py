"""Native code that is made to work too long is ended by the system, together with the worker it runs in.

A page of a kilobyte can keep a library busy for minutes, where no deadline of Python's is looked at. A reader
wraps such calls in ``hasty``; the service then loses that page, and no more, after so much processor time.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

# Parsing a page takes milliseconds, decoding a picture of 40 million points about a second.
PARSE_S = 1.5
DECODE_S = 3.0
_may_end: list[bool] = []


def allow() -> None:
    """Let ``hasty`` end this process: a worker says so of itself. Elsewhere ``hasty`` does nothing."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # a handler in Python would wait for the call to return
    _may_end.append(True)


@contextlib.contextmanager
def hasty(seconds: float = PARSE_S) -> Iterator[None]:
    """Give the calls within so much processor time, all threads of the process together."""
    if not _may_end:
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)

"""The second process of the notes service: what it is asked, and what is done where it does not answer.

All that it does the service can do as well, in a thread that shares one interpreter with every other. So it
is asked where it is free, and whatever goes wrong with it (killed, hung, gone) makes a letter slower and
changes nothing in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from casewright.api.notes import Contradiction, ConvertRequest
from casewright.notes import worker_wire as wire
from casewright.notes.read_once import JudgedOnce
from casewright.notes.shapes import Asked

log = logging.getLogger(__name__)
# What of the service's environment it needs; keys and tokens are not among it.
KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "LD_LIBRARY_PATH", "TZ")
# Fewer sentences than this are not worth the way to another process.
FEW = 3


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Seconds: ``start_s`` to come up; for an answer ``least_s`` and ``a_line_s`` or ``a_sentence_s`` for
    each, twenty times what they take. One that was lost is started again after ``again_s``, twice as long
    each time it is lost anew without an answer, ``most_s`` at most.
    """

    start_s: float = 30.0
    least_s: float = 1.0
    a_line_s: float = 0.005
    a_sentence_s: float = 0.025
    again_s: float = 1.0
    most_s: float = 60.0


@dataclass(frozen=True, slots=True)
class _Child:
    process: asyncio.subprocess.Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Worker:
    """One process beside the service; nothing runs before ``start``."""

    def __init__(self, config: WorkerConfig | None = None) -> None:
        self._config = config or WorkerConfig()
        self._child: _Child | None = None
        self._coming: asyncio.Task[None] | None = None
        self._free = asyncio.Lock()
        self._open = False
        self._losses = 0
        self._not_before = 0.0
        self._numbers = itertools.count(1)

    @property
    def pid(self) -> int | None:
        """Its process id; None while there is none that answers."""
        return None if self._child is None else self._child.process.pid

    def start(self) -> None:
        """Have it come up; nobody waits for it."""
        self._open = True
        self._come()

    async def aclose(self) -> None:
        """End it."""
        self._open = False
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.gather(self._coming, return_exceptions=True)
        if self._child is not None:
            child, self._child = self._child, None
            await _end(child)

    async def __aenter__(self) -> Worker:
        self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()

    async def clashes(self, body: ConvertRequest) -> tuple[Contradiction, ...] | None:
        """The contradictions of notes; None where it is busy or gone, and they are still to be looked for."""
        if self._free.locked():
            return None
        seconds = self._config.least_s + self._config.a_line_s * body.notes.count("\n")
        async with self._free:
            task = wire.Clashes(next(self._numbers), body.notes, body.client_name, body.meeting_date)
            said = await self._ask(task, seconds)
        return said.clashes if isinstance(said, wire.Found) else None

    async def ahead(self, judge: JudgedOnce, asked: Sequence[Asked]) -> None:
        """Have ``judge`` know what is wrong with these sentences: one half is judged here, one half there."""
        left = deque(judge.unknown(asked))
        theirs = asyncio.ensure_future(self._share(judge, left))
        try:
            await asyncio.sleep(0)  # it takes its half before the thread here takes all
            await asyncio.to_thread(_judge, judge, left)
            await theirs
        finally:
            theirs.cancel()
        if left:  # it came back undone
            await asyncio.to_thread(_judge, judge, left)

    async def _share(self, judge: JudgedOnce, left: deque[Asked]) -> None:
        while len(left) >= FEW and not self._free.locked():  # busy: a thread has them sooner
            async with self._free:
                batch = _half(left)
                seconds = self._config.least_s + self._config.a_sentence_s * len(batch)
                task = wire.Judge(next(self._numbers), batch)
                said = await self._ask(task, seconds) if batch else None
            if not isinstance(said, wire.Judged):
                left.extend(batch)
                return
            for one, found in zip(batch, said.faults, strict=True):
                judge.learn(one, found)

    async def _ask(self, task: wire.Clashes | wire.Judge, seconds: float) -> wire.Found | wire.Judged | None:
        """Its answer, for whoever holds ``_free``; None where there is none. It is ended if it has none."""
        child = self._child
        if child is None:
            self._come()
            return None
        try:
            async with asyncio.timeout(seconds):
                child.writer.write(wire.frame(wire.TASK, task))
                await child.writer.drain()
                said = await _heard(child)
        # RuntimeError: uvloop's, where it writes to what is closed
        except (TimeoutError, OSError, EOFError, ValueError, RuntimeError) as error:
            self._lost(child, type(error).__name__)
            return None
        except BaseException:  # whoever asked has gone: nobody waits until it has ended
            self._lost(child, "nobody waits for it any longer")
            raise
        if not answers(said, task):
            self._lost(child, "it answered something else")
            return None
        self._losses = 0
        return None if isinstance(said, wire.Failed) else said

    def _lost(self, child: _Child, why: str) -> None:
        log.warning("the second process (%d) is ended and started again: %s", child.process.pid, why)
        if self._child is child:
            self._child = None
        _kill(child)
        self._later()
        self._come()

    def _later(self) -> None:
        wait_s = min(self._config.most_s, self._config.again_s * 2**self._losses)
        self._losses = min(self._losses + 1, 16)
        self._not_before = time.monotonic() + wait_s

    def _come(self) -> None:
        if self._open and (self._coming is None or self._coming.done()):
            self._coming = asyncio.ensure_future(self._bring())

    async def _bring(self) -> None:
        """Start it as soon as it may be, and wait for its first word; a failure is told in the log."""
        await asyncio.sleep(max(0.0, self._not_before - time.monotonic()))
        child = None
        try:
            child = await _spawn()
            async with asyncio.timeout(self._config.start_s):
                await _heard(child)
        except (TimeoutError, OSError, EOFError, ValueError) as error:
            log.warning("no second process comes up (%s): letters take longer", type(error).__name__)
            self._later()
        except BaseException:
            if child is not None:
                await _end(child)
            raise
        else:
            self._child = child
            return
        if child is not None:
            await _end(child)


def answers(said: wire.Found | wire.Judged | wire.Failed, task: wire.Clashes | wire.Judge) -> bool:
    """Whether it is the answer to this task: what is not must never get into a letter."""
    if said.number != task.number:
        return False
    if isinstance(said, wire.Judged):
        return isinstance(task, wire.Judge) and len(said.faults) == len(task.sentences)
    return isinstance(said, wire.Failed) or isinstance(task, wire.Clashes)


def _half(left: deque[Asked]) -> tuple[Asked, ...]:
    """The first half of what is left, taken out of it; a thread takes from its end meanwhile."""
    taken = []
    with contextlib.suppress(IndexError):
        for _ in range((len(left) + 1) // 2):
            taken.append(left.popleft())
    return tuple(taken)


def _judge(judge: JudgedOnce, left: deque[Asked]) -> None:
    with contextlib.suppress(IndexError):
        while True:
            judge.judge(left.pop())


async def _heard(child: _Child) -> wire.Found | wire.Judged | wire.Failed:
    """The next thing that it says; ``ValueError`` where it is none of these."""
    size = wire.length(await child.reader.readexactly(wire.HEAD.size))
    return wire.ANSWER.validate_json(await child.reader.readexactly(size))


async def _spawn() -> _Child:
    ours, theirs = socket.socketpair()
    process = None
    try:
        with theirs:
            # -P: what lies in the directory where somebody works is data, and is never imported
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "casewright.notes.worker", str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={name: os.environ[name] for name in KEPT if name in os.environ} | {"PYTHONUTF8": "1"},
                start_new_session=True,  # Ctrl-C is the service's; its end is the end of the socket
            )
        return _Child(process, *await asyncio.open_unix_connection(sock=ours))
    except BaseException:
        ours.close()
        if process is not None:
            process.kill()
            await process.wait()
        raise


def _kill(child: _Child) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.process.kill()
    child.writer.close()


async def _end(child: _Child) -> None:
    _kill(child)
    await child.process.wait()

"""One embedding process as the service sees it: started, asked, ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

from casewright.errors import EmbeddingTimeout, EmbeddingWorkerLost, InstallError
from casewright.knowledge import embed_wire as wire
from casewright.knowledge.models import EmbedderKind
from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Stamp

log = logging.getLogger(__name__)

# What of the service's environment it needs; keys and tokens are not among it.
KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "LD_LIBRARY_PATH", "TMPDIR", "TZ")
LOGGED_BYTES = 8 * 1024
REAP_S = 5.0


class EmbedChild:
    """A process with one model loaded; made with ``start``. One question at a time."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        stamp: Stamp,
    ) -> None:
        self._process = process
        self._reader, self._writer = streams
        self._stamp = stamp
        self._watching = asyncio.ensure_future(self._watch())

    @classmethod
    async def start(
        cls, kind: EmbedderKind, stamp: Stamp, *, threads: int, nice: int, start_s: float
    ) -> EmbedChild:
        """Start a process and wait until it has its model, which must be the one of ``stamp``.

        Raises:
            InstallError: the model cannot be loaded there, or is another by now.
            EmbeddingTimeout, EmbeddingWorkerLost: it does not come up.
        """
        ours, theirs = socket.socketpair()
        told = {"socket": theirs.fileno(), "kind": kind, "threads": threads, "nice": nice}
        try:
            with theirs:
                process = await _spawn(told, theirs, threads)
            streams = await asyncio.open_unix_connection(sock=ours)
        except BaseException as error:
            ours.close()
            if isinstance(error, OSError):
                raise EmbeddingWorkerLost(
                    f"a process to embed texts cannot be started: {error.strerror}",
                    hint="look into the service's log",
                ) from error
            raise
        child = cls(process, streams, stamp)
        try:
            found = wire.as_stamp(*await child.hear(start_s))
            if found != stamp:
                raise InstallError(
                    "the embedding model was replaced while the service runs",
                    hint="start the service again; `casewright reindex` if it then asks for it",
                )
        except BaseException:
            child.kill()
            await child.ended()
            raise
        return child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return self._process.returncode is None and not self._reader.at_eof()

    async def ask(self, texts: Sequence[str], seconds: float) -> Vectors:
        """The vectors of some texts. It is of no more use after any error but ``EmbeddingError`` itself.

        Raises:
            EmbeddingTimeout: they take longer than so many seconds.
            EmbeddingWorkerLost: it has ended, or says what it may not.
            EmbeddingError: it says why it has none.
        """
        try:
            self._writer.write(wire.texts(texts))
            async with asyncio.timeout(seconds):
                await self._writer.drain()
        except TimeoutError as error:
            raise _late(seconds) from error
        except OSError as error:
            raise await self._lost() from error
        head, body = await self.hear(seconds)
        return wire.as_rows(head, body, len(texts), self._stamp.dimensions)

    async def hear(self, seconds: float) -> tuple[bytes, bytes]:
        """The next frame that it says.

        Raises:
            EmbeddingTimeout, EmbeddingWorkerLost: none comes.
        """
        try:
            async with asyncio.timeout(seconds):
                head = await self._reader.readexactly(wire.HEAD.size)
                return head, await self._reader.readexactly(wire.length(head))
        except TimeoutError as error:
            raise _late(seconds) from error
        except (asyncio.IncompleteReadError, OSError) as error:
            raise await self._lost() from error

    def kill(self) -> None:
        """End it at once, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._writer.close()

    async def ended(self) -> None:
        """Return when it has ended."""
        await asyncio.shield(self._watching)

    async def _watch(self) -> None:
        """Log what it writes to its standard error, bounded."""
        logged = 0
        assert self._process.stderr is not None
        while block := await self._process.stderr.read(4096):
            if logged < LOGGED_BYTES:
                said = block[: LOGGED_BYTES - logged].decode("utf-8", "replace")
                log.warning("embedding process %d said: %s", self.pid, said)
            logged += len(block)
        await self._process.wait()
        self._writer.close()

    async def _lost(self) -> EmbeddingWorkerLost:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REAP_S):
                await self._process.wait()
        code = self._process.returncode
        how = (
            "" if code is None else f" ({signal.Signals(-code).name})" if code < 0 else f" (exit code {code})"
        )
        return EmbeddingWorkerLost(
            f"the embedding process died{how}",
            hint="repeat it; if that happens again, the machine may be short of memory",
        )


async def _spawn(
    told: Mapping[str, object], theirs: socket.socket, threads: int
) -> asyncio.subprocess.Process:
    # -P: what lies in the directory where somebody works is data, and is never imported
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "casewright.knowledge.embed_worker", json.dumps(told)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(theirs.fileno(),),
        env=_environment(os.environ, threads),
        start_new_session=True,  # Ctrl-C is the service's; its end is the end of the socket
    )


def _environment(given: Mapping[str, str], threads: int) -> dict[str, str]:
    told = {name: given[name] for name in KEPT if name in given}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
        told[name] = str(threads)
    return told | {
        "PYTHONUTF8": "1",
        "MALLOC_ARENA_MAX": "2",
        "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime's builds report to their maker otherwise
    }


def _late(seconds: float) -> EmbeddingTimeout:
    return EmbeddingTimeout(
        f"embedding came no further for {seconds:.3g} s and was ended",
        hint="repeat it when the machine is less busy",
    )

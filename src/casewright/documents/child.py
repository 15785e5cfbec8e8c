"""One worker process as the service sees it: started, asked, listened to, ended."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import shutil
import signal
import socket
import stat
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from casewright.documents import wire
from casewright.documents.sandbox import Bounds, Isolation
from casewright.errors import (
    CasewrightError,
    DiskFull,
    DocumentError,
    DocumentTimeout,
    DocumentWorkerLost,
    UnreadableDocument,
)

log = logging.getLogger(__name__)

# What of the service's environment a worker needs; keys and tokens are not among it.
KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "LD_LIBRARY_PATH", "TESSDATA_PREFIX", "TZ")
# Frames that are longer are checked in a thread, so that others are answered meanwhile.
LARGE_FRAME = 128 * 1024
LOGGED_BYTES = 8 * 1024
REAP_S = 5.0
_PREFIX = "casewright-worker-"


class Child:
    """A worker process; made with ``start``. One task at a time.

    ``folder`` holds the file that is read (``in``) and is all that it may write to (``out``).
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        folder: Path,
        bounds: Bounds,
    ) -> None:
        self.bounds = bounds
        self.isolation = Isolation()
        self.tasks = 0
        self.worn = False
        self._process = process
        self._reader, self._writer = streams
        self._folder = folder
        self._bytes = self._frames = 0
        self._is_over = False
        self._watching = asyncio.ensure_future(self._watch())

    @classmethod
    async def start(cls, bounds: Bounds, threads: int, start_s: float, within: Path | None = None) -> Child:
        """Start a worker and wait for its first word; its folder is made in ``within``, as ``made_in`` says.

        Raises:
            DiskFull: there is no room for its folder.
            DocumentWorkerLost: it does not come up.
        """
        try:
            with contextlib.ExitStack() as undo:
                ours, theirs = socket.socketpair()
                undo.callback(ours.close)
                with theirs:
                    folder = _folder(made_in(within), undo)
                    told = {
                        "socket": theirs.fileno(),
                        "parent": os.getpid(),
                        "folder": wire.portable(folder),
                        "bounds": asdict(bounds),
                    }
                    process = await _spawn(told, theirs, folder / "out", threads)
                streams = await asyncio.open_unix_connection(sock=ours)
                undo.pop_all()
        except OSError as error:
            lost = DocumentWorkerLost(
                f"a process to read files cannot be started: {error.strerror}",
                hint="look into the service's log",
            )
            raise _no_room(error) or lost from error
        child = cls(process, streams, folder, bounds)
        try:
            ready = await child.hear(start_s)
            if not isinstance(ready, wire.Ready):
                raise DocumentWorkerLost("a process to read files did not come up", hint="see the log")
        except BaseException:
            child.kill()
            await child.ended()
            raise
        child.isolation = ready.isolation
        return child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it has not ended, as far as is known, and its folder was not tidied away."""
        ended = self._process.returncode is not None or self._reader.at_eof()
        return not ended and (self._folder / "in").is_dir()

    @property
    def killed(self) -> bool:
        """Whether it ended by SIGKILL, as the system does where memory is short."""
        return self._process.returncode == -signal.SIGKILL

    async def place(self, path: Path) -> Path:
        """Put a file where the worker can see it: a link where the disk allows, a copy elsewhere.

        Raises:
            UnreadableDocument: it is no file, or cannot be opened.
            DiskFull: there is no room for a copy.
        """
        here = self._folder / "in" / "file"
        try:
            await asyncio.to_thread(_put, path, here)
        except OSError as error:
            unopened = UnreadableDocument(
                f"the file cannot be opened: {error.strerror}",
                hint="look whether it is there, and its permissions",
            )
            raise _no_room(error) or unopened from error
        return here

    async def ask(self, task: wire.Task) -> None:
        """Give it a task; its answers are heard one by one."""
        self._bytes = self._frames = 0
        self.tasks += not isinstance(task, wire.Ping)
        try:
            self._writer.write(wire.encode(task))
            await self._writer.drain()
        except OSError as error:
            raise await self._lost() from error

    async def hear(self, seconds: float) -> Any:
        """The next thing it says.

        Raises:
            DocumentTimeout: it says nothing for so many seconds, or used up its processor time.
            DocumentWorkerLost: it has ended, or says what it may not.
            CasewrightError: it refused the file.
        """
        try:
            async with asyncio.timeout(max(0.01, seconds)):
                head = await self._reader.readexactly(wire.HEAD.size)
                size = wire.length(head)
                self._bytes += size
                self._frames += 1
                if self._bytes > wire.FILE_BYTES + wire.FRAME_BYTES or self._frames > wire.FILE_FRAMES:
                    raise DocumentWorkerLost(
                        "there is more in this file than is read of one, and it was ended", hint="split it"
                    )
                body = await self._reader.readexactly(size)
        except TimeoutError as error:
            raise DocumentTimeout(
                f"reading came no further for {seconds:.3g} s and was ended",
                hint="split the file, or raise CASEWRIGHT_DOCUMENT_SECONDS",
            ) from error
        except (asyncio.IncompleteReadError, OSError) as error:
            raise await self._lost() from error
        said = (
            wire.decode(head, body)
            if size < LARGE_FRAME
            else await asyncio.to_thread(wire.decode, head, body)
        )
        if isinstance(said, wire.Refused):
            self.worn = self.worn or said.worn
            raise said.error()
        return said

    def forget(self) -> None:
        """Take away the file that was read, and what was left beside it; for a thread, it may be much.

        Raises:
            OSError: the folder is gone, or does not let go of it.
        """
        for part in ("in", "out"):
            for left in os.scandir(self._folder / part):
                if left.is_dir(follow_symlinks=False):
                    shutil.rmtree(left.path, ignore_errors=True)
                else:
                    Path(left.path).unlink(missing_ok=True)

    def resident_bytes(self) -> int | None:
        """How much memory it holds; None where the system does not tell."""
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        except (OSError, IndexError):
            return None
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def kill(self) -> None:
        """End it and what it started, at once, whatever they do."""
        if not self._is_over:  # afterwards its number may be somebody else's
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self._writer.close()

    async def ended(self) -> None:
        """Return when it has ended and nothing is left of it."""
        await asyncio.shield(self._watching)

    async def _watch(self) -> None:
        """Log what it writes to its standard error, bounded; clean up after it."""
        logged = 0
        assert self._process.stderr is not None
        while block := await self._process.stderr.read(4096):
            if logged < LOGGED_BYTES:
                log.warning(
                    "worker %d said: %s", self.pid, block[: LOGGED_BYTES - logged].decode("utf-8", "replace")
                )
            logged += len(block)
        await self._process.wait()
        self.kill()
        self._is_over = True
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _lost(self) -> DocumentError:
        """Why it is gone."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REAP_S):
                await self._process.wait()
        code = self._process.returncode
        if code == -signal.SIGPROF:
            return DocumentTimeout(
                "it takes more work than any page that somebody wrote, and its reader was ended",
                hint="print it to a new PDF, or send a picture of it",
            )
        if code == -signal.SIGXCPU:
            return DocumentTimeout(
                "reading used up the processor time of a file and was ended", hint="split it"
            )
        how = "" if code is None else f" (exit code {code})"
        return DocumentWorkerLost(
            f"the process that read this file died{how}",
            hint="send it again; if that repeats, the file is damaged or needs more memory than allowed",
        )


async def _spawn(
    told: Mapping[str, object], theirs: socket.socket, scratch: Path, threads: int
) -> asyncio.subprocess.Process:
    # -P: what lies in the directory where somebody works is data, and is never imported
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "casewright.documents.worker", json.dumps(told)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(theirs.fileno(),),
        env=_environment(os.environ, scratch, threads),
        start_new_session=True,  # Ctrl-C is the service's; all it started ends with it
    )


def made_in(folder: Path | None) -> Path:
    """Where the folders of workers are made: the system's temporary directory, unless one is named."""
    return Path(tempfile.gettempdir()) if folder is None else folder


def sweep(within: Path | None = None) -> None:
    """Take away the folders of workers whose service died before it could.

    A folder's name tells who made it: the number of a process, and when that began, since numbers come again.
    """
    if _began("self") is None:  # nothing is known of processes here
        return
    for folder in made_in(within).glob(f"{_PREFIX}*-*"):
        owner, began = [*folder.name.removeprefix(_PREFIX).split("-"), ""][:2]
        if owner.isdigit() and _began(owner) != began:
            shutil.rmtree(folder, ignore_errors=True)


def _began(process: str) -> str | None:
    """When a process began, in the system's ticks since it came up; None where that is not to be had."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return told.rpartition(")")[2].split()[19]  # the 22nd word; the second, in brackets, may hold spaces


def _folder(within: Path, undo: contextlib.ExitStack) -> Path:
    within.mkdir(parents=True, exist_ok=True)
    owner = f"{os.getpid()}-{_began('self') or ''}"
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{owner}-", dir=within))
    undo.callback(shutil.rmtree, folder, ignore_errors=True)
    for part in ("in", "out"):
        (folder / part).mkdir()
    return folder


def _no_room(error: OSError) -> CasewrightError | None:
    """The error to raise where it is the disk's; None where it is not."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return None
    return DiskFull("no space is left to read files in", hint="free some space and send it again")


def _put(path: Path, here: Path) -> None:
    here.unlink(missing_ok=True)
    real = path.resolve(strict=True)
    if not stat.S_ISREG(real.stat().st_mode):
        raise UnreadableDocument("this is not a file", hint="send a file")
    try:
        here.hardlink_to(real)
    except OSError:  # another disk, or one that has no links
        try:
            shutil.copyfile(real, here)
        except OSError:
            here.unlink(missing_ok=True)
            raise


def _environment(given: Mapping[str, str], scratch: Path, threads: int) -> dict[str, str]:
    told = {name: given[name] for name in KEPT if name in given}
    for name in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        told[name] = str(threads)
    return told | {
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "MALLOC_ARENA_MAX": "2",
        "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime's builds report to their maker otherwise
    }

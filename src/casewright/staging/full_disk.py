"""A small volume that can be filled: a tmpfs of its own, taken away again whatever happens."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from casewright.errors import StorageError
from casewright.staging.orders import to_the_end
from casewright.staging.stack import run_command

# The services leave 64 MB free for themselves, and say so when there is less.
VOLUME_MB = 192
_BLOCK = bytes(1024 * 1024)
_FILLER = "filler"
_COMMAND_S = 20.0
_DOWN_S = 60.0
# The volume's name has the stage's process id: one that a killed stage left is known by it.
_SOURCE = "casewright-stage-"


class NoVolume(Exception):
    """No volume can be mounted here; ``why`` says what forbids it and how it can be had."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@asynccontextmanager
async def small_volume(folder: Path) -> AsyncIterator[Path]:
    """Mount a tmpfs of ``VOLUME_MB`` at an empty folder.

    Raises:
        NoVolume: this system or user cannot mount one, or what a killed stage left cannot be taken away.
        StorageError: it cannot be unmounted any more.
    """
    how = "run the stage as root on Linux"
    program = shutil.which("mount")
    if not sys.platform.startswith("linux") or program is None:
        raise NoVolume(f"no tmpfs can be mounted on {sys.platform} without a mount command; {how}")
    words = (
        program,
        "-t",
        "tmpfs",
        "-o",
        f"size={VOLUME_MB}m,mode=0700",
        f"{_SOURCE}{os.getpid()}",
        str(folder),
    )
    for left in await asyncio.to_thread(left_behind):
        try:
            await to_the_end(_swept(left))
        except StorageError as stuck:  # no reason to end the stage: the other boxes need no volume
            raise NoVolume(f"{stuck.message}; {stuck.hint}") from stuck
    try:
        run = await to_the_end(run_command(words, os.environ, _COMMAND_S))
        if run.exit_code != 0:
            said = " ".join((run.problem or run.stderr or f"exit {run.exit_code}").split())
            raise NoVolume(f"mounting a small volume is not allowed here ({said[-200:]}); {how}")
        yield folder
    finally:
        await to_the_end(_taken_away(folder))


def left_behind() -> list[Path]:
    """Volumes of stages that are no more: killed, they could not take them away."""
    lines = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    ours = [(words[0].removeprefix(_SOURCE), words[1]) for words in lines if words[0].startswith(_SOURCE)]
    return [Path(_unescaped(place)) for pid, place in ours if not Path("/proc", pid).exists()]


def _unescaped(place: str) -> str:
    """A path as /proc/mounts writes it: a space there is \\040."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), place)


async def _swept(left: Path) -> None:
    """The stack on it first: unmounted, it would run on, and nobody could find its processes any more."""
    words = (sys.executable, "-m", "casewright", "down")
    run = await run_command(words, {**os.environ, "CASEWRIGHT_DATA": str(left)}, _DOWN_S)
    if run.exit_code != 0:
        said = " ".join((run.problem or run.stderr or f"exit {run.exit_code}").split())
        raise StorageError(
            f"the stack that a killed stage left on {left} does not stop: {said[-200:]}",
            hint=f"CASEWRIGHT_DATA={left} casewright down",
        )
    await _unmount(left)


async def _taken_away(folder: Path) -> None:
    if await asyncio.to_thread(folder.is_mount):
        await _unmount(folder)


async def _unmount(folder: Path) -> None:
    """At once, or as soon as the last file on it is closed."""
    said = ""
    for words in (("umount",), ("umount", "-l")):
        run = await run_command((*words, str(folder)), os.environ, _COMMAND_S)
        if run.exit_code == 0:
            return
        said = " ".join((run.problem or run.stderr).split())
    raise StorageError(f"{folder} cannot be unmounted: {said}", hint=f"umount -l {folder}")


async def fill(folder: Path) -> int:
    """Write until nothing more is taken; the bytes written.

    A cancel waits for the writing, which a thread goes on with: what is freed before its end is filled again.
    """
    return await to_the_end(asyncio.to_thread(_fill, folder / _FILLER))


def _fill(path: Path) -> int:
    with path.open("wb", buffering=0) as file:
        written = 0
        for block in (_BLOCK, _BLOCK[:4096], _BLOCK[:1]):
            while True:
                try:
                    written += file.write(block)
                except OSError as error:
                    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                        raise StorageError(
                            f"cannot fill {path}: {error.strerror}", hint="look at its permissions"
                        ) from error
                    break
    return written


async def free(folder: Path) -> None:
    """Give the space back."""
    with suppress(FileNotFoundError):
        await asyncio.to_thread((folder / _FILLER).unlink)

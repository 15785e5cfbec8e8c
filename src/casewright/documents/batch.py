"""Many files to Markdown files: what is read and where it goes, a record for each, nothing overwritten."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from casewright.api.documents import Method, Reading, ReadStatus
from casewright.documents.blocks import Found, Page
from casewright.documents.options import ReadOptions
from casewright.documents.pages import reading_of
from casewright.documents.workers import Workers
from casewright.errors import (
    CasewrightError,
    DocumentError,
    DocumentTimeout,
    DocumentTooLarge,
    DocumentWorkerLost,
    StorageError,
    UnsupportedMedia,
)
from casewright.files import replace_file

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

# A file's name has at most 255 bytes; what is written beside it until it is whole has a longer one.
NAME_BYTES = 200
_UNWRITABLE = re.compile('[\x00-\x1f\x7f-\x9f<>:"/\\\\|?*\u2028-\u202e\u2066-\u2069\ud800-\udfff]')


@dataclass(frozen=True, slots=True)
class Item:
    """A file to be read. ``path`` is as the user would write it; ``target`` is below the output folder."""

    path: Path
    target: Path | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What became of a file, in ``seconds`` . ``pages`` and ``method`` are None where nothing was read."""

    path: str
    status: ReadStatus
    reason: str
    pages: int | None
    method: Method | None
    seconds: float


class Watch(Protocol):
    """Who wants to know how it goes."""

    def page(self) -> None:
        """A page was read."""

    def done(self, record: Record, markdown: str) -> None:
        """A file reached its status; its Markdown, which is empty where nothing was read."""


@dataclass(frozen=True, slots=True)
class Batch:
    """How files are read: ``max_bytes`` is the size of the largest that is taken, ``out`` where they go."""

    workers: Workers
    options: ReadOptions
    max_bytes: int
    out: Path | None = None

    async def run(self, items: Sequence[Item], watch: Watch) -> None:
        """Read them all, one more at a time than there are workers, so that none waits for its next."""
        waiting = iter(items)
        async with asyncio.TaskGroup() as lanes:
            for _ in range(min(len(items), self.workers.config.workers + 1)):
                lanes.create_task(self._lane(waiting, watch))

    async def _lane(self, waiting: Iterator[Item], watch: Watch) -> None:
        for item in waiting:
            record, markdown = await self._one(item, watch)
            watch.done(record, markdown)
            if (lane := asyncio.current_task()) is not None and lane.cancelling():
                raise asyncio.CancelledError

    async def _one(self, item: Item, watch: Watch) -> tuple[Record, str]:
        began = time.monotonic()

        def on_found(found: Found) -> None:
            if isinstance(found, Page):
                watch.page()

        reading: Reading | None = None
        status: ReadStatus
        try:
            await asyncio.to_thread(check_readable, item.path, self.max_bytes)
            converted = await self.workers.read(item.path, item.path.name, self.options, on_found=on_found)
            reading = await _to_its_end(self._put_down, item, reading_of, converted)
            status, reason = reading.status, reading.reason
        except CasewrightError as error:
            status, reason = status_of(error), error.message
        except Exception as error:
            log.exception("a file could not be put down")
            status, reason = "failed", f"it failed in an unforeseen way ({type(error).__name__})"
        record = Record(
            path=shown(item.path),
            status=status,
            reason=reason,
            pages=None if reading is None else reading.page_count,
            method=None if reading is None else reading.method,
            seconds=round(time.monotonic() - began, 3),
        )
        return record, "" if reading is None else reading.markdown

    def _put_down(self, item: Item, join: Callable[..., Reading], converted: object) -> Reading:
        reading = join(converted)
        if item.target is not None and self.out is not None:
            write(self.out, item.target, reading.markdown)
        return reading


async def _to_its_end(work: Callable[P, R], *given: P.args, **named: P.kwargs) -> R:
    """Do it in a thread; a caller that is cancelled meanwhile hears how it went, and is to end then."""
    doing = asyncio.ensure_future(asyncio.to_thread(work, *given, **named))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:  # the thread goes on all the same: what it writes is to have its record
        await asyncio.wait({doing})
        return doing.result()


def status_of(error: CasewrightError) -> ReadStatus:
    """``rejected`` for what a file is, ``failed`` for what happened to it."""
    happened = isinstance(error, DocumentTimeout | DocumentWorkerLost | StorageError)
    return "rejected" if isinstance(error, DocumentError | UnsupportedMedia) and not happened else "failed"


def check_readable(path: Path, max_bytes: int) -> None:
    """Look whether it is a file that can be opened, without waiting for whoever may write to it.

    Raises:
        StorageError: it cannot be opened.
        DocumentTooLarge: it has more than ``max_bytes``.
        UnsupportedMedia: it is a folder, a pipe or a device.
    """
    try:
        seen = path.stat()
        if stat.S_ISDIR(seen.st_mode):
            os.scandir(path).close()
        if not stat.S_ISREG(seen.st_mode):
            raise UnsupportedMedia("this is not a file", hint="name files and folders")
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        raise StorageError(
            f"it cannot be opened: {error.strerror}", hint="look at its permissions"
        ) from error
    if seen.st_size > max_bytes:
        raise DocumentTooLarge(
            f"the file has {seen.st_size} bytes, at most {max_bytes} are taken",
            hint="split it, or raise CASEWRIGHT_DOCUMENT_BYTES",
        )


def write(out: Path, target: Path, markdown: str) -> None:
    """Write a file's Markdown, whole or not at all.

    Raises:
        StorageError: it cannot be written, or a link leads out of the output folder.
    """
    folder = target.parent
    if not folder.resolve().is_relative_to(out.resolve()):  # before anything is made there
        raise StorageError(
            f"{shown(folder)} leads out of the output folder", hint="remove the link that is there"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise StorageError(
            f"{shown(folder)} cannot be made, for a file stands there",
            hint="move it, or name another folder with --out",
        ) from error
    except OSError as error:
        raise StorageError(
            f"{shown(folder)} cannot be made: {error.strerror}",
            hint="check its permissions, and what space is left",
        ) from error
    content = (markdown.rstrip("\n") + "\n").encode("utf-8", "replace") if markdown else b""
    replace_file(target, content, mode=None)


def plan(paths: Iterable[Path], out: Path | None) -> list[Item]:
    """Every file at or below ``paths``, once, in order, and where its Markdown goes.

    The Markdown of ``x.pdf`` is ``x.md``; where two would have one name, both keep their whole name before
    ``.md``. Folders below a named folder are kept. Nothing that is read is ever a target. A folder that
    cannot be opened stands for the files in it.
    """
    found = list(_files(paths, out))
    if out is None:
        return [Item(path) for path, _ in found]
    inputs = {seen for path, _ in found if (seen := identity(path)) is not None}
    stems = Counter(_key(_named(place, place.stem)) for _, place in found)
    taken: set[str] = set()
    items: list[Item] = []
    for path, place in found:
        short = _named(place, place.stem)
        names = (short,) if stems[_key(short)] == 1 else ()
        for name in chain(names, _longer(place)):
            target = out / name
            if _key(name) not in taken and identity(target) not in inputs:
                break
        taken.add(_key(name))
        items.append(Item(path, target))
    return items


def read_again(paths: Iterable[Path], out: Path, items: Iterable[Item]) -> Path | None:
    """The named folder in which a second run would find, and read, what this one writes; None where none."""
    whole = out.resolve()
    places = {item.target.parent.resolve() for item in items if item.target is not None}
    for path in paths:
        if not is_folder(path):
            continue
        folder = path.resolve()
        left_out = whole != folder and whole.is_relative_to(folder)
        if not left_out and any(place.is_relative_to(folder) for place in places):
            return path
    return None


def shown(path: Path) -> str:
    """A path as text that a terminal and JSON can take: what is no character, or steers, is written out."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in str(path)
    )


def _files(paths: Iterable[Path], out: Path | None) -> Iterator[tuple[Path, Path]]:
    """Each file and its place below what was named; neither links to folders nor ``out`` are entered."""
    seen: set[Path] = set()
    for path in paths:
        within = [(path, Path(path.name or "file"))] if not is_folder(path) else _below(path, out)
        for file, place in within:
            whole = Path(os.path.abspath(file))  # noqa: PTH100 - resolve() would follow a link that loops
            if whole not in seen:
                seen.add(whole)
                yield file, place


def _below(folder: Path, out: Path | None) -> Iterator[tuple[Path, Path]]:
    left_out = out.resolve() if out is not None else None
    closed: list[OSError] = []
    for root, folders, names in os.walk(folder, onerror=closed.append):
        here = Path(root)
        folders[:] = sorted(name for name in folders if (here / name).resolve() != left_out)
        for name in sorted(names):
            yield here / name, (here / name).relative_to(folder)
    for error in closed:
        unread = Path(error.filename)
        yield unread, unread.relative_to(folder) if unread != folder else Path(folder.name or "folder")


def _longer(place: Path) -> Iterator[Path]:
    yield _named(place, place.name)
    for number in count(2):
        yield _named(place, f"{place.name}-{number}")


def _named(place: Path, stem: str) -> Path:
    return Path(*(_safe(part) for part in place.parts[:-1]), _safe(stem) + ".md")


def _safe(part: str) -> str:
    """A name that every system takes, and that leads nowhere."""
    clean = _UNWRITABLE.sub("_", part)
    if clean.strip(". ") == "":
        clean = "_" + clean.replace(".", "_")
    packed = clean.encode("utf-8", "replace")
    if len(packed) <= NAME_BYTES:
        return packed.decode("utf-8")
    digest = hashlib.sha256(part.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return packed[: NAME_BYTES - 13].decode("utf-8", "ignore") + "-" + digest


def _key(name: Path) -> str:
    """Names that some disk takes for one have one key."""
    return str(name).casefold()


def is_folder(path: Path) -> bool:
    """Whether it is one; what cannot be looked at is none."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        return False


def identity(path: Path) -> tuple[int, int] | None:
    """What two names of one file have in common; None where it is not there, or cannot be looked at."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino

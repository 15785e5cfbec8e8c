"""The processes' logs: their last lines, and new lines as they come."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TAIL_BYTES = 1_000_000
CHECK_S = 0.3


def tail(path: Path, lines: int, end: int | None = None) -> list[str]:
    """The last lines of a log, [] when there is none; at most its last megabyte is read.

    ``end``: where it is taken to end, in bytes; what comes after is not looked at.
    """
    if lines < 1:
        return []
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            size = size if end is None else min(size, end)
            start = file.seek(max(0, size - TAIL_BYTES))
            found = file.read(size - start).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    return found[-lines:]


@dataclass(slots=True)
class _Reader:
    """One log from where we stopped reading, across its rotation."""

    path: Path
    at: int = 0
    inode: int = 0
    rest: bytes = b""
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        try:
            about = self.path.stat()
        except OSError:
            return
        self.at, self.inode = about.st_size, about.st_ino

    def new_lines(self) -> list[str]:
        """Whole lines that came since."""
        try:
            with self.path.open("rb") as file:
                about = os.fstat(file.fileno())
                if about.st_ino != self.inode or about.st_size < self.at:
                    self.at, self.inode, self.rest = 0, about.st_ino, b""
                file.seek(self.at)
                piece = file.read(TAIL_BYTES)
        except FileNotFoundError:
            return []
        self.at += len(piece)
        *whole, self.rest = (self.rest + piece).split(b"\n")
        return [line.decode("utf-8", "replace") for line in whole]


def follow(
    paths: Mapping[str, Path], stop: threading.Event, ended: Callable[[], bool] = lambda: False
) -> Iterator[tuple[str, str]]:
    """Yield (name, line) as lines come, until ``stop`` is set or ``ended`` says that no more will."""
    return Following(paths).lines(stop, ended)


class Following:
    """Logs from where they end now: what comes later is neither missed nor shown twice."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._readers = {name: _Reader(path) for name, path in paths.items()}

    def tail(self, name: str, lines: int) -> list[str]:
        """The last lines before that."""
        reader = self._readers[name]
        return tail(reader.path, lines, reader.at)

    def lines(
        self, stop: threading.Event, ended: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[str, str]]:
        """See ``follow``."""
        while not stop.is_set() and not ended():
            for name, reader in self._readers.items():
                for line in reader.new_lines():
                    yield name, line
            stop.wait(CHECK_S)

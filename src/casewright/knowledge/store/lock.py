"""One process has a folder: a lock says so, and goes with the process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from casewright.disk import own_folder, told
from casewright.errors import ConfigError

FILE = ".lock"


class FolderLock:
    """The lock of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None

    @property
    def held(self) -> bool:
        """Whether this process has it through this object."""
        return self._handle is not None

    def take(self) -> None:
        """Take it, making the folder where there is none.

        Raises:
            ConfigError: another process has it.
            StorageError: the folder cannot be used.
        """
        own_folder(self._folder)
        with told(self._folder):
            handle = os.open(self._folder / FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise ConfigError(
                f"another process has {self._folder}",
                hint="stop the RAG service first, or use a CASEWRIGHT_DATA of its own",
            ) from error
        self._handle = handle

    def give_back(self) -> None:
        """Give it back; twice is well."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

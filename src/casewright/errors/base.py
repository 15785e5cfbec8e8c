"""The tree's root, the errors that no engine and no service has to itself, and the exit codes."""

from __future__ import annotations

from typing import ClassVar

EXIT_OK = 0
EXIT_TARGET_FAILED = 1
EXIT_NOT_PROVEN = 2
EXIT_INVALID_RUN = 3
EXIT_UNREACHABLE = 4
EXIT_USAGE = 64
EXIT_FAILURE = 70
EXIT_INTERRUPTED = 130


class CasewrightError(Exception):
    """Base of the tree: ``message`` names what happened and to what, ``hint`` what to do next."""

    kind: ClassVar[str] = "error"
    exit_code: ClassVar[int] = EXIT_FAILURE

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(CasewrightError):
    """A command was asked for something it cannot do; the hint names words that work."""

    kind = "usage"
    exit_code = EXIT_USAGE


class ConfigError(CasewrightError):
    """A setting is missing, unknown or contradicts another."""

    kind = "config"
    exit_code = EXIT_USAGE


class StorageError(CasewrightError):
    """The data directory refused a read or a write."""

    kind = "storage"


class DiskFull(StorageError):
    """No space (or quota) is left where results are kept."""

    kind = "disk_full"


class IndexUnavailable(StorageError):
    """The vectors of a case cannot be asked just now; its texts and keywords can."""

    kind = "index_unavailable"


class InstallError(CasewrightError):
    """An engine or a model could not be set up."""

    kind = "install"


class MeasurementError(CasewrightError):
    """A measurement cannot be made, or cannot be trusted."""

    kind = "measurement"
    exit_code = EXIT_INVALID_RUN


class SimulatorLimit(MeasurementError):
    """The built-in simulator was at its own limit, so nothing was learnt about the client."""

    kind = "simulator_limit"

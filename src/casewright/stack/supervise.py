"""``python -m casewright.stack.supervise …``: supervisord, which goes on where its logs cannot be written.

On a full disk supervisord (4.3) ends at the first line of any log that finds no space: it tells of that line
in its own log, and of that on its standard error, both on the same disk. What it had started would go on with
nobody to restart or stop it. Here such a line is lost instead; the services themselves say that the disk is
full.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from supervisor import loggers  # type: ignore[import-untyped]
from supervisor.supervisord import main  # type: ignore[import-untyped]


class LossyFileHandler(loggers.RotatingFileHandler):  # type: ignore[misc]
    """A rotated log that leaves out what it cannot write, and says how much when it can again."""

    lost = 0

    def emit(self, record: Any) -> None:
        """Write a line and rotate, or lose the line."""
        try:
            if self.stream.closed:  # rotating it was cut short
                self.stream: Any = Path(self.baseFilename).open("ab")  # noqa: SIM115
            if self.lost:
                self.stream.write(b"... %d lines could not be written here\n" % self.lost)
                self.stream.flush()
                self.lost = 0
            super().emit(record)
        except (OSError, ValueError):
            self.lost += 1

    def handleError(self) -> None:  # noqa: N802
        """Count it; there is nowhere to tell it: standard error is a file on the same disk."""
        self.lost += 1


def survive_a_full_disk() -> None:
    """Let every log that supervisord opens from now on be such a one."""
    loggers.RotatingFileHandler = LossyFileHandler


if __name__ == "__main__":
    survive_a_full_disk()
    main()

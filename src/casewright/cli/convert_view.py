"""How ``convert`` tells of its work: a bar on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

from collections import Counter
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from casewright.api.documents import ReadStatus
from casewright.documents.batch import Record

STATUSES: tuple[ReadStatus, ...] = ("ok", "partial", "rejected", "failed")
_STYLES = {"partial": "yellow", "rejected": "red", "failed": "bold red"}
# Where there is no terminal, so many lines at most tell how far it is.
PLAIN_STEPS = 10


class Progress:
    """Counts files and pages, and says what is not ``ok``; everything goes to standard error.

    ``records`` are in the order in which the files were done; ``markdown`` is the last file's.
    """

    def __init__(self, files: int) -> None:
        self.records: list[Record] = []
        self.markdown = ""
        self._files = files
        self._pages = 0
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._bar = Bar(
            TextColumn("reading"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("files, {task.fields[pages]} pages"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("reading", total=files, pages=0)

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def page(self) -> None:
        """A page was read."""
        self._pages += 1
        self._bar.update(self._task, pages=self._pages)

    def done(self, record: Record, markdown: str) -> None:
        """A file reached its status."""
        self.records.append(record)
        self.markdown = markdown if self._files == 1 else ""
        self._bar.advance(self._task)
        if record.status != "ok":
            words = Text(record.status, style=_STYLES[record.status])
            self._console.print(words.append(f" {record.path}: {record.reason}", style="default"))
        count = len(self.records)
        step = max(1, self._files // PLAIN_STEPS)
        if not self._console.is_terminal and self._files > 1 and count % step == 0 and count < self._files:
            self._console.print(f"{count} of {self._files} files, {self._pages} pages")

    def summary(self, seconds: float) -> None:
        """The last line: how many of each, how fast, and what was not reached."""
        counts = Counter(record.status for record in self.records)
        told = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
        pages = sum(record.pages or 0 for record in self.records)
        speed = f", {pages / seconds:.1f} pages/s" if seconds > 0 and pages else ""
        done = len(self.records)
        self._console.print(
            f"{done} file{'s' * (done != 1)}: {told or 'none read'}; {pages} page{'s' * (pages != 1)} "
            f"in {seconds:.1f} s{speed}"
        )
        if done < self._files:
            self._console.print(f"interrupted: {self._files - done} of {self._files} files were not reached")

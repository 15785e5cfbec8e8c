"""What was read of a file whose worker ended, and whether reading goes on behind the page that ended it."""

from __future__ import annotations

from collections.abc import Callable

from casewright.documents.blocks import Found, Noted, Opened, Page
from casewright.documents.pages import Converted
from casewright.errors import CasewrightError

MAX_DEATHS = 3
# OCR takes seconds for a page. Text takes milliseconds: longer, and it counts as time that is lost.
SLOW_S = 4.0
# Readers that can begin at a later page.
RESUMABLE = frozenset({"application/pdf", "image/tiff"})


class Rescue:
    """Takes a file's words over several workers; each is told to ``on_found`` once.

    ``seconds`` is how much time may be lost to pages that end their worker, or come slowly without need.
    """

    def __init__(self, first_page: int, seconds: float, on_found: Callable[[Found], None] | None) -> None:
        self._converted = Converted()
        self._first = first_page
        self._seconds = seconds
        self._tell = on_found
        self._noted: set[Noted] = set()
        self._opened: Opened | None = None
        self._deaths = 0
        self._repeated = False
        self._error: CasewrightError | None = None

    @property
    def next_page(self) -> int:
        """The page at which a worker is to begin."""
        return self._first + len(self._converted.pages)

    def patience(self, page_s: float) -> float:
        """How long to wait for the next page: as long as time may still be lost."""
        return min(page_s, max(1.0, self._seconds))

    def take(self, found: Found, seconds: float = 0.0) -> None:
        """Take the next word, ``seconds`` after the last; what a second worker repeats is left out."""
        if isinstance(found, Page) and found.method in ("text", "none") and seconds > SLOW_S:
            self._seconds -= seconds
        if isinstance(found, Opened):
            if self._opened is not None:
                return
            self._opened = found
        elif isinstance(found, Noted):
            if found in self._noted:
                return
            self._noted.add(found)
        self._converted.add(found)
        if self._tell is not None:
            self._tell(found)

    def go_on(self, error: CasewrightError, seconds: float, *, out_of_time: bool) -> bool:
        """A worker ended, ``seconds`` after its last word: note what is lost, and say whether to go on."""
        self._error = error
        self._deaths += 1
        self._seconds -= seconds
        if self._opened is None:
            return False
        page, expected = self.next_page, self._opened.pages
        if self._opened.media_type not in RESUMABLE or expected is None:
            self._lose(f"what comes after page {page - 1} was not read: {error.message}")
            return False
        if page > expected:
            self._lose(f"the end of this file was not read: {error.message}")
            return False
        self.take(Page((), "none", warnings=(f"this page was not read: {error.message}",), unread=True))
        self._lose(f"page {page} was not read: {error.message}")
        if page == expected:
            return False
        if out_of_time or self._deaths >= MAX_DEATHS or self._seconds < 1:
            self._lose(
                f"pages {page + 1} to {expected} were not read: too much of this file ended its reader"
            )
            return False
        return True

    def once_more(self, seconds: float) -> bool:
        """A worker was killed from outside, ``seconds`` after its last word: whether to try that again.

        Once for a file, and only before its first page: what the system kills for its memory would come to
        the same end each time.
        """
        left = self._seconds - seconds
        if self._repeated or self._converted.pages or left < 1:
            return False
        self._repeated, self._seconds = True, left
        return True

    def done(self, language: str | None) -> None:
        """The last worker came to the end; ``language`` is of the pages that it read."""
        self._converted.language = language

    def give_up(self, error: CasewrightError) -> None:
        """A reader refused to go on."""
        self._error = error
        if self._converted.pages:
            self._lose(f"what comes after page {self.next_page - 1} was not read: {error.message}")

    def outcome(self) -> Converted:
        """What came of the file.

        Raises:
            CasewrightError: what ended its reader, where not one page was read.
        """
        if self._error is not None and all(page.unread for page in self._converted.pages):
            raise self._error
        return self._converted

    def _lose(self, what: str) -> None:
        self.take(Noted(what, lost=True))

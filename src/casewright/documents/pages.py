"""What a conversion gives, and its pages as one Markdown text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from casewright.api.documents import Method, PageOut
from casewright.documents.limits import DocumentLimits
from casewright.errors import DocumentTooLarge

BETWEEN_PAGES = "\n\n"


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``confidence`` is the mean of the OCR engine's own; None where there is none."""

    markdown: str
    method: Method
    confidence: float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Converted:
    """A file's pages; ``warnings`` are about the whole file, those of a page are with it."""

    media_type: str
    pages: tuple[Page, ...]
    warnings: tuple[str, ...] = ()


def join(pages: Sequence[Page]) -> tuple[str, tuple[PageOut, ...]]:
    """The whole Markdown, and each page with its place in it: ``whole[start:end] == page.markdown``."""
    placed: list[PageOut] = []
    at = 0
    for number, page in enumerate(pages, start=1):
        end = at + len(page.markdown)
        placed.append(
            PageOut(
                number=number,
                markdown=page.markdown,
                start=at,
                end=end,
                method=page.method,
                confidence=page.confidence,
                warnings=page.warnings,
            )
        )
        at = end + len(BETWEEN_PAGES)
    return BETWEEN_PAGES.join(page.markdown for page in pages), tuple(placed)


def method_of(pages: Sequence[Page]) -> Method:
    """How the whole was read: ``mixed`` when its pages differ; pages on which nothing stands do not count."""
    methods = {page.method for page in pages} - {"none"}
    if not methods:
        return "none"
    return methods.pop() if len(methods) == 1 else "mixed"


def check_length(pages: Sequence[Page], limits: DocumentLimits) -> None:
    """Hold what was read so far to the bound.

    Raises:
        DocumentTooLarge: it is beyond.
    """
    total = sum(len(page.markdown) + len(BETWEEN_PAGES) for page in pages)
    if total > limits.output_chars:
        raise DocumentTooLarge(
            f"the text of this file is longer than {limits.output_chars} characters",
            hint="split the file and send its parts",
        )

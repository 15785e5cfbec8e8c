"""The contract of the document service: ``POST /process``, one file in, Markdown page by page out."""

from __future__ import annotations

from typing import Literal

from casewright.api.contract import Answered, Contract

Method = Literal["text", "ocr", "mixed", "none"]


class PageOut(Contract):
    """One page. ``start`` and ``end`` are its characters in the whole ``markdown``.

    ``confidence`` is the mean of the OCR engine's own, 0 to 1; None where nothing was read by OCR.
    """

    number: int
    markdown: str
    start: int
    end: int
    method: Method
    confidence: float | None = None
    warnings: tuple[str, ...] = ()


class ProcessResponse(Answered):
    """The file as Markdown. ``method`` is ``mixed`` when its pages differ.

    ``warnings`` say what was not read.
    """

    filename: str
    media_type: str
    sha256: str
    size_bytes: int
    markdown: str
    pages: tuple[PageOut, ...]
    page_count: int
    method: Method

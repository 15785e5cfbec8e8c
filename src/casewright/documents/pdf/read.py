"""PDF: the text that the file carries, page by page; what has none that can be used is read by OCR."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]

from casewright.documents.blocks import Found, Noted, Opened, Page
from casewright.documents.detect import Kind
from casewright.documents.haste import hasty
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import ReadOptions
from casewright.documents.pdf import about
from casewright.documents.pdf.content import content_of
from casewright.documents.pdf.damage import damage_of
from casewright.documents.pdf.drawn import drawn_on
from casewright.documents.pdf.fields import added_to
from casewright.documents.pdf.sheet import Budget, Sheet, read_sheet
from casewright.documents.pdf.view import view_of

CUT = "the end of this PDF is missing: pages or text may be lost with it"


def read(path: Path, kind: Kind, limits: DocumentLimits, options: ReadOptions) -> Iterator[Found]:
    """Read a PDF from ``options.first_page`` on; a page that cannot be opened is given as not read.

    Raises:
        EncryptedDocument: it asks for a password, or for another one.
        UnreadableDocument: it is damaged.
        DocumentTooLarge: more pages, or larger parts, than the limits allow.
    """
    cut = not about.has_end(path)
    damage = damage_of(path, limits)
    document = about.opened(path, options.password, limits)
    try:
        # the build of pdfium that is used has no JavaScript: nothing in a form can run
        if document.get_formtype() > 0:
            document.init_forms()
        warnings = ((CUT,) if cut else ()) + about.attachments_of(document)
        yield Opened(kind.media_type, len(document), about.metadata_of(document), warnings)
        if damage.broken:
            yield Noted(
                f"{damage.broken} part(s) of this PDF are damaged or missing: what they held was not read",
                lost=True,
            )
        yield from _pages(document, limits, options, doubtful=cut or damage.broken > 0)
    finally:
        document.close()


def _pages(document: Any, limits: DocumentLimits, options: ReadOptions, *, doubtful: bool) -> Iterator[Found]:
    budget = Budget(limits.ocr_pages)
    for number in range(options.first_page - 1, len(document)):
        try:
            with hasty():
                page = document[number]
        except pypdfium2.PdfiumError:
            yield _lost(number)
            continue
        try:
            yield _page(document, page, limits, options, budget, doubtful=doubtful)
        except pypdfium2.PdfiumError:
            yield _lost(number)
        finally:
            page.close()
    if budget.refused:
        yield Noted(
            f"{budget.refused} more page(s) or picture(s) had to be read by OCR "
            f"beyond the {limits.ocr_pages} that are",
            lost=True,
        )


def _page(
    document: Any, page: Any, limits: DocumentLimits, options: ReadOptions, budget: Budget, *, doubtful: bool
) -> Page:
    view = view_of(page)
    drawn = drawn_on(page, view)
    with hasty():
        textpage = page.get_textpage()
    try:
        content = content_of(textpage, view, drawn)
    finally:
        textpage.close()
    sheet = Sheet(page, view, drawn, content, added_to(document, page, view), doubtful)
    return read_sheet(sheet, limits, options, budget)


def _lost(number: int) -> Page:
    return Page((), "none", warnings=("this page is damaged and could not be opened",), unread=True)

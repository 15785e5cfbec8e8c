"""Pages put together: spans of the whole, and a status that claims no more than was read."""

from __future__ import annotations

import pytest

from casewright.api.documents import Method
from casewright.documents.blocks import Block, Box, Doubt, Noted, Opened, Page, Piece, text_block
from casewright.documents.pages import Converted, method_of, reading_of, status_of


def said(text: str, method: Method = "text") -> Page:
    return Page((text_block("paragraph", text),), method)


BLANK = Page((), "none", warnings=("this page is blank",))


def converted(*found: Page | Noted, pages: int | None = None) -> Converted:
    made = Converted()
    for one in (Opened("application/pdf", pages=pages), *found):
        made.add(one)
    return made


def test_every_span_is_of_the_whole() -> None:
    piece = Piece("pay £1,2O4.50", Box(1, 2.004, 3, 4), 0.61, (Doubt(4, 13, "amount", 0.61),))
    page = Page(
        (text_block("heading", "Due", level=1), Block("paragraph", (piece,), box=piece.box)), "ocr", 0.61
    )
    reading = reading_of(converted(said("first"), BLANK, page))
    assert reading.markdown == "first\n\n\n\n# Due\n\npay £1,2O4.50"
    assert [reading.markdown[one.start : one.end] for one in reading.pages] == [
        one.markdown for one in reading.pages
    ]
    block = reading.pages[2].blocks[1]
    assert (block.kind, block.page, block.box) == ("paragraph", 3, (1, 2.0, 3, 4))
    assert reading.markdown[block.start : block.end] == "pay £1,2O4.50"
    (doubt,) = reading.pages[2].doubts
    assert (doubt.kind, doubt.text, doubt.confidence) == ("amount", "£1,2O4.50", 0.61)
    assert reading.markdown[doubt.start : doubt.end] == doubt.text


def test_warnings_of_a_page_name_it() -> None:
    reading = reading_of(converted(said("a"), BLANK, Noted("two attachments are there")))
    assert reading.warnings == ("two attachments are there", "page 2: this page is blank")
    assert (reading.status, reading.method, reading.page_count) == ("ok", "text", 2)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (converted(BLANK, BLANK), "no text"),
        (converted(), "no text"),
        (converted(said("■ —", "ocr")), "nothing but marks"),
        (converted(said("a"), Noted("b.zip was not read", lost=True)), "b.zip"),
        (converted(said("a"), pages=3), "2 of 3 pages"),
        (converted(said("a"), Page((), "none", unread=True)), "page 2"),
    ],
)
def test_what_is_not_whole_is_never_ok(made: Converted, why: str) -> None:
    status, reason = status_of(made)
    assert status == "partial"
    assert why in reason
    assert reading_of(made).status == "partial"


def test_a_page_count_is_the_files_own() -> None:
    assert reading_of(converted(said("a"), pages=3)).page_count == 3


@pytest.mark.parametrize(
    ("methods", "whole"),
    [
        ([], "none"),
        (["none"], "none"),
        (["text", "none"], "text"),
        (["text", "ocr"], "mixed"),
        (["ocr"], "ocr"),
    ],
)
def test_how_the_whole_was_read(methods: list[Method], whole: Method) -> None:
    assert method_of([Page((), method) for method in methods]) == whole

"""Running headers, footers and page numbers."""

from __future__ import annotations

from casewright.api.documents import BlockKind
from casewright.documents.blocks import Block, Box, Page, Piece
from casewright.documents.furniture import mark_furniture


def block(text: str, y: float, kind: BlockKind = "paragraph") -> Block:
    box = Box(50, y, 250, y + 12)
    return Block(kind, (Piece(text, box),), box=box)


def page(*blocks: Block) -> Page:
    return Page(blocks, "text", width=600, height=800, unit="pt")


def kinds(pages: list[Page]) -> list[list[str]]:
    return [[block.kind for block in one.blocks] for one in mark_furniture(pages)]


def test_what_stands_at_the_same_place_of_every_page_but_for_its_numbers() -> None:
    pages = [
        page(block("Case review PPR-9087", 20), block(f"Words {n}", 300), block(f"Page {n} of 4", 780))
        for n in range(1, 5)
    ]
    assert kinds(pages) == [["header", "paragraph", "footer"]] * 4
    assert [one.pieces for marked in mark_furniture(pages) for one in marked.blocks] == [
        one.pieces for before in pages for one in before.blocks
    ]


def test_left_and_right_pages_may_differ() -> None:
    pages = [
        page(block("Even side" if n % 2 else "Odd side", 20, "heading"), block(f"Words {n}", 300))
        for n in range(6)
    ]
    assert kinds(pages) == [["header", "paragraph"]] * 6


def test_page_numbers_alone_and_in_roman() -> None:
    pages = [
        page(block(f"Words {n}", 300), block(number, 780))
        for n, number in enumerate(("i", "ii", "3", "- 4 -"))
    ]
    assert kinds(pages) == [["paragraph", "footer"]] * 4


def test_what_stands_once_or_elsewhere_or_in_the_middle_is_no_furniture() -> None:
    once = [page(block(f"Letter {chr(65 + n)}", 20), block("the same", 300)) for n in range(4)]
    assert kinds(once) == [["paragraph", "paragraph"]] * 4
    moving = [page(block("Summary", 10 + 40 * n)) for n in range(3)]
    assert kinds(moving) == [["paragraph"]] * 3
    single = [page(block("Page 1", 780))]
    assert kinds(single) == [["paragraph"]]
    placeless = [Page((Block("paragraph", (Piece("same"),)),), "text") for _ in range(3)]
    assert kinds(placeless) == [["paragraph"]] * 3

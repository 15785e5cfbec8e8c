"""Blocks as Markdown: exactly their text, every piece and doubt where its span says."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from casewright.documents.blocks import Block, Box, Doubt, Piece, table_block, text_block, union
from casewright.documents.render import render

MARKUP = st.text(alphabet="ab1 £#*_`[]<>()~|\\&;-+.=!:/é", max_size=24)


def unescaped(markdown: str) -> str:
    return re.sub(r"\\([\\`*_\[\]<>()~|&#+\-.=:!])", r"\1", markdown)


def plain(text: str) -> str:
    return " ".join(text.split())


def lines(*texts: str) -> Block:
    return Block("paragraph", tuple(Piece(text) for text in texts))


def test_blocks_are_apart_and_list_items_together() -> None:
    markdown, placed = render(
        [
            text_block("heading", "Arrears #", level=2),
            lines("one", "two"),
            text_block("list_item", "pay £75"),
            text_block("list_item", "keep proof", level=1, number=3),
            table_block([["Date", "Paid"], ["9 May"], ["", "£1|2"]]),
        ]
    )
    assert markdown == (
        "## Arrears \\#\n\none\ntwo\n\n- pay £75\n   3. keep proof\n\n"
        "| Date | Paid |\n| --- | --- |\n| 9 May |  |\n|  | £1\\|2 |"
    )
    assert [markdown[block.start : block.end] for block in placed][1:3] == ["one\ntwo", "- pay £75"]


def test_joiners_say_how_lines_went_on() -> None:
    block = Block(
        "paragraph",
        (
            Piece("the ten"),
            Piece("ancy", joiner=""),
            Piece("- ended", joiner=" "),
            Piece("- on", joiner="\n"),
        ),
    )
    assert render([block])[0] == "the tenancy - ended\n\\- on"


def test_blocks_without_text_have_a_place_and_leave_no_gap() -> None:
    figure = Block("figure", box=Box(0, 0, 5, 5))
    markdown, placed = render([lines("a"), figure, lines(" "), table_block([["", ""]]), lines("b")])
    assert markdown == "a\n\nb"
    assert [(block.start, block.end) for block in placed] == [(0, 1), (1, 1), (1, 1), (1, 1), (3, 4)]


def test_kept_markdown_stays() -> None:
    markdown, placed = render([Block("paragraph", kept="**a** and `b`"), lines("c")])
    assert markdown == "**a** and `b`\n\nc"
    assert placed[0].pieces == ()


def test_a_doubt_is_where_the_figure_is_behind_escapes() -> None:
    piece = Piece("*due* \\ £1,2O4.50", box=Box(1, 2, 3, 4), doubts=(Doubt(8, 17, "amount", 0.6),))
    markdown, (placed,) = render([Block("paragraph", (piece,))])
    (doubt,) = placed.doubts
    assert doubt.text == "£1,2O4.50"
    assert markdown[doubt.start : doubt.end] == "£1,2O4.50"
    assert doubt.box == Box(1, 2, 3, 4)


@given(st.lists(st.lists(MARKUP, min_size=1, max_size=3), min_size=1, max_size=4))
def test_every_piece_is_where_its_span_says(texts: list[list[str]]) -> None:
    markdown, placed = render([lines(*one) for one in texts])
    said = [piece for block in placed for piece in block.pieces]
    assert [piece.piece.text for piece in said] == [text for one in texts for text in one if plain(text)]
    for piece in said:
        assert unescaped(markdown[piece.start : piece.end]) == plain(piece.piece.text)


@given(st.lists(st.lists(MARKUP, min_size=1, max_size=3), min_size=1, max_size=3))
def test_a_tables_cells_are_where_their_spans_say(rows: list[list[str]]) -> None:
    markdown, (placed,) = render([table_block(rows)])
    for piece in placed.pieces:
        assert unescaped(markdown[piece.start : piece.end]) == plain(piece.piece.text)
    if placed.pieces:
        shown = MarkdownIt("commonmark").enable("table").render(markdown)
        assert shown.startswith("<table>")
        assert shown.count("<tr>") == len(rows)


@given(MARKUP.filter(lambda text: "\\" not in text), st.data())
def test_a_doubt_covers_the_same_characters(text: str, data: st.DataObject) -> None:
    words = plain(text)
    if not words:
        return
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start + 1, len(words)))
    markdown, (placed,) = render(
        [Block("paragraph", (Piece(text, doubts=(Doubt(start, end, "amount", 0.5),)),))]
    )
    (doubt,) = placed.doubts
    assert doubt.text == words[start:end]
    assert unescaped(markdown[doubt.start : doubt.end]) == words[start:end]


def test_union_of_places() -> None:
    assert union([None, Box(1, 5, 2, 6), Box(0, 7, 1, 8)]) == Box(0, 5, 2, 8)
    assert union([None]) is None

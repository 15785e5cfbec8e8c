"""Chunks: every word in one, spans exact, sizes kept, along what the document is made of."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from casewright.errors import ConfigError
from casewright.knowledge.chunk import CHARS_A_TOKEN, TABLE_TIMES, chunk
from casewright.knowledge.models import find_model
from casewright.knowledge.records import BlockSpan, Chunk, PageSpan, SourceDocument
from casewright.knowledge.tokens import ModelTokens

MOST = 60
TARGET = 40
SENTENCE = "The landlord wrote to Mrs Khan about the rent arrears of £450.00 on 3 March 2024. "


@cache
def tokens() -> ModelTokens:
    return find_model("minilm").tokens()


def source(*pages: str, blocks: tuple[BlockSpan, ...] = ()) -> SourceDocument:
    spans = []
    at = 0
    for number, page in enumerate(pages, 1):
        spans.append(PageSpan(number, at, at + len(page)))
        at += len(page) + 2
    return SourceDocument("letter.txt", "text/plain", "0" * 64, "\n\n".join(pages), tuple(spans), blocks)


def cut(document: SourceDocument, target: int = TARGET, most: int = MOST) -> list[Chunk]:
    chunks = chunk(document, tokens(), target=target, most=most)
    check(document, chunks, most)
    return chunks


def check(document: SourceDocument, chunks: list[Chunk], most: int) -> None:
    markdown = document.markdown
    assert [found.ordinal for found in chunks] == list(range(len(chunks)))
    at = 0
    for found in chunks:
        assert markdown[found.start : found.end] == found.text
        assert found.text == found.text.strip()
        assert found.text
        assert not markdown[at : found.start].strip(), "a word lies in no chunk"
        assert found.start >= at, "a word lies in two chunks"
        at = found.end
        limit = most * TABLE_TIMES if found.kind == "table" else most
        assert found.tokens <= limit
        assert len(found.text) <= limit * CHARS_A_TOKEN
        page = next((page for page in document.pages if page.start <= found.start < page.end), None)
        if page is not None:
            assert (found.page, found.end <= page.end) == (page.number, True)
    assert not markdown[at:].strip()


LINES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "",
            "",
            "# Rent",
            "### What was agreed",
            SENTENCE,
            SENTENCE * 12,
            "- an item of a list",
            "| Date | Amount |\n| --- | --- |\n| 1 May | £20 |",
            "|" + " x |" * 40,
            "| --- |",
            "x" * 3000,
            "文" * 400,
            "a-b" * 300,
            "\x00" * 900,
            " " * 900,
            "\r\n\r\n",
            "\u2028",
        ]
    ),
)


@settings(max_examples=120, deadline=None)
@given(pages=st.lists(st.lists(LINES, max_size=12).map("\n".join), min_size=1, max_size=3))
@example(pages=["", "a", ""])
@example(pages=["# A\n# B\n## C"])
def test_every_word_of_a_text_lies_in_one_chunk(pages: list[str]) -> None:
    cut(source(*pages))


@settings(max_examples=80, deadline=None)
@given(
    pages=st.lists(st.lists(LINES, max_size=6).map("\n".join), min_size=1, max_size=3),
    places=st.lists(
        st.tuples(
            st.sampled_from(["heading", "paragraph", "table", "list_item", "figure", "footer"]),
            st.integers(0, 900),
            st.integers(0, 400),
            st.integers(-1, 9),
        ),
        max_size=8,
    ),
)
def test_blocks_that_lie_anyhow_lose_no_word(
    pages: list[str], places: list[tuple[str, int, int, int]]
) -> None:
    blocks = tuple(BlockSpan(kind, 1, start, start + size, level) for kind, start, size, level in places)
    cut(source(*pages, blocks=blocks))


def test_a_text_outside_every_page_is_not_lost() -> None:
    whole = "Before.\n\nOn the page.\n\nBehind."
    start = whole.index("On")
    document = SourceDocument("a", "text/plain", "", whole, (PageSpan(7, start, start + 12),))
    assert [(found.page, found.text) for found in cut(document)] == [
        (7, "Before."),
        (7, "On the page."),
        (7, "Behind."),
    ]
    without = SourceDocument("a", "text/plain", "", whole, ())
    assert [(found.page, found.text) for found in cut(without)] == [(1, whole)]
    assert cut(SourceDocument("a", "text/plain", "", " \n", ())) == []


def test_a_heading_begins_a_chunk_and_stands_over_what_follows() -> None:
    text = (
        "# Report\n\n## Rent\n\nShe owes rent.\n\n### Since when \\#1\n\nMarch.\n\n## Repairs\n\nThe boiler."
    )
    found = cut(source(text, "More of it."))
    assert [(part.text.splitlines()[0], part.heading_path) for part in found] == [
        ("# Report", ("Report", "Rent")),
        ("### Since when \\#1", ("Report", "Rent", "Since when #1")),
        ("## Repairs", ("Report", "Repairs")),
        ("More of it.", ("Report", "Repairs")),
    ]


def test_paragraphs_are_put_together_up_to_the_target() -> None:
    found = cut(source("\n\n".join(f"Paragraph {number} says a little." for number in range(40))))
    assert all(TARGET // 2 < part.tokens <= TARGET for part in found[:-1])


def test_a_long_paragraph_is_cut_at_the_ends_of_sentences() -> None:
    found = cut(source("# Letter\n\n" + SENTENCE * 20))
    assert len(found) > 5
    assert all(part.text.endswith("2024.") for part in found)
    assert found[0].text.startswith("# Letter\n\nThe landlord")


def test_a_heading_is_not_left_alone_above_its_text() -> None:
    found = cut(source("# Letter\n\n" + "word " * (MOST - 2) + "\n\nEnd."))
    assert found[0].text.startswith("# Letter\n\nword")


def test_a_table_is_one_chunk_with_its_heading() -> None:
    rows = "\n".join(f"| {number} May | £{number}.00 |" for number in range(1, 12))
    text = f"Before.\n\n## Payments\n\n| Date | Amount |\n| --- | --- |\n{rows}\n\nBehind."
    before, table, behind = cut(source(text))
    assert (before.kind, table.kind, behind.kind) == ("text", "table", "text")
    assert table.text.startswith("## Payments\n\n| Date")
    assert table.tokens > MOST
    assert table.heading_path == ("Payments",)


def test_a_table_that_no_prompt_could_hold_is_cut_between_rows() -> None:
    rows = "\n".join(f"| {number} May | payment {number} | £{number}.00 |" for number in range(300))
    found = cut(source(f"| Date | What | Amount |\n| --- | --- | --- |\n{rows}"))
    assert len(found) > 3
    assert {part.kind for part in found} == {"table"}
    assert found[0].heading_path == ()
    assert all(part.heading_path == ("Date What Amount",) for part in found[1:])
    assert all(re.match(r"\|.*\|$", line) for part in found for line in part.text.splitlines())


def test_boxes_surround_the_blocks_of_a_chunk() -> None:
    text = "Title\n\nOne.\n\nTwo.\n\nThree without a place."
    blocks = (
        BlockSpan("heading", 1, 0, 5, 1, (10, 10, 90, 20)),
        BlockSpan("paragraph", 1, 7, 11, 0, (12, 30, 80, 40)),
        BlockSpan("figure", 1, 12, 12, 0, (0, 0, 500, 500)),
        BlockSpan("paragraph", 1, 13, 17, 0, (5, 50, 70, 60)),
    )
    (found,) = cut(source(text, blocks=blocks))
    assert found.box == (5.0, 10.0, 90.0, 60.0)
    assert found.heading_path == ("Title",)
    assert cut(source("Without blocks."))[0].box is None


def test_tokens_are_those_of_the_model() -> None:
    for part in cut(source(SENTENCE * 9 + "\n\n- one\n- two\n\n" + SENTENCE)):
        assert part.tokens == len(tokens().spans(part.text))


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE * 2500,
        "x" * 200_000,
        "." * 200_000,
        "# h\n" * 20_000,
        "|a|\n" * 40_000,
        "| a |\n| - |\n" + "| b |\n" * 30_000,
        "|" + "-" * 200_000,
        "| a |\n|-|\n|" + "b " * 100_000,
        "\n" * 100_000 + "a" + " " * 100_000 + "b",
        "a\n\n" * 40_000,
        "\\" * 100_000,
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.timeout(20)
def test_a_long_text_of_any_kind_takes_no_more_than_its_length(text: str) -> None:
    cut(source(text))


def test_the_static_models_tokens_cut_too() -> None:
    document = source("# Letter\n\n" + SENTENCE * 20)
    check(document, chunk(document, find_model("wordllama").tokens(), target=TARGET, most=MOST), MOST)


def test_sizes_that_are_none_are_refused() -> None:
    with pytest.raises(ConfigError):
        chunk(source("a"), tokens(), target=100, most=50)

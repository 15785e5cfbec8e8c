"""Escaping: a real Markdown parser sees nothing but text in it, and all of the text."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from casewright.documents.markdown import clean, escape, escape_kept, heading, inline, item, table

PARSER = MarkdownIt("gfm-like", {"linkify": False, "html": True}).disable("linkify")
INERT = {"paragraph_open", "paragraph_close", "inline"}
NASTY = "#*_`<>[]()!&;~|-+=:.\\\n\t \f019aB£€½ \"'/"
TEXTS = st.text(st.sampled_from(NASTY), max_size=60) | st.text(max_size=60)


def shown(markdown: str) -> str:
    """What a reader of the rendered Markdown sees, whitespace set aside."""
    words = []
    for token in PARSER.parse(markdown):
        for child in token.children or []:
            words.append(child.content if child.type in ("text", "text_special") else "\n")
    return "".join("".join(words).split())


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example("# a\n===\n- b\n1. c\n> d\n    e\n<b>f</b> ![g](h) [i]: j\n***\n| a |\n|---|\n&lt; ~~k~~ `l` \\*m\\")
@example("a|b\n-|-\n1|2")
@example("a\n:-:")
@example("snake_case_2 _a_ __b__ a_ _b")
def test_escaped_text_is_only_text_and_all_of_it(text: str) -> None:
    markdown = escape(text)
    tokens = PARSER.parse(markdown)
    assert {token.type for token in tokens} <= INERT, markdown
    kinds = {child.type for token in tokens for child in token.children or []}
    assert kinds <= {"text", "text_special", "softbreak"}, markdown
    # the parser drops what Unicode calls a NUL; everything else must be there
    assert shown(markdown) == "".join(clean(text).split())


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("0123456789.,)(-+# \n£/"), max_size=60))
def test_digits_stay_in_order(text: str) -> None:
    assert re.findall(r"\d+", escape(text)) == re.findall(r"\d+", text)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_kept_markdown_has_no_links_html_or_code_spans(text: str) -> None:
    tokens = PARSER.parse(escape_kept(text))
    kinds = {token.type for token in tokens} | {
        child.type for token in tokens for child in token.children or []
    }
    forbidden = {"html_block", "html_inline", "link_open", "image", "code_inline", "fence"}
    assert not kinds & forbidden, escape_kept(text)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(TEXTS, min_size=2, max_size=3), min_size=1, max_size=4))
def test_a_table_has_the_cells_it_was_given(rows: list[list[str]]) -> None:
    width = max(map(len, rows))
    tokens = PARSER.parse(table(rows))
    cells = [
        "".join("".join(child.content for child in after.children or []).split())
        for cell, after in pairwise(tokens)
        if cell.type in ("th_open", "td_open")
    ]
    given_cells = [
        "".join(clean(cell).split()) for row in rows for cell in [*row, *[""] * (width - len(row))]
    ]
    assert cells == given_cells


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_a_heading_is_one_heading_with_its_words(text: str) -> None:
    markdown = heading(text, 2)
    kinds = [token.type for token in PARSER.parse(markdown)]
    assert kinds == (["heading_open", "inline", "heading_close"] if markdown else [])
    assert shown(markdown) == "".join(clean(text).split())


@pytest.mark.parametrize(
    "harmless",
    [
        "PPR_9087",
        "-£50.00",
        "14/03/2026",
        "5 > 3",
        "a - b",
        "No. 7",
        "R&D",
        "+44 113 496 0182",
        "#9087",
        "1.5",
    ],
)
def test_what_is_no_markup_is_left_alone(harmless: str) -> None:
    assert escape(harmless) == harmless
    assert inline(harmless) == harmless


def test_an_items_further_lines_belong_to_it() -> None:
    tokens = PARSER.parse("\n".join([item("# first\nsecond"), item("in it", depth=1), item("x", number=3)]))
    assert [token.type for token in tokens].count("list_item_open") == 3
    assert not [token for token in tokens if token.type == "heading_open"]

"""Lines on a page to Markdown: what is recognised, and that nothing is lost whatever the page looks like."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.documents.layout import Segment, rows_by_place, rows_in_order, to_markdown

WIDTH = 500.0


def at(text: str, y: float, x: float = 50.0, *, width: float = 100.0, size: float = 10.0) -> Segment:
    return Segment(text, x, y, x + width, y + size, size)


def shown(*segments: Segment, headings: bool = True) -> str:
    return to_markdown(rows_in_order(segments), page_width=WIDTH, headings=headings)


def test_a_line_broken_by_the_margin_is_joined_and_one_broken_on_purpose_is_not() -> None:
    wide = 400.0
    assert shown(at("owed under", 0, width=wide), at("PPR-9087.", 12)) == "owed under PPR-9087."
    assert shown(at("Flat 6", 0), at("Leeds LS4 2PX", 12)) == "Flat 6\nLeeds LS4 2PX"


def test_a_gap_ends_a_paragraph() -> None:
    lines = [at(f"a{number}", 12.0 * number) for number in range(4)]
    assert shown(*lines, at("b", 70)) == "a0\na1\na2\na3\n\nb"


def test_double_spacing_is_no_gap() -> None:
    assert shown(*(at(f"a{number}", 25.0 * number) for number in range(4))) == "a0\na1\na2\na3"


def test_headings_by_size_and_not_in_scans() -> None:
    body = [at("body text of the page", 40.0 + 12 * number) for number in range(3)]
    big, middle = at("Letter", 0, size=18), at("Rent", 22, size=14)
    assert shown(big, middle, *body).startswith("# Letter\n\n## Rent\n\nbody")
    assert "#" not in shown(big, middle, *body, headings=False)


def test_bullets_with_their_further_lines() -> None:
    found = shown(at("• first", 0, width=420), at("goes on", 12, x=62), at("• second", 24), at("after", 36))
    assert found == "- first goes on\n\n- second\n\nafter"


def test_a_table_needs_columns_that_never_meet() -> None:
    def row(y: float, *cells: tuple[str, float]) -> list[Segment]:
        return [at(text, y, x, width=60) for text, x in cells]

    table = row(0, ("Item", 50), ("Due", 200)) + row(12, ("Rent", 50), ("£5.00", 210))
    assert shown(*table) == "| Item | Due |\n| --- | --- |\n| Rent | £5.00 |"
    crossed = row(0, ("a", 50), ("b", 115)) + row(12, ("c", 90), ("d", 300))
    assert "|" not in shown(*crossed)


def test_columns_in_the_order_of_writing_and_chaos_from_top_to_bottom() -> None:
    left = [at(f"l{number}", 12.0 * number) for number in range(3)]
    right = [at(f"r{number}", 12.0 * number, 300) for number in range(3)]
    assert re.findall(r"[lr]\d", shown(*left, *right)) == ["l0", "l1", "l2", "r0", "r1", "r2"]
    backwards = [at(f"n{number}", 300.0 - 12 * number) for number in range(5)]
    assert re.findall(r"n\d", shown(*backwards)) == ["n4", "n3", "n2", "n1", "n0"]


def test_what_stands_beside_a_paragraphs_line_stays_in_it() -> None:
    assert shown(at("a 1", 0), at("b 2", 12), at("c 3", 12, 300), at("d 4", 24)) == "a 1\nb 2 c 3 d 4"


def test_a_scans_words_on_one_line_are_one_line() -> None:
    rows = rows_by_place([at("due", 1, 100, width=30), at("Amount", 0, 40, width=55), at("£5", 3, 300)])
    assert [[segment.text for segment in row.segments] for row in rows] == [["Amount due", "£5"]]


numbers = st.floats(0, WIDTH, allow_nan=False)
anywhere = st.builds(
    lambda text, x, y, width, size: Segment(text, x, y, x + width, y + size, size),
    st.text("0123456789£.,|#•- ", min_size=1, max_size=8).filter(str.strip),
    numbers,
    numbers,
    st.floats(0.1, 300),
    st.floats(0.1, 40),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(anywhere, max_size=12), st.booleans(), st.booleans())
def test_no_figure_is_lost_wherever_it_stands(segments: list[Segment], scan: bool, headings: bool) -> None:
    rows = rows_by_place(segments) if scan else rows_in_order(segments)
    markdown = to_markdown(rows, page_width=WIDTH, headings=headings)
    digits = re.compile(r"\d+")
    expected = Counter(run for segment in segments for run in digits.findall(segment.text))
    assert Counter(digits.findall(markdown)) == expected

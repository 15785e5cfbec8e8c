"""Segments and ruled lines to blocks: what is recognised, and that nothing is ever lost."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.documents.blocks import Block, Box, Doubt
from casewright.documents.layout.page import lay_out
from casewright.documents.layout.segments import Rule, Segment
from casewright.documents.render import render

WIDTH, HEIGHT = 500.0, 700.0
SENTENCE = "words that fill the line to its end"


def at(
    text: str, y: float, x: float = 50.0, *, width: float = 100.0, size: float = 10.0, bold: bool = False
) -> Segment:
    return Segment(text, Box(x, y, x + width, y + size), size, bold)


def blocks(*segments: Segment, rules: tuple[Rule, ...] = (), exact: bool = True) -> tuple[Block, ...]:
    return lay_out(segments, rules, width=WIDTH, height=HEIGHT, exact_sizes=exact)


def shown(*segments: Segment, rules: tuple[Rule, ...] = (), exact: bool = True) -> str:
    return render(blocks(*segments, rules=rules, exact=exact))[0]


def row(y: float, *cells: tuple[str, float], width: float = 60) -> list[Segment]:
    return [at(text, y, x, width=width) for text, x in cells]


def column(
    word: str, x: float, *, start: float = 50, lines: int = 6, width: float = 180, pitch: float = 12
) -> list[Segment]:
    return [
        at(f"{word}{number} {SENTENCE}", start + pitch * number, x, width=width) for number in range(lines)
    ]


def order(text: str) -> list[str]:
    return re.findall(r"\b[a-z]\d\b", text)


def test_a_line_broken_by_the_margin_is_joined_and_one_broken_on_purpose_is_not() -> None:
    assert shown(at("owed under", 0, width=400), at("PPR-9087.", 12)) == "owed under PPR-9087."
    assert shown(at("Flat 6", 0), at("Leeds LS4 2PX", 12)) == "Flat 6\nLeeds LS4 2PX"


def test_hyphens_at_line_ends() -> None:
    assert shown(at("the land-", 0, width=400), at("lord wrote", 12)) == "the landlord wrote"
    assert shown(at("case PPR-", 0, width=400), at("9087 again", 12)) == "case PPR-9087 again"
    told = Segment("the land", Box(50, 0, 450, 10), 10, divided=True)
    assert shown(told, at("lord wrote", 12)) == "the landlord wrote"
    assert shown(told) == "the land-"


def test_a_gap_ends_a_paragraph_and_double_spacing_is_none() -> None:
    lines = [at(f"a{number}", 12.0 * number) for number in range(4)]
    assert shown(*lines, at("b", 70)) == "a0\na1\na2\na3\n\nb"
    assert shown(*(at(f"a{number}", 25.0 * number) for number in range(4))) == "a0\na1\na2\na3"


def test_headings_by_size_and_only_clear_ones_where_sizes_are_rough() -> None:
    body = [at("body text of the page", 60.0 + 12 * number) for number in range(3)]
    big, middle = at("Letter", 0, size=18), at("Rent", 32, size=14)
    assert shown(big, middle, *body).startswith("# Letter\n\n## Rent\n\nbody")
    rough = shown(big, middle, *body, exact=False)
    assert "Rent" in rough and "# Rent" not in rough
    assert shown(at("Letter", 0, size=30), *body, exact=False).startswith("# Letter")


def test_a_bold_line_that_stands_alone_is_a_heading() -> None:
    body = [at(f"{SENTENCE} {number}", 40.0 + 12 * number, width=300) for number in range(3)]
    assert shown(at("Your rent", 10, bold=True), *body).startswith("#### Your rent\n\n")
    assert "#" not in shown(at("Your rent", 10), *body)


def test_lists_with_their_further_lines_and_depth() -> None:
    found = shown(
        at("• first", 0, width=420),
        at("goes on", 12, x=62),
        at("• second", 24),
        at("• inner", 36, x=80),
        at("after", 60),
    )
    assert found == "- first goes on\n- second\n   - inner\n\nafter"


def test_a_bullet_far_from_its_text_is_its_mark_not_a_column() -> None:
    found = shown(
        *(one for n in range(3) for one in (at("•", 12 * n, width=4), at(f"item {n}", 12 * n, x=74)))
    )
    assert found == "- item 0\n- item 1\n- item 2"


def test_numbers_are_kept_as_they_are_written() -> None:
    listed = [at(f"{n}. step", 12 * n) for n in (2, 3, 4)]
    assert shown(*listed) == "2. step\n3. step\n4. step"
    assert shown(*(at(f"({n}) step", 12 * n) for n in (1, 2))) == "(1) step\n\n(2) step"
    assert shown(at("1. March 2026 is the day", 0)) == "1\\. March 2026 is the day"


def test_a_table_needs_columns_that_never_meet() -> None:
    table = row(0, ("Item", 50), ("Due", 200)) + row(12, ("Rent", 50), ("£5.00", 210))
    assert shown(*table) == "| Item | Due |\n| --- | --- |\n| Rent | £5.00 |"
    crossed = row(0, ("a", 50), ("b", 115)) + row(12, ("c", 90), ("d", 300))
    assert "|" not in shown(*crossed)


def test_a_statement_keeps_empty_cells_and_wrapped_ones() -> None:
    table = (
        row(0, ("Date", 50), ("Entry", 130), ("Out", 250), ("In", 330))
        + row(20, ("1/02", 50), ("RENT", 130), ("620.25", 250))
        + row(40, ("2/02", 50), ("CREDIT", 130), ("393.45", 330))
        + row(52, ("PPR-9087", 130))
        + row(72, ("3/02", 50), ("FOOD", 130), ("12.99", 250))
    )
    assert shown(*table).splitlines()[2:] == [
        "| 1/02 | RENT | 620.25 |  |",
        "| 2/02 | CREDIT PPR-9087 |  | 393.45 |",
        "| 3/02 | FOOD | 12.99 |  |",
    ]


def grid(xs: list[float], ys: list[float]) -> tuple[Rule, ...]:
    level = [Rule(Box(xs[0], y, xs[-1], y + 0.5)) for y in ys]
    upright = [Rule(Box(x, ys[0], x + 0.5, ys[-1])) for x in xs]
    return (*level, *upright)


def test_ruled_lines_make_the_cells() -> None:
    table = [
        *row(2, ("Name", 55), ("Sum", 155)),
        *row(22, ("two", 55)),
        *row(34, ("lines", 55)),
        *row(28, ("£5.00", 155)),
    ]
    found = blocks(*table, at("before", -30), at("after", 80), rules=grid([50, 150, 250], [0, 20, 50]))
    assert [block.kind for block in found] == ["paragraph", "table", "paragraph"]
    assert render(found[1:2])[0] == "| Name | Sum |\n| --- | --- |\n| two lines | £5.00 |"


def test_rows_between_ruled_columns_without_lines_under_them() -> None:
    rows = [one for n in range(4) for one in row(22 + 14 * n, (f"{n + 1}/02/2026", 55), (f"{n}2.50", 155))]
    found = shown(*row(2, ("Day", 55), ("Sum", 155)), *rows, rules=grid([50, 150, 250], [0, 20, 80]))
    assert found.splitlines()[2:] == [f"| {n + 1}/02/2026 | {n}2.50 |" for n in range(4)]


def test_a_frame_around_text_is_no_table() -> None:
    assert shown(at("in a box", 10), rules=grid([40, 400], [0, 40])) == "in a box"


def test_columns_of_text_are_read_one_after_the_other_in_any_order_of_segments() -> None:
    segments = [at("A heading over all of the page", 0, width=400, size=18)]
    segments += column("l", 50) + column("r", 260, start=53) + [at("z9 " + SENTENCE * 2, 140, width=400)]
    expected = [f"{side}{n}" for side in "lr" for n in range(6)] + ["z9"]
    assert order(shown(*segments)) == expected
    assert order(shown(*reversed(segments))) == expected


def test_three_columns_of_different_lengths() -> None:
    segments = (
        column("a", 40, lines=5, width=125)
        + column("b", 185, lines=8, width=125)
        + column("c", 330, lines=3, width=125)
    )
    assert order(shown(*segments)) == [f"a{n}" for n in range(5)] + [f"b{n}" for n in range(8)] + [
        f"c{n}" for n in range(3)
    ]


def test_a_table_under_columns() -> None:
    table = row(160, ("Item", 50), ("Due", 200), ("Paid", 330)) + row(
        172, ("Rent", 50), ("£5.00", 200), ("£4.00", 330)
    )
    found = shown(*column("l", 50), *column("r", 260), *table)
    assert order(found) == [f"{side}{n}" for side in "lr" for n in range(6)]
    assert found.endswith("| Item | Due | Paid |\n| --- | --- | --- |\n| Rent | £5.00 | £4.00 |")


def test_what_stands_beside_a_paragraphs_line_stays_in_it() -> None:
    assert shown(at("a 1", 0), at("b 2", 12), at("c 3", 12, 300), at("d 4", 24)) == "a 1\nb 2 c 3 d 4"


def test_figures_come_out_where_they_stand() -> None:
    figure = Block("figure", box=Box(50, 40, 300, 140))
    found = lay_out(
        [at("above", 10), at("below", 160)], [], width=WIDTH, height=HEIGHT, exact_sizes=True, placed=[figure]
    )
    assert [block.kind for block in found] == ["paragraph", "figure", "paragraph"]
    assert lay_out([], [], width=WIDTH, height=HEIGHT, exact_sizes=True, placed=[figure]) == (figure,)


def test_confidence_and_doubts_stay_with_their_characters() -> None:
    doubted = Segment("£5.00", Box(90, 0, 120, 10), 10, confidence=0.6, doubts=(Doubt(0, 5, "amount", 0.6),))
    sure = Segment("Due", Box(50, 0, 85, 10), 10, confidence=0.9)
    (block,) = blocks(sure, doubted, exact=False)
    (piece,) = block.pieces
    assert piece.text == "Due £5.00"
    assert [piece.text[doubt.start : doubt.end] for doubt in piece.doubts] == ["£5.00"]
    assert piece.confidence == 0.7125
    item, other = (
        Segment(f"• {n} £5", Box(50, 12 * n, 90, 12 * n + 10), 10, doubts=(Doubt(4, 6, "amount", 0.5),))
        for n in (1, 2)
    )
    found = blocks(item, other, exact=False)
    assert [one.text[d.start : d.end] for block in found for one in block.pieces for d in one.doubts] == [
        "£5",
        "£5",
    ]


numbers = st.floats(0, WIDTH, allow_nan=False)
texts = st.text("0123456789£.,|#•-*abc ", min_size=1, max_size=8).filter(str.strip)
anywhere = st.builds(
    lambda text, x, y, width, size, bold, divided, confidence: Segment(
        text,
        Box(x, y, x + width, y + size),
        size,
        bold,
        divided,
        confidence,
        (Doubt(0, len(text.strip()), "amount", 0.5),) if confidence else (),
    ),
    texts,
    numbers,
    numbers,
    st.floats(0.1, 300),
    st.floats(0.1, 40),
    st.booleans(),
    st.booleans(),
    st.none() | st.floats(0.5, 1),
)
# On a grid there are rows, columns and ties.
places = st.integers(0, 12).map(lambda n: 40.0 * n)
on_grid = st.builds(
    lambda text, x, y, width: Segment(text, Box(x, y, x + width, y + 10), 10),
    texts,
    places,
    places,
    st.sampled_from((20.0, 35.0, 200.0)),
)
ruled = st.builds(
    lambda x, y, length, down: Rule(
        Box(x, y, x + 0.5, y + length) if down else Box(x, y, x + length, y + 0.5)
    ),
    places,
    places,
    st.sampled_from((40.0, 160.0, 480.0)),
    st.booleans(),
)
DIGITS = re.compile(r"\d+")


@settings(max_examples=250, deadline=None)
@given(
    st.lists(anywhere, max_size=12) | st.lists(on_grid, max_size=30),
    st.lists(ruled, max_size=20),
    st.booleans(),
)
def test_no_figure_is_lost_wherever_it_stands(
    segments: list[Segment], rules: list[Rule], exact: bool
) -> None:
    found = lay_out(segments, rules, width=WIDTH, height=HEIGHT, exact_sizes=exact)
    markdown, placed = render(found)
    for block in placed:
        for piece in block.pieces:
            said = markdown[piece.start : piece.end].replace("\\", "")
            assert said == " ".join(piece.piece.text.split()).replace("\\", "")
    # what is joined where a line's hyphen was makes one figure of two
    expected = Counter("".join(DIGITS.findall("".join(segment.text for segment in segments))))
    assert Counter("".join(DIGITS.findall(markdown))) == expected
    letters = Counter(char for segment in segments for char in segment.text if char in "abc£")
    assert Counter(char for char in markdown if char in "abc£") == letters


@settings(max_examples=60, deadline=None)
@given(
    st.lists(on_grid, min_size=1, max_size=20, unique_by=lambda one: (one.box.x0, one.box.y0)),
    st.randoms(use_true_random=False),
)
def test_the_order_of_segments_does_not_matter(segments: list[Segment], random: object) -> None:
    shuffled = list(segments)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first = lay_out(segments, [], width=WIDTH, height=HEIGHT, exact_sizes=True)
    second = lay_out(shuffled, [], width=WIDTH, height=HEIGHT, exact_sizes=True)
    assert Counter(DIGITS.findall(render(first)[0])) == Counter(DIGITS.findall(render(second)[0]))

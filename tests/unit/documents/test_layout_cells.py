"""Runs that hold several cells: cut where a column says so, and only there."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.documents.blocks import Box, Doubt
from casewright.documents.layout.cells import parted
from casewright.documents.layout.page import lay_out
from casewright.documents.layout.segments import Gap, Rule, Segment
from casewright.documents.render import render

SIZE = 10.0


def run(y: float, *words: tuple[str, float, float], space: str = " ") -> Segment:
    """Words with their left and right edges as one segment that has a gap between any two."""
    text, gaps = "", []
    for number, (word, x0, _) in enumerate(words):
        if number:
            text += space
            gaps.append(Gap(len(text), words[number - 1][2], x0))
        text += word
    return Segment(text, Box(words[0][1], y, words[-1][2], y + SIZE), SIZE, gaps=tuple(gaps))


def shown(*segments: Segment, rules: tuple[Rule, ...] = ()) -> str:
    return render(lay_out(segments, rules, width=500, height=700, exact_sizes=True))[0]


def test_a_date_and_what_follows_are_two_cells_where_all_rows_have_the_gap() -> None:
    rows = [
        segment
        for n, (what, end) in enumerate([("ATM Kirkgate", 180.0), ("Card Tesco", 165.0), ("DD Gas", 150.0)])
        for segment in (
            run(15 * n, (f"1{n}/01/2026", 50, 100), (what, 106, end)),
            run(15 * n, (f"{n}9.30", 270, 300)),
        )
    ]
    assert shown(*rows).splitlines()[0] == "| 10/01/2026 | ATM Kirkgate | 09.30 |"
    assert "| 12/01/2026 | DD Gas | 29.30 |" in shown(*rows)


def test_labels_over_amounts_are_the_heads_of_their_columns() -> None:
    head = run(0, ("Paid out", 260, 300), ("Paid in", 308, 340))
    rows = [
        run(15 * n, (amount, right - 30, right))
        for n, (amount, right) in enumerate([("853.18", 340), ("586.54", 300), ("739.50", 300)], 1)
    ]
    names = [run(15 * n, (f"Shop {n}", 50, 90)) for n in range(1, 4)]
    assert shown(head, *rows, *names).splitlines() == [
        "|  | Paid out | Paid in |",
        "| --- | --- | --- |",
        "| Shop 1 |  | 853.18 |",
        "| Shop 2 | 586.54 |  |",
        "| Shop 3 | 739.50 |  |",
    ]


def test_amounts_of_an_almost_empty_column_stay_apart_without_a_head() -> None:
    places = [(300, 420), (300, 420), (360, 420), (300, 420)]
    rows = []
    for n, (paid, balance) in enumerate(places):
        rows += [run(15 * n, ("Shop", 50, 250)), run(15 * n, (f"{n}1.50", paid - 30, paid))]
        rows.append(run(15 * n, (f"{n}2.50", balance - 30, balance)))
    lines = shown(*rows).splitlines()
    assert lines[0] == "| Shop | 01.50 |  | 02.50 |"
    assert lines[3] == "| Shop |  | 21.50 | 22.50 |"


def test_gaps_in_prose_cut_nothing() -> None:
    rows = [
        run(
            12 * n,
            (f"words{n} that", 50, 120 + 9 * n),
            ("go on", 127 + 9 * n, 250 - 13 * n),
            ("to", 258 - 13 * n, 300),
        )
        for n in range(3)
    ]
    assert [item.text for item in parted(rows)] == [row.text for row in rows]


def test_an_amount_that_touches_its_label_is_cut_where_it_is_in_line_with_others() -> None:
    tight = run(15, ("Council tax", 50, 109.9), ("£1,240.50", 110, 160), space="")
    others = [run(15 * n, (name, 50, 80), ("£48.00", 130, 160)) for n, name in ((0, "Rent"), (2, "Gas"))]
    found = [(item.text, item.x0, item.x1) for item in parted([tight, *others])]
    assert found[0][0] == "Council tax"
    assert found[0][2] < 110 - 0.5 * SIZE
    assert found[1] == ("£1,240.50", 110, 160)


def test_an_upright_line_cuts_alone_and_doubts_stay_with_their_characters() -> None:
    whole = run(0, ("11/01", 50, 100), ("B00t", 106, 150))
    whole = Segment(
        whole.text, whole.box, SIZE, gaps=whole.gaps, confidence=0.9, doubts=(Doubt(7, 9, "amount", 0.4),)
    )
    first, second = parted([whole], [Rule(Box(103, -5, 103.5, 20))])
    assert (first.text, second.text) == ("11/01", "B00t")
    assert first.segment and second.segment
    assert first.segment.doubts == ()
    assert second.segment.doubts == (Doubt(1, 3, "amount", 0.4),)


_WORDS = st.lists(st.sampled_from(["a", "12.50", "£3.00", "words", "x y"]), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(_WORDS, min_size=1, max_size=8))
def test_every_character_is_kept(rows: list[list[str]]) -> None:
    made = [
        run(14 * n, *[(word, 50 + 60 * at, 90 + 60 * at) for at, word in enumerate(words)])
        for n, words in enumerate(rows)
    ]
    found = sorted("".join(item.text.replace(" ", "") for item in parted(made)))
    assert found == sorted("".join(segment.text.replace(" ", "") for segment in made))


def test_columns_that_keep_step_by_chance_are_read_one_after_the_other() -> None:
    said = ("The court will send a copy and", "a date for the hearing soon.")
    rows = [
        Segment(text.replace("court", f"court{side}{part}"), Box(x, y, x + 180 - 8 * line, y + 10), SIZE)
        for side, x in (("a", 50.0), ("b", 260.0))
        for part in range(3)
        for line, text in enumerate(said)
        for y in (30.0 * part + 12 * line,)
    ]
    text = shown(*rows)
    assert "|" not in text
    assert text.index("courta2") < text.index("courtb0")


def test_one_wrapped_column_between_dates_and_amounts_is_a_table() -> None:
    rows = [run(0, ("Date", 50, 70)), run(0, ("What", 120, 150)), run(0, ("Cost", 300, 320))]
    for n in range(2):
        top = 20 + 70 * n
        rows += [run(top, (f"0{n}/03/2026", 50, 100)), run(top, (f"£{n}6.40", 300, 330))]
        rows += [run(top + 12 * line, (f"it went on{line}", 120, 220)) for line in range(5)]
    lines = shown(*rows).splitlines()
    assert lines[0] == "| Date | What | Cost |"
    assert lines[3].startswith("| 01/03/2026 | it went on0 it went on1")
    assert lines[3].endswith("| £16.40 |")


def test_bullets_over_a_table_are_a_list() -> None:
    marks = [run(14 * n, ("•", 50, 54)) for n in range(2)]
    texts = [run(14 * n, (f"Bullet {n}", 68, 110)) for n in range(2)]
    assert shown(*marks, *texts, run(40, ("Debt", 50, 76))).startswith("- Bullet 0\n- Bullet 1")


def test_rows_beyond_the_stripes_of_a_table_belong_to_it() -> None:
    rows = [
        run(10 + 20 * n, (f"{word}{n}", x, x + 40))
        for n in range(5)
        for word, x in (("a", 55), ("b", 155), ("c", 255))
    ]
    edges = [(x, y) for y in (25, 65) for x in (50, 150, 250, 350)]
    rules = [Rule(Box(x, y, x, y + 20)) for x, y in edges]
    rules += [Rule(Box(50, y + end, 350, y + end)) for y in (25, 65) for end in (0, 20)]
    assert shown(*rows, rules=tuple(rules)).splitlines() == [
        "| a0 | b0 | c0 |",
        "| --- | --- | --- |",
        *(f"| a{n} | b{n} | c{n} |" for n in range(1, 5)),
    ]

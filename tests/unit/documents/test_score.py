"""The scorer gives the figures that are counted by hand, and holds its invariants on any text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.api.evaluation import Rate, Scores
from casewright.documents.evaluate.distance import distance
from casewright.documents.evaluate.plain import Plain, of_markdown, of_text
from casewright.documents.evaluate.score import f1, score, total, with_wilson

WORDS = st.lists(st.sampled_from(["ab", "bc", "cd", "£5", "7", "14/03/2026", "PPR-9087", "x"]), max_size=40)
TEXTS = WORDS.map(" ".join).map(of_text)


def scored(truth: str, reading: str) -> Scores:
    return score(of_markdown(truth), of_markdown(reading)).scores


def counts(rate: Rate | None) -> tuple[int, int]:
    assert rate is not None
    return rate.count, rate.total


def test_one_wrong_digit_is_one_character_one_word_and_one_number() -> None:
    found = score(of_text("Due £12.50 by May"), of_markdown("Due £12.60 by May"))
    assert counts(found.scores.characters) == (1, 17)
    assert counts(found.scores.words) == (1, 4)
    assert counts(found.scores.words_found) == counts(found.scores.words_true) == (3, 4)
    assert counts(found.scores.numbers_found) == counts(found.scores.numbers_true) == (0, 1)
    assert (found.missing, found.extra) == (("£12.50",), ("£12.60",))


def test_kitten_and_sitting_and_an_error_rate_above_one() -> None:
    assert counts(score(of_text("kitten"), of_text("sitting")).scores.characters) == (3, 6)
    rate = score(of_text("a"), of_text("a b c")).scores.words
    assert (rate.count, rate.total, rate.value) == (2, 1, 2.0)


def test_another_order_is_told_from_misread_words() -> None:
    moved = score(of_text("one two three four"), of_text("three four one two")).scores
    assert moved.words.value == 1.0
    assert f1(moved.words_found, moved.words_true) == 1.0
    misread = score(of_text("one two three four"), of_text("ome twa three four")).scores
    assert misread.words.value == 0.5
    assert f1(misread.words_found, misread.words_true) == 0.5


def test_what_was_not_read_is_wholly_wrong_and_makes_nothing_up() -> None:
    found = scored("| a | b |\n| - | - |\n| 1 | 2 |", "")
    assert found.characters.value == found.words.value == 1.0
    assert found.words_found.value == found.numbers_found.value == 0.0
    assert counts(found.cells_in_place) == (0, 4)
    assert found.words_true.value is found.numbers_true.value is None
    assert f1(found.words_found, found.words_true) is None


def test_nothing_to_measure_is_not_measured() -> None:
    found = score(of_text(""), of_markdown("")).scores
    assert found.characters.value is found.words.value is found.numbers_found.value is None
    made_up = score(of_text(""), of_markdown("ab 7")).scores
    assert (counts(made_up.characters), made_up.characters.value) == ((4, 0), None)
    assert counts(made_up.numbers_true) == (0, 1)
    assert found.cells_in_place is scored("no table", "none").cells_in_place is None


def test_marks_count_for_nothing_and_words_for_all() -> None:
    marked = (
        "# Rent *due*\n\n- **one** `two`\n- [three](http://x.y) ![four](z.png)\n\n> five~~six~~ &pound;7<br>8"
    )
    assert of_markdown(marked).text == "Rent due one two three four fivesix £7 8"
    assert of_markdown(r"\# Rent 5\*3 a\_b \- c").text == "# Rent 5*3 a_b - c"
    assert of_markdown("3. three\n4. four\n\n---\n\n<!-- page 2 -->\n\nend").text == "3. three 4. four end"
    assert of_text("- one\n• two\n-£3.07\n\ttab\fpage").text == "one two -£3.07 tab page"


def test_what_is_made_alike_and_what_is_not() -> None:
    assert of_text("cafe\u0301 a\u00a0b re\u00adad").text == "café a b read"
    assert of_text("5² ½ ﬁ Ⅳ “x”").text == "5² ½ ﬁ Ⅳ “x”"
    assert scored("Amount", "amount").characters.count == 1


@pytest.mark.parametrize(
    ("reading", "in_place", "found"),
    [
        ("| a | b |\n|-|-|\n| 1 | 2 |\n| 3 | 4 |", 6, 6),
        ("| a | b |\n|-|-|\n| 1 | 9 |\n| 3 | 4 |", 5, 5),
        ("| a | b |\n|-|-|\n| 2 | 1 |\n| 3 | 4 |", 4, 6),  # two cells changed places: both are wrong
        ("| a | b |\n|-|-|\n| 3 | 4 |\n| 1 | 2 |", 4, 6),  # two rows did
        ("| a | | b |\n|-|-|-|\n| 1 | | 2 |\n| 3 | | 4 |", 6, 6),  # an empty column displaces nothing
        ("| x | y |\n|-|-|\n| a | b |\n| 1 | 2 |\n| 3 | 4 |", 6, 6),
        ("| a | b |\n|-|-|\n| 1 | 2 |\n\nPage 2\n\n| a | b |\n|-|-|\n| 3 | 4 |", 6, 6),  # over a page's end
        ("| a | b |\n|-|-|\n| 1 | 2 |\n| 3 | |\n| | 4 |", 5, 6),  # a row torn in two
        ("a b\n\n1 2\n\n3 4", 0, 0),
    ],
)
def test_cells_by_hand(reading: str, in_place: int, found: int) -> None:
    scores = scored("| a | b |\n|-|-|\n| 1 | 2 |\n| 3 | 4 |", reading)
    assert counts(scores.cells_in_place) == (in_place, 6)
    assert counts(scores.cells_found) == (found, 6)


def test_an_amount_in_the_wrong_column_is_found_and_not_in_place() -> None:
    truth = "| Date | Out | In |\n|-|-|-|\n| 1 May | 5.00 | |\n| 2 May | | 7.00 |"
    wrong = "| Date | Out | In |\n|-|-|-|\n| 1 May | | 5.00 |\n| 2 May | | 7.00 |"
    scores = scored(truth, wrong)
    assert (counts(scores.cells_in_place), counts(scores.cells_found)) == ((6, 7), (7, 7))


@pytest.mark.parametrize(
    ("truth", "reading", "right"),
    [
        ("(see PPR-9087).", "see PPR-9087", 1),
        ("£ 50", "£50", 1),
        ("£75.00", "£75.00[1]", 1),
        ("20 %", "20%", 1),
        ("2024\u20132025", "2024-2025", 1),
        ("\u2212£3.07", "-£3.07", 1),
        ("1,240.50", "1240.50", 0),
        ("(50.00)", "50.00", 0),
        ("50.00-", "50.00", 0),
        (".50", "50", 0),
        ("-£3.07", "£3.07", 0),
        ("£5.00", "€5.00", 0),
        ("020 7946 0018", "020 7946 0018", 3),
        ("5 5 5", "5 5", 2),
        ("10(a)", "10a", 0),
        ("Total.....7", "Total 7", 0),
        ("no figure", "at all", 0),
    ],
)
def test_numbers_are_the_same_only_digit_for_digit(truth: str, reading: str, right: int) -> None:
    assert score(of_text(truth), of_text(reading)).scores.numbers_found.count == right


@given(TEXTS)
def test_a_text_is_itself(text: Plain) -> None:
    found = score(text, text)
    assert found.scores.characters.count == found.scores.words.count == 0
    for rate in (found.scores.words_found, found.scores.words_true, found.scores.numbers_found):
        assert rate.value in (None, 1.0)
    assert found.missing == found.extra == ()


@given(TEXTS, TEXTS)
def test_bounds_and_what_is_symmetric(truth: Plain, reading: Plain) -> None:
    there, back = score(truth, reading).scores, score(reading, truth).scores
    assert there.characters.count == back.characters.count
    assert there.words.count == back.words.count
    assert there.words_found == back.words_true
    assert there.numbers_found == back.numbers_true
    longest = max(there.words.total, back.words.total)
    assert longest - there.words_found.count <= there.words.count <= longest


CELLS = st.lists(
    st.lists(st.sampled_from(["", "a", "b", "c", "1", "2"]), min_size=3, max_size=3), min_size=1, max_size=8
)


def as_table(rows: list[list[str]]) -> Plain:
    return Plain("", (tuple(map(tuple, rows)),))


@given(CELLS, st.randoms(use_true_random=False))
def test_permuted_rows_are_found_and_no_more_in_place_than_before(
    rows: list[list[str]], chance: object
) -> None:
    truth = as_table(rows)
    if not any(cell for row in rows for cell in row):
        return
    same = score(truth, truth).scores
    assert same.cells_in_place is not None
    assert same.cells_in_place.count == same.cells_in_place.total
    mixed = list(rows)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    other = score(truth, as_table(mixed)).scores
    assert other.cells_found is not None and other.cells_found.value == 1.0
    assert other.cells_in_place is not None and other.cells_in_place.count <= other.cells_in_place.total


@given(CELLS, CELLS)
def test_no_more_cells_in_place_than_are_found(rows: list[list[str]], others: list[list[str]]) -> None:
    found = score(as_table(rows), as_table(others)).scores
    if found.cells_in_place is not None and found.cells_found is not None:
        assert found.cells_in_place.count <= found.cells_found.count <= found.cells_found.total


@settings(max_examples=60)
@given(WORDS, WORDS, st.integers(1, 12))
def test_a_distance_by_pieces_is_never_below_the_exact_one(
    one: list[str], other: list[str], piece: int
) -> None:
    first, second = " ".join(one), " ".join(other)
    exact, bounded = distance(first, second), distance(first, second, exact_to=-1, piece=piece)
    assert exact.exact and not bounded.exact
    assert exact.characters <= bounded.characters <= max(len(first), len(second))
    assert exact.words <= bounded.words <= max(len(one), len(other)) * 2


def test_a_distance_by_pieces_is_exact_where_texts_agree_between_the_errors() -> None:
    words = [f"w{number}" for number in range(3000)]
    wrong = [word if number % 97 else word + "x" for number, word in enumerate(words)]
    bounded = distance(" ".join(words), " ".join(wrong), exact_to=100, piece=150)
    assert (bounded.characters, bounded.words) == (31, 31)


def test_totals_are_of_all_words_and_their_interval_is_over_files() -> None:
    each = [score(of_text("a b c d"), of_text("a b c" + " d" * (number % 2))).scores for number in range(10)]
    whole = total(each)
    assert counts(whole.words) == (5, 40)
    assert whole.words.value == 0.125
    assert whole.words.low is not None and whole.words.high is not None
    assert 0 < whole.words.low < 0.125 < whole.words.high < 0.25
    assert whole.numbers_found.value is whole.numbers_found.low is None
    assert whole.cells_in_place is None
    assert total(each) == whole  # the resampling has a seed
    assert total(each[:4]).words.low is None
    assert total(each[1::2]).words.low is None  # all alike: nothing is known of how files differ
    assert total([]).words.value is None


def test_wilson_by_the_published_example() -> None:
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662
    share = with_wilson(Rate.of(81, 263))
    assert share.low is not None and share.high is not None
    assert math.isclose(share.low, 0.2553, abs_tol=5e-5)
    assert math.isclose(share.high, 0.3662, abs_tol=5e-5)
    assert with_wilson(Rate.of(0, 0)).low is None

"""What one line says twice, and pairs of lines that were told wrongly or with the wrong words."""

from __future__ import annotations

from datetime import date

import pytest

from casewright.api.notes import Contradiction
from casewright.notes.contradict import contradictions
from casewright.notes.read import read_entries


def told(notes: str) -> tuple[Contradiction, ...]:
    return contradictions(read_entries(notes), "Jo Bell", date(2026, 5, 12))


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (
            "CTax: £1,284.50 o/s per letter of 28 April, cl says it's £1,248.50 on her online a/c",
            ("£1,284.50", "£1,248.50"),
        ),
        ("£1284 per letter, cl says £1248", ("£1284", "£1248")),
        ("Deposit £650 per agreement, receipt says £560", ("£650", "£560")),
        ("Hearing 4 June per letter, cl thinks 14 June", ("4 June", "14 June")),
        ("Lowell £1,284.50 per statement dated 3 May, cl says it's £1,248.50", ("£1,284.50", "£1,248.50")),
        ("Rent arrears: none. LL claims 2 months = £1,700", ("arrears: none", "LL claims 2 months")),
        ("No arrears but agent says £900 behind", ("No arrears", "agent says £900 behind")),
        ("rent up to date per cl, LL's letter says 3 mths unpaid", ("rent up to date", "3 mths unpaid")),
    ],
)
def test_two_sources_in_one_line(line: str, values: tuple[str, str]) -> None:
    (found,) = told(f"seen in office\n{line}")
    assert found.lines == (2,)
    assert found.values == values


@pytest.mark.parametrize(
    "line",
    [
        "not paying anything on the c card since Jan, cl says she paid £40 in Feb by phone",
        "nothing paid since March, bank stmt shows £50 paid in April",
        "no payments since Nov, LL says cl paid £100 in January",
    ],
)
def test_a_payment_after_the_last_one(line: str) -> None:
    (found,) = told(line)
    assert found.lines == (1,)
    assert "nothing was paid since" in found.what


@pytest.mark.parametrize(
    "line",
    [
        "rent £450 per AST, letter says arrears £900",
        "£640 owed per letter, cl says £40 paid off it",
        "£640 owed per letter of 3 May, council offered £460",
        "rent £450 per contract, LL says £104 pw",
        "£1,284 per letter, cl says £1,284",
        "£1284 per letter, cl says gas bill is £1248",
        "hearing 4 June per letter dated 14 May",
        "rent paid to date, LL says notice is 2 months",
        "No arrears, agent says rent is £900",
        "No arrears but was 2 months behind in 2024",
        "nothing paid since March, cl says she paid £40 in Feb",
        "not paying since Jan, will start in June at £40",
    ],
)
def test_one_line_that_can_hold(line: str) -> None:
    assert told(line) == ()


@pytest.mark.parametrize(
    "notes",
    [
        "disc hearing 7 May lasted 10 mins\ndismissal letter dated 6 May - the day before the hearing!",
        "Told cl we can't take on the inquest\nCl thinks she was never told about the hearing",
        "PIP stopped 4 May, letter says form not returned\nform to be returned by 12/6",
        "PIP stopped 4 May, says DWP letter\ncl says form returned by 12/6",
        "council tax: never got the bill, cl says\nLetter says hearing 4 June 2026 10am",
        "notice pay 6 wks per contract\nholiday: letter says 9 days balance",
    ],
)
def test_lines_on_two_things_are_not_told(notes: str) -> None:
    assert told(notes) == ()


def test_a_line_on_a_debt_and_one_on_a_hearing_are_told_each_for_itself() -> None:
    notes = (
        "CTax: £1,284.50 o/s per letter of 28 April, cl says it's £1,248.50 on her online a/c\n"
        "Letter says hearing 4 June, email says 14 June"
    )
    assert [one.lines for one in told(notes)] == [(1,), (2,)]


def test_holiday_is_held_against_holiday_and_not_against_the_notice_pay() -> None:
    notes = "owed: 11 days hol pay (approx £1,053), notice pay - 6 wks\nlast payslip shows hol balance 9 days"
    (found,) = told(notes)
    assert found.lines == (1, 2)
    assert found.values == ("11 days", "9 days")


def test_words_that_are_of_two_kinds_take_no_long_time() -> None:
    assert told(f"£640 per letter, {'It ' * 28}9 £460") == ()

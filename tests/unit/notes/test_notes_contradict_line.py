"""What one line says twice, and pairs of lines that were told wrongly or with the wrong words."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from casewright.api.notes import Contradiction
from casewright.notes.contradict import contradictions
from casewright.notes.contradict_line import of_one
from casewright.notes.read import read_entries
from casewright.notes.values import find

# Two values of one line, each with a source, that are of two things.
OF_TWO_THINGS = [
    "LL says £900 deposit, cl says £450 rent",
    "bill says £80 gas, cl says £60 elec",
    "invoice £200, statement £300 - two different jobs",
    "doctor's letter 3 May, hospital letter 5 May",
    "payslip £1,450 net, bank statement £1,450.20",
    "LL says £900 for the deposit, cl says £450 for rent",
    "Water bill says £210, council letter says £320",
    "Lowell letter £640, Cabot letter £460",
    "council's letter 3 May, LL's letter 5 May",
    "letter says £130.49, cl says £130",
    "payslip £1,450, bank statement £1,449.60",
    "letter says £900, cl says £300 part paid",
    "LL says was £600, agent says £650 now",
    "May payslip £1,200, June payslip £1,350",
    "payslip £1,200 (May), payslip £1,350 (June)",
    "contract says £450, LL says £104 pw",
    "letter says £400 in arrears, cl says £500 deposit",
    "LL claims £600 arrears, cl says £450 damage",
    "payslip £1,450 gross, bank statement £1,200",
    "invoice £200, second invoice £300",
    "Invoice £420 boiler, statement £300 sofa",
]


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
        ("Deposit £900 per agreement, LL says £850 deposit", ("£900", "£850")),
        ("LL says £900 deposit, cl says £450", ("£900", "£450")),
        ("bill says £80 gas, cl says £60 for gas", ("£80", "£60")),
        ("£1,450 net per payslip, bank statement £1,405", ("£1,450", "£1,405")),
        ("Contract says £12.50 ph, payslip says £12.00 ph", ("£12.50 ph", "£12.00 ph")),
        ("£640 per Lowell letter, cl says £460", ("£640", "£460")),
        ("£900 arrears per letter, cl says £600 behind", ("£900", "£600")),
        ("Deposit: LL's email says £900, agent's letter says £800", ("£900", "£800")),
        ("letter says hearing 4 June, website says hearing 14 June", ("4 June", "14 June")),
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
        "nothing paid since March, cl has to pay LL but stmt shows payment of £60 in May",
        "not paid rent since Feb, stmt shows £200 was paid in March",
        "cl will get stmt; not paid since Jan, LL says paid £40 in Feb",
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
        "no payments since June, cl to make payment of £50 in July",
        "not paid rent since Feb, will be paid £200 in March",
        "no payments since Aug, LL says cl will make payment of £50 in Oct",
        "not paid since Feb, LL says not paid £200 in March either",
        "not paid rent since Feb, got UC payment of £600 in March",
        "not been paid since Feb, boss promises payment of £600 in April",
        "not paid since April, employer says it'll be paid £900 in May",
        "no rent payments since Feb, part payment of £50 agreed in March",
        "no payments since May, cl said she'd pay; payment of £40 in June agreed",
        "Deposit £900 per agreement, LL says £450 rent",
        "£80 gas per bill, cl says £60 elec",
        "£900 owed per letter, cl says £600 damage",
        "£200 per invoice, statement says £300 - two different jobs",
        "£1,450 net per payslip, bank statement £1,450.20",
        "£130.49 per letter, cl says £130",
        "£640 per Lowell letter, Cabot letter says £460",
        "£210 per water bill, council letter says £320",
        "£1,200 per May payslip, June payslip £1,350",
        "£900 per letter, cl says £300 on account",
        "£1,900 gross per payslip, stmt says £1,520",
        "rent was £450 per agreement, letter says £500 now",
        "£400 pw per payslip, bank statement says £1,600 pm",
        "payslip £400 pw, bank statement £1,600 pm",
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


@pytest.mark.parametrize("line", OF_TWO_THINGS)
def test_the_two_values_of_such_a_line_are_not_of_one_thing(line: str) -> None:
    assert told(line) == ()
    values = find(line, date(2026, 5, 12))
    assert [of_one(line, one, two) for one, two in pairwise(values)] == [False]


def test_a_sum_without_its_pence_is_the_same_sum_and_one_with_other_pence_is_not() -> None:
    assert told("£130.49 per letter, cl says £130") == ()
    assert len(told("£130.49 per letter, cl says £130.94")) == 1


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

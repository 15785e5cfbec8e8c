"""Which figures are doubted: by the engine's own confidence, and because they cannot be."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewright.documents.ocr.doubt import SURE, doubts, figures

days = st.dates(date(1930, 1, 1), date(2099, 12, 31))
amounts = st.integers(0, 10**9).map(lambda pence: f"£{pence // 100:,}.{pence % 100:02d}")
codes = st.from_regex(r"[A-Z]{3}-[0-9]{4}", fullmatch=True)
sort_codes = st.from_regex(r"[0-9]{2}-[0-9]{2}-[0-9]{2}", fullmatch=True)


def marked(text: str, confidence: float = 0.99) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in doubts(text, [confidence] * len(text))]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("£1,240.50", "amount"),
        ("1.240,50 €", "amount"),
        ("€ 12", "amount"),
        ("1 240,50 €", "amount"),
        ("GBP 1240.50", "amount"),
        ("54p", "amount"),
        ("1,194.83", "amount"),
        ("14/03/2026", "date"),
        ("14.03.26", "date"),
        ("14 March 2026", "date"),
        ("3rd Sept. 2025", "date"),
        ("March 14, 2026", "date"),
        ("2026-03-14", "date"),
        ("PPR-9087", "reference"),
        ("QQ123456C", "reference"),
        ("QQ 12 34 56 C", "reference"),
        ("20-14-33", "reference"),
        ("42665710", "reference"),
        ("0113 496 0182", "reference"),
        ("4929 1234 5678 9012", "reference"),
        ("AB12/345-6", "reference"),
    ],
)
def test_a_figure_is_doubted_when_it_is_not_sure_and_only_then(text: str, kind: str) -> None:
    line = f"as of {text}, says it"
    assert marked(line) == []
    assert marked(line, SURE - 0.1) == [(kind, text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("£1,24O.50", "amount"),
        ("£1,2l0.50", "amount"),
        ("£12,40.50", "amount"),
        ("£1,24050", "amount"),
        ("£1, 240.50", "amount"),
        ("1.240.50", "amount"),
        ("E1,240.50", "amount"),
        ("£1,240.5", "amount"),
        ("31/02/2026", "date"),
        ("14/O3/2026", "date"),
        ("2026-13-14", "date"),
        ("31 June 2026", "date"),
        ("l4 March 2026", "date"),
        ("14/03/9026", "date"),
        ("PPR-9O87", "reference"),
        ("426I5710", "reference"),
        ("XwP-4690", "reference"),
    ],
)
def test_what_cannot_be_is_doubted_however_sure_the_engine_is(text: str, kind: str) -> None:
    assert marked(f"as of {text} it says", 1.0) == [(kind, text)]


@pytest.mark.parametrize(
    "text",
    [
        "We met at 10:30.",
        "SOIL BOILS",
        "LS2 8AA",
        "12 Mill Lane",
        "version 2",
        "I. O. U.",
        "",
        "…",
        "in 2026",
        "B&Q",
    ],
)
def test_words_are_no_figures(text: str) -> None:
    assert marked(text, 0.1) == []


def test_units_and_capitalised_words_before_digits_are_possible() -> None:
    assert marked("used 310kWh at Ref-9087, Flat 12345") == []


def test_one_unsure_character_is_enough_and_is_the_doubts_confidence() -> None:
    text = "You owe £1,240.50 since 14/03/2026."
    sure = [0.99] * len(text)
    sure[text.index("4")] = 0.6
    (only,) = doubts(text, sure)
    assert (text[only.start : only.end], only.confidence) == ("£1,240.50", 0.6)
    sure[text.index("owe")] = 0.2  # a word's is nobody's
    assert doubts(text, sure) == (only,)


@given(amounts, days, codes, sort_codes)
def test_what_is_whole_and_sure_is_left_alone(amount: str, day: date, code: str, sort: str) -> None:
    text = (
        f"{amount} paid on {day:%d/%m/%Y} and {day:%Y-%m-%d} and {day.day} {day:%B %Y}, ref {code}, to {sort}"
    )
    assert marked(text) == []
    assert [found for _, found in marked(text, 0.1)] == [
        amount,
        f"{day:%d/%m/%Y}",
        f"{day:%Y-%m-%d}",
        f"{day.day} {day:%B %Y}",
        code,
        sort,
    ]


@given(st.text(alphabet="0123456789.,/-£€p |OlISBZabMarch2026 ", max_size=60), st.data())
def test_doubts_lie_in_the_text_in_order_and_apart(text: str, data: st.DataObject) -> None:
    sure = data.draw(st.lists(st.floats(0, 1), min_size=len(text), max_size=len(text)))
    found = doubts(text, sure)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    spans = {(start, end) for _, start, end, _ in figures(text)}
    for one in found:
        assert (one.start, one.end) in spans
        assert text[one.start : one.end].strip() == text[one.start : one.end]
        assert one.confidence == pytest.approx(
            min(sure[at] for at in range(one.start, one.end) if text[at] != " "), abs=1e-4
        )

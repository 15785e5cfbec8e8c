"""What must hold of the ground check for any text."""

from __future__ import annotations

import string
from datetime import date

from hypothesis import example, given, settings
from hypothesis import strategies as st

from casewright.notes.ground import MAX_FIGURES, faults
from casewright.notes.ground_letter_words import HARMLESS
from casewright.notes.ground_short import stands_for
from casewright.notes.ground_words import keys_of, lexicon, stem
from casewright.notes.shapes import Context, SourceLine

MEETING = date(2026, 5, 12)
CREDITORS = ("Barclays", "Aviva", "Lowell", "EDF", "Vanquis")
PIECES = st.sampled_from(
    [
        "cl",
        "adv",
        "to",
        "not",
        "if",
        "unless",
        "£450",
        "£54",
        "Barclays",
        "Aviva",
        "3",
        "May",
        "Fri",
        "next",
        "from",
        "owes",
        "pay",
        "w/",
        ",",
        ".",
        ";",
        ":",
        "-",
        "don't",
        "'s",
        "@",
        "&",
        ">",
        "we",
        "you",
        "hasn't",
        "may",
        "must",
        "about",
        "1,200",
        "5k",
        "14.1",
        "x2",
        "no",
        ".",
        "(",
    ]
)
TEXTS = st.one_of(st.text(max_size=120), st.lists(PIECES, max_size=25).map(" ".join))


def of(section: str = "matters_discussed") -> Context:
    return Context("John Smith", section, "client", True, "Sam Patel", MEETING)  # type: ignore[arg-type]


@given(
    TEXTS,
    st.lists(TEXTS, min_size=1, max_size=3),
    st.sampled_from(["our_actions", "your_actions", "matters_discussed"]),
)
@example("'s ' 's", ["no . no ."], "our_actions")
@example("", [""], "matters_discussed")
@settings(max_examples=300, deadline=None)
def test_it_never_raises(sentence: str, lines: list[str], section: str) -> None:
    found = faults(sentence, [SourceLine(n, text) for n, text in enumerate(lines, 1)], of(section))
    assert isinstance(found, tuple)
    assert all(fault.what for fault in found)


@given(st.integers(1, 99_999), st.integers(1, 99_999), st.sampled_from(CREDITORS))
@settings(max_examples=150, deadline=None)
def test_only_the_lines_own_sum_passes(owed: int, told: int, creditor: str) -> None:
    found = faults(
        f"You owe £{told:,} to {creditor}.", [SourceLine(1, f"cl owes £{owed} to {creditor}")], of()
    )
    assert (found == ()) == (owed == told)


@given(
    st.permutations(CREDITORS),
    st.lists(st.integers(10, 9_999), min_size=3, max_size=3, unique=True),
    st.permutations(range(3)),
)
@settings(max_examples=100, deadline=None)
def test_only_the_lines_own_pairs_pass(names: list[str], sums: list[int], order: list[int]) -> None:
    line = "cl owes " + ", ".join(f"£{owed} to {name}" for owed, name in zip(sums, names, strict=False))
    right = [f"£{sums[place]} to {names[place]}" for place in order]
    wrong = [f"£{sums[place]} to {names[at]}" for at, place in enumerate(order)]
    assert faults(f"You owe {', '.join(right[:2])} and {right[2]}.", [SourceLine(1, line)], of()) == ()
    if order != [0, 1, 2]:
        assert faults(f"You owe {', '.join(wrong[:2])} and {wrong[2]}.", [SourceLine(1, line)], of())


@given(st.integers(1, 28), st.integers(1, 28))
@settings(max_examples=60, deadline=None)
def test_only_the_lines_own_day_passes(noted: int, told: int) -> None:
    found = faults(f"The hearing is on {told} June.", [SourceLine(1, f"hearing {noted} June")], of())
    assert (found == ()) == (noted == told)


@given(st.text(string.ascii_lowercase, min_size=1, max_size=20))
def test_a_stem_is_in_its_own_keys_and_stays(word: str) -> None:
    assert stem(word) in keys_of(stem(word))
    assert stem(word) == stem(word)


@given(st.text(string.ascii_lowercase, max_size=40), st.text(string.ascii_lowercase, max_size=40))
def test_a_short_form_begins_like_its_word(short: str, full: str) -> None:
    if stands_for(short, full):
        assert short[0] == full[0]


def test_short_forms() -> None:
    for short, full in (
        ("dghtr", "daughter"),
        ("pymt", "payment"),
        ("retrun", "return"),
        ("submision", "submission"),
    ):
        assert stands_for(short, full)
    for short, full in (("rent", "fent"), ("", "x"), ("paid", "said"), ("weekly", "monthly")):
        assert not stands_for(short, full)


def test_what_a_letter_may_add_carries_no_claim() -> None:
    claims = "owe pay refuse accept sue evict dismiss universal pip barclays council landlord all only never"
    table, plain = lexicon(), {stem(word) for word in HARMLESS}
    for word in claims.split():
        assert stem(word) not in table.letter
        assert stem(word) not in plain


def test_many_figures_are_each_compared_and_too_many_refused() -> None:
    def told(count: int) -> tuple[str, list[SourceLine]]:
        line = "; ".join(f"cl owes £{n} to Barclays" for n in range(100, 100 + count))
        return " ".join(f"You owe £{n} to Barclays." for n in range(300, 300 + count)), [SourceLine(1, line)]

    sentence, lines = told(MAX_FIGURES)
    assert sum(fault.kind == "amount" for fault in faults(sentence, lines, of())) == 2 * MAX_FIGURES
    sentence, lines = told(MAX_FIGURES + 1)
    assert [fault.kind for fault in faults(sentence, lines, of())] == ["form"]

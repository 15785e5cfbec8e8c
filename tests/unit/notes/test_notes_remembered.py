"""What is kept of a text while a letter is made, and that nothing of it outlives the letter."""

from __future__ import annotations

from casewright.notes import remembered as kept
from casewright.notes.check import all_figures, bare_words
from casewright.notes.decision import plain_words
from casewright.notes.remembered import forget, held, remembered


def test_a_text_is_looked_at_once_until_it_is_forgotten() -> None:
    asked: list[str] = []

    @remembered
    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    try:
        assert [length("one"), length("two"), length("one")] == [3, 3, 3]
        assert asked == ["one", "two"]
        assert held() >= 2
        forget()
        assert held() == 0
        assert length("one") == 3
        assert asked == ["one", "two", "one"]
    finally:
        kept._KEPT.pop()


def test_what_is_kept_cannot_be_changed() -> None:
    for read in (all_figures, bare_words, plain_words):
        assert isinstance(read("cl owes £450 to Barclays"), tuple)

"""What is kept of a file whose worker ended, and whether reading goes on."""

from __future__ import annotations

import pytest

from casewright.documents.blocks import Found, Noted, Opened, Page, text_block
from casewright.documents.rescue import Rescue
from casewright.errors import DocumentTimeout, DocumentTooLarge, DocumentWorkerLost, UnreadableDocument

PDF = Opened("application/pdf", pages=6)
TEXT = Page((text_block("paragraph", "words"),), "text")
DIED = DocumentWorkerLost("it died", hint="")


def rescue(*said: Found, first_page: int = 1, seconds: float = 25.0) -> Rescue:
    made = Rescue(first_page, seconds, None)
    for one in said:
        made.take(one)
    return made


def test_reading_goes_on_behind_the_page_that_was_lost() -> None:
    made = rescue(PDF, TEXT, TEXT)
    assert made.next_page == 3
    assert made.go_on(DIED, 1.0, out_of_time=False)
    assert made.next_page == 4
    for one in (PDF, Noted("a form"), TEXT, TEXT, TEXT):
        made.take(one)
    found = made.outcome()
    assert [page.unread for page in found.pages] == [False, False, True, False, False, False]
    assert found.lost == ["page 3 was not read: it died"]
    assert found.expected == 6


def test_what_a_second_worker_repeats_is_told_once() -> None:
    heard: list[Found] = []
    made = Rescue(1, 25.0, heard.append)
    for one in (PDF, Noted("a form"), TEXT):
        made.take(one)
    assert made.go_on(DIED, 1.0, out_of_time=False)
    for one in (PDF, Noted("a form"), TEXT):
        made.take(one)
    assert heard.count(PDF) == 1
    assert heard.count(Noted("a form")) == 1
    assert made.outcome().warnings == ["a form"]


@pytest.mark.parametrize("seconds", [9.0, 24.5])
def test_it_is_given_up_after_three_deaths_or_too_much_time(seconds: float) -> None:
    made = rescue(PDF, TEXT)
    went_on = [made.go_on(DIED, seconds, out_of_time=False) for _ in range(3)]
    assert went_on[0] == (seconds < 24)
    assert went_on[-1] is False
    assert "too much of this file ended its reader" in made.outcome().lost[-1]


def test_patience_is_what_is_left_of_the_time_to_lose() -> None:
    made = rescue(PDF, TEXT)
    assert made.patience(20.0) == 20.0
    made.go_on(DIED, 20.0, out_of_time=False)
    assert made.patience(20.0) == 5.0


def test_pages_of_text_that_come_slowly_use_it_up_too() -> None:
    made = rescue(PDF)
    made.take(TEXT, 3.0)
    assert made.patience(20.0) == 20.0
    made.take(TEXT, 19.0)
    assert made.patience(20.0) == 6.0
    made.take(Page(TEXT.blocks, "ocr"), 19.0)
    assert made.patience(20.0) == 6.0
    made.take(TEXT, 19.0)
    assert made.patience(20.0) == 1.0


def test_out_of_time_nothing_more_is_tried() -> None:
    made = rescue(PDF, TEXT)
    assert not made.go_on(DocumentTimeout("too long", hint=""), 1.0, out_of_time=True)
    assert made.outcome().lost[-1].startswith("pages 3 to 6 were not read")


def test_what_was_killed_from_outside_is_tried_once_more_before_its_first_page() -> None:
    made = rescue(PDF)
    assert made.once_more(5.0)
    assert made.patience(30.0) == 20.0
    assert not made.once_more(5.0)
    assert made.patience(30.0) == 20.0
    assert not rescue(PDF, TEXT).once_more(1.0)
    assert not rescue(PDF).once_more(24.5)
    made.take(PDF)
    made.take(TEXT)
    made.done("en")
    assert [page.unread for page in made.outcome().pages] == [False]


def test_the_last_page_ends_it() -> None:
    made = rescue(PDF, *(TEXT,) * 5)
    assert not made.go_on(DIED, 1.0, out_of_time=False)
    assert made.outcome().lost == ["page 6 was not read: it died"]
    made = rescue(PDF, *(TEXT,) * 6)
    assert not made.go_on(DIED, 1.0, out_of_time=False)
    assert made.outcome().lost == ["the end of this file was not read: it died"]


def test_a_kind_that_cannot_be_begun_in_the_middle_keeps_what_was_read() -> None:
    made = rescue(Opened("text/csv"), TEXT)
    assert not made.go_on(DIED, 1.0, out_of_time=False)
    assert made.outcome().lost == ["what comes after page 1 was not read: it died"]


def test_where_nothing_was_read_the_error_is_raised() -> None:
    made = rescue()
    assert not made.go_on(DIED, 1.0, out_of_time=False)
    with pytest.raises(DocumentWorkerLost):
        made.outcome()
    made = rescue(PDF)
    made.give_up(UnreadableDocument("damaged", hint=""))
    with pytest.raises(UnreadableDocument):
        made.outcome()


def test_a_refusal_in_the_middle_keeps_what_was_read() -> None:
    made = rescue(PDF, TEXT)
    made.give_up(DocumentTooLarge("too many pictures", hint=""))
    assert made.outcome().lost == ["what comes after page 1 was not read: too many pictures"]


def test_a_file_that_was_begun_in_its_middle_counts_from_there() -> None:
    assert rescue(PDF, TEXT, first_page=4).next_page == 5

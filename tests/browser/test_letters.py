"""A letter's page in Chromium without JavaScript: sentences mark lines, a person confirms and saves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.peers import stack
from browser.watched import Watched

NOTES = "Rent arrears £450\nLL served notice\nSend payslips?\n## sister's debt\nowes £1 or £2"
SAVED = (
    ("Letter for the client (Word)", "letter", "letter", "docx"),
    ("Letter for the client (PDF)", "letter", "letter", "pdf"),
    ("Copy for the file (Word)", "file-copy", "all", "docx"),
    ("Copy for the file (PDF)", "file-copy", "all", "pdf"),
)
MARKED = "rgb(253, 238, 176)"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with stack(tmp_path_factory.mktemp("data")) as (found, _):
        yield found


def write(page: Page, url: str) -> None:
    page.goto(url + "/notes")
    page.get_by_label("Client's name").fill("Ana Ruiz")
    page.get_by_label("Adviser who signs").fill("B. Dafydd")
    page.get_by_label("Notes", exact=True).fill(NOTES)
    page.get_by_role("button", name="Write the letter").click()


def marked(page: Page, line: int) -> None:
    for number in (1, 2, 3, 4, 5):
        place = expect(page.locator(f"#line-{number}"))
        (place.to_have_css if number == line else place.not_to_have_css)("background-color", MARKED)


def test_a_sentence_marks_its_lines_and_a_line_its_sentences(plain: Watched, url: str) -> None:
    page = plain.page
    write(page, url)
    page.get_by_role("link", name="LL served notice").hover()
    marked(page, 2)
    page.get_by_role("link", name="Rent arrears £450").click()
    page.get_by_role("heading", level=1).hover()
    marked(page, 1)
    page.locator("#line-2").hover()
    expect(page.locator(".s2, .s3").filter(has_text="LL served")).to_have_css("background-color", MARKED)


def test_a_person_confirms_and_saves(plain: Watched, url: str) -> None:
    page = plain.page
    write(page, url)
    page.get_by_role("button", name="Confirm the letter").click()
    expect(page.get_by_role("alert")).to_contain_text("Write your name")
    page.get_by_label("Your name").fill("Ffion")
    page.get_by_label("Your name").press("Enter")
    expect(page.locator(".verdict")).to_have_text("Confirmed by Ffion")
    for button, kind, parts, ending in SAVED:
        with page.expect_download() as saved:
            page.get_by_role("button", name=button).click()
        assert saved.value.suggested_filename == f"{kind}-Ana-Ruiz.{ending}"
        assert Path(saved.value.path()).read_text() == f"{ending} of {NOTES!r}, {parts}"


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_page(plain: Watched, url: str, width: int) -> None:
    page = plain.page
    page.set_viewport_size({"width": width, "height": 800})
    write(page, url)
    expect(page.get_by_role("heading", name="for you to decide")).to_be_visible()
    boxes = [found.bounding_box() for found in page.locator("main section, main form, main li").all()]
    assert all(box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)


def test_the_page_says_that_it_cannot_show_how_far_a_letter_is(plain: Watched, url: str) -> None:
    page = plain.page
    page.goto(url + "/notes")
    button = page.get_by_role("button", name="Write the letter")
    expect(button).to_have_accessible_description(re.compile("cannot show how far it is; leave it open"))
    write(page, url)
    expect(page.get_by_role("heading", name="for you to decide")).to_be_visible()

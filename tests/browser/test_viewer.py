"""A file in Chromium over the real document service: lines are shown where they stand; text stays text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from browser.watched import Watched
from casewright.services import documents
from casewright.services.web.app import config_from, create_app
from casewright.settings import Settings
from serving import served
from unit.documents.making import pdf

SAMPLE = Path(__file__).resolve().parents[2] / "sample.pdf"
ATTACK = "<script>window.hit=1</script><img src=http://evil.example/a onerror=window.hit=1>"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(data=tmp_path_factory.mktemp("data"), document_workers=1)
    with served(documents.create_app(documents.config_from(settings, "127.0.0.1", 0))) as found:
        web = config_from(settings.model_copy(update={"documents_url": found}), "127.0.0.1", 0)
        with served(create_app(web)) as pages:
            yield pages


def send(page: Page, url: str, file: Path) -> None:
    page.goto(url + "/file")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Read the file").click()


def test_a_line_is_marked_on_its_page_and_the_file_goes_when_told(plain: Watched, url: str) -> None:
    page = plain.page
    send(page, url, SAMPLE)
    page.get_by_role("link", name="Look at the page").nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Page 2 of sample.pdf")
    page.get_by_role("link", name="Page before").click()
    with page.expect_response(re.compile(r"/page/1\.png\?start=")) as answered:
        page.get_by_role("link", name="K01LS442").click()
    chosen = page.locator(".chosen")
    expect(chosen).to_have_count(1)
    expect(chosen).to_contain_text("claim number K01LS442")
    shown = Image.open(io.BytesIO(answered.value.body())).convert("RGB")
    red, _, blue = shown.split()
    column = shown.width // 3
    yellow = [
        row
        for row in range(shown.height)
        if red.getpixel((column, row)) > 200 and blue.getpixel((column, row)) < 140  # type: ignore[operator]
    ]
    assert yellow, "nothing is marked"
    assert 0.65 < yellow[0] / shown.height < 0.75, "the court stands in the lower third"
    expect(page.get_by_role("img")).to_be_visible()
    page.get_by_role("link", name="The whole text").click()
    page.get_by_role("button", name="Delete everything of this file").click()
    expect(page.get_by_role("status")).to_have_text("The file was deleted.")


def test_hostile_text_stays_text_on_every_page_of_a_file(scripted: Watched, url: str, tmp_path: Path) -> None:
    page = scripted.page
    file = tmp_path / "<img src=x onerror=alert(1)>.pdf"
    file.write_bytes(pdf([ATTACK, '"><svg onload=window.hit=1>'], [ATTACK]))
    send(page, url, file)
    expect(page.locator(".document").first).to_contain_text("<script>window.hit=1")
    page.get_by_role("link", name="Look at the page").first.click()
    expect(page.locator(".placed").first).to_contain_text("<script>window.hit=1")
    page.locator(".placed a").first.click()
    expect(page.locator(".chosen")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.hit") is None
    assert page.locator("main script, main svg, main style, main iframe").count() == 0
    assert page.locator("main img").count() == 1
    assert scripted.dialogs == []
    assert {urlsplit(asked).netloc for asked in scripted.asked} == {urlsplit(url).netloc}

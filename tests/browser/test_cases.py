"""A case in Chromium over the real services: put in, asked, shown on its page, erased; text stays text."""

from __future__ import annotations

import contextlib
import io
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from browser.visitor import Visitor, words
from browser.watched import Watched
from casewright.services import documents, rag
from casewright.services.web.app import config_from, create_app
from casewright.settings import Settings
from serving import served
from unit.documents.making import pdf

SAMPLE = Path(__file__).resolve().parents[2] / "sample.pdf"
ATTACK = "<script>window.hit=1</script><img src=http://evil.example/a onerror=window.hit=1>"
HOSTILE_NAME = "<img src=x onerror=alert(1)>.pdf"
READ_MS = 60_000  # a busy machine reads and embeds slowly


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(data=tmp_path_factory.mktemp("data"), document_workers=1, ingest_workers=1)
    with contextlib.ExitStack() as running, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: an engine that refuses connections
        engine = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        settings = settings.model_copy(update={"embedded_url": engine})
        reader = documents.create_app(documents.config_from(settings, "127.0.0.1", 0))
        found = {"documents_url": running.enter_context(served(reader))}
        settings = settings.model_copy(update=found)
        found["rag_url"] = running.enter_context(
            served(rag.create_app(rag.config_from(settings, "127.0.0.1", 0)))
        )
        web = config_from(settings.model_copy(update=found), "127.0.0.1", 0)
        yield running.enter_context(served(create_app(web)))


def add(page: Page, url: str, case_id: str, *files: Path) -> None:
    page.goto(url + "/cases")
    page.get_by_label("Open or begin a case").fill(case_id)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Case {case_id}")
    page.get_by_label("Add files").set_input_files(files)
    page.get_by_role("button", name="Add to the case").click()
    page.get_by_role("link", name="To the case, to ask it").click(timeout=READ_MS)


def ask(page: Page, question: str) -> None:
    page.get_by_label(re.compile("^Ask (this case|again)$")).fill(question)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", name="Answer", exact=True)).to_be_visible(timeout=READ_MS)


def test_a_paper_is_put_in_asked_seen_on_its_page_and_erased(plain: Watched, url: str) -> None:
    page = plain.page
    add(page, url, "smith-2026", SAMPLE)
    expect(page.get_by_role("heading", name="sample.pdf ready")).to_be_visible()

    ask(page, "How much are the arrears?")
    expect(page.locator(".verdict")).to_have_text("Found in the file")
    page.locator(".answer .refs a").first.click()
    cited = page.locator("#c1")
    expect(cited.locator("mark")).to_contain_text("£1,240.50")
    expect(cited).to_contain_text("sample.pdf, page 1")
    expect(cited).not_to_contain_text("do not stand")
    source = cited.locator("img").get_attribute("src") or ""
    assert re.search(r"/page/1\.png\?start=", source), source
    image = Image.open(io.BytesIO(page.request.get(urljoin(page.url, source)).body())).convert("RGB")
    colours = image.getcolors(1 << 24) or []
    assert any(red > 200 and blue < 140 for _, (red, _, blue) in colours), "nothing is marked on the page"  # type: ignore[misc]
    page.locator("#c1 summary").click()
    expect(page.locator("#c1 img")).to_be_visible()

    ask(page, "What colour is the landlord's bicycle?")
    expect(page.locator(".verdict")).to_have_text("Not in the file")

    page.get_by_text("Erase", exact=True).click()
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Certificates of erasure")
    expect(page.get_by_role("cell", name="erased").first).to_be_visible()
    page.goto(url + "/cases/smith-2026")
    expect(page.locator(".paperrow")).to_have_count(0)


def test_hostile_names_and_texts_stay_text(scripted: Watched, url: str, tmp_path: Path) -> None:
    page = scripted.page
    file, broken = tmp_path / HOSTILE_NAME, tmp_path / "<svg onload=window.hit=1>.pdf"
    file.write_bytes(pdf([f"The rent is 450.20 pounds a month. {ATTACK}"]))
    broken.write_bytes(b"%PDF-1.7 nonsense")
    add(page, url, "hostile", file, broken)
    expect(page.locator(".paperrow").filter(has_text="<img src=x onerror=alert(1)>.pdf")).to_be_visible()
    failed = page.locator(".paperrow").filter(has_text="<svg onload=window.hit=1>.pdf")
    expect(failed).to_contain_text("What to do:")
    expect(failed.get_by_role("button", name="Try again")).to_be_visible()
    ask(page, "<b>How much</b> is the rent a month?")
    expect(page.locator(".asked")).to_contain_text("<b>How much</b>")
    expect(page.get_by_label("Not all was read")).to_contain_text("<svg onload=window.hit=1>.pdf: failed")
    expect(page.locator("main")).to_contain_text("<script>window.hit=1")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.hit") is None
    assert page.locator("main script, main svg, main style, main iframe, main b").count() == 0
    assert scripted.dialogs == []
    assert {urlsplit(asked).netloc for asked in scripted.asked} == {urlsplit(url).netloc}


def test_what_a_failed_paper_can_do_and_the_end_of_a_case(plain: Watched, url: str, tmp_path: Path) -> None:
    page = plain.page
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing in it")
    add(page, url, "ends", broken)
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("link", name="To the case, to ask it").click(timeout=READ_MS)
    expect(page.locator(".paperrow")).to_contain_text("failed")
    page.get_by_text("Erase the whole case").click()
    page.get_by_label("Type the case's id to confirm").fill("another")
    page.get_by_role("button", name="Erase the case and all").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was erased")
    page.get_by_label("Type the case's id to confirm").fill("ends")
    page.get_by_role("button", name="Erase the case and all").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("A case and everything in it")
    page.goto(url + "/cases")
    expect(page.locator("main")).not_to_contain_text("ends")


def test_what_no_case_can_be_called(url: str) -> None:
    visitor = Visitor(url)
    refused = visitor.send("/cases", case_id="../smith")
    assert refused.status_code == 422
    assert "begin with a letter" in words(refused)
    assert visitor.get("/cases/..%2Fsmith").status_code == 404
    assert visitor.get("/cases/-x").status_code == 404
    unknown = visitor.get("/cases/nobodys")
    assert unknown.status_code == 200
    assert "This case holds nothing" in words(unknown)
    token = visitor.token("/cases")
    for path in ("/cases/nobodys/erase", "/cases/nobodys", "/cases/nobodys/files"):
        assert visitor.send(path, token="0" * 64).status_code == 403
    assert visitor.send("/cases/nobodys/files", token=token).status_code == 422
    assert visitor.send("/cases/nobodys", token=token, question="Who?").status_code == 404
    assert visitor.send("/cases/nobodys/documents/x/erase", token=token).status_code == 404

"""The pages in Chromium without JavaScript: every flow, and that hostile text stays text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.peers import Peers, stack
from browser.watched import Watched
from casewright.services.kit.keys import KeyStore

TEXT = "The rent is due.\nThe appeal deadline is 14 December.\nYours, the office"
PAGES = ("/", "/ask", "/notes", "/file", "/status", "/login")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Peers]]:
    with stack(tmp_path_factory.mktemp("data"), max_body_bytes=1_000_000) as found:
        yield found


@pytest.fixture
def url(running: tuple[str, Peers]) -> str:
    return running[0]


def ask(page: Page, url: str, question: str, text: str) -> None:
    page.goto(url + "/ask")
    page.get_by_label("Question").fill(question)
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Ask").click()


def test_ask_about_pasted_text(plain: Watched, url: str) -> None:
    ask(plain.page, url, "When is the deadline?", TEXT)
    expect(plain.page.get_by_role("heading", name="Answer")).to_be_visible()
    expect(plain.page.locator("mark")).to_have_text("The appeal deadline is 14 December.")
    expect(plain.page.get_by_text("Found in the documents")).to_be_visible()
    assert plain.page.get_by_label("Text", exact=True).input_value() == TEXT


def test_ask_about_a_file_and_again_without_it(plain: Watched, url: str, tmp_path: Path) -> None:
    file = tmp_path / "notice of März.txt"
    file.write_text("page one\fthe deadline is on page two\nthe fee is 20 pounds")
    page = plain.page
    page.goto(url + "/ask")
    page.get_by_label("Question").fill("Which deadline?")
    page.get_by_label("Or a file").set_input_files(file)
    page.get_by_role("button", name="Ask").click()
    expect(page.locator(".citations")).to_contain_text("notice of März.txt, page 2")
    page.get_by_label("Question").fill("How many pounds?")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("mark")).to_have_text("the fee is 20 pounds")
    expect(page.locator(".citations")).to_contain_text("page 2")


def test_not_in_the_documents(plain: Watched, url: str) -> None:
    ask(plain.page, url, "What is her telephone number?", TEXT)
    expect(plain.page.get_by_text("Not in the documents")).to_be_visible()
    expect(plain.page.locator("mark")).to_have_count(0)


def write_letter(page: Page, url: str, notes: str, name: str) -> None:
    page.goto(url + "/notes")
    page.get_by_label("Client's name").fill(name)
    page.get_by_label("Date of the meeting").fill("2026-03-31")
    page.get_by_label("Notes", exact=True).fill(notes)
    page.get_by_role("button", name="Write the letter").click()


def test_letter_from_notes(plain: Watched, url: str) -> None:
    page = plain.page
    write_letter(page, url, "Rent arrears\n\n# private\nSend payslips?", "Ana Ruiz")
    expect(page.locator("#line-3")).to_contain_text("left out: crossed out")
    expect(page.locator("#line-4")).to_contain_text("unsure")
    page.locator(".sentences").get_by_role("link", name="line 4 of the notes").click()
    assert urlsplit(page.url).fragment == "line-4"
    letter = page.get_by_role("textbox", name="The whole letter").input_value()
    assert letter.startswith("Dear Ana Ruiz,\n\nOur meeting of 2026-03-31\nRent arrears")
    page.emulate_media(media="print")
    expect(page.locator(".print")).to_be_visible()
    for hidden in ("header.top", "form.sheet", ".result", "footer"):
        expect(page.locator(hidden)).to_be_hidden()


def test_file_to_text(plain: Watched, url: str, tmp_path: Path) -> None:
    file = tmp_path / "decision.md"
    file.write_text("# Decision\n\n| Item | New |\n|---|---|\n| Rent | 388.00 |\fscan of a page")
    page = plain.page
    page.goto(url + "/file")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("heading", name="Decision", exact=True)).to_be_visible()
    expect(page.get_by_role("cell", name="388.00")).to_be_visible()
    expect(page.get_by_text("OCR sure of it by")).to_contain_text("87 %")
    page.get_by_text("Raw Markdown").click()
    assert page.get_by_label("To copy").input_value().startswith("# Decision")


def test_too_large_a_file_is_told_on_a_page(plain: Watched, url: str, tmp_path: Path) -> None:
    file = tmp_path / "big.pdf"
    file.write_bytes(b"x" * 1_500_000)
    plain.page.goto(url + "/file")
    plain.page.get_by_label("File", exact=True).set_input_files(file)
    plain.page.get_by_role("button", name="Read the file").click()
    expect(plain.page.get_by_role("alert")).to_contain_text("larger than 1000000 bytes")


def test_what_is_missing_leads_to_its_field(plain: Watched, url: str) -> None:
    ask(plain.page, url, "", TEXT)
    plain.page.get_by_role("alert").get_by_role("link", name="Write a question.").click()
    assert urlsplit(plain.page.url).fragment == "question"
    assert plain.page.get_by_label("Text", exact=True).input_value() == TEXT


def test_status_and_start(plain: Watched, url: str) -> None:
    for path in ("/", "/status"):
        plain.page.goto(url + path)
        expect(plain.page.locator(".strip")).to_contain_text("Engine: embedded")
        expect(plain.page.locator(".strip .healthy")).to_have_count(4)


ATTACK = (
    "\"'></textarea><script>window.hit=1;alert()</script><img src=http://evil.example/a onerror=window.hit=1>"
    "<svg onload=window.hit=1><a href=javascript:window.hit=1>x</a><style>@import 'http://evil.example/b'</style>"
    "<meta http-equiv=refresh content='0;url=http://evil.example/c'> deadline ![i](http://evil.example/d.png)"
)


def test_hostile_text_stays_text_with_scripts_on(scripted: Watched, url: str, tmp_path: Path) -> None:
    page = scripted.page
    file = tmp_path / "<img src=x onerror=alert(1)>.md"
    file.write_text(f"# {ATTACK}\n\n{ATTACK}\n\n<script>window.hit=1</script>\f{ATTACK}")

    def clean() -> None:
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.hit") is None
        assert page.locator("main img, main svg, main style, main script, main iframe").count() == 0

    ask(page, url, ATTACK[:3000], ATTACK)
    expect(page.locator("mark")).to_have_text(ATTACK)
    clean()
    page.get_by_label("Or a file").set_input_files(file)
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("summary")).to_contain_text("<img src=x onerror=alert(1)>.md")
    clean()
    write_letter(page, url, f"{ATTACK}\n# {ATTACK}", ATTACK[:190])
    expect(page.locator("#line-2")).to_contain_text(ATTACK)
    clean()
    page.goto(url + "/file")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    expect(page.locator(".document").first).to_contain_text("<script>window.hit=1")
    clean()
    assert scripted.dialogs == []
    assert {urlsplit(asked).netloc for asked in scripted.asked} == {urlsplit(url).netloc}


def test_the_policy_stops_what_would_slip_through(scripted: Watched, url: str) -> None:
    """Were markup let in by a defect, the browser would still run and fetch nothing."""
    page = scripted.page
    page.goto(url + "/")
    found = page.evaluate(
        """async () => {
            const seen = [];
            document.addEventListener('securitypolicyviolation', e => seen.push(e.effectiveDirective));
            const script = document.createElement('script');
            script.textContent = 'window.hit = 1';
            document.body.append(script);
            const image = document.createElement('img');
            image.src = 'http://evil.example/x.png';
            document.body.append(image);
            await fetch('http://evil.example/y').catch(() => {});
            const until = Date.now() + 5000;
            while (seen.length < 3 && Date.now() < until) await new Promise(done => setTimeout(done, 10));
            return [window.hit ?? null, seen.sort()];
        }"""
    )
    assert found == [None, ["connect-src", "img-src", "script-src-elem"]]


def test_a_form_on_another_site_does_nothing(scripted: Watched, running: tuple[str, Peers]) -> None:
    url, peers = running
    scripted.page.goto(url + "/ask")
    before = len(peers.heard)
    foreign = url.replace("127.0.0.1", "localhost")  # another origin of the same server
    scripted.page.goto("about:blank")
    scripted.page.set_content(
        f'<form method="post" action="{foreign}/ask" enctype="multipart/form-data">'
        '<input name="question" value="q"><input name="text" value="t"><button>go</button></form>'
    )
    scripted.page.get_by_role("button", name="go").click()
    expect(scripted.page.get_by_role("alert")).to_contain_text("from another site")
    assert [heard for heard in peers.heard[before:] if heard[1] == "/query"] == []


def test_logging_in_and_out(chromium: Browser, tmp_path: Path) -> None:
    _, key = KeyStore(tmp_path).create("desk", ["web"])
    with stack(tmp_path) as (url, _):
        page = Watched(chromium, scripts=False).page
        page.goto(url + "/notes")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        page.get_by_label("Key").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_contain_text("does not open the page")
        page.get_by_label("Key").fill(key)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("link", name="Ask", exact=True).click()
        expect(page.get_by_role("heading", name="Ask about a text")).to_be_visible()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        page.goto(url + "/ask")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        page.context.close()


def test_a_service_that_is_down(plain: Watched, tmp_path: Path) -> None:
    with stack(tmp_path, without="rag") as (url, _):
        ask(plain.page, url, "When is the deadline?", TEXT)
        expect(plain.page.get_by_role("alert")).to_contain_text("the rag service at http://127.0.0.1:9")
        assert plain.page.get_by_label("Text", exact=True).input_value() == TEXT
        plain.page.goto(url + "/")
        expect(plain.page.locator(".strip .down").first).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_and_every_field_has_a_label(chromium: Browser, url: str, width: int) -> None:
    watched = Watched(chromium, scripts=True, width=width)
    page = watched.page
    for path in PAGES:
        page.goto(url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.locator("h1").count() == 1
        fields = "input:not([type=hidden]), textarea"
        unnamed = f"[...document.querySelectorAll('{fields}')].filter(e => !e.labels.length).length"
        assert page.evaluate(unnamed) == 0, path
    ask(page, url, "x" * 300 + " deadline", "deadline " + "y" * 4000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    write_letter(page, url, "z" * 2000 + "\n# " + "w" * 500, "v" * 150)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    watched.context.close()


def test_the_keyboard_reaches_the_content_first(scripted: Watched, url: str) -> None:
    scripted.page.goto(url + "/ask")
    scripted.page.keyboard.press("Tab")
    expect(scripted.page.get_by_role("link", name="Skip to content")).to_be_focused()
    scripted.page.keyboard.press("Tab")
    outline = scripted.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"

"""The pages over the three real services, without an engine: what the contracts promise is what comes."""

from __future__ import annotations

import contextlib
import html
import importlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest

from browser.visitor import Visitor, kept, words
from casewright.services.web.app import config_from, create_app
from casewright.settings import Settings
from serving import served
from unit.documents.busy import wait_for
from unit.documents.making import pdf

SAMPLE = Path(__file__).resolve().parents[2] / "sample.pdf"
LETTER = """Housing Benefit decision

We have decided that your weekly benefit is £61.20 from 1 December 2026.

You can appeal in writing until 14 December 2026. Our reference is HB-20931-7.
"""
NOTES = """Meeting 20 Nov 2026

- Rent arrears are £1,240, landlord sent a notice on 3 November
- We will write to the landlord and ask for £40 a month
- Client to send payslips for September by Friday
- ???
"""


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    data = tmp_path_factory.mktemp("data")
    with contextlib.ExitStack() as running, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: an engine that refuses connections
        engine = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        settings = Settings(data=data, embedded_url=engine)
        urls = {}
        for name in ("rag", "notes", "documents"):
            service: Any = importlib.import_module(f"casewright.services.{name}")
            app = service.create_app(service.config_from(settings, "127.0.0.1", 0))
            urls[f"{name}_url"] = running.enter_context(served(app))
        web = config_from(settings.model_copy(update=urls), "127.0.0.1", 0)
        yield Visitor(running.enter_context(served(create_app(web))))


def test_status_tells_of_all_three_and_of_the_missing_engine(visitor: Visitor) -> None:
    said = words(visitor.get("/status"))
    for part in ("Questions degraded", "Letters degraded", "embedded", "default", "does not answer"):
        assert part in said
    assert "Files down" not in said
    health = visitor.get("/health").json()
    assert health["status"] == "healthy"  # every service that the pages need serves


def test_an_answer_and_its_quote(visitor: Visitor) -> None:
    answer = visitor.send("/ask", question="Until when can I appeal?", text=LETTER)
    assert answer.status_code == 200
    marked = re.findall(r"<mark>(.*?)</mark>", answer.text, re.DOTALL)
    assert any("14 December 2026" in quote for quote in marked)
    assert "do not stand at that place" not in words(answer)


def test_what_the_text_does_not_say(visitor: Visitor) -> None:
    answer = visitor.send("/ask", question="What colour is the moon?", text=LETTER)
    assert "Not in the documents" in words(answer)


def test_a_file_is_read_and_asked_about(visitor: Visitor) -> None:
    pages = f"{LETTER}\fPage two. The fee for a copy is £12.".encode()
    answer = visitor.send("/ask", {"file": ("letter.txt", pages)}, question="What is the fee for a copy?")
    assert answer.status_code == 200
    assert "letter.txt, page 2" in words(answer)
    assert "do not stand at that place" not in words(answer)


def test_every_line_of_the_notes_is_accounted_for(visitor: Visitor) -> None:
    answer = visitor.send("/notes", notes=NOTES, client_name="Ana Ruiz", meeting_date="2026-11-20")
    assert answer.status_code == 200
    states = re.findall(r'<li id="line-(\d+)" class="(\w+)', answer.text)
    assert [number for number, state in states if state == "empty"] == ["2"]
    assert "missing" not in dict(states).values()
    assert "Ana Ruiz" in kept(answer, "full")
    assert "£1,240" in kept(answer, "full")


def test_a_letter_is_confirmed_and_saved(visitor: Visitor) -> None:
    answer = visitor.send("/notes", notes=NOTES, client_name="Ana Ruiz", meeting_date="2026-11-20")
    found = re.search(r'name="kept" value="([^"]+)"', answer.text)
    assert found is not None
    token, letter = visitor.token("/notes"), html.unescape(found[1])
    draft = visitor.send("/notes/export", token=token, kept=letter, format="pdf")
    assert "DRAFT" in pdf_text(draft.content)
    confirmed = visitor.send("/notes/confirm", token=token, kept=letter, confirmed_by="Ffion")
    assert "Confirmed by Ffion" in words(confirmed)
    final = visitor.send("/notes/export", token=token, kept=letter, format="pdf")
    assert "DRAFT" not in pdf_text(final.content)
    assert "£1,240" in pdf_text(final.content)
    assert visitor.send("/notes/export", token=token, kept=letter, format="docx").content.startswith(b"PK")


def pdf_text(content: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content))


def test_a_file_page_by_page(visitor: Visitor) -> None:
    answer = visitor.send("/file", {"file": ("letter.txt", f"{LETTER}\fsecond".encode())})
    assert answer.status_code == 200
    assert "Page 2" in words(answer)
    assert "HB-20931-7" in words(answer)
    refused = visitor.send("/file", {"file": ("a.pdf", b"%PDF-1.7 nonsense")})
    assert refused.status_code == 422
    assert "What to do:" in words(refused)


def test_a_line_is_shown_where_it_stands_on_its_page(visitor: Visitor) -> None:
    answer = visitor.send("/file", {"file": ("sample.pdf", SAMPLE.read_bytes())})
    assert answer.status_code == 200
    found = re.search(r'href="(/file/[0-9a-f-]{36})/page/1"', answer.text)
    assert found is not None
    address = found[1]
    assert "Northgate Advice Centre" in words(visitor.get(address))
    page = visitor.get(f"{address}/page/1")
    line = re.search(r'<a href="([^"]*)"[^>]*>[^<]*£1,240.50', page.text)
    assert line is not None
    chosen = visitor.get(line[1].replace("&amp;", "&").partition("#")[0])
    assert chosen.text.count('class="chosen"') == 1
    image = re.search(r'<img src="([^"]*)"', chosen.text)
    assert image is not None
    marked = visitor.get(image[1].replace("&amp;", "&"))
    assert (marked.status_code, marked.headers["content-type"]) == (200, "image/png")
    assert marked.content != visitor.get(f"{address}/page/1.png").content
    original = visitor.get(f"{address}/original")
    assert original.content == SAMPLE.read_bytes()
    assert original.headers["content-disposition"].startswith("attachment")
    assert visitor.get(f"{address}/page/3").status_code == 404
    assert visitor.get(f"{address}/page/x").status_code == 404
    assert visitor.get(f"{address}/page/1?start=a&end=b").status_code == 200
    refused = visitor.http.post(f"{address}/delete", data={"csrf": "0" * 64})
    assert refused.status_code == 403
    gone = visitor.http.post(f"{address}/delete", data={"csrf": visitor.token("/file")})
    assert (gone.status_code, gone.headers["location"]) == (303, "/file?deleted")
    assert "The file was deleted" in words(visitor.get("/file?deleted"))
    assert visitor.get(address).status_code == 404


def test_a_file_is_read_in_the_background(visitor: Visitor) -> None:
    sent = {"file": ("sample.pdf", SAMPLE.read_bytes())}
    answer = visitor.send("/file", sent, background="yes")
    assert answer.status_code == 303
    address = answer.headers["location"]
    assert re.fullmatch(r"/file/job/[0-9a-f-]{36}", address)

    def read() -> bool:
        return visitor.get(address).status_code == 303

    wait_for("the file to be read", read)
    assert "PPR-9087" in words(visitor.get(visitor.get(address).headers["location"]))
    broken = visitor.send("/file", {"file": ("a.gif", b"GIF89a" + bytes(20))}, background="yes")
    failed = broken.headers["location"]
    wait_for("the file to be refused", lambda: "could not be read" in words(visitor.get(failed)))
    assert "What to do:" in words(visitor.get(failed))


def test_a_file_that_nothing_is_kept_of(visitor: Visitor) -> None:
    answer = visitor.send("/file", {"file": ("sample.pdf", SAMPLE.read_bytes())}, keep="no")
    assert "Nothing is kept of this file" in words(answer)
    assert "Look at the page" not in answer.text


def test_a_password_opens_a_file(visitor: Visitor) -> None:
    locked = {"file": ("a.pdf", pdf(["the sum is 17.20"], password="y"))}
    asked = visitor.send("/file", locked)
    assert asked.status_code == 422
    assert "password" in words(asked)
    assert "17.20" in words(visitor.send("/file", locked, password="y"))

"""The pages over HTTP: what comes back, and what is said when something is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.peers import Peers, stack
from browser.visitor import Visitor, kept, words

LIMIT = 2_000_000
TEXT = "The rent is due.\nThe appeal deadline is 14 December."


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Peers]]:
    with stack(tmp_path_factory.mktemp("data"), max_body_bytes=LIMIT) as found:
        yield found


@pytest.fixture
def visitor(running: tuple[str, Peers]) -> Visitor:
    return Visitor(running[0])


@pytest.mark.parametrize("path", ["/", "/ask", "/notes", "/file", "/status", "/login", "/no-such-page"])
def test_every_page_is_closed_to_scripts_frames_and_other_hosts(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)
    policy = answer.headers["content-security-policy"]
    assert policy == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert not re.findall(r'(?:src|href|action)="(?!/|#)', answer.text)
    assert answer.headers["x-request-id"] in answer.text


def test_the_csrf_cookie_is_for_this_browser_only(visitor: Visitor) -> None:
    cookie = visitor.get("/ask").headers["set-cookie"]
    assert re.match(r"casewright_csrf=[\w-]{43}; HttpOnly; Path=/; SameSite=strict$", cookie)
    assert "set-cookie" not in visitor.get("/ask").headers


def test_ask_shows_the_answer_and_the_quote_in_its_text(visitor: Visitor) -> None:
    answer = visitor.send("/ask", question="When is the deadline?", text=TEXT)
    assert answer.status_code == 200
    assert "Found in the documents" in words(answer)
    assert "The rent is due.\n<mark>The appeal deadline is 14 December.</mark>" in answer.text
    assert "Words taken by code" in words(answer)
    assert kept(answer, "text") == TEXT


def test_ask_says_when_the_documents_do_not(visitor: Visitor) -> None:
    answer = visitor.send("/ask", question="What is the landlady's surname?", text=TEXT)
    assert "Not in the documents" in words(answer)
    assert "<mark>" not in answer.text


def test_a_quote_that_does_not_hold_is_said_to(visitor: Visitor) -> None:
    answer = visitor.send("/ask", question="forge deadline", text=TEXT)
    assert "These words do not stand at that place" in words(answer)
    assert "<mark>" not in answer.text


def test_a_file_is_read_first_and_asked_about_again_without_it(visitor: Visitor) -> None:
    content = b"first page\fsecond page with the deadline"
    first = visitor.send(
        "/ask", {"file": ("notice.txt", content)}, question="Which deadline?", text="pasted\r\nlines"
    )
    assert "notice.txt, page 2" in words(first)
    assert kept(first, "text") == "pasted\nlines"
    starts = re.search(r'name="read_starts" value="([^"]*)"', first.text)
    assert starts is not None
    again = visitor.send(
        "/ask",
        question="What is the second?",
        read_text=kept(first, "read_text"),
        read_name="notice.txt",
        read_starts=starts[1],
    )
    assert "notice.txt, page 2" in words(again)
    assert "<mark>second page with the deadline</mark>" in again.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"question": " ", "text": "x"}, "Write a question."),
        ({"question": "x", "text": " \n"}, "Paste a text or choose a file"),
        ({"question": "x" * 4001, "text": "x"}, "longer than 4000"),
        ({"question": "x", "text": "x" * 500_001}, "longer than 500000"),
    ],
)
def test_what_is_missing_is_said_and_the_rest_kept(
    visitor: Visitor, fields: dict[str, str], said: str
) -> None:
    answer = visitor.send("/ask", **fields)
    assert answer.status_code == 422
    assert said in words(answer)
    assert kept(answer, "text") == fields["text"]


@pytest.mark.parametrize(("kind", "status"), [("overloaded", 503), ("timeout", 504), ("nonsense", 500)])
def test_a_services_error_is_said_in_words_and_the_input_kept(
    visitor: Visitor, kind: str, status: int
) -> None:
    answer = visitor.send("/ask", question=f"fail:{kind}:{status}", text=TEXT)
    assert answer.status_code == status
    assert f"asked to fail as {kind}" in words(answer)
    assert "do something about it" in words(answer)
    assert f"request {answer.headers['x-request-id']}" in words(answer)
    assert kept(answer, "text") == TEXT
    assert f'value="fail:{kind}:{status}"' in answer.text


def test_one_id_leads_through_the_services(running: tuple[str, Peers]) -> None:
    visitor = Visitor(running[0], **{"X-Request-ID": "one-for-all-1"})
    visitor.send("/ask", {"file": ("a.txt", b"deadline")}, question="Which deadline?")
    heard = {(name, path) for name, path, h in running[1].heard if h.get("x-request-id") == "one-for-all-1"}
    assert {("documents", "/process"), ("rag", "/query")} <= heard


def test_a_letter_stands_beside_its_notes(visitor: Visitor) -> None:
    notes = "Rent arrears\n\n# private\nSend payslips?"
    answer = visitor.send("/notes", notes=notes, client_name="Ana Ruiz", meeting_date="2026-03-31")
    assert answer.status_code == 200
    for part in ('id="line-1" class="used l1"', 'id="line-3" class="left"', 'id="line-4" class="unsure l2"'):
        assert part in answer.text
    assert 'href="#line-4"' in answer.text
    assert "left out: crossed out" in words(answer)
    assert "2 of 3 lines" in words(answer)
    assert kept(answer, "full").startswith("Dear Ana Ruiz,\n\nOur meeting of 2026-03-31\nRent arrears")
    assert kept(answer, "notes") == notes


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"notes": " ", "client_name": "A"}, "Paste the notes"),
        ({"notes": "n", "client_name": " "}, "Write the client's name"),
        ({"notes": "n", "client_name": "x" * 201}, "at most 200"),
        ({"notes": "n", "client_name": "A", "meeting_date": "31.3."}, "Write the date as"),
        ({"notes": "n" * 200_001, "client_name": "A"}, "longer than 200000"),
    ],
)
def test_notes_that_cannot_be_converted(visitor: Visitor, fields: dict[str, str], said: str) -> None:
    answer = visitor.send("/notes", **fields)
    assert answer.status_code == 422
    assert said in words(answer)
    assert kept(answer, "notes") == fields["notes"]


def test_a_file_is_shown_page_by_page(visitor: Visitor) -> None:
    content = b"# Title\n\n**bold** ![x](http://evil.example/x.png)\fscan of a page\f"
    answer = visitor.send("/file", {"file": ("M\u00e4rz.md", content, "text/markdown")})
    assert answer.status_code == 200
    assert "<h3>Title</h3>" in answer.text
    assert "<strong>bold</strong> ![x](http://evil.example/x.png)" in answer.text
    said = words(answer)
    assert "M\u00e4rz.md" in said
    assert "Page 2 read by OCR, OCR sure of it by 87 %" in said
    assert "the lower half is faint" in said
    assert "Page 3" in said
    assert "No text on this page." in said
    assert kept(answer, "raw").startswith("# Title\n\n**bold**")


def test_a_file_that_cannot_be_read(visitor: Visitor) -> None:
    answer = visitor.send("/file", {"file": ("a.pdf", b"fail:encrypted_document:422")})
    assert answer.status_code == 422
    assert "asked to fail as encrypted_document" in words(answer)
    assert "The file was a.pdf" in words(answer)
    assert visitor.send("/file").status_code == 422


PAYLOAD = "\"'><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>{{7*7}}"


def test_nothing_that_is_typed_becomes_markup(visitor: Visitor) -> None:
    name = PAYLOAD.replace("/", "_").replace('"', "")
    answers = [
        visitor.send(
            "/ask", question=PAYLOAD + " deadline", text=f"deadline {PAYLOAD}\n</textarea>{PAYLOAD}"
        ),
        visitor.send("/ask", {"file": (name, f"deadline {PAYLOAD}".encode())}, question="deadline"),
        visitor.send("/ask", question="x", read_text=PAYLOAD, read_name=PAYLOAD, read_starts=PAYLOAD),
        visitor.send("/notes", notes=f"{PAYLOAD}\n# {PAYLOAD}", client_name=PAYLOAD),
        visitor.send("/notes", notes="", client_name=PAYLOAD, meeting_date=PAYLOAD),
        visitor.send("/file", {"file": (name, f"{PAYLOAD}\n\n# {PAYLOAD}".encode(), PAYLOAD)}),
        visitor.get("/" + PAYLOAD),
        visitor.get("/login?next=" + PAYLOAD),
        visitor.send("/login", key=PAYLOAD, next=PAYLOAD),
    ]
    for answer in answers:
        assert "<script" not in answer.text
        assert "<img" not in answer.text
        assert "49" not in re.sub(r"[0-9a-f]{32,}|\?v=\w+", "", words(answer))
    assert "&lt;script&gt;" in answers[0].text


def test_health_live_and_metrics_are_as_everywhere(visitor: Visitor) -> None:
    health = visitor.get("/health").json()
    assert (health["status"], health["service"]) == ("healthy", "web")
    assert health["checks"] == {"rag": True, "notes": True, "documents": True}
    assert visitor.get("/live").json() == {"status": "live"}
    assert (
        'route="/ask"' in visitor.get("/metrics").text or "casewright_build" in visitor.get("/metrics").text
    )
    assert visitor.get("/openapi.json").status_code == 404


def test_status_tells_of_services_and_engine(running: tuple[str, Peers], visitor: Visitor) -> None:
    peers, engine = running[1], running[1].engine
    said = words(visitor.get("/status"))
    for part in ("Questions healthy", "Letters healthy", "Files healthy", engine.engine, "extractive"):
        assert str(part) in said
    gone = {"llm_available": False, "reason": "no token within 10 s", "source": "file", "provider": "vllm"}
    peers.engine, peers.health_status = engine.model_copy(update=gone), "unhealthy"
    try:
        said, home = words(visitor.get("/status")), words(visitor.get("/"))
        health = visitor.get("/health").json()
    finally:
        peers.engine, peers.health_status = engine, "healthy"
    for part in ("vllm", "the provider file", "does not answer no token within 10 s", "the index is gone"):
        assert part in said
    assert "The engine does not answer" in home
    assert health["status"] == "degraded"
    assert "the index is gone" in " ".join(health["reasons"])


@pytest.mark.parametrize(
    ("name", "title", "path", "fields"),
    [
        ("rag", "Questions", "/ask", {"question": "q?", "text": "t"}),
        ("notes", "Letters", "/notes", {"notes": "t", "client_name": "A"}),
        ("documents", "Files", "/file", {}),
    ],
)
def test_a_service_that_is_down_is_named(
    tmp_path: Path, name: str, title: str, path: str, fields: dict[str, str]
) -> None:
    with stack(tmp_path, without=name) as (url, _):
        visitor = Visitor(url)
        for shown in ("/", "/status"):
            answer = visitor.get(shown)
            assert answer.status_code == 200
            assert f"the {name} service at http://127.0.0.1:9 does not answer" in words(answer)
        assert f"{title} down" in words(visitor.get("/status"))
        files = {"file": ("a.txt", b"text")} if path == "/file" else None
        answer = visitor.send(path, files, **fields)
        assert answer.status_code == 503
        assert f"the {name} service" in words(answer)
        assert "casewright up" in words(answer)
        for field in ("text", "notes"):
            if field in fields:
                assert kept(answer, field) == "t"
        health = visitor.get("/health")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
        assert health.json()["checks"][name] is False

"""A letter's life after it is written: drafted as a stream, sealed, confirmed, and made a file."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casewright.api.client import Client, ClientConfig
from casewright.api.notes import Confirmation, ConvertRequest, ConvertResponse, Progress
from casewright.engines.scripted import Fail, Script
from casewright.errors import NotFound, StorageError, UnprocessableRequest
from casewright.notes.convert import draft
from casewright.notes.export_parts import FILE as FOR_THE_FILE
from casewright.notes.export_parts import SOURCES
from casewright.notes.remembered import forget, held
from casewright.services.notes.confirmations import FILE, Confirmations
from casewright.services.notes.files import file_name
from casewright.services.notes.seal import Sealer
from unit.notes.drafting import NOTES, SENTENCES, script
from unit.services.notes_served import call, convert, fetch, service


@pytest.fixture(scope="module")
def served_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service whose model drafts and tells the truth."""
    with service(tmp_path_factory.mktemp("data"), script(), allowed="structured") as (url, _):
        yield url


@pytest.fixture(scope="module")
def letter(served_at: str) -> ConvertResponse:
    return convert(served_at, notes=NOTES, strategy="extractive")


def post(url: str, path: str, **body: Any) -> tuple[int, Any]:
    status, _, found = call(url, "POST", path, json.dumps(body).encode())
    return status, found


def plain(answer: ConvertResponse) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.model_dump_json())
    return found


def events(content: bytes) -> list[tuple[str, Any]]:
    blocks = [block.split(b"\n") for block in content.split(b"\n\n") if block.startswith(b"event: ")]
    return [(name[7:].decode(), json.loads(data[6:])) for name, data in blocks]


def test_no_text_of_a_letter_is_kept_after_it(served_at: str) -> None:
    convert(served_at, notes=NOTES, strategy="extractive")
    assert held() == 0
    draft(NOTES)
    assert held() > 0, "nothing is kept while a letter is made, so that this shows nothing"
    forget()


def test_a_drafted_letter_that_holds_is_ready(served_at: str) -> None:
    answer = convert(served_at, notes=NOTES)
    assert (answer.mode, answer.ready_to_send, answer.strategy) == ("drafted", True, "structured")
    assert (answer.answered_by, answer.model) == ("model", "scripted")
    assert [said.text for said in answer.sentences] == list(SENTENCES.values())
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 200
    assert set(answer.timings.parts) == {"read", "engine", "compose"}


def test_a_lying_model_is_told_and_not_believed(tmp_path: Path) -> None:
    def lie(_line: str, text: str) -> str:
        return text.replace("£450", "£4,500")

    with service(tmp_path, script(lie), allowed="structured") as (url, _):
        answer = convert(url, notes=NOTES)
    assert (answer.mode, answer.answered_by) == ("mixed", "model")
    assert "4,500" not in answer.full_text
    assert "£450" in answer.full_text
    assert [said.text for said in answer.rejected] == ["You owe Barclays £4,500 and Aviva £54."]


def test_an_engine_that_fails_is_no_obstacle(tmp_path: Path) -> None:
    with service(tmp_path, lambda _request: Script((Fail("overloaded"),)), allowed="structured") as (url, _):
        answer = convert(url, notes=NOTES)
    assert (answer.mode, answer.ready_to_send, answer.lines_used) == ("extractive", False, 4)
    assert any(warning.startswith("overloaded:") for warning in answer.warnings)


def test_a_stream_tells_how_far_it_is_and_ends_with_the_letter(served_at: str) -> None:
    asked = json.dumps({"notes": NOTES, "client_name": "Ann Other", "stream": True}).encode()
    status, headers, content = fetch(served_at, "POST", "/convert", asked)
    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    *told, (last, whole) = events(content)
    assert told == [
        ("progress", {"stage": "read", "lines": 4}),
        ("progress", {"stage": "drafting", "done": 0, "of": 1}),
        ("progress", {"stage": "drafting", "done": 1, "of": 1}),
        ("progress", {"stage": "checking"}),
    ]
    assert last == "done"
    assert ConvertResponse.model_validate(whole).mode == "drafted"


def test_what_cannot_be_converted_is_told_before_the_stream(served_at: str) -> None:
    status, found = post(served_at, "/convert", notes="x\n" * 10_001, client_name="A", stream=True)
    assert (status, found["error"]["type"]) == (422, "unprocessable_request")


async def test_the_client_does_all_of_it(served_at: str) -> None:
    async with Client(ClientConfig(served_at, served_at, served_at)) as client:
        asked = ConvertRequest(notes=NOTES, client_name="Ann Client")
        *told, letter = [event async for event in client.convert_events(asked)]
        assert all(isinstance(event, Progress) for event in told)
        assert isinstance(letter, ConvertResponse)
        with pytest.raises(NotFound):
            await client.confirmation(letter.seal)
        kept = await client.confirm(letter, "Mira Adviser", "read it")
        assert (kept.seal, kept.confirmed_by, kept.note) == (letter.seal, "Mira Adviser", "read it")
        assert await client.confirmation(letter.seal) == kept
        assert (await client.export(letter, "pdf", NOTES)).startswith(b"%PDF-")
        with pytest.raises(UnprocessableRequest):
            await client.confirm(letter.model_copy(update={"client_name": "B"}), "Mira Adviser")
        too_long = ConvertRequest(notes="x\n" * 10_001, client_name="A")
        with pytest.raises(UnprocessableRequest):
            [event async for event in client.convert_events(too_long)]


def test_a_word_is_kept_once_a_person(served_at: str, letter: ConvertResponse) -> None:
    status, first = post(
        served_at, "/confirm", letter=plain(letter), confirmed_by=" Mira\nAdviser ", note="n"
    )
    assert (status, first["confirmed_by"], first["note"]) == (200, "Mira Adviser", "n")
    again = post(served_at, "/confirm", letter=plain(letter), confirmed_by="Mira Adviser", note="other")
    assert again == (200, first), "the second word is the first"
    other = post(served_at, "/confirm", letter=plain(letter), confirmed_by="Bob")
    assert other[1]["confirmed_by"] == "Bob"
    status, _, found = call(served_at, "GET", f"/confirmations/{letter.seal}")
    assert (status, found["confirmed_by"]) == (200, "Mira Adviser")


ALTERED: list[dict[str, Any]] = [
    {"full_text": "Dear Ann Other,\n\nYou owe nothing.\n"},
    {"ready_to_send": True},
    {"mode": "drafted"},
    {"client_name": "Ann Another"},
    {"checks": []},
    {"your_actions": []},
    {"seal": ""},
    {"seal": "0" * 64},
    {"seal": "é"},
    {"warnings": ["nothing"]},
]


@pytest.mark.parametrize("change", ALTERED, ids=lambda change: str(change)[:24])
@pytest.mark.parametrize("path", ["/confirm", "/export"])
def test_an_altered_letter_is_refused(
    served_at: str, letter: ConvertResponse, path: str, change: dict[str, Any]
) -> None:
    more = {"confirmed_by": "M"} if path == "/confirm" else {"format": "docx"}
    status, found = post(served_at, path, letter=plain(letter) | change, **more)
    assert (status, found["error"]["type"]) == (422, "unprocessable_request")


def test_what_only_says_how_it_came_about_is_not_sealed(served_at: str, letter: ConvertResponse) -> None:
    again = convert(served_at, notes=NOTES, strategy="extractive")
    assert again.request_id != letter.request_id
    assert again.seal == letter.seal, "the same letter has the same seal"


@pytest.mark.parametrize("confirmed_by", ["", " ", "\x00", "x" * 201])
def test_nobody_cannot_confirm(served_at: str, letter: ConvertResponse, confirmed_by: str) -> None:
    assert post(served_at, "/confirm", letter=plain(letter), confirmed_by=confirmed_by)[0] == 422


@pytest.mark.parametrize("seal", ["0" * 64, "x", "..%2F..%2Fetc", "'%20OR%201=1"])
def test_a_seal_that_nobody_confirmed(served_at: str, seal: str) -> None:
    assert call(served_at, "GET", f"/confirmations/{seal}")[0] in (404, 422)


@pytest.mark.parametrize(
    ("asked", "begins"),
    [
        ({}, "letter-with-sources"),
        ({"parts": "letter"}, "letter"),
        ({"parts": "all"}, "file-copy"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "media"), [("docx", "officedocument.wordprocessingml"), ("pdf", "application/pdf")]
)
def test_a_letter_is_a_file(
    served_at: str, kind: str, media: str, asked: dict[str, str], begins: str
) -> None:
    answer = convert(served_at, notes=NOTES, client_name='Zoë "</x>" O’Neil/../é')
    body = json.dumps({"letter": plain(answer), "format": kind, "notes": NOTES, **asked}).encode()
    status, headers, content = fetch(served_at, "POST", "/export", body)
    assert status == 200, content
    assert media in headers["content-type"]
    assert headers["content-disposition"] == f'attachment; filename="{begins}-zoe-x-oneil-e.{kind}"'
    if kind == "docx":
        document = zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode()
        assert (FOR_THE_FILE in document) == (begins == "file-copy")
        assert (SOURCES in document) == (begins != "letter")


def test_other_notes_are_no_appendix(served_at: str, letter: ConvertResponse) -> None:
    other = NOTES.replace("£450", "£4500")
    status, found = post(served_at, "/export", letter=plain(letter), format="docx", notes=other)
    assert (status, found["error"]["type"]) == (422, "unprocessable_request")
    assert "notes" in found["error"]["message"]


def test_a_name_that_leaves_nothing_is_no_file_name(letter: ConvertResponse) -> None:
    assert file_name(letter.model_copy(update={"client_name": "李雷"}), "pdf", "letter") == "letter.pdf"
    assert file_name(letter.model_copy(update={"client_name": "../" * 60}), "pdf", "all") == "file-copy.pdf"
    assert len(file_name(letter.model_copy(update={"client_name": "ab " * 60}), "docx", "all")) < 80


def test_seals_are_of_one_installation(tmp_path: Path, letter: ConvertResponse) -> None:
    with pytest.raises(UnprocessableRequest):
        Sealer(tmp_path).check(letter)
    own = letter.model_copy(update={"seal": Sealer(tmp_path).seal(letter)})
    Sealer(tmp_path).check(own)


def test_confirmations_outlive_the_service_and_hold_no_word_of_the_letter(
    tmp_path: Path, letter: ConvertResponse
) -> None:
    kept = Confirmations(tmp_path).keep(letter.seal, "Mira", None)
    assert Confirmations(tmp_path).first(letter.seal) == kept
    content = (tmp_path / FILE).read_bytes()
    assert b"Mira" in content
    assert b"Barclays" not in content
    assert b"Ann" not in content


def test_two_who_confirm_at_once_are_both_kept(tmp_path: Path) -> None:
    kept: list[Confirmation] = []
    people = [
        threading.Thread(target=lambda n=n: kept.append(Confirmations(tmp_path).keep("s", f"P{n % 4}", None)))
        for n in range(16)
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(kept) == 16
    assert len({one.confirmed_at + one.confirmed_by for one in kept}) == 4


def test_a_store_that_is_lost_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_text("this is no database, and long enough to be taken for one" * 20)
    with pytest.raises(StorageError, match="cannot use"):
        Confirmations(tmp_path).first("s")
    with service(tmp_path, script()) as (url, _):
        status, _, health = call(url, "GET", "/health")
        assert (status, health["status"], health["checks"]) == (200, "degraded", {"confirmations": False})
        assert convert(url, notes=NOTES).lines_used == 4

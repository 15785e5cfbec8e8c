"""The letter's page on the wire: what is shown, confirmed and saved, and what a form may not carry."""

from __future__ import annotations

import base64
import html
import re
import zlib
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from browser.peers import Peers, stack
from browser.visitor import Visitor, words
from casewright.errors import UnprocessableRequest
from casewright.services.web.forms import MAX_FIELD_BYTES
from casewright.services.web.letter_keep import MAX_BYTES, Kept, Meeting, packed, unpacked
from casewright.services.web.letter_view import MARK_SIZES, arrange, marking
from unit.notes.sample_letter import NOTES, confirmed, letter

TEXT = "Rent arrears £1\nor is it £1 or £2\n## sister's debt\n# a heading\nSend payslips?"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Peers]]:
    with stack(tmp_path_factory.mktemp("data")) as found:
        yield found


@pytest.fixture
def visitor(running: tuple[str, Peers]) -> Visitor:
    return Visitor(running[0])


def written(visitor: Visitor, **fields: str) -> httpx.Response:
    given = {"notes": TEXT, "client_name": "Ana Ruiz", "adviser": "B. Dafydd", **fields}
    answer = visitor.send("/notes", **given)
    assert answer.status_code == 200
    return answer


def carried(answer: httpx.Response) -> str:
    found = re.search(r'name="kept" value="([^"]+)"', answer.text)
    assert found is not None
    return html.unescape(found[1])


def sent(visitor: Visitor, path: str, **fields: str) -> httpx.Response:
    return visitor.send(path, token=visitor.token("/notes"), **fields)


def test_what_a_person_must_see_comes_first(visitor: Visitor) -> None:
    said = words(written(visitor))
    order = (
        "Please look at it before it leaves",
        "The notes contradict themselves two amounts: £1, £2",
        "for you to decide ## sister's debt crossed out",
        "Not beyond doubt",
        "Your notes, by line",
        "Checks: 0 of 1 passed",
        "Confirm the letter",
    )
    places = [said.index(part) for part in order]
    assert places == sorted(places)


def test_sentences_and_lines_name_each_other(visitor: Visitor) -> None:
    answer = written(visitor)
    assert '<li id="s1" class="s1"><a class="sentence" href="#s1">Rent arrears £1</a>' in answer.text
    assert 'id="line-1" class="used l1"' in answer.text
    assert 'id="line-3" class="decide"' in answer.text
    assert 'id="line-4" class="left"' in answer.text
    sheet = re.search(r'href="(/notes/marks/\d+\.css)', answer.text)
    assert sheet is not None
    found = visitor.get(sheet[1])
    assert found.headers["content-type"].startswith("text/css")
    assert ".beside:has(.s1:is(:hover,:focus-within,:target)) .l1" in found.text
    assert visitor.get("/notes/marks/41.css").status_code == 404


def test_a_letter_is_confirmed_by_name(visitor: Visitor) -> None:
    kept = carried(written(visitor))
    answer = sent(visitor, "/notes/confirm", kept=kept, confirmed_by=" Ffion ", note="by telephone")
    assert answer.status_code == 200
    said = words(answer)
    assert "Confirmed by Ffion" in said
    assert "2026-05-13T10:20:30Z: by telephone" in said
    assert 'name="confirmed_by"' not in answer.text
    assert unpacked(carried(answer)).confirmation is not None


def test_a_confirmation_needs_a_name_and_the_letter_stays(visitor: Visitor) -> None:
    kept = carried(written(visitor))
    for name, told in (("", "Write your name"), ("x" * 201, "at most 200")):
        answer = sent(visitor, "/notes/confirm", kept=kept, confirmed_by=name)
        assert (answer.status_code, carried(answer)) == (422, kept)
        assert told in words(answer)
    answer = sent(visitor, "/notes/confirm", kept=kept, confirmed_by="fail:unprocessable_request:422")
    assert answer.status_code == 422
    assert "asked to fail" in words(answer)
    assert carried(answer) == kept


@pytest.mark.parametrize("kind", ["docx", "pdf"])
@pytest.mark.parametrize(
    ("asked", "parts", "begins"),
    [("", "letter", "letter"), ("?parts=all", "all", "file-copy"), ("?parts=x", "letter", "letter")],
)
def test_the_letter_and_the_copy_for_the_file_are_saved(
    visitor: Visitor, kind: str, asked: str, parts: str, begins: str
) -> None:
    kept = carried(written(visitor, client_name="Zoë Ŵynne/../x", meeting_date="2026-05-12"))
    answer = sent(visitor, f"/notes/export{asked}", kept=kept, format=kind)
    assert answer.content.decode() == f"{kind} of {TEXT!r}, {parts}"
    name = f'attachment; filename="{begins}-Zoe-Wynne-x-2026-05-12.{kind}"'
    assert answer.headers["content-disposition"] == name
    assert answer.headers["cache-control"] == "no-store"


def test_the_addresses_of_forms_lead_to_the_page(visitor: Visitor) -> None:
    for path in ("/notes/confirm", "/notes/export"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/notes")


def test_a_file_that_cannot_be_made_is_told_beside_the_letter(visitor: Visitor) -> None:
    kept = carried(written(visitor, client_name="fail:service_failure:500"))
    answer = sent(visitor, "/notes/export", kept=kept, format="pdf")
    assert "asked to fail" in words(answer)
    assert carried(answer) == kept


def test_only_our_own_form_confirms_and_saves(visitor: Visitor, running: tuple[str, Peers]) -> None:
    kept = carried(written(visitor))
    before = len(running[1].heard)
    for path in ("/notes/confirm", "/notes/export"):
        assert visitor.send(path, token="0" * 64, kept=kept, confirmed_by="A").status_code == 403
    assert len(running[1].heard) == before


def test_a_form_beyond_its_bound_says_the_bound(visitor: Visitor) -> None:
    for files in (None, {"file": ("a.txt", b"x")}):  # as both kinds of form
        typed = {"csrf": visitor.token("/notes"), "notes": "x" * (MAX_FIELD_BYTES + 1)}
        answer = visitor.http.post("/notes", data=typed, files=files)
        assert answer.status_code == 413
        assert "a text of the form is larger than 4 MB" in words(answer)
        assert "reload" not in words(answer)


BOMB = base64.b64encode(zlib.compress(b" " * (MAX_BYTES + 10))).decode()


@pytest.mark.parametrize(
    "kept", ["", "not base64!", "eJw=", BOMB, base64.b64encode(zlib.compress(b"{}")).decode()]
)
def test_a_letter_that_is_not_whole_does_nothing(visitor: Visitor, kept: str) -> None:
    for path in ("/notes/confirm", "/notes/export"):
        answer = sent(visitor, path, kept=kept, confirmed_by="A")
        assert answer.status_code == 422
        assert "not whole" in words(answer)


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"adviser": "x" * 201}, "at most 200"), ({"reading_age": "7"}, "from 8 to 18")],
)
def test_fields_out_of_bounds(visitor: Visitor, fields: dict[str, str], said: str) -> None:
    answer = visitor.send("/notes", notes="n", client_name="A", **fields)
    assert answer.status_code == 422
    assert said in words(answer)


def test_what_is_packed_comes_back() -> None:
    found = letter()
    kept = Kept(meeting=Meeting(notes=NOTES), answer=found, confirmation=confirmed(found))
    assert unpacked(packed(kept)) == kept
    shown = arrange(kept.meeting, found, kept.confirmation)
    assert shown.verdict == "confirmed"
    assert unpacked(shown.kept) == kept


@settings(max_examples=60)
@given(st.text(alphabet="ABCDEFGHabcdefgh0123456789+/=", max_size=80))
def test_any_other_field_is_refused(field: str) -> None:
    with pytest.raises(UnprocessableRequest):
        unpacked(field)


def test_marks_are_bounded() -> None:
    assert len(marking(MARK_SIZES[-1]).splitlines()) == MARK_SIZES[-1]
    many = tuple((f"S{n}.", "our_actions", n) for n in range(1, 1001))
    assert arrange(Meeting(notes="x\n" * 1000), letter(many)).marks == MARK_SIZES[-1]  # type: ignore[arg-type]

"""What is no notes, or hardly any, over real HTTP: a typed error, or a short letter that says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.api.notes import MAX_NOTES_CHARS, ConvertResponse
from casewright.services.kit.config import KitConfig
from casewright.services.notes import NotesConfig, create_app
from serving import served
from unit.services.notes_served import call, convert, unreachable

NOTHING = {
    "matters_discussed": "No matters discussed were noted.",
    "our_actions": "No actions for us were noted.",
    "your_actions": "No actions for you were noted.",
}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service whose engine is not there."""
    data_dir = tmp_path_factory.mktemp("data")
    config = NotesConfig(KitConfig(name="notes", data_dir=data_dir), unreachable(data_dir))
    with served(create_app(config)) as url:
        yield url


def refused(url: str, **body: Any) -> tuple[int, str, str]:
    status, _, found = call(
        url, "POST", "/convert", json.dumps({"client_name": "Ann Other", **body}).encode()
    )
    assert set(found["error"]) == {"type", "message", "hint", "request_id"}
    return status, found["error"]["type"], found["error"]["message"]


def failed(answer: ConvertResponse) -> set[str]:
    return {check.name for check in answer.checks if not check.passed}


@pytest.mark.parametrize("notes", ["", " ", "\n\t\r\n", "\u2003\u00a0"], ids=repr)
@pytest.mark.parametrize("stream", [False, True])
def test_empty_notes_are_refused_before_anything_is_written(alone: str, notes: str, stream: bool) -> None:
    status, kind, message = refused(alone, notes=notes, stream=stream)
    assert (status, kind) == (422, "unprocessable_request")
    assert "notes" in message


@pytest.mark.parametrize("text", ["x" * 1_000_000, "cl owes £5\n" * 95_000, "\x00" * 500_000])
def test_a_megabyte_is_refused_in_words(alone: str, text: str) -> None:
    status, kind, message = refused(alone, notes=text)
    assert (status, kind) == (422, "unprocessable_request")
    assert f"{MAX_NOTES_CHARS}" in message.replace(",", "")
    assert len(message) < 500, "it is not said back"


def test_as_much_as_is_taken_is_taken(alone: str) -> None:
    answer = convert(alone, notes="word " * (MAX_NOTES_CHARS // 5))
    assert (answer.lines_total, answer.mode, answer.ready_to_send) == (1, "extractive", False)
    assert len(answer.full_text) < MAX_NOTES_CHARS + 1_000


def test_notes_without_actions_say_so(alone: str) -> None:
    answer = convert(alone, notes="cl owes Barclays £450\ncl lives with 2 children")
    assert (answer.our_actions, answer.your_actions) == ((), ())
    for section in ("our_actions", "your_actions"):
        assert NOTHING[section] in answer.full_text
    assert NOTHING["matters_discussed"] not in answer.full_text


@pytest.mark.parametrize(
    "notes", ["---", "Actions:", "?!\n...\n* * *", "\x00", "\x1b[31m", "Client to do\n"], ids=repr
)
def test_notes_that_say_nothing_make_a_letter_that_says_so(alone: str, notes: str) -> None:
    answer = convert(alone, notes=notes)
    assert answer.ready_to_send is False
    assert answer.lines_used + len(answer.left_out) == answer.lines_total
    if not answer.sentences:
        assert all(said in answer.full_text for said in NOTHING.values())
    assert "\x00" not in answer.full_text
    assert "\x1b" not in answer.full_text


@pytest.mark.parametrize(
    ("name", "addressed"),
    [
        ("<script>alert(1)</script>", "Dear <script>alert(1)</script>,"),
        ("Ann <b>Other</b>", "Dear Ann <b>Other</b>,"),
        ("Ann\r\nBcc: all@example.org", "Dear Ann Bcc: all@example.org,"),
        ("{{ 7 * 7 }} ${x}", "Dear {{ 7 * 7 }} ${x},"),
        ("Ann\u202eOther", "Dear AnnOther,"),
        ("Smith * , Ann", "Dear Smith * , Ann,"),
        ("\x00", "Dear Client,"),
    ],
    ids=repr,
)
def test_a_name_with_markup_is_text_and_told(alone: str, name: str, addressed: str) -> None:
    answer = convert(alone, notes="cl to send form by 12 May", client_name=name)
    assert answer.full_text.startswith(addressed + "\n\n")
    assert answer.your_actions == ("You need to send form by 12 May.",)
    assert failed(answer) == {"client_name_safe"}
    assert answer.ready_to_send is False


_ODD = st.text(
    st.characters(codec="utf-8", categories=["Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Po", "Nd", "Sc", "Ll"]),
    min_size=1,
    max_size=120,
)


@settings(max_examples=40, deadline=None)
@given(notes=_ODD)
def test_odd_characters_make_a_letter_or_a_typed_error(alone: str, notes: str) -> None:
    body = json.dumps({"notes": notes, "client_name": "Ann Other"}).encode()
    status, _, found = call(alone, "POST", "/convert", body)
    if status == 422:
        assert found["error"]["type"] == "unprocessable_request"
        return
    assert status == 200
    answer = ConvertResponse.model_validate(found)
    assert answer.lines_used + len(answer.left_out) == answer.lines_total
    assert all(char == "\n" or char.isprintable() or char in "\u200c\u200d" for char in answer.full_text)
    assert not answer.ready_to_send


@settings(max_examples=60, deadline=None)
@given(name=_ODD, adviser=_ODD)
def test_odd_names_make_a_letter_or_a_typed_error(alone: str, name: str, adviser: str) -> None:
    body = {"notes": f"cl to send form\n{name} rang\nI will call", "client_name": name, "adviser": adviser}
    status, _, found = call(alone, "POST", "/convert", json.dumps(body).encode())
    if status == 422:
        assert found["error"]["type"] == "unprocessable_request"
    else:
        assert status == 200
        assert found["lines_used"] + len(found["left_out"]) == found["lines_total"]

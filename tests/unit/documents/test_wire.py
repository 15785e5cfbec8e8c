"""Frames: what is said arrives as it was, and nothing else is believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewright.documents import wire
from casewright.documents.blocks import Block, Box, Doubt, Noted, Opened, Page, Piece
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import OcrOptions, ReadOptions
from casewright.errors import (
    DocumentTooLarge,
    DocumentWorkerLost,
    EncryptedDocument,
    ServiceFailure,
    UnreadableDocument,
)

numbers = st.floats(-1e9, 1e9)
text = st.text(max_size=40)
boxes = st.none() | st.builds(Box, numbers, numbers, numbers, numbers)
doubts = st.builds(Doubt, st.integers(0, 99), st.integers(0, 99), st.just("amount"), st.floats(0, 1))
pieces = st.builds(
    Piece, text, boxes, st.none() | st.floats(0, 1), st.tuples(doubts) | st.just(()), st.just("\n")
)
cells = st.lists(pieces, max_size=2).map(tuple)
blocks = st.builds(
    Block,
    st.sampled_from(["heading", "paragraph", "table"]),
    cells,
    st.lists(st.lists(cells, max_size=3).map(tuple), max_size=3).map(tuple),
    st.integers(0, 6),
    st.none() | st.integers(0, 99),
    boxes,
    text,
)
pages = st.builds(
    Page,
    st.lists(blocks, max_size=3).map(tuple),
    st.sampled_from(["text", "ocr", "mixed", "none"]),
    st.none() | st.floats(0, 1),
    st.lists(text, max_size=2).map(tuple),
    st.none() | numbers,
)


def there_and_back(said: wire.Task | wire.Answer) -> object:
    frame = wire.encode(said)
    head, body = frame[: wire.HEAD.size], frame[wire.HEAD.size :]
    assert wire.length(head) == len(body)
    return wire.decode(head, body)


@given(pages | st.builds(Noted, text, st.booleans()) | st.builds(Opened, text, st.none() | st.integers(0, 9)))
def test_what_a_reader_says_arrives(found: Page | Noted | Opened) -> None:
    assert there_and_back(found) == found


def test_tasks_arrive() -> None:
    options = ReadOptions(
        OcrOptions(mode="always", languages=("deu", "eng")), password="pass wört", first_page=7
    )
    path = Path(os.fsdecode(b"/tmp/\xff name"))
    task = wire.ReadTask(wire.portable(path), "a.pdf", DocumentLimits(pages=3), options, 9)
    assert there_and_back(task) == task
    assert wire.local(task.path) == path
    assert there_and_back(wire.Picture(b"\x89PNG")) == wire.Picture(b"\x89PNG")
    assert "wört" not in repr(task)


def test_a_page_as_the_tests_below_spoil_it_is_one() -> None:
    body = b'[{"blocks":[],"method":"text","confidence":0.5}]'
    assert wire.decode(wire.HEAD.pack(b"P", len(body)), body) == Page((), "text", confidence=0.5)


@given(st.binary(min_size=5, max_size=5), st.binary(max_size=200))
def test_anything_else_is_no_answer(head: bytes, body: bytes) -> None:
    try:
        wire.length(head)
        said = wire.decode(head, body)
    except DocumentWorkerLost:
        return
    assert type(said) in wire._KINDS.values()


@pytest.mark.parametrize(
    "body",
    [
        b'[{"blocks":[{"kind":"script"}],"method":"text"}]',
        b'[{"blocks":[],"method":"guess"}]',
        b'[{"blocks":[{"kind":"paragraph","box":{"x0":null,"y0":0,"x1":0,"y1":0}}],"method":"text"}]',
        b'[{"blocks":[],"method":"text","confidence":"often"}]',
        b'[{"blocks":[],"method":"text","confidence":NaN}]',
        b'[{"blocks":[],"method":"text","confidence":"nan"}]',
        b'[{"blocks":[],"method":"text","confidence":1e999}]',
        b'[{"blocks":[{"kind":"paragraph","box":{"x0":0,"y0":0,"x1":-Infinity,"y1":0}}],"method":"text"}]',
        b'{"blocks":[],"method":"text"}',
        b"[]",
        b'[{"blocks":[],"method":"text"},{"blocks":[],"method":"text"}]',
        b"\xff",
        b"[" * 5_000,
    ],
)
def test_a_page_that_is_none_is_not_believed(body: bytes) -> None:
    with pytest.raises(DocumentWorkerLost, match="no answer"):
        wire.decode(wire.HEAD.pack(b"P", len(body)), body)


def test_frames_are_bounded_at_both_ends() -> None:
    with pytest.raises(DocumentTooLarge, match="more than"):
        wire.encode(Noted("x" * wire.FRAME_BYTES))
    with pytest.raises(DocumentWorkerLost):
        wire.length(wire.HEAD.pack(b"P", wire.FRAME_BYTES + 1))
    with pytest.raises(DocumentWorkerLost):
        wire.length(wire.HEAD.pack(b"z", 1))


def test_what_no_text_can_hold_is_not_sent() -> None:
    with pytest.raises(UnreadableDocument, match="characters"):
        wire.encode(Noted("half \ud800"))
    assert wire.sayable("half \ud800.pdf") == "half ?.pdf"


def test_only_a_readers_words_are_found() -> None:
    assert wire.found(Noted("a")) == Noted("a")
    with pytest.raises(DocumentWorkerLost):
        wire.found(wire.Picture(b""))


def test_refusals_are_the_errors_they_were() -> None:
    def raised(kind: str) -> type:
        return type(wire.Refused(kind, "what", "hint").error())

    assert raised(EncryptedDocument.kind) is EncryptedDocument
    assert raised(DocumentTooLarge.kind) is DocumentTooLarge
    assert raised("usage") is ServiceFailure

"""The stream decoder gives the same events whatever the pieces its bytes come in."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.engines.wire import Api, Delta, Event, Failed, Finished, StreamDecoder
from conformance.transcript import Transcript, transcripts

STREAMS = [transcript for transcript in transcripts() if transcript.status == 200]
by_name = pytest.mark.parametrize("transcript", STREAMS, ids=[stream.name for stream in STREAMS])


def _decode(api: Api, pieces: list[bytes], max_line_bytes: int = 1 << 20) -> list[Event]:
    decoder = StreamDecoder(api, max_line_bytes=max_line_bytes)
    found: list[Event] = []
    for number, piece in enumerate(pieces):
        found += decoder.feed(piece, number)
    found += decoder.end(len(pieces))
    assert decoder.end(len(pieces)) == []
    assert decoder.feed(b"data: [DONE]\n\n", 0) == []
    return found


def _essence(events: list[Event]) -> list[tuple[object, ...]]:
    """The events without their times."""
    found: list[tuple[object, ...]] = []
    for event in events:
        if isinstance(event, Delta):
            found.append((event.kind, event.text))
        elif isinstance(event, Finished):
            found.append((event.reason, event.usage, event.model, event.server_ns))
        else:
            found.append((event.kind, event.message))
    return found


@by_name
def test_whole_and_by_the_recorded_pieces(transcript: Transcript) -> None:
    expect = transcript.expect
    events = _decode(transcript.api, transcript.pieces())
    deltas = [event for event in events if isinstance(event, Delta)]
    assert len(deltas) == expect.deltas
    assert len(events) == expect.deltas + 1
    last = events[-1]
    if expect.error:
        assert isinstance(last, Failed)
        wanted = expect.decoder_error or expect.error
        assert last.kind == wanted
    else:
        assert isinstance(last, Finished)
        assert (last.reason, last.usage) == (expect.reason, expect.usage)


@by_name
def test_at_every_split_position(transcript: Transcript) -> None:
    body = transcript.body
    whole = _essence(_decode(transcript.api, [body]))
    for place in range(len(body) + 1):
        assert _essence(_decode(transcript.api, [body[:place], body[place:]])) == whole


@pytest.mark.parametrize(
    "transcript",
    [stream for stream in STREAMS if "UTF-8 split" in stream.name],
    ids=lambda stream: stream.name,
)
def test_the_recorded_cuts_lie_inside_characters(transcript: Transcript) -> None:
    assert transcript.cuts
    for cut in transcript.cuts:
        assert transcript.body[cut] & 0xC0 == 0x80


@by_name
def test_byte_by_byte(transcript: Transcript) -> None:
    pieces = [transcript.body[place : place + 1] for place in range(len(transcript.body))]
    assert _essence(_decode(transcript.api, pieces)) == _essence(_decode(transcript.api, [transcript.body]))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(STREAMS), st.integers(0, 2**32), st.integers(1, 40), st.integers(20, 400))
def test_at_random_splits_under_a_small_bound(
    transcript: Transcript, seed: int, pieces: int, bound: int
) -> None:
    chosen = random.Random(seed)
    body = transcript.body
    edges = [0, *sorted(chosen.randint(0, len(body)) for _ in range(pieces)), len(body)]
    cut = [body[start:end] for start, end in itertools.pairwise(edges)]
    assert _essence(_decode(transcript.api, cut, bound)) == _essence(_decode(transcript.api, [body], bound))


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(list(Api)),
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [
                    b"data: ",
                    b"data: [DONE]",
                    b"\n",
                    b"\r",
                    b"\r\n\r\n",
                    b'{"error":"x"}',
                    b'{"done":true}',
                    b"{}",
                    b"[[",
                ]
            ),
        ),
        max_size=25,
    ),
)
def test_any_bytes_end_in_exactly_one_terminal_event(api: Api, pieces: list[bytes]) -> None:
    events = _decode(api, pieces, 200)
    assert [isinstance(event, Delta) for event in events] == [True] * (len(events) - 1) + [False]


@pytest.mark.parametrize("api", list(Api))
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_line_beyond_the_bound_fails_at_once_and_keeps_what_came_before(api: Api, step: int) -> None:
    good = {
        Api.OPENAI: b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n',
        Api.OLLAMA: b'{"message":{"content":"a"},"done":false}\n',
    }[api]
    body = good + b"data: " + b"x" * 3000
    events = _decode(api, [body[place : place + step] for place in range(0, len(body), step)], 1000)
    assert _essence(events)[0] == ("content", "a")
    assert isinstance(events[-1], Failed)
    assert events[-1].kind == "line_too_long"


def test_the_data_of_one_event_is_bounded_too() -> None:
    events = _decode(Api.OPENAI, [b"data: 12345678\n" * 20], 100)
    assert [type(event) for event in events] == [Failed]
    assert isinstance(events[0], Failed)
    assert events[0].kind == "line_too_long"


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_json_nested_beyond_reason_is_malformed(depth: int) -> None:
    events = _decode(Api.OPENAI, [b"data: " + b"[" * depth + b"\n\n"])
    assert isinstance(events[0], Failed)
    assert events[0].kind == "malformed"


def test_a_delta_carries_the_time_of_the_piece_that_completed_it() -> None:
    decoder = StreamDecoder(Api.OLLAMA)
    assert decoder.feed(b'{"message":{"content":"a"},', 10) == []
    (delta,) = decoder.feed(b'"done":false}\n', 20)
    assert delta.at_ns == 20

"""From spool records to request records: times of the right reads, the right cause of every failure."""

from __future__ import annotations

import itertools
import json
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.decode import (
    decode_record,
    finished_indices,
    first_chunk_tokens,
    records,
    tokens_seen,
)
from casewright.bench.spool import CUT, SpoolRecord, SpoolWriter, segment_path
from casewright.engines.wire import Api, Delta, StreamDecoder
from unit.bench.raw_server import CHUNKED_HEAD, GOOD, ROLE, chunk, ending, good_pieces, token


def stored(pieces: list[bytes], *, error: str | None = None, cut: bool = False) -> SpoolRecord:
    """A record whose n-th read came at 1000 * (n + 1)."""
    return SpoolRecord(
        index=4,
        error=error,
        message="what was seen" if error else "",
        status=200,
        reconnects=0,
        warmup=False,
        cut=cut,
        eof_ended=False,
        t_sched=1,
        t_send=2,
        t_connected=None,
        t_end=1000 * (len(pieces) + 1),
        times=array("q", [1000 * (place + 1) for place in range(len(pieces))]),
        lengths=array("I", map(len, pieces)),
        payload=b"".join(pieces),
    )


def test_tokens_have_the_times_of_the_reads_that_completed_them() -> None:
    record = decode_record(stored(good_pieces()), Api.OPENAI, 2, 1)
    # Reads: head, role, three tokens, ending, last chunk.
    assert (record.t_first_byte, record.t_first_token, record.t_last_token) == (1000, 3000, 5000)
    assert record.chunk_gaps_ns == (1000, 1000)
    assert (record.session, record.process, record.index) == (2, 1, 4)


def test_a_token_split_over_reads_has_the_later_time() -> None:
    head, role, first, *rest = good_pieces()
    record = decode_record(stored([head + role + first[:30], first[30:], *rest]), Api.OPENAI, 0, 0)
    assert (record.t_first_byte, record.t_first_token) == (1000, 2000)
    assert record.text == "one two three"


TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(['"', "\\", "\n", "\n\n", '"content": "x"', "\u2028", "é", "data: x\n\n", "\\u0041"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=12), st.booleans(), st.data())
def test_the_quick_way_gives_what_the_decoder_gives(
    texts: list[str], ascii_only: bool, data: st.DataObject
) -> None:
    def event(text: str) -> bytes:
        body = {
            "id": "x",
            "model": "m",
            "choices": [{"index": 0, "delta": {"content": text}, "logprobs": None}],
        }
        return b"data: " + json.dumps(body, ensure_ascii=ascii_only).encode() + b"\n\n"

    events = [ROLE, *map(event, texts), ending(len(texts))]
    grouped = [b"".join(events)] if data.draw(st.booleans()) else events
    wire = CHUNKED_HEAD + b"".join(map(chunk, grouped)) + b"0\r\n\r\n"
    cuts = data.draw(st.lists(st.integers(1, len(wire) - 1), max_size=10, unique=True))
    edges = [0, *sorted(cuts), len(wire)] if data.draw(st.booleans()) else [0, len(wire)]
    raw = stored([wire[begin:end] for begin, end in itertools.pairwise(edges)])

    decoder = StreamDecoder(Api.OPENAI)
    deltas = [found for found in decoder.feed(b"".join(events), 0) if isinstance(found, Delta)]
    record = decode_record(raw, Api.OPENAI, 0, 0)
    assert record.text == "".join(texts) == "".join(delta.text for delta in deltas)
    assert record.chunks == len(deltas)
    assert (record.error, record.output_tokens) == (None, len(texts))


def test_the_servers_word_comes_before_ours() -> None:
    broken = chunk(b'data: {"error":{"message":"out of memory"}}\n\n')
    record = decode_record(stored([CHUNKED_HEAD, broken], error="connection_lost"), Api.OPENAI, 0, 0)
    assert (record.error, record.error_message) == ("stream_error", "out of memory")
    plain = decode_record(
        stored([CHUNKED_HEAD, chunk(token("one"))], error="connection_lost"), Api.OPENAI, 0, 0
    )
    assert (plain.error, plain.error_message, plain.chunks) == ("connection_lost", "what was seen", 1)


def test_a_cut_request_is_no_failure_and_keeps_its_tokens() -> None:
    record = decode_record(stored([CHUNKED_HEAD, chunk(token("one"))], cut=True), Api.OPENAI, 0, 0)
    assert (record.cut, record.error, record.text, record.output_tokens) == (True, None, "one", None)


def test_ollama_lines() -> None:
    lines = [
        {"model": "m", "message": {"role": "assistant", "content": "one"}, "done": False},
        {"model": "m", "message": {"role": "assistant", "content": " two"}, "done": False},
        {"model": "m", "message": {"content": ""}, "done": True, "done_reason": "stop",
         "prompt_eval_count": 5, "eval_count": 2, "total_duration": 9},
    ]  # fmt: skip
    head = CHUNKED_HEAD.replace(b"text/event-stream", b"application/x-ndjson")
    pieces = [head, *[chunk(json.dumps(line).encode() + b"\n") for line in lines], b"0\r\n\r\n"]
    record = decode_record(stored(pieces), Api.OLLAMA, 0, 0)
    assert (record.text, record.chunks, record.prompt_tokens, record.output_tokens) == ("one two", 2, 5, 2)
    assert (record.t_first_token, record.t_last_token, record.finish_reason) == (2000, 3000, "stop")


@pytest.mark.parametrize(
    ("lengths", "tokens", "expected"),
    [
        ([4, 4, 4], 3, 1),
        ([4, 4, 4], 4, 1),
        ([4, 4, 4], None, None),
        ([], 3, None),
        ([12, 4, 4], 10, 6),
        ([100, 1, 1], 10, 8),
        ([1, 50, 50], 20, 1),
        ([20], 5, 5),
    ],
)
def test_first_chunk_tokens(lengths: list[int], tokens: int | None, expected: int | None) -> None:
    assert first_chunk_tokens(lengths, tokens) == expected


@pytest.mark.parametrize(
    ("pieces", "seen"),
    [
        ([], False),
        ([CHUNKED_HEAD], False),
        ([CHUNKED_HEAD, chunk(ROLE)], False),
        ([CHUNKED_HEAD, chunk(ROLE), chunk(token("x"))[:-20]], False),
        ([CHUNKED_HEAD, chunk(ROLE), chunk(token("x"))], True),
        ([b"garbage"], False),
    ],
)
def test_tokens_seen(pieces: list[bytes], seen: bool) -> None:
    assert tokens_seen(Api.OPENAI, pieces) is seen


def segment(run_dir: Path, session: int, entries: list[tuple[int, bool]]) -> None:
    writer = SpoolWriter(
        segment_path(run_dir, session, 0), {"api": "openai", "session": session, "process": 0}, 1 << 20
    )
    for index, cut in entries:
        writer.append(
            index,
            flags=CUT if cut else 0,
            error=None,
            message="",
            status=200,
            reconnects=0,
            t_sched=1,
            t_send=1,
            t_connected=None,
            t_end=9,
            times=array("q", [5]),
            pieces=[GOOD],
        )
    writer.close()


def test_a_request_cut_and_later_finished_comes_once(tmp_path: Path) -> None:
    segment(tmp_path, 0, [(0, False), (1, True), (2, True)])
    segment(tmp_path, 1, [(1, False)])
    found = [(record.index, record.session, record.cut) for record in records(tmp_path)]
    assert found == [(0, 0, False), (2, 0, True), (1, 1, False)]
    done = finished_indices(tmp_path)
    assert [index for index in range(4) if index in done] == [0, 1]

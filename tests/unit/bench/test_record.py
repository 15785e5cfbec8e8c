"""Records as JSONL, plain and compressed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.record import RequestRecord, from_json, read_records, write_records
from casewright.errors import StorageError

some = st.one_of(st.none(), st.integers(0, 2**62))
found = st.builds(
    RequestRecord,
    index=st.integers(0, 2**40),
    session=st.integers(0, 9),
    process=st.integers(0, 9),
    warmup=st.booleans(),
    cut=st.booleans(),
    t_sched=st.integers(0, 2**62),
    t_send=st.integers(0, 2**62),
    t_connected=some,
    t_first_byte=some,
    t_first_token=some,
    t_last_token=some,
    t_end=st.integers(0, 2**62),
    status=st.one_of(st.none(), st.integers(100, 599)),
    error=st.one_of(st.none(), st.sampled_from(["truncated", "malformed"])),
    error_message=st.one_of(st.none(), st.text(max_size=20)),
    retry_after_s=st.one_of(st.none(), st.floats(0, 1e6)),
    reconnects=st.integers(0, 1),
    prompt_tokens=some,
    output_tokens=some,
    cached_tokens=some,
    chunks=st.integers(0, 5),
    first_chunk_tokens=some,
    chunk_gaps_ns=st.lists(st.integers(0, 2**40), max_size=5).map(tuple),
    finish_reason=st.one_of(st.none(), st.text(max_size=8)),
    text=st.text(max_size=40),
    dropped=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(found, max_size=6), st.sampled_from(["r.jsonl", "r.jsonl.gz"]))
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, records: list[RequestRecord], name: str
) -> None:
    path = tmp_path_factory.mktemp("records") / name
    assert write_records(path, iter(records)) == len(records)
    assert list(read_records(path)) == records


@settings(max_examples=20, deadline=None)
@given(st.lists(found, min_size=2, max_size=4), st.data())
def test_a_torn_file_gives_its_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, records: list[RequestRecord], data: Any
) -> None:
    path = tmp_path_factory.mktemp("records") / "r.jsonl"
    write_records(path, records)
    whole = path.read_bytes()
    end = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:end])
    assert list(read_records(path)) == records[: whole[:end].count(b"\n")]


def test_a_torn_gzip_file_ends_quietly(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl.gz"
    path.write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")
    assert list(read_records(path)) == []


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"chunk_gaps_ns": []}', "nonsense"])
def test_other_lines_are_storage_errors(line: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        from_json(line)


def test_a_missing_directory_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        write_records(tmp_path / "missing" / "r.jsonl", [])
    with pytest.raises(StorageError):
        list(read_records(tmp_path / "missing.jsonl"))

"""The spool: what goes in comes out, and what a kill or a full disk leaves is readable."""

from __future__ import annotations

import resource
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.bench.spool import CUT, ERROR_KINDS, WARMUP, SegmentReader, SpoolRecord, SpoolWriter
from casewright.errors import StorageError, every_error

HEADER = {"api": "openai", "session": 0, "process": 3}
stamp = st.integers(1, 2**62)
entries = st.fixed_dictionaries(
    {
        "index": st.integers(0, 2**62),
        "flags": st.sampled_from([0, WARMUP, CUT, WARMUP | CUT]),
        "error": st.sampled_from(ERROR_KINDS),
        "message": st.text(max_size=40),
        "status": st.one_of(st.none(), st.integers(100, 599)),
        "reconnects": st.integers(0, 3),
        "t_sched": stamp,
        "t_send": stamp,
        "t_connected": st.one_of(st.none(), stamp),
        "t_end": stamp,
        "reads": st.lists(st.tuples(stamp, st.binary(min_size=1, max_size=60)), max_size=12),
    }
)


def add(writer: SpoolWriter, entry: dict[str, Any]) -> None:
    values = dict(entry)
    reads = values.pop("reads")
    writer.append(**values, times=array("q", [at for at, _ in reads]), pieces=[data for _, data in reads])


def assert_same(record: SpoolRecord, entry: dict[str, Any]) -> None:
    for name in (
        "index",
        "error",
        "message",
        "status",
        "reconnects",
        "t_sched",
        "t_send",
        "t_connected",
        "t_end",
    ):
        assert getattr(record, name) == entry[name]
    assert (record.warmup, record.cut) == (bool(entry["flags"] & WARMUP), bool(entry["flags"] & CUT))
    assert list(record.times) == [at for at, _ in entry["reads"]]
    assert list(record.lengths) == [len(data) for _, data in entry["reads"]]
    assert record.payload == b"".join(data for _, data in entry["reads"])


def sample(index: int, size: int = 100) -> dict[str, Any]:
    return {
        "index": index, "flags": 0, "error": None, "message": "", "status": 200, "reconnects": 0,
        "t_sched": 1, "t_send": 2, "t_connected": None, "t_end": 9,
        "reads": [(3, b"a" * size), (4, b"b" * size)],
    }  # fmt: skip


def write(path: Path, found: list[dict[str, Any]], budget: int = 1 << 30) -> SpoolWriter:
    writer = SpoolWriter(path, HEADER, budget)
    for entry in found:
        add(writer, entry)
    writer.close()
    return writer


@settings(max_examples=60, deadline=None)
@given(st.lists(entries, max_size=8))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, found: list[dict[str, Any]]) -> None:
    path = tmp_path_factory.mktemp("spool") / "s"
    writer = write(path, found)
    reader = SegmentReader(path)
    records = list(reader)
    assert len(records) == len(found)
    for record, entry in zip(records, found, strict=True):
        assert_same(record, entry)
    assert reader.header == HEADER
    assert not reader.torn
    assert writer.written == path.stat().st_size
    assert all(record.payload is None for record in reader.records(payloads=False))


def test_every_torn_tail_leaves_the_whole_records(tmp_path: Path) -> None:
    path = tmp_path / "s"
    write(path, [sample(index, 20) for index in range(3)])
    data = path.read_bytes()
    one = (len(data) - data.index(b"CWr1")) // 3
    start = data.index(b"CWr1")
    torn = tmp_path / "torn"
    for end in range(len(data)):
        torn.write_bytes(data[:end])
        reader = SegmentReader(torn)
        whole = max(end - start, 0) // one
        assert [record.index for record in reader] == list(range(whole))
        assert reader.torn == (end != start + whole * one)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 10_000), value=st.integers(0, 255))
def test_damage_never_invents_facts(place: int, value: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("spool") / "s"
    entry = sample(5, 20)
    write(path, [entry])
    data = bytearray(path.read_bytes())
    place = data.index(b"CWr1") + place % (len(data) - data.index(b"CWr1"))
    data[place] = value
    path.write_bytes(data)
    for record in SegmentReader(path):
        # Only the answer's own bytes, which HTTP's framing covers, may differ.
        assert (record.index, record.t_send, list(record.times), list(record.lengths)) == (
            5,
            2,
            [3, 4],
            [20, 20],
        )


def test_budget_drops_bytes_and_keeps_facts(tmp_path: Path) -> None:
    path = tmp_path / "s"
    writer = write(path, [sample(index) for index in range(5)], budget=450)
    records = list(SegmentReader(path))
    assert writer.dropped == 3
    assert [record.payload is None for record in records] == [False, False, True, True, True]
    assert all(list(record.lengths) == [100, 100] and list(record.times) == [3, 4] for record in records)


@contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    """The kernel refuses to let files grow beyond ``limit`` bytes (EFBIG), as a full disk would (ENOSPC)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_counted_and_what_fitted_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with file_size_limit(64 * 1024):
        writer = SpoolWriter(path, HEADER, 1 << 30)
        for index in range(400):
            add(writer, sample(index, 200))
            writer.flush()
        writer.close()
    assert writer.disk_full
    assert writer.failure is not None
    reader = SegmentReader(path)
    kept = [record.index for record in reader]
    assert kept == list(range(len(kept)))
    assert 0 < len(kept) < 400
    assert writer.lost >= 400 - len(kept)


def test_flush_makes_records_readable_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "s"
    writer = SpoolWriter(path, HEADER, 1 << 30)
    add(writer, sample(0))
    writer.flush()
    writer.close()
    assert [record.index for record in SegmentReader(path)] == [0]


def test_what_is_no_segment_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"something else entirely\n")
    with pytest.raises(StorageError):
        list(SegmentReader(other))
    with pytest.raises(StorageError):
        SpoolWriter(other, HEADER, 1)
    with pytest.raises(StorageError):
        SpoolWriter(tmp_path / "missing" / "s", HEADER, 1)


def test_error_codes_are_kinds_of_the_tree() -> None:
    assert {kind for kind in ERROR_KINDS if kind is not None} <= set(every_error())
    assert len(set(ERROR_KINDS)) == len(ERROR_KINDS)

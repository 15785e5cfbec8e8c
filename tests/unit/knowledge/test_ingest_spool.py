"""Uploads on disk, and the line of what is to be read: both outlive the process, and forget for good."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from persistqueue.sqlackqueue import AckStatus

from casewright.errors import BodyTooLarge, NotFound, StorageError, UnprocessableRequest
from casewright.knowledge.ingest.backlog import FILE, Backlog, Taken
from casewright.knowledge.ingest.spool import Spool


def identity() -> str:
    return str(uuid.uuid4())


def spool(folder: Path, max_bytes: int = 1_000_000) -> Spool:
    found = Spool(folder / "spool", max_bytes)
    found.open()
    return found


@settings(max_examples=20, deadline=None)
@given(content=some.binary(min_size=1, max_size=4096))
def test_a_file_is_kept_as_it_came(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    here = spool(tmp_path_factory.mktemp("spool"))
    taken = here.take(identity(), io.BytesIO(content))
    assert here.path(taken.id).read_bytes() == content
    assert (taken.sha256, taken.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert here.all() == [taken.id]
    here.discard(taken.id)
    assert here.all() == []


@pytest.mark.parametrize(("content", "error"), [(b"", UnprocessableRequest), (b"x" * 11, BodyTooLarge)])
def test_what_is_not_taken_leaves_nothing(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    here = spool(tmp_path, max_bytes=10)
    with pytest.raises(error):
        here.take(identity(), io.BytesIO(content))
    assert list(here.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "x", "0" * 36])
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound):
        spool(tmp_path).path(name)


def test_half_a_file_is_gone_at_the_next_start(tmp_path: Path) -> None:
    here = spool(tmp_path)
    (here.folder / f"{identity()}.part").write_bytes(b"half")
    assert list(spool(tmp_path).folder.iterdir()) == []


def test_a_folder_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("not a folder")
    with pytest.raises(StorageError, match="spool"):
        spool(tmp_path)


class Lines(RuleBasedStateMachine):
    """The backlog against a list, with the process ending at any moment."""

    @initialize(folder=some.uuids())
    def begin(self, folder: uuid.UUID) -> None:
        self.folder = Lines.base / str(folder)
        self.backlog = Backlog(self.folder)
        self.backlog.open()
        self.line: list[str] = []
        self.taken: list[Taken] = []

    @rule(item=some.uuids())
    def put(self, item: uuid.UUID) -> None:
        self.backlog.put(str(item))
        self.line.append(str(item))

    @rule()
    def take(self) -> None:
        found = self.backlog.take()
        assert (found.item if found else None) == (self.line.pop(0) if self.line else None)
        if found:
            self.taken.append(found)

    @rule()
    def done(self) -> None:
        if self.taken:
            self.backlog.done(self.taken.pop(0))

    @rule()
    def the_process_ends(self) -> None:
        self.backlog.close()
        self.backlog = Backlog(self.folder)
        self.backlog.open()
        self.line = [found.item for found in sorted(self.taken, key=lambda found: found.key)] + self.line
        self.taken = []

    @invariant()
    def nothing_is_lost_or_twice(self) -> None:
        if hasattr(self, "line"):
            assert sorted(self.backlog.items()) == sorted([*self.line, *(found.item for found in self.taken)])
            assert self.backlog.waiting() == len(self.line)

    def teardown(self) -> None:
        if hasattr(self, "backlog"):
            self.backlog.close()

    base: Path


def test_the_line_is_a_line_across_restarts(tmp_path: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    Lines.base = tmp_path
    run_state_machine_as_test(
        Lines, settings=settings(max_examples=10, stateful_step_count=15, deadline=None, derandomize=True)
    )


def test_what_is_done_is_overwritten(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path)
    backlog.open()
    item = identity()
    backlog.put(item)
    taken = backlog.take()
    assert taken is not None
    backlog.done(taken)
    backlog.close()
    assert [path.name for path in tmp_path.iterdir() if item.encode() in path.read_bytes()] == []


def test_a_database_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "backlog.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="backlog"):
        Backlog(tmp_path).open()


def test_a_closed_line_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="closed"):
        Backlog(tmp_path).put("x")


def test_what_was_done_when_the_process_ended_is_not_in_the_line(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path)
    backlog.open()
    backlog.put("done")
    backlog.put("waits")
    assert backlog.take() is not None
    backlog.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        # as where a kill comes between the mark and the removal
        connection.execute(f"UPDATE ack_queue_default SET status = {AckStatus.acked} WHERE _id = 1")
        connection.commit()
    backlog.open()
    assert backlog.items() == ["waits"]
    taken = backlog.take()
    assert taken is not None
    assert taken.item == "waits"
    backlog.close()

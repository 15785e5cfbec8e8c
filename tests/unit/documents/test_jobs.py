"""The database of jobs: what is acknowledged survives, what is forgotten is erased."""

from __future__ import annotations

import stat
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casewright.documents.jobs import Job, JobBook
from casewright.errors import NotFound, StorageError


@pytest.fixture
def book(tmp_path: Path) -> Iterator[JobBook]:
    found = JobBook(tmp_path / "jobs.sqlite")
    found.open()
    yield found
    found.close()


def job(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "document_id": str(uuid.uuid4()),
        "filename": "letter.pdf",
        "options": "{}",
        "with_password": False,
        "status": "queued",
        "created": time.time(),
    }
    return Job(**(values | changes))


def test_a_job_is_there_for_whoever_opens_the_file_without_a_clean_end(book: JobBook, tmp_path: Path) -> None:
    first = job(with_password=True)
    book.add(first)
    changed = book.change(first.id, status="running", started=2.5, attempts=1)
    other = JobBook(tmp_path / "jobs.sqlite")  # the first is still open, as if its process had been killed
    other.open()
    assert other.get(first.id) == changed
    assert other.active() == [changed]
    other.close()


def test_nobody_else_may_read_it(book: JobBook, tmp_path: Path) -> None:
    book.add(job())
    files = list(tmp_path.iterdir())
    assert len(files) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_the_active_ones_come_oldest_first_and_the_list_newest_first(book: JobBook) -> None:
    jobs = [job(created=float(number)) for number in range(5)]
    for one in jobs:
        book.add(one)
    book.change(jobs[1].id, status="done", ended=9.0)
    assert [one.created for one in book.active()] == [0.0, 2.0, 3.0, 4.0]
    assert [one.created for one in book.recent(2, 1)] == [3.0, 2.0]
    assert book.count() == 5


def test_what_is_forgotten_is_in_no_file(book: JobBook, tmp_path: Path) -> None:
    keep, drop = job(filename="kept.pdf"), job(filename="canary-5b1e.pdf")
    book.add(keep)
    book.add(drop)
    book.change(drop.id, error_message="canary-5b1e is broken")
    assert any(b"canary-5b1e" in path.read_bytes() for path in tmp_path.iterdir())
    book.forget_of_document(drop.document_id)
    assert not any(b"canary-5b1e" in path.read_bytes() for path in tmp_path.iterdir())
    assert book.active() == [keep]
    with pytest.raises(NotFound):
        book.get(drop.id)
    with pytest.raises(NotFound):
        book.change(drop.id, status="done")


def test_a_name_that_is_blanked_is_in_no_file(book: JobBook, tmp_path: Path) -> None:
    one = job(filename="canary-5b1e.pdf")
    book.add(one)
    book.change(one.id, filename="", status="cancelled")
    book.checkpoint()
    assert not any(b"canary-5b1e" in path.read_bytes() for path in tmp_path.iterdir())


def test_only_those_that_came_to_nothing_are_old(book: JobBook) -> None:
    for status in ("done", "failed", "cancelled", "queued"):
        book.add(job(status=status, ended=None if status == "queued" else 5.0))
    assert {one.status for one in book.ended_before(6.0)} == {"failed", "cancelled"}
    assert book.ended_before(5.0) == []


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="refuses"):
        JobBook(tmp_path / "jobs.sqlite").open()


def test_a_closed_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="closed"):
        JobBook(tmp_path / "jobs.sqlite").count()

"""The folder of originals: what is acknowledged is there, what is deleted is gone; no word becomes a path."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewright.api.documents import StoredDocument
from casewright.documents.store import DESCRIPTIONS, READING, DocumentStore, Upload, stamp
from casewright.errors import ConfigError, DiskFull, NotFound, StorageError
from casewright.files import replace_file

CONTENT = b"canary-7f3a amount due 1,240.50"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DocumentStore]:
    found = DocumentStore(tmp_path / "documents", page_images=3)
    found.open()
    yield found
    found.close()


def record(upload: Upload, **changes: Any) -> StoredDocument:
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "document_id": upload.id,
        "filename": "letter.pdf",
        "sha256": upload.sha256,
        "size_bytes": upload.size_bytes,
        "created": stamp(now),
        "expires": stamp(now + timedelta(days=30)),
        "status": "ok",
    }
    return StoredDocument(**(values | changes))


def kept(store: DocumentStore, **changes: Any) -> str:
    upload = store.take(io.BytesIO(CONTENT))
    store.put(record(upload, **changes), b'{"a": 1}', b"[]")
    return upload.id


def everything(folder: Path) -> bytes:
    """Every byte of every file below a folder, and every name."""
    paths = sorted(folder.rglob("*"))
    return b"\n".join(
        [*(os.fsencode(path) for path in paths), *(p.read_bytes() for p in paths if p.is_file())]
    )


def test_an_upload_is_what_came_and_nobody_elses(store: DocumentStore) -> None:
    upload = store.take(io.BytesIO(CONTENT))
    assert (upload.size_bytes, upload.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert upload.path.read_bytes() == CONTENT
    store.put(record(upload), b"{}", b"[]")
    store.put_page(upload.id, 1, b"png")
    for path in [store.folder, *store.folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_what_was_put_is_there_after_a_restart(store: DocumentStore) -> None:
    identity = kept(store)
    store.close()
    again = DocumentStore(store.folder)
    again.open()
    assert again.get(identity) == store.get(identity)
    assert again.read(identity, READING) == b'{"a": 1}'
    assert again.read(identity, DESCRIPTIONS) == b"[]"
    assert [one.document_id for one in again.all()] == [identity]
    again.close()


def test_what_a_crash_left_half_done_is_removed_at_the_start(store: DocumentStore) -> None:
    whole = kept(store)
    half = store.take(io.BytesIO(CONTENT))
    gone = store.folder / f".gone-{uuid.uuid4()}"
    gone.mkdir()
    (gone / "original").write_bytes(CONTENT)
    stray = store.folder / whole / ".reading.json.abc"
    stray.write_bytes(b"half")
    store.close()
    again = DocumentStore(store.folder)
    again.open()
    assert not half.path.parent.exists()
    assert not gone.exists()
    assert not stray.exists()
    assert [one.document_id for one in again.all()] == [whole]
    again.close()


def test_a_record_that_cannot_be_read_is_told_and_nothing_is_thrown_away(store: DocumentStore) -> None:
    identity = kept(store)
    replace_file(store.folder / identity / "document.json", b'{"of": "another version"}')
    store.close()
    again = DocumentStore(store.folder)
    again.open()
    assert again.unreadable == 1
    assert (store.folder / identity / "original").read_bytes() == CONTENT
    with pytest.raises(NotFound):
        again.get(identity)
    again.close()


def test_a_folder_that_is_broken_keeps_no_other_from_being_served(store: DocumentStore) -> None:
    folder, foreign, whole = (kept(store) for _ in range(3))
    (store.folder / folder / "document.json").unlink()
    (store.folder / folder / "document.json").mkdir()
    replace_file(
        store.folder / foreign / "document.json", (store.folder / whole / "document.json").read_bytes()
    )
    store.close()
    again = DocumentStore(store.folder)
    again.open()
    assert again.unreadable == 2
    assert [one.document_id for one in again.all()] == [whole]
    assert again.holds(folder)
    assert again.holds(foreign)
    again.close()


def test_many_may_ask_at_once_whether_the_disk_takes_anything(store: DocumentStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: store.check(), range(400)))
    assert found == {""}
    assert [path.name for path in store.folder.iterdir()] == [".lock"]


def test_an_original_that_goes_as_it_is_opened_is_gone(store: DocumentStore) -> None:
    identity = kept(store)
    file, size = store.open_original(identity)
    store.delete(identity)
    with file:
        assert (len(file.read()), size) == (len(CONTENT), len(CONTENT)), "who has it, has it whole"
    with pytest.raises(NotFound):
        store.open_original(identity)


def test_two_services_do_not_share_a_folder(store: DocumentStore) -> None:
    with pytest.raises(ConfigError, match="another document service"):
        DocumentStore(store.folder).open()


def test_deletion_leaves_nothing(store: DocumentStore) -> None:
    identity = kept(store)
    store.put_page(identity, 1, CONTENT)
    store.delete(identity)
    left = everything(store.folder)
    assert b"canary" not in left
    assert identity.encode() not in left
    with pytest.raises(NotFound):
        store.delete(identity)
    with pytest.raises(NotFound):
        store.get(identity)


def test_nothing_is_written_after_the_deletion(store: DocumentStore) -> None:
    upload = store.take(io.BytesIO(CONTENT))
    store.put(record(upload))
    store.delete(upload.id)
    with pytest.raises(NotFound):
        store.put_page(upload.id, 1, CONTENT)
    with pytest.raises(NotFound):
        store.put(record(upload), CONTENT)
    assert b"canary" not in everything(store.folder)


def test_deleting_while_pages_are_made_leaves_nothing(store: DocumentStore) -> None:
    identity = kept(store)
    refused = threading.Event()

    def make() -> None:
        for number in range(1, 10_000):
            try:
                store.put_page(identity, number, CONTENT)
            except NotFound:
                refused.set()
                return

    making = threading.Thread(target=make)
    making.start()
    store.delete(identity)
    making.join(20)
    assert refused.is_set()
    assert identity.encode() not in everything(store.folder)


def test_page_images_are_bounded_and_the_oldest_go(store: DocumentStore) -> None:
    identity = kept(store)
    for number in range(1, 6):
        store.put_page(identity, number, b"png")
        os.utime(store.folder / identity / "pages" / f"{number}.png", ns=(number, number))
    assert [store.page(identity, number) for number in range(1, 6)] == [None, None, b"png", b"png", b"png"]


def test_what_is_due_is_not_shown_any_more(store: DocumentStore) -> None:
    past = datetime.now(UTC) - timedelta(days=31)
    due = kept(store, created=stamp(past), expires=stamp(past + timedelta(days=30)))
    forever = kept(store, created=stamp(past), expires=None, keep="until_deleted")
    fresh = kept(store)
    assert store.all_due() == [due]
    assert {one.document_id for one in store.all()} == {forever, fresh}
    with pytest.raises(NotFound):
        store.get(due)


def test_a_shorter_retention_holds_for_what_is_there_and_a_longer_one_breaks_no_promise(
    tmp_path: Path,
) -> None:
    store = DocumentStore(tmp_path / "documents")
    store.open()
    now = datetime.now(UTC)
    identity = kept(store, created=stamp(now - timedelta(days=3)), expires=stamp(now + timedelta(days=27)))
    store.retention = timedelta(days=90)
    assert store.get(identity).expires == stamp(now + timedelta(days=27))
    store.retention = timedelta(days=2)
    assert store.all_due() == [identity]
    store.close()


def test_the_original_may_go_before_the_reading(store: DocumentStore) -> None:
    identity = kept(store, keep="no", expires=stamp(datetime.now(UTC) + timedelta(hours=1)))
    store.put_page(identity, 1, CONTENT)
    store.forget_original(identity)
    assert b"canary" not in everything(store.folder)
    assert store.read(identity, READING) == b'{"a": 1}'
    with pytest.raises(NotFound, match="not kept"):
        store.original(identity)


class Full:
    """A file whose reader finds the disk full."""

    def read(self, _size: int) -> bytes:
        raise OSError(28, os.strerror(28))


def test_a_full_disk_is_told_and_leaves_nothing(store: DocumentStore) -> None:
    with pytest.raises(DiskFull):
        store.take(cast(BinaryIO, Full()))
    assert [path.name for path in store.folder.iterdir()] == [".lock"]


def test_a_folder_that_is_gone_is_told(store: DocumentStore) -> None:
    assert store.check() == ""
    (store.folder / ".lock").unlink()
    store.folder.rmdir()
    assert "cannot be written" in store.check() or "No such file" in store.check()
    with pytest.raises(StorageError):
        store.take(io.BytesIO(CONTENT))


@given(st.one_of(st.text(), st.sampled_from(["..", "../x", "", ".lock", "jobs.sqlite", str(uuid.uuid1())])))
def test_no_word_but_an_id_names_anything(word: str) -> None:
    store = DocumentStore(Path("/nonexistent"))
    for ask in (store.get, store.delete, store.original, store.drop, store.forget_original):
        with pytest.raises(NotFound):
            ask(word)


def test_an_id_in_another_spelling_is_none(store: DocumentStore) -> None:
    identity = kept(store)
    for other in (identity.upper(), identity.replace("-", ""), f"{{{identity}}}", f"urn:uuid:{identity}"):
        if other != identity:
            with pytest.raises(NotFound):
                store.get(other)

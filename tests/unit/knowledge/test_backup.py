from __future__ import annotations

import io
import json
import sqlite3
import tarfile
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.errors import ConfigError, StorageError, UsageError
from casewright.knowledge.backup import MANIFEST, backup
from casewright.knowledge.doctor import examine_all
from casewright.knowledge.restore import restore
from casewright.knowledge.store import Library
from casewright.knowledge.store.database import Database
from casewright.knowledge.store.erasures import Erasures, being_made
from unit.knowledge.store.making import STAMP, put, vectors_for


def opened(folder: Path) -> Library:
    library = Library(folder, stamp=STAMP, dense_by="chroma")
    library.open()
    return library


def test_a_backup_of_a_running_service_is_restored_whole(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "saved.tar"
    library = opened(data)
    first = put(library, "smith", 1, extra="uniqueword")
    put(library, "jones", 2)
    spool = data / "knowledge" / "spool"
    spool.mkdir()
    waits = library.register("jones", name="late", media_type="text/plain", sha256="f" * 64, size=9).document
    (spool / f"{waits.id}.1").write_bytes(b"an upload")
    stop = threading.Event()

    def fill() -> None:
        seed = 100
        while not stop.is_set() and seed < 400:
            put(library, "smith", seed)
            seed += 1

    writing = threading.Thread(target=fill)
    writing.start()
    try:
        told = backup(data, file)
    finally:
        stop.set()
        writing.join()
    assert (told.cases, told.waiting) == (2, 1)
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    pending = library.delete_document("smith", first)
    assert [store.store for store in pending.stores if store.outcome == "pending"] == ["backups"]
    library.close()

    there = tmp_path / "there"
    restored = restore(file, there)
    assert (restored.cases, restored.waiting) == (2, 1)
    assert (there / "knowledge" / "spool" / f"{waits.id}.1").read_bytes() == b"an upload"
    again = opened(there)
    again.settled()
    assert examine_all(again) == []
    index = again.reader("smith")
    assert len(index.keyword(["uniqueword"], 5)) == 1
    assert index.dense(vectors_for(3, 1)[1], 1)[0].score > 0.99
    assert {one.id: one.version for one in again.documents("smith") if one.version} == index.documents()
    again.close()

    file.unlink()
    library.open()
    library.retry_erasures()
    assert not library.erasures(pending=True)
    library.close()


def test_neither_a_backup_nor_a_restore_replaces_anything(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "saved.tar"
    with pytest.raises(UsageError):
        backup(data, file)
    library = opened(data)
    put(library, "smith", 1)
    backup(data, file)
    with pytest.raises(UsageError):
        backup(data, file)
    with pytest.raises(ConfigError):
        restore(file, data)
    assert library.reader("smith").size() == 3
    library.close()


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/etc/outside",
        "knowledge/../../outside",
        "knowledge/cases/x/1/text.sqlite",
        "knowledge/cases/../text.sqlite",
        "spool/../../outside",
        "a//b",
        "spool/..",
        "keys.json",
        "state/service-token",
        "knowledge/.lock",
        "knowledge/spool/../keys.json",
        "knowledge/queue/other.sqlite",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    file = tmp_path / "saved.tar"
    content = b"x"
    with tarfile.open(file, "w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    with pytest.raises(StorageError):
        restore(file, tmp_path / "there" / "data")
    assert [
        path for path in tmp_path.rglob("*") if path.is_file() and path.name not in (file.name, ".lock")
    ] == []


def test_links_cuts_and_changes_are_refused(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "saved.tar"
    library = opened(data)
    put(library, "smith", 1)
    library.close()
    backup(data, file)
    whole = file.read_bytes()
    damaged = tmp_path / "damaged.tar"
    for content in (
        whole[: len(whole) // 2],
        whole.replace(b"SQLite format 3", b"SQLite format 4", 1),
        b"",
        b"no tar" * 1000,
        whole[:100],
    ):
        damaged.write_bytes(content)
        with pytest.raises(StorageError):
            restore(damaged, tmp_path / "there")
    with tarfile.open(damaged, "w") as tar:
        link = tarfile.TarInfo("spool/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(StorageError):
        restore(damaged, tmp_path / "there")
    with tarfile.open(damaged, "w") as tar:
        said = json.dumps({"format": 99, "casewright": "9", "members": {}}).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(said)
        tar.addfile(entry, io.BytesIO(said))
    with pytest.raises(ConfigError):
        restore(damaged, tmp_path / "there")
    assert restore(file, tmp_path / "there").documents == 1


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small backup."""
    folder = tmp_path_factory.mktemp("saved")
    library = opened(folder / "data")
    put(library, "smith", 1, chunks=1)
    library.close()
    backup(folder / "data", folder / "saved.tar")
    return folder / "saved.tar"


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_whatever_is_changed_in_a_backup_is_noticed(saved: Path, data: st.DataObject) -> None:
    content = bytearray(saved.read_bytes())
    # the headers of members, and the manifest: SHA-256 watches over the rest
    place = data.draw(st.sampled_from([*range(0, 512), *range(len(content) - 12_000, len(content))]))
    content[place : place + data.draw(st.integers(1, 40))] = data.draw(st.binary(max_size=40))
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "changed.tar"
        changed.write_bytes(content)
        try:
            assert restore(changed, Path(folder) / "there").documents == 1
        except (StorageError, ConfigError):
            left = [path for path in (Path(folder) / "there").rglob("*") if path.is_file()]
            assert [path.name for path in left] == [".lock"]


def test_a_catalogue_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "saved.tar"
    library = opened(data)
    put(library, "smith", 1)
    library.close()
    with closing(sqlite3.connect(data / "knowledge" / "catalogue.sqlite")) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("UPDATE cases SET uuid = '../../elsewhere'")
        connection.commit()
    backup(data, file)
    with pytest.raises(StorageError, match="folder"):
        restore(file, tmp_path / "there")


def test_holes_are_not_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "saved.tar"
    with tarfile.open(file, "w") as tar:
        entry = tarfile.TarInfo("knowledge/queue/backlog.sqlite")
        entry.size = 0
        entry.pax_headers = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.realsize": "1" + "0" * 15,
        }
        tar.addfile(entry, io.BytesIO(b""))
    with pytest.raises(StorageError):
        restore(file, tmp_path / "there")


def test_what_is_erased_while_a_backup_is_made_names_it(tmp_path: Path) -> None:
    library = opened(tmp_path / "data")
    early = put(library, "smith", 1)
    file = tmp_path / "saved.tar"
    library.erased.add_backup(file)
    being_made(file).mkdir()
    late = put(library, "smith", 2)
    for document in (early, late):
        certificate = library.delete_document("smith", document)
        assert [one.store for one in certificate.stores if one.outcome == "pending"] == ["backups"]
    being_made(file).rename(file)
    later = put(library, "smith", 3)
    assert library.delete_document("smith", later).complete
    assert len(library.retry_erasures()) == 2
    assert len(library.erasures(pending=True)) == 2
    file.rmdir()
    library.retry_erasures()
    assert library.erasures(pending=True) == []
    library.close()


def test_what_is_half_erased_when_a_backup_begins_names_it(tmp_path: Path) -> None:
    library = opened(tmp_path / "data")
    document = put(library, "smith", 1)
    with library.opened("smith").index.parts.texts.reading() as connection:
        connection.execute("SELECT count(*) FROM papers").fetchone()
        certificate = library.delete_document("smith", document)
        assert "texts" in [one.store for one in certificate.stores if one.outcome == "pending"]
        file = tmp_path / "saved.tar"
        backup(tmp_path / "data", file)
    library.retry_erasures()
    (pending,) = library.erasures(pending=True)
    assert [one.store for one in pending.stores if one.outcome == "pending"] == ["backups"]
    assert str(file) in next(one.reason for one in pending.stores if one.store == "backups")
    file.unlink()
    library.retry_erasures()
    assert library.erasures(pending=True) == []
    library.close()


def test_a_backup_that_comes_to_nothing_is_forgotten(tmp_path: Path) -> None:
    data = tmp_path / "data"
    library = opened(data)
    put(library, "smith", 1)
    texts = library.opened("smith").index.parts.texts.path
    library.close()
    texts.write_bytes(b"damaged" * 1000)
    with pytest.raises(StorageError):
        backup(data, tmp_path / "saved.tar")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    database = Database(data / "knowledge" / "catalogue.sqlite")
    database.open()
    assert Erasures(database).backups() == []
    database.close()


def test_what_came_too_late_is_left_out_and_what_is_lost_is_told(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "saved.tar"
    library = opened(data)
    spool = data / "knowledge" / "spool"
    spool.mkdir()

    def sent(name: str, sha: str, *, kept: bool) -> str:
        found = library.register(
            "smith", name=name, media_type="text/plain", sha256=sha * 64, size=1
        ).document
        if kept:
            (spool / f"{found.id}.{found.newest}").write_bytes(b"x")
        return found.id

    put(library, "smith", 1, name="known")
    waiting = sent("waiting", "a", kept=True)
    sent("waiting", "b", kept=False)
    sent("known", "c", kept=False)
    sent("late", "d", kept=False)
    old = sent("old", "e", kept=False)
    library.close()
    with closing(sqlite3.connect(data / "knowledge" / "catalogue.sqlite")) as connection:
        connection.execute(
            "UPDATE versions SET created = '2001-01-01T00:00:00.000+00:00' WHERE document = ?", (old,)
        )
        connection.commit()
    assert backup(data, file).waiting == 1
    restore(file, tmp_path / "there")
    library = opened(tmp_path / "there")
    found = {one.name: (one.newest, one.version, one.state) for one in library.documents("smith")}
    assert found == {
        "known": (1, 1, "ready"),
        "waiting": (1, None, "queued"),
        "old": (1, None, "queued"),  # the service finds that its upload is gone, and says so
    }
    assert ("smith", waiting, 1) in library.unfinished()
    library.close()

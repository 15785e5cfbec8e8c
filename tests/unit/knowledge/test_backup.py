from __future__ import annotations

import io
import json
import tarfile
import threading
from pathlib import Path

import pytest

from casewright.errors import ConfigError, StorageError, UsageError
from casewright.knowledge.backup import MANIFEST, backup, restore
from casewright.knowledge.doctor import examine_all
from casewright.knowledge.store import Library
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
    (data / "spool").mkdir()
    (data / "spool" / "waiting.1").write_bytes(b"an upload")
    stop = threading.Event()

    def fill() -> None:
        seed = 100
        while not stop.is_set() and seed < 400:
            put(library, "smith", seed)
            seed += 1

    writing = threading.Thread(target=fill)
    writing.start()
    try:
        told = backup(data, file, extras=[Path("spool")])
    finally:
        stop.set()
        writing.join()
    assert told.cases == 2
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    pending = library.delete_document("smith", first)
    assert [store.store for store in pending.stores if store.outcome == "pending"] == ["backups"]
    library.close()

    there = tmp_path / "there"
    restored = restore(file, there)
    assert restored.cases == 2
    assert (there / "spool" / "waiting.1").read_bytes() == b"an upload"
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

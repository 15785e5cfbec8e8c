"""A backup of every case in one file, of a service that runs or not; ``restore.py`` puts it back.

The file is a tar: the uploads that wait to be read with their line, each case's texts, the catalogue, and
``manifest.json`` (version, moment, each member's size and SHA-256). Chroma's copies are left out: they are
made again from the texts. Each database is copied as it is at one moment (SQLite's own online backup).

The order makes it consistent. An upload is in its folder until its document is in the texts; so with uploads
copied first, texts then and the catalogue last, what was acknowledged before the backup began is in one of
them. What came while it was made may be in the catalogue alone; a restore takes that out again.

The catalogue knows of the backup from before it begins, so whatever is erased meanwhile or later names it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from casewright import __version__
from casewright.disk import sync_folder, told
from casewright.errors import StorageError, UsageError
from casewright.knowledge.ingest.backlog import FILE as BACKLOG
from casewright.knowledge.ingest.live import key_of
from casewright.knowledge.store.database import FILE as CATALOGUE
from casewright.knowledge.store.database import Database
from casewright.knowledge.store.erasures import Erasures, being_made
from casewright.knowledge.store.library import CASES, FOLDER
from casewright.knowledge.store.texts import FILE as TEXTS
from casewright.knowledge.store.texts import refused as by_sqlite
from casewright.knowledge.store.values import UNFINISHED

FORMAT = 1
MANIFEST = "manifest.json"
CATALOGUE_MEMBER = f"{FOLDER}/{CATALOGUE}"
# Where the service keeps what waits to be read, below its folder.
SPOOL, QUEUE = "spool", "queue"
UPLOAD = re.compile(r"[0-9a-f-]{32,36}(\.[0-9]{1,9})?")
_BLOCK = 1024 * 1024
# So often a case may be made anew (and so be elsewhere) while one backup is made.
_ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Told:
    """What was saved or restored: cases, their documents that can be found, uploads that wait to be read,
    and the bytes of it.
    """

    cases: int
    documents: int
    waiting: int
    size: int


def backup(data_dir: Path, file: Path) -> Told:
    """Save every case to ``file``, which appears whole or not at all.

    Raises:
        UsageError: the file exists already, or there is nothing to save.
        DiskFull, StorageError: it cannot be written, or a case cannot be read.
    """
    file = file.absolute()
    if file.exists():
        raise UsageError(f"{file} exists", hint="name a file that does not: a backup never replaces another")
    if not (data_dir / CATALOGUE_MEMBER).is_file():
        raise UsageError(f"{data_dir} holds no cases", hint="set CASEWRIGHT_DATA to the service's directory")
    database, part = Database(data_dir / CATALOGUE_MEMBER), being_made(file)
    with told(file):
        if not file.parent.is_dir():
            raise UsageError(f"there is no folder {file.parent}", hint="make it, or name another")
        database.open()
        try:
            began = Erasures(database).add_backup(file)
            try:
                shutil.rmtree(part, ignore_errors=True)  # of one that was killed
                part.mkdir(mode=0o700)
                said = _Members(data_dir, part).write(began)
                os.replace(part / "tar", file)  # noqa: PTH105 - told() is about this file
            except BaseException:
                shutil.rmtree(part, ignore_errors=True)
                Erasures(database).drop_backup(file)
                raise
            part.rmdir()
            sync_folder(file.parent)
        finally:
            database.close()
    return said


class _Members:
    """The tar while it is written; copies of databases lie beside it until they are in it."""

    def __init__(self, data_dir: Path, folder: Path) -> None:
        self._data_dir = data_dir
        self._folder = folder
        self._listed: dict[str, dict[str, int | str]] = {}
        self._waiting: set[str] = set()

    def write(self, began: str) -> Told:
        """The whole file."""
        path = self._folder / "tar"
        with path.open("xb") as out, tarfile.open(fileobj=out, mode="w") as tar:
            path.chmod(0o600)
            self._uploads(tar)
            catalogue = self._texts(tar)
            with closing(sqlite3.connect(catalogue)) as copy:
                cases = copy.execute("SELECT count(*) FROM cases").fetchone()[0]
                found = copy.execute("SELECT count(*) FROM documents WHERE shown IS NOT NULL").fetchone()[0]
                states = copy.execute("SELECT document, version, state FROM versions").fetchall()
            self._file(tar, catalogue, CATALOGUE_MEMBER)
            catalogue.unlink()
            manifest = {"format": FORMAT, "casewright": __version__, "began": began, "members": self._listed}
            _add(tar, MANIFEST, io.BytesIO(text := json.dumps(manifest, indent=1).encode()), len(text))
            tar.close()
            out.flush()
            os.fsync(out.fileno())
        due = {key_of(document, version) for document, version, state in states if state in UNFINISHED}
        return Told(cases, found, len(due & self._waiting), path.stat().st_size)

    def _uploads(self, tar: tarfile.TarFile) -> None:
        """What waits, then the line that it waits in: the line is made again from the catalogue where it
        lacks something.
        """
        spool, queue = (self._data_dir / FOLDER / name for name in (SPOOL, QUEUE))
        for path in sorted(spool.iterdir()) if spool.is_dir() else ():
            if UPLOAD.fullmatch(path.name) and self._kept(tar, path):
                self._waiting.add(path.name)
        if (queue / BACKLOG).is_file():
            self._database(tar, queue / BACKLOG)
        for path in sorted(queue.glob("originals/*.json")):
            self._kept(tar, path)

    def _texts(self, tar: tarfile.TarFile) -> Path:
        """Each case's texts, then a copy of the catalogue. A case may be made anew meanwhile, and lies
        elsewhere then.
        """
        copy = self._folder / "catalogue"
        root = self._data_dir / FOLDER / CASES
        first: set[str] | None = None
        before: list[Path] | None = None
        for _ in range(_ROUNDS):
            self._copied(self._data_dir / CATALOGUE_MEMBER, copy)
            with closing(sqlite3.connect(copy)) as catalogue:
                places = catalogue.execute("SELECT uuid, generation FROM cases ORDER BY uuid").fetchall()
            first = {uuid for uuid, _ in places} if first is None else first
            # cases that came meanwhile need no copy
            paths = [root / uuid / str(generation) / TEXTS for uuid, generation in places if uuid in first]
            due = [path for path in paths if self._name(path) not in self._listed]
            # one whose file is not where it was said to be twice has none: it is just being made or deleted
            if not due or (due == before and not any(path.is_file() for path in due)):
                return copy
            for path in due:
                self._database(tar, path)
            before = due
        raise StorageError(
            "cases are made anew all the time", hint="repeat it when casewright reindex is done"
        )

    def _kept(self, tar: tarfile.TarFile, path: Path) -> bool:
        """A file into the tar; one that is gone meanwhile is in the texts, or erased."""
        try:
            self._file(tar, path, self._name(path))
        except FileNotFoundError:
            return False
        return True

    def _database(self, tar: tarfile.TarFile, path: Path) -> None:
        """A database into the tar; that of a case that went or was made anew meanwhile is left out."""
        copy = self._folder / "copy"
        try:
            self._copied(path, copy)
        except StorageError:
            if path.is_file():
                raise
            return
        self._file(tar, copy, self._name(path))
        copy.unlink()

    def _copied(self, path: Path, copy: Path) -> None:
        copy.unlink(missing_ok=True)
        try:
            with (
                closing(
                    sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30.0)
                ) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
                # a copy has no log of its own beside it
                target.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise by_sqlite(path, error) from error

    def _file(self, tar: tarfile.TarFile, path: Path, name: str) -> None:
        with path.open("rb") as content:
            size = os.fstat(content.fileno()).st_size
            digest = hashlib.sha256()
            for block in _blocks(content):
                digest.update(block)
            content.seek(0)
            _add(tar, name, content, size)
        self._listed[name] = {"size": size, "sha256": digest.hexdigest()}

    def _name(self, path: Path) -> str:
        return path.relative_to(self._data_dir).as_posix()


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    tar.addfile(entry, content)


def _blocks(content: IO[bytes]) -> Iterator[bytes]:
    yield from iter(lambda: content.read(_BLOCK), b"")

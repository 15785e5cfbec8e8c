"""A backup of every case in one file, of a service that runs or not; and restoring it into an empty data
directory.

The file is a tar: ``manifest.json`` (version, moment, each member's size and SHA-256), the catalogue, each
case's texts, and the uploads that were not read yet where they are named. Chroma's copies are left out: they
are made again from the texts. Each database is copied as it is at one moment (SQLite's own online backup);
the texts first, the catalogue last, and at the next start the catalogue is made to follow the texts. So
everything that was found before the backup began is found after a restore, and a document that arrived or
went meanwhile is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from casewright import __version__
from casewright.disk import own_folder, refused, sync_folder, told
from casewright.errors import CasewrightError, ConfigError, DiskFull, StorageError, UsageError
from casewright.knowledge.store.catalogue import Catalogue
from casewright.knowledge.store.database import FILE as CATALOGUE
from casewright.knowledge.store.database import Database
from casewright.knowledge.store.erasures import Erasures
from casewright.knowledge.store.library import CASES, FOLDER
from casewright.knowledge.store.lock import FolderLock
from casewright.knowledge.store.texts import FILE as TEXTS
from casewright.knowledge.store.texts import refused as by_sqlite
from casewright.knowledge.store.values import UNFINISHED

FORMAT = 1
MANIFEST = "manifest.json"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# A restore writes no other names, whatever a file says.
_TEXTS_MEMBER = re.compile(rf"{FOLDER}/{CASES}/{_UUID}/[1-9]\d{{0,8}}/{re.escape(TEXTS)}")
_EXTRA_MEMBER = re.compile(r"[A-Za-z0-9][\w.-]{0,99}(/[A-Za-z0-9][\w.-]{0,199}){1,4}")
_MOST_MANIFEST = 64 * 1024 * 1024
_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Told:
    """What was saved or restored: cases, their documents that can be found, and the bytes of it."""

    cases: int
    documents: int
    size: int


def backup(data_dir: Path, file: Path, *, extras: Sequence[Path] = ()) -> Told:
    """Save every case to ``file``, which appears whole or not at all. ``extras`` are further files or folders
    of the data directory (a queue, its uploads); databases among them are copied as such.

    Raises:
        UsageError: the file exists already, or there is nothing to save.
        DiskFull, StorageError: it cannot be written, or a case cannot be read.
    """
    if file.exists():
        raise UsageError(f"{file} exists", hint="name a file that does not: a backup never replaces another")
    if not (data_dir / FOLDER / CATALOGUE).is_file():
        raise UsageError(f"{data_dir} holds no cases", hint="set CASEWRIGHT_DATA to the service's directory")
    database = Database(data_dir / FOLDER / CATALOGUE)
    with told(file), tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
        database.open()
        try:
            members = _Members(Path(folder), file.with_name(f".{file.name}.part"))
            try:
                said = members.write(data_dir, Catalogue(database), extras)
                os.replace(members.part, file)  # noqa: PTH105 - told() is about this file
            finally:
                members.part.unlink(missing_ok=True)
            sync_folder(file.parent)
            Erasures(database).add_backup(file.resolve())
        finally:
            database.close()
    return said


def restore(file: Path, data_dir: Path) -> Told:
    """Put a backup into a data directory that holds no cases. Everything is checked before anything is used.

    Raises:
        ConfigError: there are cases already, a service has the directory, or a newer Casewright made the
        file. StorageError: the file is damaged, or is no backup; or it cannot be written.
    """
    root = data_dir / FOLDER
    if (root / CATALOGUE).exists() or any((root / CASES).glob("*")):
        raise ConfigError(f"{data_dir} holds cases already", hint="restore into an empty directory")
    lock = FolderLock(root)
    lock.take()
    try:
        with told(file), tempfile.TemporaryDirectory(dir=data_dir, prefix=".restore-") as folder:
            manifest = _unpack(file, Path(folder))
            for name in sorted(manifest, key=lambda name: name == f"{FOLDER}/{CATALOGUE}"):
                # the catalogue last: without it nothing is there
                target = data_dir / name
                own_folder(target.parent)
                (Path(folder) / name).replace(target)
                sync_folder(target.parent)
    finally:
        lock.give_back()
    return _opened(data_dir, sum(size for size, _ in manifest.values()))


class _Members:
    """The tar while it is written: copies of databases lie in ``folder`` until they are in it."""

    def __init__(self, folder: Path, part: Path) -> None:
        self._folder = folder
        self.part = part
        self._listed: dict[str, dict[str, Any]] = {}

    def write(self, data_dir: Path, catalogue: Catalogue, extras: Sequence[Path]) -> Told:
        self.part.unlink(missing_ok=True)
        with self.part.open("xb") as out, tarfile.open(fileobj=out, mode="w") as tar:
            self.part.chmod(0o600)
            places = catalogue.places()
            for _, uuid, generation, _ in places:
                inside = f"{FOLDER}/{CASES}/{uuid}/{generation}/{TEXTS}"
                if (data_dir / inside).is_file():  # deleted meanwhile, or made and never written to
                    self._database(tar, data_dir / inside, inside)
            for extra in extras:
                for path in sorted(_files(data_dir / extra)):
                    self._any(tar, path, path.relative_to(data_dir).as_posix())
            self._database(tar, data_dir / FOLDER / CATALOGUE, f"{FOLDER}/{CATALOGUE}")
            manifest = {"format": FORMAT, "casewright": __version__, "members": self._listed}
            _add(tar, MANIFEST, io.BytesIO(text := json.dumps(manifest, indent=1).encode()), len(text))
            tar.close()
            out.flush()
            os.fsync(out.fileno())
        found = sum(
            record.version is not None for name, *_ in places for record in _documents(catalogue, name)
        )
        return Told(len(places), found, self.part.stat().st_size)

    def _any(self, tar: tarfile.TarFile, path: Path, name: str) -> None:
        if not _EXTRA_MEMBER.fullmatch(name) or path.is_symlink():
            return
        try:
            with path.open("rb") as content:
                is_database = content.read(16) == b"SQLite format 3\0"
        except FileNotFoundError:  # an upload that was read meanwhile
            return
        if is_database:
            self._database(tar, path, name)
        elif not name.endswith(("-wal", "-shm")):
            self._file(tar, path, name)

    def _database(self, tar: tarfile.TarFile, path: Path, name: str) -> None:
        copy = self._folder / "copy.sqlite"
        try:
            with (
                closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30.0)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
                # a copy has no log of its own beside it
                target.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise by_sqlite(path, error) from error
        self._file(tar, copy, name)
        copy.unlink()

    def _file(self, tar: tarfile.TarFile, path: Path, name: str) -> None:
        with path.open("rb") as content:
            size = os.fstat(content.fileno()).st_size
            digest = hashlib.sha256()
            for block in iter(lambda: content.read(_BLOCK), b""):
                digest.update(block)
            content.seek(0)
            _add(tar, name, content, size)
        self._listed[name] = {"size": size, "sha256": digest.hexdigest()}


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    tar.addfile(entry, content)


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    elif place.is_dir():
        yield from (path for path in place.rglob("*") if path.is_file())


def _documents(catalogue: Catalogue, name: str) -> list[Any]:
    try:
        return list(catalogue.all(name))
    except CasewrightError:  # the case was deleted meanwhile
        return []


def _unpack(file: Path, folder: Path) -> dict[str, tuple[int, str]]:
    """Every member to ``folder``, checked against the manifest. No name that we would not write is taken."""
    found: dict[str, tuple[int, str]] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(file, mode="r:") as tar:
            for entry in tar:
                content = tar.extractfile(entry) if entry.isreg() else None
                if content is None:
                    raise _damaged(file, f"{entry.name!r} is no plain file")
                if entry.name == MANIFEST and entry.size <= _MOST_MANIFEST:
                    manifest = json.loads(content.read())
                    continue
                if not _allowed(entry.name) or entry.name in found:
                    raise _damaged(file, f"{entry.name!r} has no place in a backup")
                found[entry.name] = _written(folder / entry.name, content)
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise _damaged(file, str(error)) from error
    _check(file, found, manifest)
    return found


def _allowed(name: str) -> bool:
    if name == f"{FOLDER}/{CATALOGUE}" or _TEXTS_MEMBER.fullmatch(name):
        return True
    return not name.startswith(f"{FOLDER}/{CASES}/") and bool(_EXTRA_MEMBER.fullmatch(name))


def _written(path: Path, content: IO[bytes]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    try:
        own_folder(path.parent)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            while block := content.read(_BLOCK):
                out.write(block)
                digest.update(block)
                size += len(block)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise refused(path, error) from error
    return size, digest.hexdigest()


def _check(file: Path, found: dict[str, tuple[int, str]], manifest: dict[str, Any] | None) -> None:
    if not isinstance(manifest, dict) or not isinstance(manifest.get("members"), dict):
        raise _damaged(file, "it has no manifest: it is no backup, or was cut short")
    if manifest.get("format") != FORMAT:
        raise ConfigError(
            f"{file} was made by Casewright {manifest.get('casewright')} in format {manifest.get('format')}",
            hint="restore it with that version",
        )
    said = {
        name: (one.get("size"), one.get("sha256"))
        for name, one in manifest["members"].items()
        if isinstance(one, dict)
    }
    if said != found:
        wrong = sorted(name for name in said.keys() | found.keys() if said.get(name) != found.get(name))
        raise _damaged(file, f"{wrong[0]} is not what the manifest says")
    if f"{FOLDER}/{CATALOGUE}" not in found:
        raise _damaged(file, "the catalogue is missing")


def _damaged(file: Path, why: str) -> StorageError:
    return StorageError(f"{file} cannot be restored: {why}", hint="use another backup; nothing was changed")


def _opened(data_dir: Path, size: int) -> Told:
    """Look at each case at the next start as after a crash: the catalogue follows the texts."""
    database = Database(data_dir / FOLDER / CATALOGUE)
    database.open()
    try:
        catalogue = Catalogue(database)
        for _, uuid, _, _ in catalogue.places():
            catalogue.mark(uuid, dirty=True)
        records = catalogue.records()
        found = sum(
            1
            for record in records
            for one in catalogue.all(record.id)
            if one.version is not None and one.state not in UNFINISHED
        )
        return Told(len(records), found, size)
    finally:
        database.close()


__all__ = ["DiskFull", "Told", "backup", "restore"]

"""A backup put into a data directory that holds no cases. What is in the file is not trusted.

Everything is unpacked beside, checked and brought to agree there, and only then put into place, the catalogue
last; so a file that is cut, damaged or no backup changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import tarfile
import tempfile
from collections import defaultdict
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from casewright.disk import own_folder, refused, sync_folder, told
from casewright.errors import ConfigError, StorageError
from casewright.knowledge.backup import (
    CATALOGUE_MEMBER,
    FORMAT,
    MANIFEST,
    QUEUE,
    SPOOL,
    UPLOAD,
    Told,
)
from casewright.knowledge.ingest.backlog import FILE as BACKLOG
from casewright.knowledge.store import Library
from casewright.knowledge.store.catalogue import Catalogue
from casewright.knowledge.store.database import FILE as CATALOGUE
from casewright.knowledge.store.database import Database
from casewright.knowledge.store.library import CASES, FOLDER
from casewright.knowledge.store.lock import FILE as LOCK
from casewright.knowledge.store.lock import FolderLock
from casewright.knowledge.store.rewinding import Left, rewind
from casewright.knowledge.store.texts import FILE as TEXTS

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# A restore writes no other names, whatever a file says.
_MEMBER = re.compile(
    "|".join(
        (
            re.escape(CATALOGUE_MEMBER),
            rf"{FOLDER}/{CASES}/{_UUID}/[1-9]\d{{0,8}}/{re.escape(TEXTS)}",
            rf"{FOLDER}/{SPOOL}/{UPLOAD.pattern}",
            rf"{FOLDER}/{QUEUE}/{re.escape(BACKLOG)}",
            rf"{FOLDER}/{QUEUE}/originals/[0-9a-f]{{32}}\.json",
        )
    )
)
_MOST_MANIFEST = 64 * 1024 * 1024
_BLOCK = 1024 * 1024
# What is in the catalogue may have to wait so long for the answer that it is safe.
_UNANSWERED = timedelta(seconds=60)


def restore(file: Path, data_dir: Path) -> Told:
    """Put a backup into a data directory that holds no cases.

    Raises:
        ConfigError: there are cases already, a service has the directory, or a newer Casewright made the
        file. StorageError: the file is damaged, or is no backup; or it cannot be written.
    """
    root = data_dir / FOLDER
    if root.is_dir() and any(path.name != LOCK for path in root.iterdir()):
        raise ConfigError(f"{data_dir} holds cases already", hint="restore into an empty directory")
    with told(file):
        size = file.stat().st_size
    lock = FolderLock(root)
    lock.take()
    try:
        with told(data_dir), tempfile.TemporaryDirectory(dir=data_dir, prefix=".restore-") as folder:
            fresh = Path(folder)
            began = _unpacked(file, fresh)
            said = _agreed(file, fresh, began)
            for path in sorted((fresh / FOLDER).iterdir(), key=lambda path: path.name == CATALOGUE):
                # the catalogue last: without it nothing is there
                if path.name != LOCK:
                    path.rename(root / path.name)
            sync_folder(root)
    finally:
        lock.give_back()
    return Told(*said, size)


def _unpacked(file: Path, folder: Path) -> str:
    """Every member to ``folder``, checked against the manifest; the moment at which the backup began."""
    found: dict[str, tuple[int, str]] = {}
    manifest: Any = None
    with told(file):
        size = file.stat().st_size
        content = file.open("rb")
    with content:
        try:
            with tarfile.open(fileobj=content, mode="r:") as tar:
                for entry in tar:
                    inside = tar.extractfile(entry) if entry.isreg() and not entry.issparse() else None
                    if inside is None or entry.size > size:
                        raise _damaged(file, f"{entry.name!r} is no plain file")
                    if entry.name == MANIFEST and entry.size <= _MOST_MANIFEST and manifest is None:
                        manifest = json.loads(inside.read())
                    elif _MEMBER.fullmatch(entry.name) and entry.name not in found:
                        found[entry.name] = _written(folder / entry.name, inside)
                    else:
                        raise _damaged(file, f"{entry.name!r} has no place in a backup")
        except (tarfile.TarError, ValueError, EOFError, OverflowError, RecursionError) as error:
            raise _damaged(file, str(error) or type(error).__name__) from error
    return _checked(file, found, manifest)


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
        sync_folder(path.parent)
    except OSError as error:
        raise refused(path, error) from error
    return size, digest.hexdigest()


def _checked(file: Path, found: dict[str, tuple[int, str]], manifest: Any) -> str:
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
    if CATALOGUE_MEMBER not in found or not isinstance(manifest.get("began"), str):
        raise _damaged(file, "the catalogue or the moment is missing")
    return str(manifest["began"])


def _agreed(file: Path, folder: Path, began: str) -> tuple[int, int, int]:
    """Have the stores agree, as after a crash, with what came while the backup was made left out: cases,
    documents that can be found, and documents that wait.
    """
    _places(file, folder)
    try:
        since = (datetime.fromisoformat(began) - _UNANSWERED).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError) as error:
        raise _damaged(file, f"{began!r} is no moment") from error
    database = Database(folder / CATALOGUE_MEMBER)
    database.open()
    try:
        catalogue = Catalogue(database)
        places = catalogue.places()
        for _, uuid, _, _ in places:
            catalogue.mark(uuid, dirty=True)
        failed = {
            (one.id, one.newest)
            for name, *_ in places
            for one in catalogue.all(name)
            if one.state == "failed"
        }
    finally:
        database.close()
    uploads: dict[str, set[int]] = defaultdict(set)
    spool = folder / FOLDER / SPOOL
    for path in spool.iterdir() if spool.is_dir() else ():
        document, _, version = path.name.partition(".")
        uploads[document] |= {int(version)} if version else set()
    # nobody searches here: nothing is put into Chroma before the service does it
    library = Library(folder, dense_by="exact")
    library.database.open()
    try:
        library.recover()
        for _, uuid, _, _ in library.catalogue.places():
            rewind(library.database, uuid, Left(since, uploads, failed))
        records = [one for case in library.cases() for one in library.documents(case.id)]
        waiting = len(library.unfinished())
        return len(library.cases()), sum(one.version is not None for one in records), waiting
    finally:
        library.close()


def _places(file: Path, folder: Path) -> None:
    """Folders are named by the catalogue: nothing that leads elsewhere is one."""
    try:
        with closing(sqlite3.connect(folder / CATALOGUE_MEMBER)) as catalogue:
            if catalogue.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise _damaged(file, "its catalogue is damaged")
            places = catalogue.execute("SELECT uuid, generation FROM cases").fetchall()
    except sqlite3.Error as error:
        raise _damaged(file, f"its catalogue cannot be read: {error}") from error
    for uuid, generation in places:
        if not isinstance(uuid, str) or not re.fullmatch(_UUID, uuid) or not isinstance(generation, int):
            raise _damaged(file, "its catalogue names a folder that is none")
        if not 0 < generation < 10**9:
            raise _damaged(file, "its catalogue names a folder that is none")


def _damaged(file: Path, why: str) -> StorageError:
    return StorageError(f"{file} cannot be restored: {why}", hint="use another backup; nothing was changed")

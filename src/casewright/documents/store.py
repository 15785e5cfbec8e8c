"""The originals: each file in a folder of its own, with what was read of it, until it is due or deleted.

::

    documents/
      jobs.sqlite            what is to be read (documents.jobs)
      <uuid4>/original       the bytes as they came; readable by their owner only, like everything here
              document.json  what it is; written last, so a folder without it is half an upload
              reading.json   what was read of it
              descriptions.json
              pages/1.png    pages as they look, made when they are asked for

One process owns the folder (a lock says so). Ids are random; what a caller sends is an id only if it parses
as one, so no word of a caller's becomes a path. Nothing is written into a folder after its deletion.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import shutil
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from casewright.api.documents import StoredDocument
from casewright.disk import own_folder, refused, sync_folder, told, trouble
from casewright.errors import ConfigError, NotFound, StorageError
from casewright.files import replace_file

log = logging.getLogger(__name__)

COPY_BYTES = 1024 * 1024
RECORD, ORIGINAL, READING, DESCRIPTIONS, PAGES = (
    "document.json",
    "original",
    "reading.json",
    "descriptions.json",
    "pages",
)
LOCK = ".lock"
GONE = ".gone-"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that lies in its folder and is not in the catalogue yet."""

    id: str
    path: Path
    size_bytes: int
    sha256: str


class DocumentStore:
    """The folder of originals. Every method may be called from any thread, after ``open``.

    ``retention`` is how long a document is kept that nobody said otherwise of; ``page_images`` of a
    document are kept beside it at most, the oldest go first.
    """

    def __init__(
        self, folder: Path, *, retention: timedelta = timedelta(days=30), page_images: int = 60
    ) -> None:
        self.folder = folder
        self.retention = retention
        self.page_images = page_images
        self.unreadable = 0
        self._records: dict[str, StoredDocument] = {}
        self._guard = threading.RLock()
        self._lock: int | None = None

    def open(self) -> None:
        """Take the folder, read its catalogue, and remove what a crash left half done.

        Raises:
            ConfigError: another process has it.
            StorageError: it cannot be used.
        """
        self._reserve()
        try:
            with told(self.folder):
                for entry in sorted(self.folder.iterdir()):
                    if entry.name.startswith(GONE):
                        shutil.rmtree(entry, ignore_errors=True)
                    elif _parsed(entry.name) is not None and entry.is_dir():
                        self._load(entry)
        except StorageError:
            self.close()
            raise

    def try_out(self, also: Callable[[], None] = lambda: None) -> None:
        """Find out, before anything is served, whether ``open`` will get the folder.

        ``also`` is tried while it is ours.

        Raises:
            ConfigError: another process has it.
            StorageError: it cannot be used.
        """
        self._reserve()
        try:
            also()
        finally:
            self.close()

    def close(self) -> None:
        """Give the folder back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def check(self) -> str:
        """Why nothing could be kept now; empty where it could."""
        return trouble(self.folder)

    def take(self, content: BinaryIO) -> Upload:
        """Write an upload to its folder; on disk (fsync) when this returns.

        Raises:
            DiskFull: there is no space for it.
            StorageError: it cannot be written.
        """
        identity = str(uuid.uuid4())
        path = self.folder / identity / ORIGINAL
        digest, size = hashlib.sha256(), 0
        try:
            with told(path):
                path.parent.mkdir(mode=0o700)
                with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                    while block := content.read(COPY_BYTES):
                        file.write(block)
                        digest.update(block)
                        size += len(block)
                    file.flush()
                    os.fsync(file.fileno())
                sync_folder(path.parent)
                sync_folder(self.folder)
        except BaseException:
            self.drop(identity)
            raise
        return Upload(identity, path, size, digest.hexdigest())

    def drop(self, identity: str) -> None:
        """Remove an upload that was not put into the catalogue."""
        shutil.rmtree(self.folder / _known(identity), ignore_errors=True)

    def discard(self, identity: str) -> None:
        """Remove an upload, whether it came into the catalogue or not."""
        with self._guard:
            self._records.pop(_known(identity), None)
            self.drop(identity)

    def put(
        self, record: StoredDocument, reading: bytes | None = None, descriptions: bytes | None = None
    ) -> None:
        """Put an upload into the catalogue, or its newer record in the place of the old one.

        Raises:
            NotFound: it was deleted meanwhile.
            StorageError: it cannot be written.
        """
        place = self.folder / _known(record.document_id)
        with self._guard:
            if not place.is_dir():
                raise gone(record.document_id)
            if reading is not None:
                replace_file(place / READING, reading, mode=0o600)
            if descriptions is not None:
                replace_file(place / DESCRIPTIONS, descriptions, mode=0o600)
            replace_file(place / RECORD, record.model_dump_json(indent=1).encode(), mode=0o600)
            self._records[record.document_id] = record

    def get(self, identity: str) -> StoredDocument:
        """What is known of a document.

        Raises:
            NotFound: there is none of that id, or it is due.
        """
        parsed = _parsed(identity)
        record = self._records.get(parsed) if parsed is not None else None
        if record is None or self.due(record):
            raise gone(identity)
        return self._shown(record)

    def all(self) -> list[StoredDocument]:
        """Every document, newest first."""
        with self._guard:
            records = [record for record in self._records.values() if not self.due(record)]
        return sorted(map(self._shown, records), key=lambda one: (one.created, one.document_id), reverse=True)

    def original(self, identity: str) -> Path:
        """Where a document's bytes are.

        Raises:
            NotFound: they are not kept.
        """
        path = self.folder / self.get(identity).document_id / ORIGINAL
        if not path.is_file():
            raise NotFound(
                "the original of this document is not kept", hint="send it with keep=default to have it kept"
            )
        return path

    def open_original(self, identity: str) -> tuple[BinaryIO, int]:
        """A document's bytes, open, and how many they are; to be read whole even if it is deleted now.

        Raises:
            NotFound: they are not kept, or not any more.
            StorageError: they cannot be read.
        """
        path = self.original(identity)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise gone(identity) from None
        except OSError as error:
            raise refused(path, error) from error
        return file, os.fstat(file.fileno()).st_size

    def holds(self, identity: str) -> bool:
        """Whether there is anything of a document, be it due or unreadable."""
        return (self.folder / _known(identity)).is_dir()

    def forget_original(self, identity: str) -> None:
        """Remove a document's bytes and page images; what was read of it stays."""
        place = self.folder / _known(identity)
        with self._guard, told(place):
            (place / ORIGINAL).unlink(missing_ok=True)
            shutil.rmtree(place / PAGES, ignore_errors=True)
            if place.is_dir():
                sync_folder(place)

    def read(self, identity: str, name: str) -> bytes | None:
        """One of a document's files (``READING``, ``DESCRIPTIONS``); None where there is none."""
        return self._content(self.folder / self.get(identity).document_id / name)

    def page(self, identity: str, number: int) -> bytes | None:
        """A page's image, if it is kept."""
        return self._content(self.folder / self.get(identity).document_id / PAGES / f"{int(number)}.png")

    def put_page(self, identity: str, number: int, image: bytes) -> None:
        """Keep a page's image for the next time; beyond the bound the oldest of the document go.

        Raises:
            NotFound: the document was deleted meanwhile.
            StorageError: it cannot be written.
        """
        place = self.folder / _known(identity)
        with self._guard, told(place):
            if not place.is_dir():
                raise gone(identity)
            (place / PAGES).mkdir(mode=0o700, exist_ok=True)
            replace_file(place / PAGES / f"{int(number)}.png", image, mode=0o600)
            kept = sorted((place / PAGES).glob("*.png"), key=lambda path: path.stat().st_mtime_ns)
            for path in kept[: max(0, len(kept) - self.page_images)]:
                path.unlink(missing_ok=True)

    def delete(self, identity: str) -> None:
        """Remove everything of a document.

        Raises:
            NotFound: there is none of that id.
            StorageError: it cannot be removed; then it is still there.
        """
        parsed = _parsed(identity)
        with self._guard:
            if parsed is None or parsed not in self._records:
                raise gone(identity)
            place, aside = self.folder / parsed, self.folder / f"{GONE}{parsed}"
            with told(place):
                if place.is_dir():
                    place.rename(aside)
                    sync_folder(self.folder)
            del self._records[parsed]
        with told(aside):
            shutil.rmtree(aside)
            sync_folder(self.folder)

    def due(self, record: StoredDocument, now: datetime | None = None) -> bool:
        """Whether a document's time is over."""
        until = self._until(record)
        return until is not None and until <= (now or datetime.now(UTC))

    def all_due(self) -> list[str]:
        """The ids of those whose time is over."""
        with self._guard:
            return [identity for identity, record in self._records.items() if self.due(record)]

    def _until(self, record: StoredDocument) -> datetime | None:
        """A shorter retention holds for what is there already; a longer one breaks no promise."""
        if record.keep == "until_deleted" or record.expires is None:
            return None
        said = datetime.fromisoformat(record.expires)
        if record.keep == "no":
            return said
        return min(said, datetime.fromisoformat(record.created) + self.retention)

    def _shown(self, record: StoredDocument) -> StoredDocument:
        until = self._until(record)
        return record.model_copy(update={"expires": None if until is None else stamp(until)})

    def _reserve(self) -> None:
        own_folder(self.folder)
        with told(self.folder):
            self._take()

    def _take(self) -> None:
        handle = os.open(self.folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise ConfigError(
                f"another document service has {self.folder}",
                hint="stop that one, or give this one a CASEWRIGHT_DATA of its own",
            ) from error
        self._lock = handle

    def _load(self, place: Path) -> None:
        try:
            record = StoredDocument.model_validate_json((place / RECORD).read_bytes())
            if record.document_id != place.name:
                raise ValueError("it is of another document")
            for stray in [*place.glob(".*"), *(place / PAGES).glob(".*")]:
                stray.unlink(missing_ok=True)
        except FileNotFoundError:
            log.warning("half an upload was left by a crash and is removed: %s", place.name)
            shutil.rmtree(place, ignore_errors=True)
        except (ValueError, OSError) as error:
            # perhaps another version's, or another user's: whoever runs this has to look, nothing is thrown
            # away, and the other documents are there all the same
            why = error.strerror if isinstance(error, OSError) else "it is not what is written here"
            log.error("document %s cannot be read: %s", place.name, why)
            self.unreadable += 1
        else:
            self._records[place.name] = record

    def _content(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise refused(path, error) from error


def stamp(moment: datetime) -> str:
    """A time as it is written down: UTC, ISO 8601, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def gone(identity: str) -> NotFound:
    """The error for an id that names nothing, whatever it looks like."""
    shown = _parsed(identity)
    what = f"there is no document {shown}" if shown else "there is no document of that id"
    return NotFound(what, hint="it was deleted, its time was over, or it never was")


def _parsed(identity: str) -> str | None:
    """The id in its one spelling, if it is one of ours."""
    try:
        found = uuid.UUID(identity)
    except ValueError:
        return None
    return identity if found.version == 4 and str(found) == identity else None


def _known(identity: str) -> str:
    parsed = _parsed(identity)
    if parsed is None:
        raise gone(identity)
    return parsed

"""API keys: random, kept as hashes, scoped, revocable, in one atomically replaced file that services watch.

A key is ``cw_ID_SECRET`` with 256 random bits in SECRET, so an unsalted SHA-256 is enough to keep: there is
nothing to guess. The file holds no secret. Beside the keys there is one service token, which the stack's own
processes of the same user show to each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from pydantic import ValidationError

from casewright.api.contract import Contract
from casewright.errors import StorageError, UsageError
from casewright.files import create_file, replace_file

Scope = Literal["rag", "notes", "documents", "web", "gateway", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
FILE = "keys.json"
TOKEN_FILE = Path("state") / "service-token"


class KeyRecord(Contract):
    """What is kept of a key. ``scopes`` are the services it opens."""

    id: str
    name: str
    sha256: str
    scopes: tuple[Scope, ...]
    created_at: str
    revoked_at: str | None = None

    @property
    def active(self) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None


class _KeyFile(Contract):
    schema_: Literal["casewright.keys/1"] = "casewright.keys/1"
    keys: tuple[KeyRecord, ...] = ()


class KeyStore:
    """The keys of one data directory. Reading looks at the file again when it was replaced."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE
        self._seen: tuple[int, int, int] | None = None
        self._keys: tuple[KeyRecord, ...] = ()

    def all(self) -> tuple[KeyRecord, ...]:
        """Every key there ever was, oldest first.

        Raises:
            StorageError: the file cannot be read or is not ours.
        """
        try:
            about = self._path.stat()
        except FileNotFoundError:
            self._seen, self._keys = None, ()
            return ()
        except OSError as error:
            raise StorageError(
                f"cannot read {self._path}: {error.strerror}", hint="check its permissions"
            ) from error
        seen = (about.st_mtime_ns, about.st_size, about.st_ino)
        if seen != self._seen:
            self._keys = self._read()
            self._seen = seen
        return self._keys

    def active(self) -> tuple[KeyRecord, ...]:
        """The keys that open something."""
        return tuple(key for key in self.all() if key.active)

    def find(self, token: str) -> KeyRecord | None:
        """The active key that ``token`` is, or None."""
        digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
        found = None
        for key in self.active():  # all are compared, so that the time says nothing of which came close
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found

    def create(self, name: str, scopes: Sequence[str]) -> tuple[KeyRecord, str]:
        """Make a key; its token is returned this once and kept nowhere.

        Raises:
            UsageError: no name, or a scope that is none.
            StorageError: the file cannot be written.
        """
        wrong = [scope for scope in scopes if scope not in SCOPES]
        if wrong or not scopes or not name.strip():
            raise UsageError(
                f"no key made: {'unknown scope ' + wrong[0] if wrong else 'a name and a scope are needed'}",
                hint=f"scopes are {', '.join(SCOPES)}",
            )
        identity = secrets.token_hex(4)
        token = f"cw_{identity}_{secrets.token_urlsafe(32)}"
        record = KeyRecord(
            id=identity,
            name=name.strip(),
            sha256=hashlib.sha256(token.encode()).hexdigest(),
            scopes=tuple(scope for scope in SCOPES if scope in scopes),
            created_at=_now(),
        )
        with self._changing():
            self._write((*self.all(), record))
        return record, token

    def revoke(self, identity: str) -> KeyRecord:
        """Close a key for good.

        Raises:
            UsageError: there is no such key, or it is revoked already.
            StorageError: the file cannot be written.
        """
        with self._changing():
            keys = self.all()
            known = {key.id: key for key in keys}
            if identity not in known or not known[identity].active:
                state = "is revoked already" if identity in known else "does not exist"
                raise UsageError(f"key {identity!r} {state}", hint="see casewright keys list")
            revoked = known[identity].model_copy(update={"revoked_at": _now()})
            self._write(tuple(revoked if key.id == identity else key for key in keys))
        return revoked

    def _read(self) -> tuple[KeyRecord, ...]:
        try:
            return _KeyFile.model_validate_json(self._path.read_bytes()).keys
        except (OSError, ValidationError) as error:
            raise StorageError(
                f"{self._path} cannot be read as keys",
                hint="restore it from a backup; until then every key is refused",
            ) from error

    def _write(self, keys: tuple[KeyRecord, ...]) -> None:
        replace_file(self._path, _KeyFile(keys=keys).model_dump_json(indent=1).encode(), mode=0o600)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One writer at a time, across processes."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with (self._path.parent / (FILE + ".lock")).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def service_token(data_dir: Path) -> str:
    """The token that the stack's own processes show to each other, readable by its owner only.

    Raises:
        StorageError: it cannot be written or read.
    """
    path = data_dir / TOKEN_FILE
    try:
        if not path.exists():
            create_file(path, b"cws_" + secrets.token_urlsafe(32).encode(), mode=0o600)
        found = path.read_text().strip()
    except OSError as error:
        raise StorageError(f"cannot use {path}: {error.strerror}", hint="check the data directory") from error
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

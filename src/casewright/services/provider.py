"""Which provider is asked for: a file that every service watches, else the environment, else ours.

``state/provider.json`` in the data directory is replaced in one step, so a reader sees the old choice or the
new one. It outranks ``LLM_PROVIDER``: the environment of a running process cannot be changed from outside,
the file can. Removing the file gives the word back to the environment.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from casewright.api.contract import Contract, ProviderSource
from casewright.errors import StorageError
from casewright.files import replace_file
from casewright.settings import Asked

FILE = Path("state") / "provider.json"


class ProviderRecord(Contract):
    """The file's content."""

    schema_: Literal["casewright.provider/1"] = "casewright.provider/1"
    provider: Asked
    set_at: str


class Choice(Contract):
    """The provider asked for, and what chose it."""

    provider: Asked
    source: ProviderSource


class ProviderFile:
    """The file of one data directory; ``read`` looks at it again only when it was replaced."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / FILE
        self._seen: tuple[int, int] | None = None
        self._record: ProviderRecord | None = None

    def read(self) -> ProviderRecord | None:
        """What the file says; None if there is none.

        Raises:
            StorageError: it cannot be read, or is not ours.
        """
        try:
            about = self.path.stat()
        except FileNotFoundError:
            self._seen, self._record = None, None
            return None
        except OSError as error:
            raise StorageError(
                f"cannot read {self.path}: {error.strerror}", hint="check its permissions"
            ) from error
        seen = (about.st_mtime_ns, about.st_ino)
        if seen != self._seen:
            self._record = self._parse()
            self._seen = seen
        return self._record

    def write(self, provider: Asked) -> ProviderRecord:
        """Replace the file.

        Raises:
            StorageError: it cannot be written; the old choice stands.
        """
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        record = ProviderRecord(provider=provider, set_at=at)
        replace_file(self.path, record.model_dump_json(indent=1).encode())
        return record

    def clear(self) -> bool:
        """Remove the file; whether there was one.

        Raises:
            StorageError: it cannot be removed.
        """
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(
                f"cannot remove {self.path}: {error.strerror}", hint="check its permissions"
            ) from error
        return True

    def choose(self, from_environment: Asked | None) -> Choice:
        """The provider asked for now.

        Raises:
            StorageError: the file is there and cannot be read; nothing is guessed instead.
        """
        record = self.read()
        if record is not None:
            return Choice(provider=record.provider, source="file")
        if from_environment is not None:
            return Choice(provider=from_environment, source="environment")
        return Choice(provider="embedded", source="default")

    def _parse(self) -> ProviderRecord:
        try:
            return ProviderRecord.model_validate_json(self.path.read_bytes())
        except (OSError, ValidationError) as error:
            raise StorageError(
                f"{self.path} does not name a provider",
                hint="set it again: casewright provider set auto|ollama|vllm|embedded",
            ) from error

"""Files and their truths in a folder, by name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from casewright.documents.evaluate.plain import Plain, of_markdown, of_text
from casewright.errors import UsageError

TRUTHS = (".md", ".txt")


@dataclass(frozen=True, slots=True)
class Pair:
    """A file and what stands in it."""

    file: Path
    truth: Path

    def said(self) -> Plain:
        """What the truth says; its page breaks (form feeds) are only space.

        Raises:
            UsageError: it cannot be read, or is not UTF-8.
        """
        try:
            text = self.truth.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"{self.truth} is not UTF-8", hint="save it as UTF-8") from error
        except OSError as error:
            raise UsageError(
                f"{self.truth} cannot be read: {error.strerror}", hint="look at its rights"
            ) from error
        return of_markdown(text) if self.truth.suffix.lower() == ".md" else of_text(text)


@dataclass(frozen=True, slots=True)
class Pairs:
    """What a folder holds, in the order of names."""

    pairs: tuple[Pair, ...]
    truths_without_file: tuple[Path, ...]
    files_without_truth: tuple[Path, ...]


def pairs_in(folder: Path) -> Pairs:
    """The pairs in a folder and those below it; names that begin with a point are passed over.

    The truth of ``x.pdf`` is ``x.pdf.md``, ``x.pdf.txt``, ``x.md`` or ``x.txt``, the first that there is.
    Files that are themselves text need the long name: ``x.txt`` is a file only beside ``x.txt.md`` or
    ``x.txt.txt``. Several files may have one truth (``x.pdf`` and ``x.docx``).

    Raises:
        UsageError: there is no such folder, or no pair in it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder", hint="name a folder of files and their truths")
    files = _files(folder)
    there = set(files)
    pairs = [Pair(file, truth) for file in files if (truth := _truth(file, there)) is not None]
    if not pairs:
        raise UsageError(
            f"there is no file with a truth in {folder}",
            hint="put what stands in x.pdf beside it as x.md or x.txt",
        )
    used = {path for pair in pairs for path in (pair.file, pair.truth)}
    left = [path for path in files if path not in used]
    return Pairs(
        tuple(pairs),
        tuple(path for path in left if path.suffix.lower() in TRUTHS),
        tuple(path for path in left if path.suffix.lower() not in TRUTHS),
    )


def _files(folder: Path) -> list[Path]:
    found = []
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            path for name in names if not name.startswith(".") and (path := Path(where, name)).is_file()
        ]
    return sorted(found)


def _truth(file: Path, there: set[Path]) -> Path | None:
    stems = [file.name] if file.suffix.lower() in TRUTHS else [file.name, file.stem]
    named = (file.with_name(stem + suffix) for stem in stems for suffix in TRUTHS)
    return next((path for path in named if path in there and path != file), None)

"""All hostile files, and the paths that are no files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from hostile import archives, pdf_content, pdfs, pictures, texts
from hostile.made import SENTENCE, Made


def files() -> Iterator[Made]:
    """Every file; names are different from each other."""
    for part in (pdfs, pdf_content, archives, pictures, texts):
        yield from part.files()


def write(folder: Path) -> list[Path]:
    """Write all of them to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for made in files():
        paths.append(folder / made.name)
        paths[-1].write_bytes(made.make())
    return paths


def odd_paths(folder: Path) -> list[Path]:
    """Make what stands in folders beside files: pipes, links that loop or lead nowhere, odd names.

    The last four are texts that can be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder / "pipe.pdf")
    (folder / "loop.pdf").symlink_to("loop.pdf")
    (folder / "gone.pdf").symlink_to("nowhere.pdf")
    (folder / "device.txt").symlink_to("/dev/zero")
    (folder / "folder.pdf").mkdir()
    (folder / "folder.pdf" / "up").symlink_to("..")
    plain = [folder / "-rf.txt", folder / "line\nend \x1b[2J.txt", folder / ("n" * 250 + ".txt")]
    plain.append(folder / os.fsdecode(b"bytes-\xff\xfe.txt"))
    for path in plain:
        path.write_text(SENTENCE)
    return [folder / "pipe.pdf", folder / "loop.pdf", folder / "gone.pdf", folder / "device.txt", *plain]

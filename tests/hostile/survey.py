"""Read every hostile file as the service does, and say what came of each.

``python -m hostile.survey [WORD…]`` takes the files whose names hold one of the words. It ends with 1 where a
file has no honest status in time.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import uvloop

from casewright.api.documents import ReadStatus
from casewright.documents.batch import status_of
from casewright.documents.pages import reading_of
from casewright.documents.workers import WorkerConfig, Workers
from casewright.errors import CasewrightError
from hostile.corpus import files
from hostile.made import Made

LIMIT_S = 30.0
BOMB_S = 2.0
GROWTH_BYTES = 256 * 1024 * 1024
# What a file is made of and nobody wrote: in a text that was read it does not stand.
_BYTES = re.compile(
    r"%PDF-1|endobj|endstream|/FlateDecode|PK\x03\x04|IHDR|JFIF|root:x:0|[\x00-\x08\x0b\x0e-\x1f\x7f]"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a file; ``faults`` say what is not as it should be."""

    made: Made
    status: ReadStatus
    reason: str
    seconds: float
    resident_bytes: int
    faults: tuple[str, ...]


async def look(made: Made, path: Path, workers: Workers) -> Seen:
    """Read one file, and hold what comes of it against what may honestly come."""
    began = time.monotonic()
    status: ReadStatus
    markdown = ""
    try:
        reading = reading_of(await workers.read(path, made.name))
        status, reason, markdown = reading.status, reading.reason, reading.markdown
    except CasewrightError as error:
        status, reason = status_of(error), error.message
    seconds = time.monotonic() - began
    faults = []
    if status == "ok" and not made.readable:
        faults.append(f"ok, and there is no text in it (said: {markdown[:60]!r})")
    if status == "ok" and not markdown.strip():
        faults.append("ok without a word")
    if not _sources(made) and (found := _BYTES.search(markdown)):
        faults.append(f"raw bytes in the text: {markdown[max(0, found.start() - 10) :][:40]!r}")
    if seconds > LIMIT_S:
        faults.append(f"took {seconds:.1f} s")
    if made.bomb and seconds > BOMB_S:
        faults.append(f"a bomb, and took {seconds:.1f} s")
    if "unforeseen" in reason:
        faults.append("its reader failed in an unforeseen way")
    return Seen(made, status, reason, seconds, resident_bytes(), tuple(faults))


def resident_bytes() -> int:
    """How much memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def _sources(made: Made) -> bool:
    """Files in which such words were written by somebody."""
    return made.name in ("source-of-pdf.txt", "page-in-text.txt")


async def _main(words: list[str]) -> int:
    chosen = [made for made in files() if not words or any(word in made.name for word in words)]
    seen: list[Seen] = []
    workers = Workers(WorkerConfig(workers=1))
    try:
        await workers.alive()
        before = resident_bytes()
        with tempfile.TemporaryDirectory() as folder:
            # by another process: making some of them takes more memory than reading any
            making = await asyncio.create_subprocess_exec(sys.executable, "-m", "hostile", folder)
            assert await making.wait() == 0
            for made in chosen:
                one = await look(made, Path(folder) / made.name, workers)
                seen.append(one)
                mark = "!" if one.faults else " "
                _say(f"{mark} {one.made.name:34} {one.status:9} {one.seconds:6.2f} s  {one.reason[:90]}")
                for fault in one.faults:
                    _say(f"      {one.made.owner}: {fault}")
    finally:
        await workers.aclose()
    return _told(seen, before)


def _told(seen: list[Seen], before: int) -> int:
    worst = max(seen, key=lambda one: one.seconds)
    growth = max(one.resident_bytes for one in seen) - before
    faults = sum(bool(one.faults) for one in seen) + (growth > GROWTH_BYTES)
    _say(f"\n{len(seen)} files: {dict(Counter(one.status for one in seen))}")
    _say(f"worst: {worst.made.name} {worst.seconds:.1f} s; this process grew by {growth / 2**20:.0f} MB")
    _say(f"{faults} with a fault")
    return 1 if faults else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(uvloop.run(_main(sys.argv[1:])))

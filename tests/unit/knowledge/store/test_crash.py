"""kill -9 at seeded moments: nothing acknowledged is lost, nothing half visible, the doctor finds nothing."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from casewright.errors import NotFound
from casewright.knowledge.doctor import examine_all
from casewright.knowledge.store import Library
from unit.knowledge.store.making import STAMP, document
from unit.knowledge.store.test_erasure import traces

TESTS = Path(__file__).parents[3]


def killed_after(folder: Path, seed: int, lines: int) -> list[list[str]]:
    """What the writer said before it was killed, ``lines`` lines after it had opened the library."""
    process = subprocess.Popen(
        [sys.executable, "-m", "unit.knowledge.store.busy_writer", str(folder), str(seed)],
        cwd=TESTS,
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line.split())
            if len(said) > lines:
                break
    finally:
        process.kill()
    # what it said between our decision and its end counts as well
    said += [line.split() for line in process.stdout.read().splitlines()]
    process.wait()
    process.stdout.close()
    return said


@pytest.mark.slow
def test_a_killed_writer_leaves_nothing_lost_and_nothing_half(tmp_path: Path) -> None:
    rng = random.Random(20260)
    acknowledged: dict[str, tuple[str, int, int]] = {}
    gone: list[tuple[str, int]] = []
    for _ in range(4):
        seed = rng.randrange(0, 9000)
        for line in killed_after(tmp_path, seed, rng.randrange(1, 60)):
            if line[0] == "acknowledged":
                acknowledged[line[2]] = (line[1], int(line[3]), int(line[4]))
            elif line[0] == "deleting":
                acknowledged.pop(line[2], None)
            elif line[0] == "deleted":
                gone.append((line[2], int(line[3])))
        library = Library(tmp_path, stamp=STAMP, dense_by="chroma")
        library.open()
        library.settled()
        try:
            assert examine_all(library) == []
            check(library, acknowledged, tmp_path, gone)
        finally:
            library.close()
    assert acknowledged
    assert gone


def check(
    library: Library, acknowledged: dict[str, tuple[str, int, int]], folder: Path, gone: list[tuple[str, int]]
) -> None:
    for identity, (case, version, number) in acknowledged.items():
        index = library.reader(case)
        shown = index.documents()[identity]
        assert shown >= version
        if shown == version:
            source, chunks, vectors = document(number, chunks=4, name=f"paper{number % 5}.txt")
            assert library.source(case, identity)[1] == source
            best = index.chunks([index.dense(vectors[2], 1)[0].id])[0]
            assert (best.document, best.chunk) == (identity, chunks[2])
    for name in ("case0", "case1"):
        try:
            index = library.reader(name)
        except NotFound:
            continue
        # whole documents only
        assert index.size() == 4 * len(index.documents())
        for record in library.documents(name):
            assert record.version == index.documents().get(record.id)
    for identity, number in gone[-2:]:
        assert all(identity not in library.reader(case.id).documents() for case in library.cases())
        _, chunks, vectors = document(number, chunks=4)
        wanted = {"text": chunks[1].text.encode(), "vector": vectors[1].tobytes()}
        assert traces(folder, wanted) == []

"""Files replaced whole or made once, also against a kill in the middle and many makers at a time."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from casewright.errors import StorageError
from casewright.files import create_file, replace_file

WRITER = """
import sys
from pathlib import Path
from casewright.files import replace_file
path, number = Path(sys.argv[1]), 0
print("writing", flush=True)
while True:
    number += 1
    replace_file(path, (f"{number % 10}" * 50_000).encode())
"""


def test_a_file_is_replaced_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    replace_file(path, b"one", mode=0o600)
    replace_file(path, b"two", mode=0o600)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["file"]


def test_a_writer_killed_at_any_time_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"0" * 50_000)
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"writing\n"
        before = path.read_bytes()
        while path.read_bytes() == before:  # at least one write has come through
            pass
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        found = path.read_bytes()
        assert len(found) == 50_000
        assert len(set(found)) == 1, "half of one and half of another"


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"0" * 50_000)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    try:
        writer.stdout.readline()
        seen: set[int] = set()
        while len(seen) < 5:
            found = path.read_bytes()
            assert len(found) == 50_000
            assert len(set(found)) == 1
            seen.add(found[0])
    finally:
        writer.kill()
        writer.wait()
        writer.stdout.close()


def test_of_many_makers_one_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "token"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: create_file(path, f"{n}".encode() * 100), range(40)))
    assert sum(made) == 1
    assert path.read_bytes() == f"{made.index(True)}".encode() * 100
    assert [found.name for found in tmp_path.iterdir()] == ["token"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot write") as caught:
        replace_file(tmp_path / "file" / "below", b"x")
    assert caught.value.hint

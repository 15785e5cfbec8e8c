"""Files replaced whole or made once, also against a kill in the middle and many makers at a time."""

from __future__ import annotations

import os
import pty
import signal
import socket
import stat
import subprocess
import sys
import tty
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from casewright.errors import DiskFull, StorageError
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

PRINTER = """
import sys
from pathlib import Path
from casewright.files import replace_file
print("before")
replace_file(Path(sys.argv[1]), b"content\\n")
print("after")
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


def test_a_link_stays_and_what_it_points_at_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "there" / "target", tmp_path / "link"
    target.parent.mkdir()
    link.symlink_to(Path("there") / "target")
    for content in (b"made through the link", b"replaced through the link"):
        replace_file(link, content)
        assert link.is_symlink()
        assert target.read_bytes() == content
    assert [found.name for found in target.parent.iterdir()] == ["target"]


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    with pytest.raises(StorageError, match="cannot write"):
        replace_file(link, b"x")
    assert link.is_symlink()


@pytest.mark.parametrize("linked", [False, True])
def test_a_pipe_is_written_to(tmp_path: Path, linked: bool) -> None:
    fifo, path = tmp_path / "fifo", tmp_path / "link"
    os.mkfifo(fifo)
    path.symlink_to(fifo)
    content = b"more than a pipe holds" * 10_000
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(fifo.read_bytes)
        replace_file(path if linked else fifo, content)
        assert read.result() == content
    assert fifo.is_fifo()
    assert sorted(found.name for found in tmp_path.iterdir()) == ["fifo", "link"]


def test_a_device_is_written_to() -> None:
    leader, follower = pty.openpty()
    try:
        tty.setraw(follower)
        replace_file(Path(os.ttyname(follower)), b"content")
        assert os.read(leader, 100) == b"content"
        assert stat.S_ISCHR(Path(os.ttyname(follower)).stat().st_mode)
    finally:
        os.close(leader)
        os.close(follower)


def test_a_pipe_whose_reader_is_gone_is_told(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: os.close(os.open(fifo, os.O_RDONLY)))
        with pytest.raises(StorageError, match="Broken pipe") as caught:
            replace_file(fifo, b"x" * 10_000_000)
    assert not isinstance(caught.value, DiskFull)
    assert fifo.is_fifo()


def test_the_output_keeps_what_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "out"
    with file.open("wb") as out:
        subprocess.run([sys.executable, "-c", PRINTER, "/dev/stdout"], stdout=out, check=True)
    assert file.read_bytes() == b"before\ncontent\nafter\n"
    piped = subprocess.run([sys.executable, "-c", PRINTER, "/dev/stdout"], capture_output=True, check=True)
    assert piped.stdout == b"before\ncontent\nafter\n"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    folder, place = tmp_path / "folder", tmp_path / "socket"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        for path, kind in ((folder, "a directory"), (place, "a socket")):
            with pytest.raises(StorageError, match=f"it is {kind}") as caught:
                replace_file(path, b"x")
            assert caught.value.hint
        assert place.is_socket()
    assert folder.is_dir()


def test_a_missing_folder_is_not_told_as_permissions() -> None:
    with pytest.raises(StorageError, match="No such file") as caught:
        replace_file(Path("/proc/a.docx"), b"x")
    assert "permissions" not in caught.value.hint


def test_a_named_output_keeps_the_permissions_of_the_file_it_replaces(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    (tmp_path / "link").symlink_to(secret)
    replace_file(tmp_path / "link", b"1", mode=None)
    assert (secret.read_bytes(), stat.S_IMODE(secret.stat().st_mode)) == (b"1", 0o600)
    before = os.umask(0o027)
    try:
        replace_file(tmp_path / "new", b"1", mode=None)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640

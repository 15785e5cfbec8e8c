"""The pool: a worker that dies, hangs, swells or is no longer wanted takes only its own page with it."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
import uvloop
from PIL import Image

from casewright.documents.blocks import Found, Noted, Opened, Page
from casewright.documents.child import sweep
from casewright.documents.options import OcrOptions, ReadOptions
from casewright.documents.pages import reading_of
from casewright.documents.sandbox import Bounds
from casewright.errors import (
    DocumentError,
    DocumentTimeout,
    DocumentWorkerLost,
    EncryptedDocument,
    NotFound,
    UnreadableDocument,
    UnsupportedMedia,
)
from hostile import pdf_content, pdfs
from unit.documents.busy import reading, wait_for
from unit.documents.making import long_tiff, pdf
from unit.documents.pooling import Killer, assert_reads, folders_of, pool, until


@pytest.fixture
def note(tmp_path: Path) -> Path:
    path = tmp_path / "note.txt"
    path.write_text("£1,240.50")
    return path


async def test_errors_keep_their_class_words_and_worker(tmp_path: Path, note: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(["x"], password="y"))
    (tmp_path / "a.exe").write_bytes(b"MZ" + b"\0" * 20)
    async with pool() as workers:
        before = workers.pids()
        with pytest.raises(EncryptedDocument, match="password"):
            await workers.read(tmp_path / "a.pdf", "a.pdf")
        with pytest.raises(UnsupportedMedia, match="Windows program"):
            await workers.read(tmp_path / "a.exe", "a.exe")
        await assert_reads(workers, note)
        assert workers.pids() == before


async def test_pages_are_heard_as_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(["one"], ["two"], ["three"]))
    async with pool() as workers:
        heard: list[Found] = []
        found = await workers.read(tmp_path / "a.pdf", "a.pdf", on_found=heard.append)
    assert isinstance(heard[0], Opened)
    assert [one for one in heard if isinstance(one, Page)] == found.pages
    assert reading_of(found).markdown.split() == ["one", "two", "three"]


async def test_a_password_is_handed_in(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(["opened"], password="y"))
    async with pool() as workers:
        found = await workers.read(tmp_path / "a.pdf", "a.pdf", ReadOptions(password="y"))
    assert reading_of(found).markdown == "opened"


async def test_a_killed_worker_takes_its_page_and_nothing_else(tmp_path: Path, note: Path) -> None:
    file = long_tiff(tmp_path / "a.tiff", 4)
    async with pool() as workers:
        (pid,) = workers.pids()
        killer = Killer(workers, lambda found, pages: isinstance(found, Page) and pages == 1)
        found = await workers.read(file, "a.tiff", on_found=killer)
        assert [page.unread for page in found.pages] == [False, True, False, False]
        assert found.lost == ["page 2 was not read: the process that read this file died (exit code -9)"]
        assert [one for one in killer.heard if isinstance(one, Page)] == found.pages
        assert reading_of(found).status == "partial"
        assert "PPR" not in found.pages[1].warnings[0]
        await assert_reads(workers, note)
        assert pid not in workers.pids()


async def test_a_file_of_which_nothing_was_read_is_an_error(tmp_path: Path, note: Path) -> None:
    file = long_tiff(tmp_path / "a.tiff", 1)
    async with pool() as workers:
        killer = Killer(workers, lambda found, pages: isinstance(found, Opened), signal.SIGSEGV)
        with pytest.raises(DocumentWorkerLost, match=r"died \(exit code -11\)"):
            await workers.read(file, "a.tiff", on_found=killer)
        await assert_reads(workers, note)


async def test_pages_that_take_too_long_are_given_up(tmp_path: Path, note: Path) -> None:
    slow = long_tiff(tmp_path / "slow.tiff", 9)
    heard: list[Found] = []
    async with pool(page_s=0.02) as workers:
        with pytest.raises(DocumentTimeout, match="no further for"):
            await workers.read(slow, "slow.tiff", on_found=heard.append)
    # three of nine: the rest is not tried
    lost = [one.warning for one in heard if isinstance(one, Noted) and one.lost]
    assert not lost or lost[-1].startswith("pages 4 to 9 were not read")


async def test_a_file_that_takes_too_long_is_ended(tmp_path: Path, note: Path) -> None:
    slow = long_tiff(tmp_path / "slow.tiff", 1)
    async with pool(deadline_s=0.05) as workers:
        (pid,) = workers.pids()
        with pytest.raises(DocumentTimeout, match=r"longer than 0\.05 s"):
            await workers.read(slow, "slow.tiff")
        await until("the reader to be gone", lambda: not psutil.pid_exists(pid))


async def test_a_worker_that_used_up_its_processor_time_is_a_timeout(tmp_path: Path, note: Path) -> None:
    file = long_tiff(tmp_path / "a.tiff", 1)
    async with pool() as workers:
        killer = Killer(workers, lambda found, pages: isinstance(found, Opened), signal.SIGXCPU)
        with pytest.raises(DocumentTimeout, match="processor time"):
            await workers.read(file, "a.tiff", on_found=killer)
        await assert_reads(workers, note)


async def test_a_cancelled_caller_ends_the_reader(tmp_path: Path, note: Path) -> None:
    slow = long_tiff(tmp_path / "slow.tiff")
    async with pool() as workers:
        (pid,) = workers.pids()
        task = asyncio.ensure_future(workers.read(slow, "slow.tiff"))
        await until("the reader to be in the middle", lambda: reading(pid))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until("the reader to be gone", lambda: not psutil.pid_exists(pid))
        await assert_reads(workers, note)


async def test_a_file_that_needs_too_much_memory_is_an_error(tmp_path: Path, note: Path) -> None:
    picture = long_tiff(tmp_path / "a.tiff", 1)
    async with pool(bounds=Bounds(memory_bytes=400 * 1024 * 1024)) as workers:
        with pytest.raises(DocumentError):
            await workers.read(picture, "a.tiff")
        await assert_reads(workers, note)


async def test_a_worker_that_dies_idle_is_replaced(note: Path) -> None:
    async with pool() as workers:
        (pid,) = workers.pids()
        os.kill(pid, signal.SIGKILL)
        await until("the worker to be gone", lambda: not psutil.pid_exists(pid))
        assert await workers.alive()
        await assert_reads(workers, note)


async def test_a_worker_whose_folder_was_tidied_away_is_replaced(note: Path) -> None:
    async with pool() as workers:
        (pid,) = workers.pids()
        for folder in await asyncio.to_thread(folders_of, os.getpid()):
            shutil.rmtree(folder)
        await assert_reads(workers, note)
        assert pid not in workers.pids()


async def test_a_worker_that_stands_still_is_found_and_replaced(note: Path) -> None:
    async with pool(ping_s=1.0) as workers:
        (pid,) = workers.pids()
        os.kill(pid, signal.SIGSTOP)
        assert not await workers.alive()
        await until("the worker to be gone", lambda: not psutil.pid_exists(pid))
        assert await workers.alive()
        await assert_reads(workers, note)


async def test_a_page_that_is_made_to_take_for_ever_is_lost_alone(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(laborious())
    async with pool() as workers:
        found = await workers.read(tmp_path / "a.pdf", "a.pdf")
    assert [page.unread for page in found.pages] == [False, True, False]
    assert "more work than any page" in found.lost[0]


@pytest.mark.parametrize("worn", [{"max_tasks": 1}, {"resident_bytes": 1}])
async def test_workers_are_renewed(note: Path, worn: dict[str, int]) -> None:
    async with pool(**worn) as workers:
        await until("a worker to be there", lambda: bool(workers.pids()))
        (pid,) = workers.pids()
        await assert_reads(workers, note)
        await until("the worker to be gone", lambda: not psutil.pid_exists(pid))
        await assert_reads(workers, note)
        assert pid not in workers.pids()


async def test_callers_wait_for_their_turn(tmp_path: Path, note: Path) -> None:
    async with pool(workers=2) as workers:
        found = await asyncio.gather(*(workers.read(note, f"{number}.txt") for number in range(20)))
        assert [reading_of(one).markdown for one in found] == ["£1,240.50"] * 20
        assert len(workers.pids()) == 2


async def test_after_the_end_nothing_is_read_and_nobody_is_left(note: Path, tmp_path: Path) -> None:
    slow = long_tiff(tmp_path / "slow.tiff")
    async with pool(workers=2) as workers:
        await until("both to be there", lambda: len(workers.pids()) == 2)
        pids = workers.pids()
        started = asyncio.Event()
        task = asyncio.ensure_future(workers.read(slow, "slow.tiff", on_found=lambda _: started.set()))
        await started.wait()
    with pytest.raises(DocumentWorkerLost, match="stopping"):
        await task
    with pytest.raises(DocumentWorkerLost, match="stopping"):
        await workers.read(note, "note.txt")
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_programs_are_started_only_for_what_needs_them(note: Path) -> None:
    async with pool() as workers:
        isolation = workers.isolation()
        assert isolation is not None
        if not isolation.no_programs:
            pytest.skip("; ".join(isolation.gaps))
        (pid,) = workers.pids()
        await workers.read(note, "note.txt", ReadOptions(ocr=OcrOptions(engine="tesseract")))
        isolation = workers.isolation()
        assert isolation is not None and not isolation.no_programs and isolation.no_network
        assert pid not in workers.pids()
        await assert_reads(workers, note)
        isolation = workers.isolation()
        assert isolation is not None and isolation.no_programs


async def test_what_is_no_file_is_refused(tmp_path: Path, note: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    async with pool() as workers:
        for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
            with pytest.raises(UnreadableDocument, match="not a file"):
                await workers.read(path, "a.txt")
        with pytest.raises(UnreadableDocument, match="No such file"):
            await workers.read(tmp_path / "gone", "../../gone")
        await assert_reads(workers, note)


async def test_nothing_of_a_file_is_left_beside_a_worker(note: Path) -> None:
    async with pool() as workers:
        await assert_reads(workers, note)
        folders = await asyncio.to_thread(folders_of, os.getpid())
        assert [path for folder in folders for path in folder.rglob("*") if path.is_file()] == []
    assert folders and not folders_of(os.getpid())


async def test_pages_are_shown_in_their_proportions(tmp_path: Path, note: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(["x"], ["y"]))
    Image.new("RGB", (300, 100), "white").save(tmp_path / "a.jpg", exif=_turned())
    async with pool() as workers:
        shown = Image.open(io.BytesIO(await workers.render(tmp_path / "a.pdf", 2, dpi=72)))
        assert (shown.format, shown.width, shown.height) == ("PNG", 596, 842)
        turned = Image.open(io.BytesIO(await workers.render(tmp_path / "a.jpg", 1)))
        assert turned.size == (100, 300)
        with pytest.raises(NotFound, match="no page 3"):
            await workers.render(tmp_path / "a.pdf", 3)
        with pytest.raises(UnsupportedMedia, match="no pages to look at"):
            await workers.render(note, 1)


def test_it_works_on_uvloop(note: Path) -> None:
    async def main() -> None:
        async with pool() as workers:
            await assert_reads(workers, note)

    uvloop.run(main())


def test_workers_die_with_a_service_that_was_killed(tmp_path: Path) -> None:
    program = (
        "import asyncio\n"
        "from casewright.documents.workers import WorkerConfig, Workers\n"
        "async def main():\n"
        "    workers = Workers(WorkerConfig(workers=1))\n"
        "    assert await workers.alive()\n"
        "    print(*workers.pids(), flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    service = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None
    pid = int(service.stdout.readline())
    os.kill(pid, signal.SIGSTOP)  # so that it cannot see its socket end
    service.kill()
    service.wait()
    service.stdout.close()
    wait_for("the worker to be gone", lambda: not psutil.pid_exists(pid))
    sweep()
    assert not folders_of(service.pid)


def laborious() -> bytes:
    """Three pages of text, the second of which is drawn a thousand million times over."""
    (bomb,) = (made for made in pdf_content.files() if made.name == "bomb-forms-billion.pdf")
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 5 0 R>>>>/Contents 20 0 R>>"
    )
    made = bomb.make().replace(b"/Kids[3 0 R]/Count 1", b"/Kids[21 0 R 3 0 R 21 0 R]/Count 3")
    extra = b"20 0 obj\n" + pdfs.stream(pdfs.SHOW) + b"\nendobj\n21 0 obj\n" + page + b"\nendobj\n"
    return made[: made.index(b"xref")] + extra + b"trailer\n<</Size 22/Root 1 0 R>>\nstartxref\n0\n%%EOF\n"


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    return exif

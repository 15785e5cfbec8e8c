"""Files for the index: read by a real document service as jobs, or in here where there is none."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from casewright.api.client import Client, ClientConfig
from casewright.documents.workers import WorkerConfig
from casewright.errors import (
    ConfigError,
    InstallError,
    NotRunning,
    UnreadableDocument,
    UnsupportedMedia,
)
from casewright.knowledge.ingest.reading import File, from_text
from casewright.knowledge.records import SourceDocument
from casewright.services.rag.convert import AtService, Conversion, InHere
from unit.services.documents_served import SAMPLE, Service, documents

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with documents(tmp_path_factory.mktemp("documents")) as found:
        yield found


def file_of(path: Path, **more: object) -> File:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return File(path, path.name, digest, time.time(), **more)  # type: ignore[arg-type]


class Heard:
    """What was told while a file was read."""

    def __init__(self) -> None:
        self.pages: list[tuple[int, int | None]] = []
        self.originals: list[str] = []

    def told(self, done: int, total: int | None) -> None:
        self.pages.append((done, total))

    async def begun(self, original: str) -> None:
        self.originals.append(original)


def with_client(url: str, work: Callable[[AtService], Awaitable[SourceDocument | None]]) -> SourceDocument:
    async def run() -> SourceDocument:
        async with Client(ClientConfig(NOWHERE, NOWHERE, url)) as client:
            found = await work(AtService(client, wait_s=0.2, again_s=0.05))
            assert found is not None
            return found

    return asyncio.run(run())


def test_the_service_reads_keeps_the_original_and_tells_each_page(service: Service) -> None:
    heard = Heard()
    found = with_client(service.url, lambda at: at.convert(file_of(SAMPLE), heard.told, heard.begun))
    assert "PPR-9087" in found.markdown
    assert [page.number for page in found.pages] == [1, 2]
    assert found.blocks
    assert heard.pages[-1] == (2, 2)
    assert heard.originals == [found.original]
    kept = service.get(f"/documents/{found.original}").json()
    assert (kept["keep"], kept["sha256"]) == ("until_deleted", found.sha256)


def test_what_an_earlier_attempt_began_is_not_begun_again(service: Service) -> None:
    heard = Heard()
    first = with_client(service.url, lambda at: at.convert(file_of(SAMPLE), heard.told, heard.begun))
    before = service.get("/documents").json()["total"]
    again = file_of(SAMPLE, original=first.original)
    assert with_client(service.url, lambda at: at.convert(again, heard.told, heard.begun)) == first
    assert service.get("/documents").json()["total"] == before


def test_what_was_begun_and_not_put_down_is_found_by_its_bytes(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("The hearing was put off to 9 July 2026.")
    heard = Heard()
    file = file_of(path)
    first = with_client(service.url, lambda at: at.convert(file, heard.told, heard.begun))
    before = service.get("/documents").json()["total"]
    resumed = File(path, path.name, file.sha256, file.created, others=frozenset())
    assert with_client(service.url, lambda at: at.convert(resumed, heard.told, heard.begun)) == first
    assert service.get("/documents").json()["total"] == before
    others = File(path, path.name, file.sha256, file.created, others=frozenset({str(first.original)}))
    second = with_client(service.url, lambda at: at.convert(others, heard.told, heard.begun))
    assert second.original != first.original


def test_a_file_that_cannot_be_read_is_its_own_error(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(range(256)) * 4)
    heard = Heard()
    with pytest.raises((UnsupportedMedia, UnreadableDocument)):
        with_client(service.url, lambda at: at.convert(file_of(path), heard.told, heard.begun))


def test_an_original_is_removed_once_and_for_all(service: Service) -> None:
    heard = Heard()

    async def removed(at: AtService) -> SourceDocument:
        found = await at.convert(file_of(SAMPLE), heard.told, heard.begun)
        assert found.original is not None
        await at.forget(found.original)
        await at.forget(found.original)
        return found

    found = with_client(service.url, removed)
    assert service.get(f"/documents/{found.original}").status_code == 404


def test_a_service_that_is_not_there_is_told() -> None:
    heard = Heard()
    with pytest.raises(NotRunning):
        with_client(NOWHERE, lambda at: at.convert(file_of(SAMPLE), heard.told, heard.begun))


def test_files_are_read_in_here_where_the_service_is_not_there() -> None:
    heard = Heard()

    async def run() -> SourceDocument:
        async with Client(ClientConfig(NOWHERE, NOWHERE, NOWHERE)) as client:
            conversion = Conversion(AtService(client), InHere(WorkerConfig(workers=1)), wanted=True)
            trouble = await conversion.trouble()
            assert trouble is not None
            assert "read in here meanwhile" in trouble
            try:
                return await conversion.convert(file_of(SAMPLE), heard.told, heard.begun)
            finally:
                await conversion.aclose()

    found = asyncio.run(run())
    assert "PPR-9087" in found.markdown
    assert found.original is None
    assert heard.originals == []
    assert heard.pages[-1] == (2, 2)


def test_with_nobody_to_read_files_that_is_said() -> None:
    heard = Heard()
    conversion = Conversion(None, None)
    with pytest.raises(InstallError, match="nobody to read"):
        asyncio.run(conversion.convert(file_of(SAMPLE), heard.told, heard.begun))
    with pytest.raises(ConfigError):
        asyncio.run(conversion.forget("x"))


def test_a_text_is_one_page_as_it_came() -> None:
    text = "First line.\r\n\r\nSecond: ünïcødé."
    found = from_text("note", text.encode())
    assert found.markdown == text
    assert [(page.number, page.start, page.end) for page in found.pages] == [(1, 0, len(text))]
    with pytest.raises(UnreadableDocument):
        from_text("note", b"\xff\xfe")
    with pytest.raises(UnreadableDocument):
        from_text("note", b" \n")


def test_what_was_handed_over_is_put_down_though_its_asker_leaves(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("The hearing was put off to 10 July 2026.")
    heard, before = Heard(), set(service.documents())

    async def leave() -> None:
        async with Client(ClientConfig(NOWHERE, NOWHERE, service.url)) as client:
            at = AtService(client)
            task = asyncio.ensure_future(at.convert(file_of(path), heard.told, heard.begun))
            for _ in range(3):  # it has begun to be sent
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait((task,))
            assert task.cancelled()
            assert set(service.documents()) - before == set(heard.originals)
            (original,) = heard.originals
            await at.forget(original)

    asyncio.run(leave())
    assert set(service.documents()) == before

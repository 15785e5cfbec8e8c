"""The client's part for documents against the real service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from casewright.api.client import Client, ClientConfig, Patience
from casewright.api.document_calls import FileSent, ReadAs
from casewright.errors import (
    EncryptedDocument,
    NotFound,
    NotReady,
    NotRunning,
    UnprocessableRequest,
    UnsupportedMedia,
)
from unit.documents.making import long_tiff, pdf
from unit.services.documents_served import SAMPLE, Service, documents


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with documents(tmp_path_factory.mktemp("data")) as found:
        yield found


@pytest.fixture
async def client(service: Service) -> AsyncIterator[Client]:
    async with Client(ClientConfig(service.url, service.url, service.url)) as found:
        yield found


async def test_what_is_asked_for_arrives(client: Client) -> None:
    found = await client.process("a.txt", b"words", read_as=ReadAs(keep="no"))
    assert (found.markdown, found.document_id) == ("words", None)
    locked = pdf(["the sum is 17.20"], password="y")
    with pytest.raises(EncryptedDocument):
        await client.process("a.pdf", locked)
    opened = await client.process("a.pdf", locked, read_as=ReadAs(password="y", ocr="never"))
    assert "17.20" in opened.markdown
    with SAMPLE.open("rb") as file:
        assert (await client.process("a.pdf", file)).page_count == 2


async def test_a_job_from_its_start_to_its_end(client: Client) -> None:
    job = await client.submit_job(FileSent("sample.pdf", SAMPLE.read_bytes(), "application/pdf"))
    states = [state async for state in client.job_events(job.job_id)]
    assert states[-1].status == "done"
    assert {state.job_id for state in states} == {job.job_id}
    assert await client.job(job.job_id) == states[-1]
    assert job.job_id in [one.job_id for one in (await client.jobs()).jobs]
    result = await client.job_result(job.job_id)
    assert "PPR-9087" in result.markdown
    assert result.document_id == job.document_id
    assert (await client.cancel_job(job.job_id)).status == "done"
    assert [state async for state in client.job_events(job.job_id, after=states[-1])] == [states[-1]]


async def test_a_job_is_followed_and_cancelled(client: Client, tmp_path: Path) -> None:
    slow = long_tiff(tmp_path / "slow.tiff").read_bytes()
    job = await client.submit_job(FileSent("slow.tiff", slow))
    with pytest.raises(NotReady):
        await client.job_result(job.job_id)
    seen = []
    async for state in client.job_events(job.job_id):
        seen.append(state.status)
        if state.pages_done == 1:
            await client.cancel_job(job.job_id)
    assert seen[-1] == "cancelled"
    with pytest.raises(NotFound):
        await client.job_result(job.job_id)


async def test_a_failed_job_raises_its_files_error(client: Client) -> None:
    job = await client.submit_job(FileSent("a.gif", b"GIF89a" + bytes(20)))
    async for state in client.job_events(job.job_id):
        assert state.status != "done"
    with pytest.raises(UnsupportedMedia):
        await client.job_result(job.job_id)


async def test_a_document_is_looked_at_and_deleted(client: Client) -> None:
    identity = (await client.process("Brief.pdf", SAMPLE.read_bytes())).document_id
    assert identity is not None
    found = await client.document(identity)
    assert found.reading is not None
    assert found.filename == "Brief.pdf"
    assert identity in [one.document_id for one in (await client.documents()).documents]
    assert await client.original(identity) == SAMPLE.read_bytes()
    plain, marked = await asyncio.gather(
        client.page_image(identity, 1), client.page_image(identity, 1, [(0, 30), (40, 60)])
    )
    assert plain != marked
    assert plain[:4] == marked[:4] == b"\x89PNG"
    with pytest.raises(UnprocessableRequest):
        await client.page_image(identity, 1, [(0, 10_000)])
    await client.delete_document(identity)
    for ask in (client.document, client.original, client.delete_document):
        with pytest.raises(NotFound):
            await ask(identity)


@pytest.mark.parametrize("identity", ["", "..", "a/b", "a?b=c", "%2e", "ä"])
async def test_no_word_leaves_its_place_in_the_path(client: Client, identity: str) -> None:
    for ask in (client.document, client.job):
        with pytest.raises(NotFound):
            await ask(identity)
    with pytest.raises(NotFound):
        async for _ in client.job_events(identity):
            pass


async def test_a_service_that_is_gone_or_silent_is_told() -> None:
    here = "http://127.0.0.1:9"  # the discard port: nothing listens there
    async with Client(ClientConfig(here, here, here)) as gone:
        with pytest.raises(NotRunning):
            async for _ in gone.job_events("x"):
                pass
        with pytest.raises(NotRunning):
            await gone.original("x")


async def test_silence_is_not_waited_for_for_ever(service: Service, tmp_path: Path) -> None:
    patience = Patience(silence_s=0.2)
    slow = long_tiff(tmp_path / "slow.tiff").read_bytes()
    config = ClientConfig(service.url, service.url, service.url, patience=patience)
    async with Client(config) as client:
        first = await client.submit_job(FileSent("slow.tiff", slow))
        waiting = await client.submit_job(FileSent("a.txt", b"words"))
        with pytest.raises(NotRunning, match="silent"):
            async for _ in client.job_events(waiting.job_id):
                pass
        for job in (waiting, first):
            await client.cancel_job(job.job_id)

"""The RAG service with a real document service: originals are kept there, and go with what they are of."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casewright.api.client import Client, ClientConfig
from casewright.api.document_calls import FileSent
from casewright.api.knowledge import IngestRequest, IngestText
from casewright.errors import NotFound
from unit.services import documents_served
from unit.services.documents_served import SAMPLE, canary
from unit.services.rag_served import Service, rag, wait_for

NOWHERE = "http://127.0.0.1:9"


def settings_of(url: str) -> dict[str, Any]:
    return {"documents": ClientConfig(NOWHERE, NOWHERE, url), "documents_wanted": True, "again_s": 0.1}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Service, documents_served.Service]]:
    # one data directory: so both know the token that services show to each other
    with (
        documents_served.documents(tmp_path) as documents,
        rag(tmp_path, **settings_of(documents.url)) as found,
    ):
        yield found, documents


def put(service: Service, name: str, content: bytes) -> Any:
    answer = service.send("case-1", (name, content))
    assert answer.status_code == 202, answer.text
    job = service.ended(answer.json()["job"]["job_id"])
    assert job["status"] == "done", job
    return job["documents"][0]


def test_an_answer_leads_to_the_page_it_came_from(
    pair: tuple[Service, documents_served.Service],
) -> None:
    service, documents = pair
    item = put(service, "sample.pdf", SAMPLE.read_bytes())
    assert (item["pages_done"], item["pages_total"]) == (2, 2)
    found = service.ask("case-1", "What is the reference PPR-9087 about?")
    hits = service.search("case-1", "PPR-9087")["hits"]
    assert "PPR-9087" in hits[0]["text"]
    record = service.get(f"/documents/{item['document_id']}", params={"case_id": "case-1"})
    whole = documents.get(f"/documents/{record['original']}").json()["reading"]["markdown"]
    for place in [*hits, *found["citations"]]:
        said = place.get("text") or place["quote"]
        assert whole[place["start"] : place["end"]] == said
    page = documents.get(
        f"/documents/{record['original']}/pages/{hits[0]['page']}.png?start={hits[0]['start']}&end={hits[0]['end']}"
    )
    assert page.headers["content-type"] == "image/png"
    assert service.get("/health")["checks"]["documents"]


def test_an_erased_document_is_gone_from_both_services(
    pair: tuple[Service, documents_served.Service],
) -> None:
    service, documents = pair
    item = put(service, "letter.txt", b"The password is xylophonesecret, and the rent is 450 pounds.")
    assert len(documents.documents()) == 1
    answer = service.call("DELETE", f"/documents/{item['document_id']}", params={"case_id": "case-1"}).json()
    assert answer["complete"], answer
    assert [store["status"] for store in answer["stores"] if store["store"].startswith("original ")] == [
        "erased"
    ]
    assert documents.documents() == []
    assert canary("xylophonesecret", [service.data]) == []


def test_the_original_of_an_older_version_goes_when_the_newer_is_found(
    pair: tuple[Service, documents_served.Service],
) -> None:
    service, documents = pair
    put(service, "letter.txt", b"The rent is 450 pounds a month.")
    first = documents.documents()
    put(service, "letter.txt", b"The rent is 475 pounds a month.")
    wait_for("the older original to go", lambda: len(documents.documents()) == 1)
    assert documents.documents() != first


def test_an_original_that_cannot_be_reached_is_pending_and_tried_again(tmp_path: Path) -> None:
    with (
        documents_served.documents(tmp_path) as documents,
        rag(tmp_path, **settings_of(documents.url)) as service,
    ):
        item = put(service, "letter.txt", b"The rent is 450 pounds a month.")
    with rag(tmp_path, **settings_of(NOWHERE)) as service:
        assert "documents" in str(service.get("/health")["reasons"])
        path = f"/documents/{item['document_id']}"
        answer = service.call("DELETE", path, params={"case_id": "case-1"}).json()
        assert not answer["complete"]
        (pending,) = [store for store in answer["stores"] if store["status"] == "pending"]
        assert pending["store"].startswith("original ")
        assert pending["reason"]
        (kept,) = service.get("/erasures?pending=true")["erasures"]
        assert kept["erasure_id"] == answer["erasure_id"]
    with (
        documents_served.documents(tmp_path) as documents,
        rag(tmp_path, **settings_of(documents.url)) as service,
    ):
        wait_for("it to be erased", lambda: service.get("/erasures?pending=true")["erasures"] == [])
        assert documents.documents() == []
        (done,) = service.get("/erasures")["erasures"]
        assert done["complete"]


def test_the_client_speaks_with_all_of_it(tmp_path: Path) -> None:
    async def talk(url: str) -> None:
        async with Client(ClientConfig(url, NOWHERE, NOWHERE)) as client:
            texts = IngestRequest(case_id="case-1", texts=(IngestText(name="a", text="The rent is £450."),))
            answer = await client.ingest_texts(texts)
            told = [job async for job in client.ingest_events(answer.job.job_id)]
            assert told[-1].status == "done"
            assert await client.ingest_job(answer.job.job_id) == told[-1]
            file = FileSent("b.html", b"<p>The deposit is 900 pounds.</p>")
            sent = await client.ingest("case-1", [file])
            assert [job async for job in client.ingest_events(sent.job.job_id)][-1].status == "done"
            assert (await client.cases()).total == 1
            assert (await client.case("case-1")).documents == {"ready": 2}
            found = await client.search("case-1", "deposit?", limit=1, mode="bm25")
            assert found.hits[0].name == "b.html"
            listed = await client.case_documents("case-1")
            for document in listed.documents:
                assert await client.case_document("case-1", document.document_id) == document
            assert (await client.erase_document("case-1", listed.documents[0].document_id)).complete
            with pytest.raises(NotFound):
                await client.retry_document("case-1", listed.documents[0].document_id)
            assert (await client.erase_case("case-1")).complete
            assert len((await client.erasures()).erasures) == 2
            with pytest.raises(NotFound):
                await client.case("case-1")

    with rag(tmp_path) as service:
        asyncio.run(talk(service.url))

"""/documents: shown, marked, handed out, deleted, and gone in time."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from casewright.api.documents import DocumentAnswer
from casewright.errors import ConfigError
from casewright.services.documents import DocumentsConfig, create_app
from casewright.services.kit.config import KitConfig
from unit.documents.busy import wait_for
from unit.documents.making import long_tiff, pdf
from unit.services.documents_served import SAMPLE, Service, assert_error, canary, documents

Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with documents(tmp_path_factory.mktemp("data")) as found:
        yield found


@pytest.fixture(scope="module")
def sample(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.process(SAMPLE.read_bytes(), "Brief für März.pdf").json()
    return found


def image(service: Service, path: str) -> Image.Image:
    answer = service.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


def marked(before: Image.Image, after: Image.Image) -> Box | None:
    """The box around everything in which two images differ."""
    from PIL import ImageChops

    return ImageChops.difference(before, after).getbbox()


def test_a_document_is_what_was_read(service: Service, sample: dict[str, Any]) -> None:
    answer = service.get(f"/documents/{sample['document_id']}")
    found = DocumentAnswer.model_validate_json(answer.content)
    assert (found.filename, found.status, found.page_count) == ("Brief für März.pdf", "ok", 2)
    assert (found.sha256, found.image_pages, found.keep) == (sample["sha256"], 2, "default")
    assert found.expires is not None
    assert found.reading is not None
    assert found.reading.markdown == sample["markdown"]
    assert found.reading.model_dump(mode="json")["pages"] == sample["pages"]
    listed = service.get("/documents?limit=200").json()
    assert sample["document_id"] in [one["document_id"] for one in listed["documents"]]


def test_the_list_comes_in_pages_newest_first(service: Service) -> None:
    ids = [service.process(f"note {number}".encode()).json()["document_id"] for number in range(3)]
    found = service.get("/documents?limit=2").json()
    assert [one["document_id"] for one in found["documents"]] == ids[:0:-1]
    assert service.get("/documents?limit=1&offset=2").json()["documents"][0]["document_id"] == ids[0]
    assert found["total"] >= 3
    for wrong in ("limit=0", "limit=1000", "offset=-1", "limit=x"):
        assert_error(service.get(f"/documents?{wrong}"), 422, "unprocessable_request")


def test_the_original_is_to_be_saved_and_never_run(service: Service) -> None:
    page = b"<!doctype html><script>alert(1)</script> words that can be read"
    found = service.process(page, "x.txt")
    identity = found.json()["document_id"] if found.status_code == 200 else None
    identity = identity or service.process(b"words", 'a"\r\nb.txt').json()["document_id"]
    answer = service.get(f"/documents/{identity}/original")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox")


def test_the_bytes_are_those_that_came(service: Service, sample: dict[str, Any]) -> None:
    answer = service.get(f"/documents/{sample['document_id']}/original")
    assert answer.content == SAMPLE.read_bytes()
    assert "f%C3%BCr" in answer.headers["content-disposition"]


def test_a_span_is_marked_where_it_stands(service: Service, sample: dict[str, Any]) -> None:
    pages = f"/documents/{sample['document_id']}/pages"
    plain = image(service, f"{pages}/1.png")
    at = sample["markdown"].index("£1,240.50")
    page = sample["pages"][0]
    line = next(
        piece for block in page["blocks"] for piece in block["pieces"] if piece["start"] <= at < piece["end"]
    )
    box = marked(plain, image(service, f"{pages}/1.png?start={at}&end={at + 9}"))
    assert box is not None
    scale = plain.width / page["width"]
    for found, expected in zip(box, line["box"], strict=True):
        assert abs(found - expected * scale) < 6
    again = image(service, f"{pages}/1.png?span={at}-{at + 9}")
    assert marked(image(service, f"{pages}/1.png?start={at}&end={at + 9}"), again) is None


def test_several_spans_are_marked_those_of_other_pages_are_left_out(
    service: Service, sample: dict[str, Any]
) -> None:
    pages = f"/documents/{sample['document_id']}/pages"
    words = ("Northgate Advice Centre", "K01LS442", "What we will do")
    spans = "&".join(
        f"span={sample['markdown'].index(word)}-{sample['markdown'].index(word) + 5}" for word in words
    )
    box = marked(image(service, f"{pages}/1.png"), image(service, f"{pages}/1.png?{spans}"))
    assert box is not None
    assert box[3] - box[1] > 500, "from the first line to the court's"


def test_spans_that_are_nowhere_are_told(service: Service, sample: dict[str, Any]) -> None:
    pages = f"/documents/{sample['document_id']}/pages"
    length = len(sample["markdown"])
    for wrong in (
        f"start=0&end={length + 1}",
        "start=5&end=5",
        "start=9&end=2",
        "start=3",
        "span=1",
        "span=a-b",
    ):
        assert_error(service.get(f"{pages}/1.png?{wrong}"), 422, "unprocessable_request")
    second = sample["pages"][1]["start"]
    error = assert_error(
        service.get(f"{pages}/1.png?start={second}&end={second + 4}"), 422, "unprocessable_request"
    )
    assert "page 2" in error["hint"]


def test_what_cannot_be_looked_at_is_told(service: Service, sample: dict[str, Any]) -> None:
    note = service.process(b"only words").json()["document_id"]
    error = assert_error(service.get(f"/documents/{note}/pages/1.png"), 404, "not_found")
    assert "no pages to look at" in error["message"]
    for number in ("0", "3", "-1", "99999999"):
        error = assert_error(
            service.get(f"/documents/{sample['document_id']}/pages/{number}.png"), 404, "not_found"
        )
        assert "1 to 2" in error["hint"]
    assert_error(service.get(f"/documents/{sample['document_id']}/pages/x.png"), 422, "unprocessable_request")


@pytest.mark.parametrize(
    "identity",
    [
        str(uuid.UUID(int=0x1234567812344678B234567812345678)),
        "1",
        "..",
        "%2e%2e",
        "..%2f..%2fetc%2fpasswd",
        "jobs.sqlite",
        ".lock",
        "%00",
    ],
)
def test_a_guessed_id_is_nothing(service: Service, identity: str) -> None:
    for path in ("", "/original", "/pages/1.png"):
        assert_error(service.get(f"/documents/{identity}{path}"), 404, "not_found")
    assert_error(service.delete(f"/documents/{identity}"), 404, "not_found")
    assert_error(service.get(f"/jobs/{identity}"), 404, "not_found")


def test_a_name_is_no_path(service: Service) -> None:
    found = service.process(b"words", "../../../../tmp/canary-name-4e1.txt").json()
    assert found["filename"] == "canary-name-4e1.txt"
    assert sorted(path.name for path in (service.folder / found["document_id"]).iterdir()) == [
        "descriptions.json",
        "document.json",
        "original",
        "reading.json",
    ]


def test_deletion_leaves_no_word_of_it_anywhere(service: Service) -> None:
    word = "canary-6c0d"
    identity = service.process(pdf([word, "more"]), f"{word}.pdf").json()["document_id"]
    assert service.get(f"/documents/{identity}/pages/1.png?start=0&end=4").status_code == 200
    job = service.submit(pdf([word]), f"{word}.pdf")
    service.ended(job["job_id"])
    assert canary(word, [service.data])
    assert service.delete(f"/documents/{identity}").status_code == 204
    assert service.delete(f"/documents/{job['document_id']}").status_code == 204
    assert_error(service.delete(f"/documents/{identity}"), 404, "not_found")
    assert_error(service.get(f"/jobs/{job['job_id']}"), 404, "not_found")
    assert canary(word, [service.data]) == []


def test_what_is_due_goes_by_itself(tmp_path: Path) -> None:
    with documents(tmp_path, retention=timedelta(seconds=1), sweep_s=0.1) as service:
        due = service.process(b"canary-due").json()["document_id"]
        kept = service.process(b"words", keep="until_deleted").json()["document_id"]
        wait_for("it to be due", lambda: service.get(f"/documents/{due}").status_code == 404)
        wait_for("it to be gone", lambda: canary("canary-due", [tmp_path]) == [])
        assert service.get(f"/documents/{kept}").json()["expires"] is None


def test_a_second_service_does_not_start(service: Service) -> None:
    kit = KitConfig("documents", service.data)
    with pytest.raises(ConfigError, match="another document service"):
        create_app(DocumentsConfig(kit))


def test_what_became_due_while_nobody_was_there_goes_at_the_start(tmp_path: Path) -> None:
    with documents(tmp_path, retention=timedelta(days=1)) as service:
        service.process(b"canary-old")
    with documents(tmp_path, retention=None) as service:
        assert canary("canary-old", [tmp_path]) == []
        assert service.get("/documents").json()["total"] == 0


def test_what_was_to_be_kept_until_somebody_deletes_it_is_not_deleted_by_a_setting(tmp_path: Path) -> None:
    with documents(tmp_path) as service:
        kept = service.process(b"words", keep="until_deleted").json()["document_id"]
    with documents(tmp_path, retention=None) as service:
        assert service.get(f"/documents/{kept}").json()["reading"]["markdown"] == "words"
        assert service.process(b"words").json()["document_id"] is None
        assert service.delete(f"/documents/{kept}").status_code == 204


def test_an_original_is_whole_or_gone_while_it_is_deleted(service: Service) -> None:
    content = b"words " * 200_000
    store = service.app.state.store
    for _ in range(8):
        upload = store.take(io.BytesIO(content))
        store.put(
            service.app.state.desk.record(upload, "a.txt", "default").model_copy(update={"status": "ok"})
        )
        path = f"/documents/{upload.id}"
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(service.get, f"{path}/original") for _ in range(3)]
            assert pool.submit(service.delete, path).result().status_code == 204
            answers = [one.result() for one in asked]
        for answer in answers:
            assert answer.status_code in (200, 404), answer.text
            assert answer.status_code == 404 or answer.content == content


def test_a_page_that_cannot_be_kept_can_be_looked_at(service: Service) -> None:
    identity = service.process(pdf(["one"]), "a.pdf").json()["document_id"]
    (service.folder / identity / "pages").symlink_to("nowhere")  # so nothing can be written there
    assert image(service, f"/documents/{identity}/pages/1.png").width > 100
    assert service.delete(f"/documents/{identity}").status_code == 204


def test_those_who_look_crowd_nobody_out_who_sends(tmp_path: Path) -> None:
    slow = long_tiff(tmp_path / "slow.tiff", 2).read_bytes()
    with documents(tmp_path / "data", kit={"queue": 1}) as service:
        identity = service.process(pdf(*[["x"]] * 6), "a.pdf").json()["document_id"]
        with ThreadPoolExecutor(7) as pool:
            reading = pool.submit(service.process, slow, "slow.tiff")
            wait_for("the reader", lambda: service.app.state.places.callers == 1)
            looking = [pool.submit(service.get, f"/documents/{identity}/pages/{n}.png") for n in range(1, 5)]
            wait_for("those who look", lambda: len(service.app.state.places._waiting) == 1)
            sending = pool.submit(service.process, b"words")
            assert sending.result().status_code == 200
            assert {one.result().status_code for one in (reading, *looking)} == {200}

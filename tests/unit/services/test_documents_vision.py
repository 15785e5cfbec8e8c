"""Figures described over real HTTP: beside what was read, never in it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from casewright.values import EngineKind
from unit.documents.busy import wait_for
from unit.documents.making import LINES, pdf, picture
from unit.documents.seeing import MODEL, WORDS, config, illustrated, seer
from unit.services.documents_served import documents

SAID = WORDS.replace("\u202e", "")


@pytest.mark.parametrize("kind", ["ollama", "vllm"])
def test_a_figure_is_described_beside_the_text(tmp_path: Path, kind: EngineKind) -> None:
    with seer() as model, documents(tmp_path, vision=config(model, kind)) as service:
        health = service.get("/health").json()
        assert health["vision_analysis_available"] is True
        assert health["reasons"] == []
        assert health["limits"]["vision_tokens"] == 256
        found = service.process(illustrated(("red", "blue")), "a.pdf").json()
        assert [one["text"] for one in found["descriptions"]] == [SAID, SAID]
        assert [one["page"] for one in found["descriptions"]] == [1, 2]
        assert (found["descriptions"][0]["provider"], found["descriptions"][0]["model"]) == (kind, MODEL)
        assert "red square" not in found["markdown"]
        assert found["status"] == "ok"
        shown = model.pictures()
        centres = [image.getpixel((image.width // 2, image.height // 2)) for image in shown]
        assert centres == [(255, 0, 0), (0, 0, 255)], "the figures themselves arrived"
        kept = service.get(f"/documents/{found['document_id']}").json()
        assert kept["descriptions"] == found["descriptions"]
        assert kept["reading"]["markdown"] == found["markdown"]
        job = service.submit(illustrated(), "a.pdf")
        service.ended(job["job_id"])
        assert len(service.get(f"/jobs/{job['job_id']}/result").json()["descriptions"]) == 1
        assert (
            'casewright_document_descriptions_total{outcome="described"} 3.0' in service.get("/metrics").text
        )


def test_a_picture_file_is_described_as_a_whole_and_only_where_asked(tmp_path: Path) -> None:
    image = io.BytesIO()
    picture(LINES[:1]).save(image, "PNG")
    with seer() as model, documents(tmp_path, vision=config(model)) as service:
        found = service.process(image.getvalue(), "a.png").json()
        assert [(one["page"], one["box"]) for one in found["descriptions"]] == [(1, None)]
        assert found["markdown"] == LINES[0]
        asked = len(model.bodies)
        assert service.process(image.getvalue(), "a.png", describe="never").json()["descriptions"] == []
        assert service.process(pdf(["no figures"]), "b.pdf").json()["descriptions"] == []
        assert len(model.bodies) == asked
        assert service.process(image.getvalue(), "a.png", keep="no").json()["descriptions"] != []


def test_the_first_file_is_described_though_nobody_asked_how_the_model_is(tmp_path: Path) -> None:
    with seer() as model, documents(tmp_path, vision=config(model, wait_s=0.0)) as service:
        (description,) = service.process(illustrated(), "a.pdf").json()["descriptions"]
        assert description["text"] == SAID


def test_a_model_that_fails_fails_no_reading(tmp_path: Path) -> None:
    with seer("refuse") as model, documents(tmp_path, vision=config(model, fresh_s=0.0)) as service:
        health = service.get("/health").json()
        assert health["vision_analysis_available"] is False
        assert health["status"] == "healthy"
        assert "does not take pictures" in health["reasons"][0]
        answer = service.process(illustrated(), "a.pdf")
        found = answer.json()
        assert (answer.status_code, found["status"]) == (200, "ok")
        (description,) = found["descriptions"]
        assert description["text"] == ""
        assert "does not take pictures" in description["reason"]
        assert any("not described" in warning for warning in found["warnings"])
        model.mode = "say"
        wait_for("the model to be found", lambda: service.get("/health").json()["vision_analysis_available"])


def test_a_model_that_hangs_holds_nothing_up_for_long(tmp_path: Path) -> None:
    with seer() as model:
        bounds = config(model, picture_s=0.3, document_s=0.5)
        with documents(tmp_path, vision=bounds) as service:
            assert service.get("/health").json()["vision_analysis_available"] is True
            model.mode = "hang"
            found = service.process(illustrated(("red", "blue", "green", "black")), "a.pdf").json()
            assert len(found["descriptions"]) == 4
            assert all(one["text"] == "" and one["reason"] for one in found["descriptions"])
            assert found["status"] == "ok"


def test_pictures_are_bounded_and_the_rest_is_told(tmp_path: Path) -> None:
    with seer() as model, documents(tmp_path, vision=config(model, pictures=2)) as service:
        found = service.process(illustrated(("red",) * 5), "a.pdf").json()
        assert len(found["descriptions"]) == 2
        assert any("3 figures were not described" in warning for warning in found["warnings"])
        ornaments = service.process(illustrated(side=5), "b.pdf").json()
        assert ornaments["descriptions"] == []


def test_a_figure_behind_a_password_is_seen(tmp_path: Path) -> None:
    from fpdf import FPDF

    made = FPDF(unit="pt", format=(400, 400))
    made.set_encryption(owner_password="owner", user_password="y")
    made.add_page()
    made.set_font("helvetica", size=12)
    made.text(40, 40, "The damp is shown below.")
    made.image(Image.new("RGB", (200, 200), "red"), x=100, y=200, w=60, h=60)
    with seer() as model, documents(tmp_path, vision=config(model)) as service:
        found = service.process(bytes(made.output()), "a.pdf", password="y").json()
        assert [one["text"] for one in found["descriptions"]] == [SAID]

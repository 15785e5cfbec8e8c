"""A full disk under the notes service: confirmations are refused as what it is, and health knows before."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from unit.notes.drafting import NOTES, script
from unit.services.notes_served import call, convert, service
from unit.services.test_rag_bad_input import fill, small_disk


@pytest.mark.skipif(os.geteuid() != 0, reason="a disk of its own can only be made by root")
def test_a_full_disk_is_told_and_letters_are_written_all_the_same(tmp_path: Path) -> None:
    with small_disk(tmp_path / "data", 80) as data, service(data, script()) as (url, _):
        letter = convert(url, notes=NOTES, strategy="extractive")
        body = json.dumps({"letter": letter.model_dump(mode="json"), "confirmed_by": "Mira"}).encode()
        assert call(url, "GET", "/health")[2]["checks"] == {"confirmations": True}
        filler = fill(data)
        health = call(url, "GET", "/health")[2]
        assert (health["status"], health["checks"]) == ("degraded", {"confirmations": False})
        assert "bytes are free" in health["reasons"][0]
        status, _, found = call(url, "POST", "/confirm", body)
        assert (status, found["error"]["type"]) == (503, "disk_full")
        assert convert(url, notes=NOTES, strategy="extractive").full_text == letter.full_text
        filler.unlink()
        assert call(url, "GET", "/health")[2]["checks"] == {"confirmations": True}
        assert call(url, "POST", "/confirm", body)[0] == 200
        fill(data)
        status, _, found = call(url, "GET", f"/confirmations/{letter.seal}")
        assert (status, found["confirmed_by"]) == (200, "Mira"), "what was kept can be read"
        again = json.dumps({"letter": letter.model_dump(mode="json"), "confirmed_by": "Bob"}).encode()
        status, _, found = call(url, "POST", "/confirm", again)
        assert (status, found["error"]["type"]) == (503, "disk_full")

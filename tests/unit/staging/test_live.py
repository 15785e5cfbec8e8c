"""The real stack, started by the stage as its operator would, with the real model asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from casewright.api.staging import EvidenceFile, StageResult
from ports import free_ports
from unit.staging.stack import NAMES


@pytest.mark.live
@pytest.mark.alone
def test_the_real_stack_starts_answers_rightly_and_comes_down(tmp_path: Path) -> None:
    ports = {
        f"CASEWRIGHT_{name.upper()}_PORT": str(port)
        for name, port in zip((*NAMES, "chroma"), free_ports(len(NAMES) + 1), strict=True)
    }
    others = ("OLLAMA", "VLLM", "LLM_", "CASEWRIGHT", "CHROMA")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(others)}
    out = tmp_path / "out"
    words = ["stage", "--only", "startup", "--only", "functional", "--output", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "casewright", *words],
        env=kept | ports | {"CASEWRIGHT_DATA": str(tmp_path / "d")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    result = StageResult.model_validate_json((out / "results.json").read_text())
    said = done.stdout + done.stderr
    open_boxes = {box.id: box.status for box in result.boxes if box.asked and box.status != "PASS"}
    assert open_boxes == {"startup.vision": "NOT MEASURED", "startup.gpu": "NOT MEASURED"}, said
    assert done.returncode == 2, said
    assert result.engine == "llama.cpp (Casewright embedded)"
    ran = {part.part: part.here for part in result.parts}
    url = f"http://127.0.0.1:{ports['CASEWRIGHT_CHROMA_PORT']}"
    assert ran["chroma"] == f"the Chroma server of the installed chromadb: a process at {url}"
    assert "answers Ollama's API under its own name" in ran["ollama"]
    evidence = EvidenceFile.model_validate_json((out / "functional-rag.json").read_text())
    asked = [found for found in evidence.findings if found.what == "with the model asked: model"]
    assert len(asked) == 1
    assert "tokens" in asked[0].seen

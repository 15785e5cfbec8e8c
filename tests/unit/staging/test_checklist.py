"""The checklist is the plan's, whole and in its words; the document shows the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from casewright.staging.checklist import BOXES, GROUPS
from casewright.staging.run import STEPS

ROOT = Path(__file__).resolve().parents[3]

PLAN = {
    "Build Phase": [
        "All Docker images build successfully",
        "No dependency conflicts",
        "Images size reasonable",
    ],
    "Startup Phase": [
        "All services start",
        "Health checks pass",
        "No memory errors",
        "GPU allocation correct",
    ],
    "Functional Testing": [
        "RAG service queries work",
        "Notes service conversions work",
        "Doc-processor handles uploads",
        "Responses are correct",
    ],
    "Performance Testing": [
        "vLLM latency < target",
        "vLLM throughput > target",
        "GPU utilization correct",
        "Memory usage stable",
    ],
    "Resilience Testing": [
        "Provider fallback works",
        "Service recovery works",
        "No data loss on restart",
        "Graceful error handling",
    ],
    "Stability Testing": [
        "1+ hour uptime stable",
        "No memory leaks",
        "No service drift",
        "Metrics consistent",
    ],
}


def test_every_box_of_the_plan_is_there_in_its_words_and_order() -> None:
    ours = {
        title: [box.words for box in BOXES if box.group == group and box.origin == "checklist"]
        for group, title in GROUPS.items()
    }
    assert ours == PLAN


def test_boxes_and_evidence_files_have_names_of_their_own() -> None:
    assert len({box.id for box in BOXES}) == len({box.evidence for box in BOXES}) == len(BOXES)
    for box in BOXES:
        assert box.id.startswith(f"{box.group}.")
        assert re.fullmatch(r"[a-z0-9-]+\.json", box.evidence)
        assert box.observable
        assert box.threshold


def test_a_box_is_either_found_by_a_step_or_says_why_it_is_not_built() -> None:
    stepped = {name for step in STEPS for name in step.boxes}
    assert stepped == {box.id for box in BOXES if box.not_built is None}


def test_the_document_shows_every_box_as_it_is() -> None:
    page = " ".join((ROOT / "docs" / "staging.md").read_text().split())
    for box in BOXES:
        cells = (box.words, box.observable, box.threshold, f"`{box.evidence}`")
        assert " | ".join(cell.replace("|", "\\|") for cell in cells) in page
        if box.not_built is not None:
            assert f"{box.words}: {box.not_built}" in page


def test_the_judge_imports_nothing_that_it_judges() -> None:
    judged = ("services", "documents", "knowledge", "notes", "stack", "cli", "engines")
    found = []
    for path in (ROOT / "src" / "casewright" / "staging").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            found += [
                (path.name, name)
                for name in names
                if any(f"{name}.".startswith(f"casewright.{part}.") for part in judged)
                and not name.startswith("casewright.engines.wire")
            ]
    assert found == []

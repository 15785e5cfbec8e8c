"""The calls that README shows, as they stand there, by the real curl, with the real model behind them.

Only the ports differ: the services run on free ones.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from contract.services import NAMES, Found, service

ROOT = Path(__file__).resolve().parents[2]
PORTS = {"rag": 8003, "notes": 8100, "documents": 8101}
PLAN = {
    8003: {"query": "What is document processing?", "documents": ["Sample document text"]},
    8100: {"notes": "Client discussed legal requirements", "client_name": "John Smith"},
}


@pytest.fixture(scope="module")
def stack(live_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Found]]:
    with ExitStack() as running:
        yield {
            PORTS[name]: running.enter_context(service(name, tmp_path_factory.mktemp(name), live_url))
            for name in NAMES
        }


def shown(port: int) -> str:
    """The curl command for a port, as README has it."""
    found = re.findall(
        rf"^curl -X POST http://localhost:{port}.*?(?=\n\n|\n```)",
        (ROOT / "README.md").read_text(),
        re.S | re.M,
    )
    assert len(found) == 1
    return str(found[0])


def run(stack: dict[int, Found], port: int) -> Any:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = (
        shown(port).replace(f"http://localhost:{port}", stack[port].url).replace("curl ", "curl -sS ", 1)
    )
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, cwd=ROOT, timeout=60, check=True)
    return json.loads(done.stdout)


def test_what_the_document_does_not_say_is_not_answered(stack: dict[int, Found]) -> None:
    answer = run(stack, 8003)
    assert answer["grounded"] is False
    assert answer["citations"] == []
    assert answer["answer"]
    assert answer["reason"]
    assert (answer["provider"], answer["model"]) == ("embedded", "smollm2-135m-instruct")


def test_the_letter_uses_its_one_line(stack: dict[int, Found]) -> None:
    answer = run(stack, 8100)
    assert [set(sentence["lines"]) for sentence in answer["sentences"]] == [{1}]
    assert "legal requirements" in answer["matters_discussed"][0]
    assert answer["our_actions"] == answer["your_actions"] == []
    assert [check["name"] for check in answer["checks"] if not check["passed"]] == []
    assert "John Smith" in answer["full_text"]
    assert (answer["provider"], answer["model"]) == ("embedded", "smollm2-135m-instruct")


def test_the_sample_is_read_to_its_last_digit(stack: dict[int, Found]) -> None:
    answer = run(stack, 8101)
    assert answer["page_count"] == 2
    assert answer["method"] == "text"
    for word in ("PPR-9087", "£1,240.50", "26 February 2026", "£310.50", "0113 496 0182", "K01LS442"):
        assert word in answer["markdown"], word
    for page in answer["pages"]:
        assert answer["markdown"][page["start"] : page["end"]] == page["markdown"]


def test_the_real_model_is_asked_when_a_request_says_so(stack: dict[int, Found]) -> None:
    """Its words are used if they hold against the cited text, and named as not used if they do not."""
    body = {
        "query": "How much does Ms Patel owe Barclays?",
        "documents": ["Ms Patel owes Barclays £450.00."],
        "strategy": "plain",
    }
    command = ["curl", "-sS", stack[8003].url + "/query", "-H", "Content-Type: application/json"]
    done = subprocess.run([*command, "-d", json.dumps(body)], capture_output=True, timeout=60, check=True)
    answer = json.loads(done.stdout)
    assert answer["usage"]["output_tokens"] > 0
    assert answer["grounded"]
    assert "450" in answer["answer"]
    assert (answer["answered_by"] == "model") != any("not used" in text for text in answer["warnings"])


@pytest.mark.parametrize("port", PLAN)
def test_the_calls_are_the_staging_plans_own(port: int) -> None:
    data = re.search(r"-d '(.*)'", shown(port), re.S)
    assert data is not None
    assert json.loads(data[1]) == PLAN[port]

"""What ran as what, as the stage saw it: dependencies among the processes, and the table in the report."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from casewright.api.staging import PartSeen
from casewright.staging.ask import Client
from casewright.staging.config import PartPlan, StageConfig
from casewright.staging.context import Context
from casewright.staging.ledger import Ledger
from casewright.staging.report import print_report
from casewright.staging.report_html import stage_html
from casewright.staging.stack import LocalStack, parse_listing
from casewright.staging.steps_start import parts_seen
from casewright.staging.storm import whole
from unit.staging.stack import told
from unit.staging.test_report import HOSTILE, config, hostile_ledger, result_of

PARTS = (
    PartPlan("chroma", "chromadb (chromadb/chroma:1.5.9)", "Chroma's embedded client"),
    PartPlan("n8n", "n8n (n8nio/n8n:2.38.5)", "nothing: no workflow runs"),
)
RUNNING = {
    "name": "chroma",
    "state": "running",
    "pid": 7,
    "what": "the Chroma server",
    "url": "http://127.0.0.1:8002",
    "health_url": "http://127.0.0.1:8002/api/v2/heartbeat",
}


def context(client: Client, services: Mapping[str, str]) -> Context:
    made = StageConfig(Path("/d"), Path("/o"), services, ("casewright",), parts=PARTS)
    stack = LocalStack(replace(made, services={"rag": "http://127.0.0.1:1"}))
    return Context(made, client, stack, Ledger())


def listing(**change: object) -> str:
    return json.dumps({"processes": [RUNNING | change]})


def test_a_process_is_told_of_by_what_it_is_and_what_is_none_by_what_stands_in_for_it() -> None:
    async def seen(text: str) -> list[str]:
        async with Client(1.0) as client:
            run = told("ps").model_copy(update={"stdout": text})
            return [part.here for part in parts_seen(context(client, {}), parse_listing(run))]

    chroma, n8n = asyncio.run(seen(listing()))
    assert chroma == "the Chroma server: a process at http://127.0.0.1:8002"
    assert n8n == "nothing: no workflow runs"
    assert asyncio.run(seen(listing(pid=None)))[0] == "Chroma's embedded client"
    assert asyncio.run(seen(listing(what=None)))[0] == "chroma: a process at http://127.0.0.1:8002"
    assert asyncio.run(seen("no list"))[0] == "Chroma's embedded client"


@pytest.fixture
def chroma() -> Iterator[str]:
    """A server that answers at Chroma's path alone."""

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/v2/heartbeat" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_killed_dependency_is_whole_again_when_it_answers_at_its_own_path(chroma: str) -> None:
    async def seen() -> tuple[bool, bool]:
        async with Client(5.0) as client:
            found = context(client, {})
            found.urls = {"chroma": chroma}
            without = await whole(found, "chroma")
            found.health_urls = {"chroma": f"{chroma}/api/v2/heartbeat"}
            return without, await whole(found, "chroma")

    assert asyncio.run(seen()) == (False, True)


def test_the_report_says_what_ran_as_what_in_the_terminal_and_on_the_page() -> None:
    part = PartSeen(part="chroma", container="chromadb", here=HOSTILE)
    result = result_of(hostile_ledger(), config(), parts=(part,))
    page = stage_html(result)
    assert "What ran as what" in page
    assert "<script>" not in page
    out = io.StringIO()
    print_report(Console(file=out, width=200), result, Path("/o"))
    assert "What ran as what" in out.getvalue()
    assert "chromadb" in out.getvalue()
    assert "What ran as what" not in stage_html(result_of(hostile_ledger(), config()))

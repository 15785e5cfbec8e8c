"""What POST /query takes beyond the engine's own time, with one user.

The service is `casewright serve rag` as a process. The engine is a small server here that takes a fixed
time and says the passage back that it was given, so its words are checked and hold. Each question is asked of
the service and, right before or after it, the engine is asked directly; the difference is the overhead.

``inline``      3 documents of 2,000 characters in the request
``case``        a stored case of 500 chunks, the question embedded by all-MiniLM
``extractive``  as ``inline``, without a model: all of it is overhead

    python benchmarks/query_overhead.py --markdown docs/benchmarks/query-overhead.md
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from casework_sets import Letters
from casewright.bench.machine import describe_machine
from service_process import NOBODY, served

ENGINE_MS = 30.0
BOUND_MS = 40.0
CHUNKS = 500
RESAMPLES = 2_000


class Engine(BaseHTTPRequestHandler):
    """Speaks as vLLM does, in a stream if asked for one; says the prompt's text back after a time."""

    engine_ms = ENGINE_MS

    protocol_version = "HTTP/1.1"
    # a small answer must not wait for the acknowledgement of the one before
    disable_nagle_algorithm = True

    def do_GET(self) -> None:  # noqa: D102
        given: dict[str, Any] = {"version": "0.0", "object": "list", "data": [{"id": "says-back"}]}
        self._send(json.dumps(given).encode(), "application/json")

    def do_POST(self) -> None:  # noqa: D102
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        began = time.perf_counter()
        said = self.said(asked["messages"])
        time.sleep(self.engine_ms / 1000)
        usage = {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60}
        choice = {"index": 0, "delta": {"role": "assistant", "content": said}, "finish_reason": None}
        ended = {"index": 0, "delta": {}, "finish_reason": "stop"}
        head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "says-back"}
        if not asked.get("stream"):
            message = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
            whole = head | {"object": "chat.completion", "choices": [message], "usage": usage}
            self._send(json.dumps(whole).encode(), "application/json")
            self.answered(asked, began)
            return
        chunks = [head | {"choices": [choice]}, head | {"choices": [ended]}]
        chunks.append(head | {"choices": [], "usage": usage})
        text = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
        self._send(text.encode(), "text/event-stream")
        self.answered(asked, began)

    def said(self, messages: list[dict[str, Any]]) -> str:
        """The words of the answer."""
        return str(messages[-1]["content"]).partition("Text: ")[2].partition("\n\nQuestion:")[0] or "ok"

    def answered(self, asked: dict[str, Any], began: float) -> None:
        """Hears of every answer, and of the ``perf_counter`` when it was asked for."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def engine(kind: type[Engine] = Engine) -> Iterator[str]:
    """The engine, in threads of its own; nothing else is done here while it answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def service(data_dir: Path, engine_url: str, name: str = "rag") -> Iterator[str]:
    """`casewright serve NAME` with this engine and none of the caller's settings; yields its URL."""
    settings = {
        "LLM_PROVIDER": "vllm",
        "VLLM_URL": engine_url,
        "VLLM_MODEL": "says-back",
        "CASEWRIGHT_FALLBACK": "off",
        "CASEWRIGHT_LOG_LEVEL": "WARNING",
        "DOCUMENTS_URL": NOBODY,
    }
    with served(name, data_dir, settings) as url:
        yield url


class Caller:
    """One connection that is kept."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        self._connection.connect()
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[float, Any]:
        """Milliseconds until the whole answer was there, and the answer."""
        content = None if body is None else json.dumps(body)
        began = time.perf_counter()
        self._connection.request(method, path, content, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        raw = response.read()
        took = (time.perf_counter() - began) * 1000
        if response.status >= 300:
            sys.exit(f"{path}: {response.status} {raw[:500]!r}")
        return took, json.loads(raw)


def stored(rag: Caller, letters: Letters) -> None:
    """Put a case of ``CHUNKS`` chunks there and wait until it is."""
    texts, chunks, documents = 64, 0, 0
    while chunks < CHUNKS:
        batch = [{"name": f"{documents + n}", "text": letters.document(2_000)} for n in range(texts)]
        documents += texts
        _, job = rag.call("POST", "/ingest", {"case_id": "bench", "texts": batch})
        while True:
            _, state = rag.call("GET", f"/jobs/{job['job']['job_id']}")
            if state["status"] in ("done", "failed"):
                break
            time.sleep(0.2)
        if state["status"] != "done":
            sys.exit("the case could not be stored")
        chunks = rag.call("GET", "/cases/bench")[1]["chunks"]
        texts = min(64, max(1, round((CHUNKS - chunks) * documents / max(1, chunks))))
    print(f"a case of {documents} documents in {chunks} chunks", flush=True)


def measure(
    rag: Caller, direct: Caller, body: Callable[[], dict[str, Any]], requests: int, *, asked: bool
) -> tuple[list[float], list[float], dict[str, list[float]]]:
    """Overheads, the engine's own times and the service's parts; ``asked``: of answers of the model alone."""
    plain = {
        "model": "says-back",
        "messages": [{"role": "user", "content": "Text: The rent is due.\n\nQuestion: What?"}],
        "stream": True,
    }
    over: list[float] = []
    own: list[float] = []
    parts: dict[str, list[float]] = {}
    tried, warm = 0, 20
    while len(over) < requests:
        tried += 1
        if tried > 20 * (requests + warm):
            sys.exit("the model is hardly ever asked: the questions are not answered")
        question, engine_ms = body(), 0.0
        if asked and tried % 2:
            engine_ms = _direct(direct, plain)
        took, answer = rag.call("POST", "/query", question)
        if asked and not tried % 2:
            engine_ms = _direct(direct, plain)
        if asked and answer["answered_by"] != "model":
            continue
        if warm:
            warm -= 1
            continue
        over.append(took - engine_ms)
        own.append(engine_ms)
        for part, ms in answer["timings"]["parts"].items():
            parts.setdefault(part, []).append(ms)
    return over, own, parts


def _direct(engine: Caller, body: dict[str, Any]) -> float:
    began = time.perf_counter()
    connection = engine._connection
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
    connection.getresponse().read()
    return (time.perf_counter() - began) * 1000


def interval(values: list[float], share: float) -> tuple[float, float, float]:
    """A percentile and its 95 % interval (bootstrap)."""
    rng = np.random.default_rng(3)
    drawn = rng.choice(np.array(values), (RESAMPLES, len(values)))
    low, high = np.percentile(np.percentile(drawn, share, axis=1), [2.5, 97.5])
    return float(np.percentile(values, share)), float(low), float(high)


def main() -> int:
    """Measure, print, and write the page; 1 where the bound does not hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=200, help="of each kind")
    parser.add_argument("--note", default="", help="a sentence on the circumstances, for the page")
    parser.add_argument("--markdown", type=Path, default=None)
    words = parser.parse_args()
    began, before = datetime.now(UTC), os.getloadavg()[0]
    letters, kept = Letters(random.Random(11)), Letters(random.Random(12))
    lines, medians = [], []
    with (
        tempfile.TemporaryDirectory(prefix="cw-query-") as folder,
        engine() as engine_url,
        service(Path(folder), engine_url) as url,
    ):
        rag, direct = Caller(url), Caller(engine_url)
        stored(rag, kept)
        for name, body in kinds(letters, kept).items():
            found = measure(rag, direct, body, words.requests, asked=name != "extractive")
            medians.append(statistics.median(found[0]))
            lines.append(row(name, *found))
            print(lines[-1], flush=True)
    when = f"{began:%Y-%m-%d %H:%M} UTC, load average {before:.1f} before and {os.getloadavg()[0]:.1f} after"
    if words.markdown:
        words.markdown.write_text(page(lines, when, words.note), encoding="utf-8")
    return 0 if max(medians) <= BOUND_MS else 1


def kinds(letters: Letters, kept: Letters) -> dict[str, Callable[[], dict[str, Any]]]:
    """How each kind of question is made."""

    def inline() -> dict[str, Any]:
        documents = [letters.document(2_000) for _ in range(3)]
        return {"query": letters.question(), "documents": documents, "strategy": "plain"}

    def case() -> dict[str, Any]:
        return {"query": kept.question(any_letter=True), "case_id": "bench", "strategy": "plain"}

    return {"inline": inline, "case": case, "extractive": lambda: {**inline(), "strategy": "extractive"}}


def row(name: str, over: list[float], own: list[float], parts: dict[str, list[float]]) -> str:
    """A line of the table."""
    cells = [f"{value:.1f} ({low:.1f} to {high:.1f})" for value, low, high in
             (interval(over, 50), interval(over, 95))]  # fmt: skip
    engine_ms = f"{statistics.median(own):.1f}" if any(own) else "-"
    inside = ", ".join(f"{part} {statistics.median(ms):.1f}" for part, ms in parts.items())
    return f"| {name} | {len(over)} | {cells[0]} | {cells[1]} | {engine_ms} | {inside} |"


def page(lines: list[str], when: str, note: str) -> str:
    """The page under docs/benchmarks."""
    machine: dict[str, Any] = describe_machine().model_dump()
    rows = "\n".join(lines)
    table = "| kind | requests | overhead p50, ms | overhead p95, ms | engine alone, ms | parts, median ms |"
    return f"""# What a question costs beyond the engine

`POST /query` with one user. The service is a process of its own; the engine takes {ENGINE_MS:g} ms and says
the passage back that it was given, so that its words are checked and hold. Each question is paired with a
call of the engine itself, right before or after it, and the overhead is the difference. Questions whose
answer is not the model's are left out of the first two rows. Every request has other documents or another
question.

* `inline`: 3 documents of 2,000 characters in the request
* `case`: a stored case of {CHUNKS} chunks or a little more; the question is embedded by all-MiniLM
* `extractive`: as `inline`, without a model: all of it is overhead

Bound: at most {BOUND_MS:g} ms at the median.

{table}
|---|---:|---:|---:|---:|---|
{rows}

In brackets: 95 % intervals, bootstrap over requests. Parts are as the service saw them; `model` is the engine
with the check of its words.

Measured {when}, on {machine["cpu"]}, {machine["cores"]} cores, {machine["os"]}, Python {machine["python"]}.
{note}

```bash
python benchmarks/query_overhead.py --markdown docs/benchmarks/query-overhead.md
```
"""


if __name__ == "__main__":
    sys.exit(main())

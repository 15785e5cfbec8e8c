"""Stand-in services for a soak: they count what they answer, and get worse over time on demand.

A fault is written ``SERVICE:FAULT``, so that several services of one stack can have one each.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from unit.staging.standin import ROUTES, StandIn, server

# What a real child of a leaking service does: it grows by 64 KiB every 20 ms, to 96 MiB at most.
GROW = """
import time
kept = []
while len(kept) < 1536:
    kept.append(bytearray(b"x" * 65536))
    time.sleep(0.02)
time.sleep(60)
"""
STALL_FROM, STALL_TO = 8, 12


class Soaked(StandIn):
    """One service that counts; ``began`` and the counters belong to its process."""

    counts: ClassVar[Counter[tuple[str, str, int]]] = Counter()
    kept: ClassVar[list[int]] = []
    originals: ClassVar[set[str]] = set()
    lock = threading.Lock()
    began = time.time()

    def has(self, fault: str) -> bool:
        return f"{self.service}:{fault}" in self.faults

    def do_GET(self) -> None:  # noqa: N802, the base class names it so
        if self.path == "/metrics":
            self.metrics()
            return
        if self.path.startswith("/documents/"):
            self.answer(200 if self.path in self.originals else 404, {})
            return
        looks = self.seen("GET", "/health")
        if self.path == "/health" and self.has("stalls") and STALL_FROM <= looks <= STALL_TO:
            threading.Event().wait(0.5)
        super().do_GET()

    def do_DELETE(self) -> None:  # noqa: N802
        if self.has("keeps-all"):
            self.refuse(503, "unavailable")
            return
        self.originals.discard(self.path)
        self.answer(200, {"complete": True})

    def health(self, url: str) -> dict[str, Any]:
        body = super().health(url)
        if self.has("new-setting") and self.seen("GET", "/health") > 5:
            body["limits"] = {"max_body_bytes": 7}
        return body

    def do_POST(self) -> None:  # noqa: N802
        asked = self.seen("POST", ROUTES[self.service])
        if self.has("slower"):
            threading.Event().wait(min(0.0004 * asked, 0.3))
        if self.has("handles"):
            self.kept.append(os.open("/dev/null", os.O_RDONLY))
        super().do_POST()

    def convert(self, body: dict[str, Any]) -> dict[str, Any]:
        found = super().convert(body)
        if self.has("other-answer") and self.seen("POST", "/convert") > 10:
            found["full_text"] += " And more."
        return found

    def seen(self, method: str, route: str) -> int:
        return sum(count for (m, r, _), count in self.counts.items() if (m, r) == (method, route))

    def answer(self, status: int, body: dict[str, Any]) -> None:
        if (self.command, self.path, status) == ("POST", "/process", 200):
            body = {**body, "document_id": uuid.uuid4().hex}
            self.originals.add(f"/documents/{body['document_id']}")
        with self.lock:
            self.counts[self.command, self.path, status] += 1
            if self.has("miscounts") and self.command == "POST" and self.seen("POST", self.path) == 5:
                self.counts[self.command, self.path, status] += 1
        super().answer(status, body)

    def metrics(self) -> None:
        lines = [f"process_start_time_seconds {self.began}", "# a comment"]
        with self.lock:
            rows = dict(self.counts)
        timed: Counter[tuple[str, str]] = Counter()
        for (method, route, status), count in rows.items():
            labels = f'method="{method}",route="{route}"'
            lines.append(f'casewright_requests_total{{{labels},status="{status}"}} {count}.0')
            timed[method, route] += count
        for (method, route), count in timed.items():
            labels = f'method="{method}",route="{route}"'
            lines.append(f"casewright_request_seconds_count{{{labels}}} {count}.0")
        answers = sum(n for (m, _, status), n in rows.items() if m == "POST" and status == 200)
        lines.append(f'casewright_answers_total{{answered_by="code",provider="none"}} {answers}.0')
        data = "\n".join(lines).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def serve(service: str, port: int, faults: frozenset[str]) -> None:
    """Serve until killed; a leaking service has a child that grows, and dies with it."""
    if f"{service}:leaks" in faults:
        dies_with_us = "import ctypes; ctypes.CDLL(None).prctl(1, 9)\n"
        subprocess.Popen([sys.executable, "-c", dies_with_us + GROW])
    listening = server(service, port, faults, Path("/nonexistent"))
    listening.RequestHandlerClass = type("Handler", (Soaked,), {"service": service, "faults": faults})
    listening.handle_error = lambda *_: None  # type: ignore[method-assign]  # askers leave: that is no error
    listening.serve_forever()


if __name__ == "__main__":
    name, number, words = sys.argv[1:4]
    serve(name, int(number), frozenset(filter(None, words.split(","))))

"""Stand-in services that keep what they acknowledge, and ask engines: for all that a storm does to them.

What they keep lies in files beside the provider file. ``forgets-KIND`` keeps it in memory only.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import json
import os
import random
import re
import socket
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))  # it runs as a program, too

from unit.staging.standin import StandIn  # noqa: E402

PEERS: dict[str, str] = json.loads(os.environ.get("STANDIN_PEERS", "{}"))
ENGINES = [
    (name, url) for name in ("ollama", "vllm") if (url := os.environ.get(f"STANDIN_{name.upper()}_URL"))
]
PATIENCE_S = 0.4
FAILING = ("/ingest", "/query")


class Storming(StandIn, BaseHTTPRequestHandler):
    """Routes of cases, confirmations and originals in addition to the golden cases."""

    memory: ClassVar[dict[str, bytes]] = {}
    hidden: ClassVar[set[str]] = set()
    was_full: ClassVar[list[bool]] = []
    given_up: ClassVar[set[str]] = set()
    questions: ClassVar[list[str]] = []
    content = b""
    unkept = False

    @property
    def store(self) -> Path:
        folder = self.provider_file.parent / "store"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def keep(self, kind: str, name: str, data: bytes) -> None:
        if "stays-full" in self.faults and (self.provider_file.parent / "filler").exists():
            self.was_full.append(True)
        if self.was_full:
            raise OSError(errno.ENOSPC, "still full")
        if f"forgets-{kind}" in self.faults:
            self.memory[f"{kind}-{name}"] = data
            return
        try:
            # larger than what a full volume may still have in a block that was begun
            (self.store / f"{kind}-{name}").write_bytes(data.ljust(8192, b"\0"))
        except OSError:
            (self.store / f"{kind}-{name}").unlink(missing_ok=True)
            if "loses-on-full-disk" not in self.faults:
                raise

    def kept(self, kind: str, name: str) -> bytes | None:
        if name in self.hidden:
            return None
        path = self.store / f"{kind}-{name}"
        found = self.memory.get(f"{kind}-{name}")
        return path.read_bytes().rstrip(b"\0") if found is None and path.exists() else found

    def forget(self, kind: str, name: str) -> bool:
        there = self.kept(kind, name) is not None
        if "revives" in self.faults:
            self.hidden.add(name)
            return there
        self.memory.pop(f"{kind}-{name}", None)
        (self.store / f"{kind}-{name}").unlink(missing_ok=True)
        return there

    def papers(self, case: str) -> dict[str, str]:
        names = {path.name.removeprefix("paper-") for path in self.store.glob("paper-*")}
        names |= {name.removeprefix("paper-") for name in self.memory if name.startswith("paper-")}
        found: dict[str, str] = {}
        for name in names:
            data = self.kept("paper", name)
            if data is not None and json.loads(data)["case"] == case:
                found[name] = json.loads(data)["text"]
        return found

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        words = parts.path.strip("/").split("/")
        if parts.path == "/health":
            body = self.health(f"http://{self.headers['Host']}")
            if body["status"] == "unhealthy":
                self.answer(503, body)
                return
            super().do_GET()
        elif parts.path == "/search" and "needs-chroma" in self.faults and not alive(PEERS["chroma"]):
            self.refuse(503, "index_unavailable")
        elif self.service == "rag" and parts.path == "/search":
            hits = [{"text": text} for text in self.papers(asked["case_id"]).values() if asked["q"] in text]
            self.answer(200, {"hits": hits})
        elif self.service == "rag" and words[0] == "cases":
            self.answer(200, {"documents": {"ready": len(self.papers(words[1]))}})
        elif self.service == "rag" and words[0] == "documents":
            found = words[1] in self.papers(asked["case_id"])
            self.answer(200, {"document_id": words[1]}) if found else self.refuse(404, "not_found")
        elif words[0] == "confirmations":
            data = self.kept("letter", words[1])
            self.answer(200, json.loads(data)) if data is not None else self.refuse(404, "not_found")
        elif self.service == "documents" and words[0] == "documents":
            self.original(self.kept("original", words[1]))
        else:
            super().do_GET()

    def original(self, data: bytes | None) -> None:
        if data is None:
            self.refuse(404, "not_found")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        if "fails-while-switching" in self.faults and self.switched_now():
            self.refuse(500, "service_failure")
            return
        if "fails-now-and-then" in self.faults and self.path in FAILING and random.random() < 0.3:
            self.refuse(500, "service_failure")
            return
        try:
            if "hangs-with-engine" in self.faults and self.service == "rag":
                alive(PEERS["engine"], 60.0)
            if self.path == "/ingest":
                self.ingest(self.rfile.read(int(self.headers["Content-Length"])))
            elif self.path == "/confirm":
                self.confirm(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            else:
                super().do_POST()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            self.refuse(503, "disk_full")

    def switched_now(self) -> bool:
        """A request on its way a moment after the choice was changed."""
        file = self.provider_file
        return file.exists() and time.time() - file.stat().st_mtime < 1.0

    def do_DELETE(self) -> None:
        words = urlsplit(self.path).path.strip("/").split("/")
        if words[0] == "cases":
            papers = [self.forget("paper", name) for name in self.papers(words[1])]
            found = any(papers)
        else:
            found = self.forget("paper" if self.service == "rag" else "original", words[1])
            found = found and not ("lost-before" in self.faults and self.service == "rag")
        self.answer(200, {"complete": True}) if found else self.refuse(404, "not_found")

    def ingest(self, data: bytes) -> None:
        if data.startswith(b"{"):
            body = json.loads(data)
            case, text = body["case_id"], body["texts"][0]["text"]
        else:
            part = re.search(
                rb'name="case_id"\r\n\r\n(.*?)\r\n.*filename=.*?\r\n\r\n(.*)\r\n--', data, re.DOTALL
            )
            assert part is not None
            case, text = part[1].decode(), part[2].decode()
        name = uuid.uuid4().hex
        self.keep("paper", name, json.dumps({"case": case, "text": text}).encode())
        self.answer(202, {"job": {"documents": [{"document_id": name}]}})

    def confirm(self, body: dict[str, Any]) -> None:
        seal = body["letter"]["seal"]
        said = {"seal": seal, "confirmed_by": body["confirmed_by"]}
        self.keep("letter", seal, json.dumps(said).encode())
        self.answer(200, said)

    def convert(self, body: dict[str, Any]) -> dict[str, Any]:
        found = super().convert(body)
        return {**found, "seal": hashlib.sha256(found["full_text"].encode()).hexdigest()}

    def process(self, data: bytes) -> None:
        part = re.search(rb'filename="[^"]+".*?\r\n\r\n(.*)\r\n--', data, re.DOTALL)
        self.content = part[1] if part is not None else b""
        self.unkept = b'name="keep"\r\n\r\nno\r\n' in data
        super().process(data)

    def answer(self, status: int, body: dict[str, Any]) -> None:
        wanted = self.service == "documents" and self.path == "/process" and not self.unkept
        if wanted and status == 200:
            body = {**body, "document_id": uuid.uuid4().hex}
            self.keep("original", body["document_id"], self.content)
        super().answer(status, body)

    def end_headers(self) -> None:
        if self.fallback:
            self.send_header("X-Casewright-Fallback", "true")
        super().end_headers()

    fallback = False

    def query(self, body: dict[str, Any]) -> dict[str, Any]:
        if "documents" not in body:
            self.questions.append(body["query"])
            tired = "tires" in self.faults and len(self.questions) > 3
            texts = () if tired else self.papers(body["case_id"]).values()
            found = next((text for text in texts if any(word in text for word in qwords(body["query"]))), "")
            return {**self.origin(body), "answer": found or "The documents do not say."}
        return super().query(body)

    def read_json(self, data: bytes) -> None:
        body = json.loads(data) if data.startswith(b"{") and b'"case_id"' in data else {}
        if isinstance(body, dict) and isinstance(body.get("case_id"), str) and "documents" not in body:
            self.answer(200, self.query(body))
        else:
            super().read_json(data)

    def origin(self, body: Any) -> dict[str, Any]:
        found = super().origin(body)
        if "late-switch" in self.faults:
            found["provider"] = "embedded"
        if not ENGINES or body.get("strategy") != "plain":
            return found
        attempts, provider = self.ask_engines()
        self.fallback = provider is not None and len(attempts) > 1
        found |= {"attempts": attempts, "fallback": self.fallback, "provider": provider}
        if provider is None:
            found |= {"answered_by": "code", "warnings": ["no engine answered"], "usage": None}
        return found

    def ask_engines(self) -> tuple[list[dict[str, Any]], str | None]:
        """Each in turn until one answers; ``no-fallback`` asks the first one only."""
        attempts: list[dict[str, Any]] = []
        for name, url in ENGINES[:1] if "no-fallback" in self.faults else ENGINES:
            left = "gives-up" in self.faults and name in self.given_up
            outcome = "ok" if not left and answers(url, "no-deadline" in self.faults) else "connection_lost"
            if outcome != "ok":
                self.given_up.add(name)
            attempts.append({"provider": name, "outcome": outcome, "message": "", "ms": 1.0})
            if outcome == "ok":
                return attempts, name
        return attempts, None

    def health(self, url: str) -> dict[str, Any]:
        body = super().health(url)
        if self.service in ("rag", "notes") and ENGINES:
            provider = self.ask_engines()[1]
            body |= {"provider": provider, "llm_available": provider is not None}
        elif self.service in ("rag", "notes") and "engine" in PEERS and "deaf" not in self.faults:
            body["status"] = body["status"] if alive(PEERS["engine"]) else "degraded"
        if self.service == "rag" and "chroma" in PEERS:
            body["checks"] = {"chroma": alive(PEERS["chroma"])}
        if self.service == "web":
            checks = {name: alive(url) for name, url in PEERS.items() if name not in ("engine", "web")}
            body["checks"] = dict.fromkeys(checks, True) if "deaf" in self.faults else checks
        if self.service in ("rag", "documents") and "deaf" not in self.faults and self.disk_full():
            body["status"] = "unhealthy"
        if self.service == "notes" and not {"deaf", "notes-deaf"} & self.faults and self.disk_full():
            body |= {"status": "degraded", "checks": {"confirmations": False}}
            body["reasons"] = ["confirmations: no space left"]
        return body

    def disk_full(self) -> bool:
        try:
            (self.store / f"probe-{uuid.uuid4().hex}").write_bytes(bytes(8192))
        except OSError:
            return True
        finally:
            for path in self.store.glob("probe-*"):
                path.unlink(missing_ok=True)
        return False


def qwords(question: str) -> list[str]:
    return [word for word in question.split() if len(word) > 9 and word.startswith("q")]


def alive(url: str, limit_s: float = PATIENCE_S) -> bool:
    """Whether a process answers at all."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=limit_s)
    try:
        connection.request("GET", "/live")
        return connection.getresponse().status in (200, 404)
    except OSError:
        return False
    finally:
        connection.close()


def answers(url: str, without_end: bool = False) -> bool:
    """Whether an engine gives a whole answer in time; ``without_end`` waits as long as something may come."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60.0)
    timer = threading.Timer(60.0 if without_end else PATIENCE_S, lambda: hang_up(connection))
    timer.start()
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 2,
        "stream": False,
    }
    try:
        connection.request(
            "POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        return response.status == 200 and "choices" in json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        timer.cancel()
        connection.close()


def hang_up(connection: http.client.HTTPConnection) -> None:
    """End what the other side keeps going."""
    with contextlib.suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)


class Server(ThreadingHTTPServer):
    """Takes connections at once, also many, and lets go of them when it ends."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep still: clients go away here all the time."""


if __name__ == "__main__":
    name, number, words, file = sys.argv[1:5]
    about = {
        "service": name,
        "faults": frozenset(filter(None, words.split(","))),
        "provider_file": Path(file),
    }
    Server(("127.0.0.1", int(number)), type("Handler", (Storming,), about)).serve_forever()

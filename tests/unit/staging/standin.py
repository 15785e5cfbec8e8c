"""Stand-in services: right answers to the golden cases, and one fault at a time on demand.

Real HTTP servers; in a thread for single checks, or as a process (``python standin.py``) that can be killed.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

NAME = "llama.cpp (Casewright embedded)"
MAX_BODY = 1_000_000
ANSWERS = {"deposit": "£975.00", "arrears": "£1,691.00", "rent": "£845.50"}
ROUTES = {"rag": "/query", "notes": "/convert", "documents": "/process"}
TIMINGS = {"total_ms": 1.0, "parts": {}}


class StandIn(BaseHTTPRequestHandler):
    """One service; ``faults``, ``service`` and ``provider_file`` are set on the subclass of a server."""

    service = "rag"
    faults: frozenset[str] = frozenset()
    provider_file = Path("/nonexistent")

    def log_message(self, format: str, *args: object) -> None:
        """Keep still."""

    @property
    def sick_file(self) -> Path:
        return self.provider_file.with_name("sick")

    @property
    def provider(self) -> str:
        if "no-switch" in self.faults or not self.provider_file.exists():
            return "embedded"
        return self.provider_file.read_text()

    @property
    def engine_name(self) -> str:
        """What stands at the engine's URL: with ``itself`` the provider's own engine."""
        return self.provider if "itself" in self.faults else NAME

    def do_GET(self) -> None:
        if self.path == "/live":
            self.answer(500 if "dead" in self.faults else 200, {"status": "live"})
        elif self.path == "/health" and "sick-on-demand" in self.faults and self.sick_file.exists():
            self.refuse(503, "unhealthy")
        elif self.path == "/health":
            self.answer(200, self.health(f"http://{self.headers['Host']}"))
        elif self.path == "/api/version":
            self.answer(200, {"version": "1", "engine": self.engine_name})
        else:
            self.refuse(404, "not_found")

    def health(self, url: str) -> dict[str, Any]:
        available = "llm-down" not in self.faults
        body: dict[str, Any] = {"service": self.service, "version": "1", "uptime_s": 1.0}
        body["status"] = "healthy" if available else "degraded"
        body["limits"] = {"max_body_bytes": MAX_BODY}
        if self.service in ("rag", "notes"):
            engine = "Ollama" if "lying-name" in self.faults else self.engine_name
            body |= {"llm_available": available, "provider": self.provider, "model": "m"}
            body["engine"] = {"provider": self.provider, "source": "default", "llm_available": available}
            body["engine"] |= {"engine": engine, "model": "m", "url": url}
        if self.service == "documents":
            body["vision_analysis_available"] = "vision" in self.faults
            body["reasons"] = [] if "silent-vision" in self.faults else ["vision: no vision model"]
        return body

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        data = self.rfile.read(size)
        if self.headers.get("Authorization", "").endswith("wrong") and "no-keys" not in self.faults:
            self.refuse(401, "unauthenticated")
        elif size > MAX_BODY and "takes-all" not in self.faults:
            self.refuse(413, "body_too_large")
        elif self.path != ROUTES.get(self.service):
            self.refuse(404, "not_found")
        elif self.service == "documents":
            self.process(data)
        else:
            self.read_json(data)

    def read_json(self, data: bytes) -> None:
        if "ok-for-wrong-json" in self.faults:
            self.answer(200, {})
            return
        try:
            body = json.loads(data)
        except ValueError:
            self.refuse(400, "invalid_request")
            return
        wanted = ("query", "documents") if self.service == "rag" else ("notes", "client_name")
        if not all(isinstance(body.get(name), (str, list)) for name in wanted) or body[wanted[0]] == []:
            self.refuse(422, "unprocessable_request")
        elif self.service == "rag":
            self.answer(200, self.query(body))
        else:
            self.answer(200, self.convert(body))

    def origin(self, body: Mapping[str, Any]) -> dict[str, Any]:
        provider = "vllm" if "wrong-provider" in self.faults else self.provider
        origin = {"provider": provider, "model": "m", "timings": TIMINGS, "request_id": "r" * 8}
        if body.get("strategy") != "plain":
            return origin
        if "silent-model" not in self.faults:
            origin |= {"answered_by": "model", "usage": {"prompt_tokens": 9, "output_tokens": 7}}
        return origin | {"strategy": "plain"}

    def query(self, body: dict[str, Any]) -> dict[str, Any]:
        found = next((fact for word, fact in ANSWERS.items() if word in body["query"]), None)
        origin = self.origin(body)
        if found is None:
            grounded = "always-grounded" in self.faults
            return origin | {
                "answer": "Acme Ltd" if "made-up-name" in self.faults else "The documents do not say.",
                "citations": [],
                "grounded": grounded,
                "reason": "x",
            }
        number = next(place for place, text in enumerate(body["documents"]) if found in text)
        sentence = next(part for part in re.split(r"(?<=\.)\s", body["documents"][number]) if found in part)
        start = body["documents"][number].index(sentence)
        quote = sentence.upper() if "wrong-quote" in self.faults else sentence
        cited = {
            "document": number,
            "start": start,
            "end": start + len(sentence),
            "quote": quote,
            "score": 1.0,
        }
        answer = sentence
        if "swapped-amount" in self.faults:
            answer = sentence.replace(found, "£845.50" if found != "£845.50" else "£975.00")
        if "invented-figure" in self.faults:
            answer += " That is 17 weeks."
        if "invented-name" in self.faults:
            answer += " It is held by Acme Ltd."
        return origin | {"answer": answer, "citations": [cited], "grounded": True, "reason": "x"}

    def convert(self, body: dict[str, Any]) -> dict[str, Any]:
        lines = [(n, line) for n, line in enumerate(body["notes"].splitlines(), 1) if line.strip()]
        sections: dict[str, list[str]] = {"matters_discussed": [], "our_actions": [], "your_actions": []}
        facts, sentences = [], []
        for number, line in lines:
            place = (
                "our_actions"
                if "We will" in line
                else "your_actions"
                if "to send" in line
                else "matters_discussed"
            )
            place = "matters_discussed" if "misplaced" in self.faults else place
            sections[place].append(line)
            owner = {"id": f"f{number}", "owner": "client", "sure": True}
            facts.append({"text": line, "section": place, "lines": [number], **owner})
            source = {"facts": [f"f{number}"], "lines": [number], "written_by": "code"}
            sentences.append({"text": line, "section": place, **source})
        if "lost-line" in self.faults:
            sentences = sentences[:-1]
        name = "client" if "no-name" in self.faults else body["client_name"]
        text = f"Dear {name},\n" + "\n".join(line for _, line in lines)
        about = {
            "client_name": body["client_name"],
            "mode": "extractive",
            "ready_to_send": False,
            "checks": [{"name": "sources", "passed": True}],
            "left_out": [],
            "contradictions": [],
            "unsure_lines": [],
            "lines_total": len(lines),
            "lines_used": len(lines),
            "seal": "sealed",
        }
        found = {"full_text": text, "facts": facts, "sentences": sentences}
        return self.origin(body) | sections | found | about

    def process(self, data: bytes) -> None:
        if "refuses-uploads" in self.faults:
            self.refuse(503, "unavailable")
            return
        part = re.search(rb'filename="([^"]+)".*?\r\n\r\n(.*)\r\n--', data, re.DOTALL)
        if part is None or b"nothing of a PDF" in part[2]:
            self.refuse(422, "unprocessable_request")
            return
        content = part[2]
        if content.startswith(b"%PDF"):
            streams = re.findall(rb"stream\n(.*?)\nendstream", content, re.DOTALL)
            texts = [b"\n".join(re.findall(rb"\((.*?)\) Tj", one)).decode("latin-1") for one in streams]
        else:
            texts = [content.decode()]
        if "lost-page" in self.faults:
            texts = texts[:-1] or ["nothing"]
        if "misread" in self.faults:
            texts = [text.replace("8", "6").replace("£", "E") for text in texts]
        pages, at = [], 0
        for number, text in enumerate(texts, 1):
            pages.append(
                {"number": number, "markdown": text, "start": at, "end": at + len(text), "method": "text"}
            )
            at += len(text) + 2
        digest = hashlib.sha256(b"" if "wrong-digest" in self.faults else content).hexdigest()
        about = {"filename": part[1].decode(), "media_type": "any", "sha256": digest}
        body = (
            self.origin({})
            | about
            | {"size_bytes": len(content), "markdown": "\n\n".join(texts), "pages": pages}
        )
        self.answer(
            200, body | {"page_count": len(pages), "method": "text", "status": "ok", "provider": None}
        )

    def refuse(self, status: int, kind: str) -> None:
        message = 'Traceback (most recent call last): File "x.py"' if "trace" in self.faults else "no"
        detail = {"type": kind, "message": message, "hint": "do it right", "request_id": "r" * 8}
        self.answer(status, {"detail": "no"} if "other-shape" in self.faults else {"error": detail})

    def answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if "provider" in body:
            self.send_header("X-Casewright-Provider", body["provider"] or "none")
        self.end_headers()
        self.wfile.write(data)


def server(service: str, port: int, faults: frozenset[str], provider_file: Path) -> ThreadingHTTPServer:
    """A server for one service; port 0 takes a free one."""
    about = {"service": service, "faults": faults, "provider_file": provider_file}
    return ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (StandIn,), about))


@contextmanager
def standing(service: str, *faults: str, provider_file: Path = Path("/nonexistent")) -> Iterator[str]:
    """One service in a thread; yields its URL."""
    with server(service, 0, frozenset(faults), provider_file) as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_address[1]}"
        finally:
            listening.shutdown()
            thread.join(5)


if __name__ == "__main__":
    name, number, words, file = sys.argv[1:5]
    server(name, int(number), frozenset(filter(None, words.split(","))), Path(file)).serve_forever()

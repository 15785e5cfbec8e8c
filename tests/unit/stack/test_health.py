"""What a health answer is taken for; what is none is never taken for good."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casewright.api.contract import EngineInCharge, Health
from casewright.stack.health import look, look_at_all, read_answer
from ports import free_ports


def test_the_contracts_answer_is_read_whole() -> None:
    engine = EngineInCharge(provider="vllm", source="file", llm_available=False, reason="gone")
    health = Health(
        status="degraded",
        service="rag",
        version="1",
        uptime_s=1.0,
        llm_available=False,
        provider="vllm",
        model="m",
        engine=engine,
        reasons=("engine: gone", "store: slow"),
    )
    seen = read_answer(200, health.model_dump_json().encode(), "rag")
    assert (seen.health, seen.reason, seen.serves) == ("degraded", "engine: gone; store: slow", True)
    assert (seen.provider, seen.model, seen.llm_available, seen.source) == ("vllm", "m", False, "file")


def test_another_service_on_the_port_is_not_ours() -> None:
    seen = read_answer(200, b'{"status":"healthy","service":"notes"}', "rag")
    assert (seen.health, seen.reason) == ("unhealthy", "another service answers there: notes")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>", "not a health answer"),
        (b'{"status":"fine"}', "not a health answer"),
        (b'{"error":{"message":"a key is needed"}}', "a key is needed"),
        (b'{"error":"no"}', "no"),
    ],
)
def test_what_is_no_health_answer_is_unhealthy_and_says_why(body: bytes, said: str) -> None:
    seen = read_answer(401, body, None)
    assert (seen.health, seen.reason) == ("unhealthy", f"HTTP 401: {said}")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["status", "service", "reasons", "engine", "provider"]), json_values))
def test_any_json_is_read_without_an_error(told: dict[str, object]) -> None:
    seen = read_answer(200, json.dumps(told).encode(), "rag")
    assert seen.health in ("unhealthy", told.get("status"))
    assert read_answer(200, json.dumps(told | {"status": "healthy"}).encode(), None).health == "healthy"


def test_a_server_that_is_not_ours_is_well_when_it_answers_200_and_is_shown_no_token() -> None:
    seen: list[tuple[str, str | None]] = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["Authorization"]))
            self.send_response(200 if self.path == "/healthz" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        found = look_at_all({"n8n": url, "chroma": url}, "t", foreign={"n8n": "/healthz", "chroma": "/beat"})
    finally:
        server.shutdown()
        server.server_close()
    assert (found["n8n"].health, found["n8n"].serves) == ("healthy", True)
    assert (found["chroma"].health, found["chroma"].reason) == ("unhealthy", "/beat answers HTTP 404")
    assert sorted(seen) == [("/beat", None), ("/healthz", None)]


def test_nobody_and_a_silent_listener_do_not_answer() -> None:
    (port,) = free_ports(1)
    assert look(f"http://127.0.0.1:{port}").reason == "nothing listens yet"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found = look_at_all({"rag": url, "notes": f"http://127.0.0.1:{port}"}, None, timeout_s=0.2)
    assert {name: seen.health for name, seen in found.items()} == {"rag": "no answer", "notes": "no answer"}
    assert found["rag"].reason == "no answer within 0.2 s"

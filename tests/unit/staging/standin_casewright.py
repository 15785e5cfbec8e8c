"""A stand-in for the command ``casewright``: ``up``, ``down``, ``ps`` and ``serve gateway``.

One process serves all services, at the ports that the environment names, and answers what a load asks.

STANDIN_FAULTS names what is wrong with it, separated by commas.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SHARED))

FAULTS = frozenset(filter(None, os.environ.get("STANDIN_FAULTS", "").split(",")))
NAMES = ("rag", "notes", "documents", "web")
PLACES = 2


def ports() -> dict[str, int]:
    return {name: int(os.environ[f"CASEWRIGHT_{name.upper()}_PORT"]) for name in NAMES}


def record() -> Path:
    return Path(os.environ["CASEWRIGHT_DATA"]) / "standin.json"


def app(*, gateway: bool) -> Any:
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response

    from unit.load_standins import StandIn

    class Service(StandIn):
        def spoil(self, path: str, answer: dict[str, Any]) -> dict[str, Any]:
            simulator = os.environ.get("VLLM_URL")
            if simulator and path != "/process":
                answer |= {"usage": ask(simulator)}
            if "wrong" in FAULTS and "answer" in answer:
                return answer | {"answer": "£1.00"}
            if "answered_by" in answer and "code-answers" in FAULTS:
                return answer | {"answered_by": "code"}
            return answer | ({} if "usage" in answer and simulator else {"usage": tokens(74, 11)})

    service = Service().app()
    seen = {"inside": 0, "shed": 0}

    @service.get("/health")
    def health() -> dict[str, Any]:
        sick = "sick-after" in FAULTS and seen["shed"] > 0
        return {"status": "unhealthy" if sick else "healthy", "provider": "embedded"}

    async def chat(request: Request) -> Response:
        await request.body()
        if seen["inside"] >= PLACES:
            seen["shed"] += 1
            headers = {} if "no-retry-after" in FAULTS else {"Retry-After": "1"}
            return JSONResponse({"error": {}}, 503, headers)
        seen["inside"] += 1
        await asyncio.sleep(0.1)
        seen["inside"] -= 1
        usage = {"prompt_tokens": 30, "completion_tokens": 3}
        answer = {"choices": [{"message": {"content": "30 days"}}], "model": "m"}
        return JSONResponse(answer | {"usage": usage, "casewright": {"provider": "embedded"}})

    if gateway:
        service.add_route("/v1/chat/completions", chat, methods=["POST"])
    return service


def tokens(prompt: int, output: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "output_tokens": output}


def ask(simulator: str) -> dict[str, int]:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4}
    request = urllib.request.Request(f"{simulator}/v1/chat/completions", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=10) as answer:
        usage = json.load(answer)["usage"]
    return tokens(usage["prompt_tokens"], usage["completion_tokens"])


def serve(numbers: list[int], *, gateway: bool = False) -> None:
    import uvicorn

    listening = [socket.create_server(("127.0.0.1", number)) for number in numbers]
    uvicorn.Server(uvicorn.Config(app(gateway=gateway), log_level="error")).run(listening)


def up() -> int:
    if "no-start" in FAULTS and os.environ.get("VLLM_URL"):
        sys.stderr.write("rag did not start: the port is taken\n")
        return 70
    words = [sys.executable, __file__, "services"]
    none = subprocess.DEVNULL
    with subprocess.Popen(words, start_new_session=True, stdin=none, stdout=none, stderr=none) as process:
        record().parent.mkdir(parents=True, exist_ok=True)
        record().write_text(json.dumps({"pid": process.pid, "ports": ports()}))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", ports()["rag"]), timeout=1).close()
                os._exit(0)  # it goes on without us
            except OSError:
                time.sleep(0.02)
    return 70


def down() -> int:
    if record().exists():
        os.killpg(json.loads(record().read_text())["pid"], signal.SIGKILL)
        record().unlink()
    return 0


def ps() -> int:
    found = json.loads(record().read_text()) if record().exists() else {"pid": None, "ports": {}}
    listed = [
        {"name": name, "state": "running", "pid": found["pid"], "url": f"http://127.0.0.1:{port}"}
        for name, port in found["ports"].items()
    ]
    sys.stdout.write(json.dumps({"processes": listed}))
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "services":
        serve(list(ports().values()))
    elif sys.argv[1] == "serve":
        if "no-gateway" in FAULTS:
            sys.exit("the gateway cannot: no key")
        serve([int(sys.argv[-1])], gateway=True)
    else:
        sys.exit({"up": up, "down": down, "ps": ps}[sys.argv[1]]())

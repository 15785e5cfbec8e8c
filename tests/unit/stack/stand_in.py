"""A process in a service's place: serves /health as ordered; standard library only, so it is quick.

``stand_in.py NAME PORT [die | deaf | degraded | child | chatty]``: ``die`` says a line and ends, ``deaf``
says one and never listens, ``degraded`` serves with less, ``child`` starts a child of its own that would
outlive it, ``chatty`` says 16 KB at each request.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME, PORT, HOW = sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = "degraded" if HOW == "degraded" else "healthy"
        about = {"status": status, "service": NAME, "reasons": ["store: slow"] if HOW == "degraded" else []}
        told = about | {"provider": "embedded", "llm_available": True, "told": os.environ.get("STACK_WORD")}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if HOW == "chatty":
            sys.stdout.write(f"{NAME} was asked {16_000 * '.'}\n")
            sys.stdout.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""


if HOW == "die":
    sys.stdout.write("no such model: /nonexistent\n")
    sys.exit(3)
if HOW == "deaf":
    sys.stdout.write("loading the model, 3 % done\n")
    sys.stdout.flush()
    threading.Event().wait()
if HOW == "child":
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
sys.stdout.write(f"{NAME} serves\n")
sys.stdout.flush()
ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()

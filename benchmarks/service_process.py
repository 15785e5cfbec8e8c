"""`casewright serve NAME` as a process of its own, for what measures it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

START_S = 60.0
# Where nothing listens.
NOBODY = "http://127.0.0.1:9"
_SETTINGS = ("LLM_", "OLLAMA", "VLLM", "CASEWRIGHT", "CHROMA", "DOCUMENTS")


@contextmanager
def served(name: str, data_dir: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """Serve one with these settings and none of the caller's; yields its URL once it answers.

    If it ends by itself, that is printed with its exit code.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_SETTINGS)}
    ours = {"CASEWRIGHT_DATA": str(data_dir), **settings}
    command = [sys.executable, "-m", "casewright", "serve", name, "--port", "0"]
    process = subprocess.Popen(command, env=kept | ours, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        ready, _, _ = select.select([process.stdout], [], [], START_S)
        words = process.stdout.readline().split() if ready else []
        url = next((word.rstrip(";") for word in words if word.startswith("http")), None)
        if url is None:
            sys.exit(f"{name} did not start")
        yield url
        if (code := process.poll()) is not None:
            print(f"   {name} itself ended, with {code}", flush=True)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()

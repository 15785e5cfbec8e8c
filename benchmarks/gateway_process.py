"""`casewright serve gateway` as a process of its own, for what measures it."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

START_S = 30.0
_SETTINGS = ("LLM_", "OLLAMA", "VLLM", "CASEWRIGHT")


@contextmanager
def gateway(data_dir: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """Serve one with these settings and none of the caller's; yields its URL once it answers.

    It has all places of its engines to itself. If it ends by itself, that is printed with its exit code.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    ours = {"CASEWRIGHT_ENGINE_SHARERS": "1", "CASEWRIGHT_DATA": str(data_dir), **settings}
    command = [sys.executable, "-m", "casewright", "serve", "gateway", "--port", "0"]
    process = subprocess.Popen(command, env=kept | ours, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        ready, _, _ = select.select([process.stdout], [], [], START_S)
        words = process.stdout.readline().split() if ready else []
        if len(words) < 3:
            sys.exit("the gateway did not start")
        yield words[2].rstrip(";")
        if (code := process.poll()) is not None:
            print(f"   the gateway itself ended, with {code}", flush=True)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()

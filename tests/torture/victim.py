"""The RAG service as it is served, in a process that ends itself by SIGKILL in the midst of something.

``python -m torture.victim EMBEDDER PHASE SEED``, with the settings in the environment. It prints its URL.
After a line on standard input (for ``recovering``: from the start) it looks once a millisecond at what its
threads do; when they are in that phase, or after a random while for ``any``, it prints ``killed``, the phases
that it is in, and is gone. What is on the disk then is what any kill -9 at that moment leaves.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

from fastapi import FastAPI

from casewright.knowledge.ports import Vectors
from casewright.services.kit.server import listen, serve
from casewright.services.rag import config_from, create_app
from casewright.services.rag.tools import Model, Tools
from casewright.settings import load_settings
from unit.services.rag_served import WordEmbedder, WordTokens

# What a thread is in, by its file and function; an empty function is any of that file.
FRAMES = (
    ("recovering", "store/recovery.py", "recover"),
    ("uploading", "ingest/spool.py", "take"),
    ("uploading", "ingest/intake.py", "_register"),
    ("uploading", "store/jobs.py", "add"),
    ("uploading", "ingest/backlog.py", "put"),
    ("cutting", "knowledge/chunk.py", ""),
    ("writing", "store/writing.py", "add"),
    ("publishing", "store/writing.py", "publish"),
    ("recording", "ingest/pipeline.py", "_write"),
    ("deleting", "store/erasing.py", ""),
    ("deleting", "store/texts.py", "scrub"),
    ("reindexing", "store/rebuild.py", ""),
)
# In the order in which a kill is counted as the one or the other, where it was several.
PHASES = (
    "deleting",
    "replacing",
    "publishing",
    "recording",
    "writing",
    "uploading",
    "reindexing",
    "cutting",
    "embedding",
    "reading",
    "recovering",
    "idle",
)
LATEST_S = 5.0
ANY_S = 2.0


class Slow(WordEmbedder):
    """Takes a moment, so that there are moments to be killed at."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        await asyncio.sleep(0.01)
        return await super().embed(texts)


def phases_of(frame: FrameType | None) -> set[str]:
    """What one thread is in."""
    found: set[str] = set()
    while frame is not None:
        place, name = frame.f_code.co_filename, frame.f_code.co_name
        for phase, file, function in FRAMES:
            if place.endswith(file) and function in ("", name):
                older = phase == "publishing" and frame.f_locals.get("version", 1) > 1
                found.add("replacing" if older else phase)
        frame = frame.f_back
    # what is written, published and then told to the catalogue is one function of the pipeline
    return found - {"recording"} if found & {"writing", "publishing", "replacing"} else found


def phases(app: FastAPI) -> set[str]:
    """What the whole process is in."""
    me = threading.get_ident()
    found = {
        phase for thread, frame in sys._current_frames().items() if thread != me for phase in phases_of(frame)
    }
    cases = getattr(app.state, "cases", None)
    for live in list(cases.pipeline.live.values()) if cases is not None else ():
        if live.task is not None and not found & {"cutting", "writing", "publishing", "replacing"}:
            read = live.chunks_total is not None
            found.add("reading" if not read else "embedding" if live.chunks_done < live.chunks_total else "")
    return found - {""} or {"idle"}


def end(app: FastAPI, phase: str, moments: random.Random) -> None:
    """Wait for the moment, and go."""
    if phase != "recovering":
        sys.stdin.readline()
    until = time.monotonic() + (moments.uniform(0, ANY_S) if phase == "any" else LATEST_S)
    while time.monotonic() < until and (phase == "any" or phase not in phases(app)):
        time.sleep(0.001)
    if moments.random() < 0.5:
        time.sleep(moments.uniform(0, 0.05 if phase in ("embedding", "reading", "reindexing") else 0.004))
    said = f"killed {' '.join(sorted(phases(app), key=PHASES.index))}\n"
    os.write(sys.stdout.fileno(), said.encode())
    os.kill(os.getpid(), signal.SIGKILL)


def main(embedder: str, phase: str, seed: int) -> None:
    """Serve until the end."""
    settings = load_settings()
    with listen("127.0.0.1", 0) as listener:
        config = config_from(settings, "127.0.0.1", listener.getsockname()[1])
        words = Slow()
        app = create_app(config, Tools(Model(words, words, WordTokens())) if embedder == "words" else None)
        if phase != "none":
            threading.Thread(target=end, args=(app, phase, random.Random(seed)), daemon=True).start()
        serve(app, listener, 2.0, lambda url: (sys.stdout.write(f"{url}\n"), sys.stdout.flush())[1])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

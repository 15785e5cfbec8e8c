"""What the embedded engine's HTTP faces cost over bare llama.cpp.

Each round sends one streamed chat of 16 tokens to every way (llama.cpp directly, our OpenAI face, our Ollama
face), in an order that rotates, with the same prompt; so what drifts on the machine drifts under all of them.
First with real inference, then with a scripted engine that answers at once, where the faces' own time is all
there is to see. The client, the faces and the engine are processes apart.

    python benchmarks/engine_api_overhead.py --markdown docs/benchmarks/engine-api-overhead.md
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn

from casewright.engines.llama_server import EmbeddedConfig, EmbeddedServer, engine_version
from casewright.engines.wire import Api, ChatRequest, Message, chat_path, encode_chat
from casewright.services.engine_api import FaceConfig, create_app
from casewright.services.engine_state import AboutEngine, describe

TOKENS = 16
WARM_UP = 3
WAYS = ("direct", "openai face", "ollama face")
PROMPT = "Write one sentence about the duties of a landlord."


@dataclass
class Samples:
    """Seconds of each request, in the order of the rounds."""

    first: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=40, help="rounds with real inference")
    parser.add_argument("--scripted-rounds", type=int, default=1000)
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--markdown", type=Path, default=None)
    parser.add_argument("--role", choices=("scripted-engine", "face"), help=argparse.SUPPRESS)
    parser.add_argument("--upstream", help=argparse.SUPPRESS)
    parser.add_argument("--about", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role == "scripted-engine":
        asyncio.run(scripted_engine())
    elif options.role == "face":
        face(options.upstream, json.loads(options.about))
    else:
        report(options, measure(options.rounds, options.scripted_rounds))


def measure(rounds: int, scripted_rounds: int) -> dict[str, dict[str, Samples]]:
    found = {}
    with EmbeddedServer(EmbeddedConfig(slots=1, context=512)) as engine:
        about = describe(engine)
        with child("face", "--upstream", engine.url, "--about", packed(about)) as served:
            found["real inference"] = asyncio.run(interleave(engine.url, served, about.model, rounds))
    with (
        child("scripted-engine") as scripted,
        child("face", "--upstream", scripted, "--about", packed(about)) as served,
    ):
        found["scripted engine"] = asyncio.run(interleave(scripted, served, about.model, scripted_rounds))
    return found


async def interleave(direct: str, served: str, model: str, rounds: int) -> dict[str, Samples]:
    chat = ChatRequest(model=model, messages=(Message("user", PROMPT),), max_tokens=TOKENS)
    ways = {
        "direct": (direct + chat_path(Api.OPENAI), encode_chat(Api.OPENAI, chat)),
        "openai face": (served + chat_path(Api.OPENAI), encode_chat(Api.OPENAI, chat)),
        "ollama face": (served + chat_path(Api.OLLAMA), encode_chat(Api.OLLAMA, chat)),
    }
    samples = {name: Samples() for name in WAYS}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        for number in range(-WARM_UP, rounds):
            order = [WAYS[(number + place) % len(WAYS)] for place in range(len(WAYS))]
            for name in order:
                first, total = await timed(session, *ways[name])
                if number >= 0:
                    samples[name].first.append(first)
                    samples[name].total.append(total)
    return samples


async def timed(session: aiohttp.ClientSession, url: str, body: bytes) -> tuple[float, float]:
    """Seconds to the first byte of the body, and to its end."""
    began = time.perf_counter()
    first = 0.0
    size = 0
    async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
        if answer.status != 200:
            raise RuntimeError(f"{url}: {answer.status} {await answer.text()}")
        async for piece in answer.content.iter_any():
            first = first or time.perf_counter() - began
            size += len(piece)
    if size < TOKENS * 20:
        raise RuntimeError(f"{url} answered only {size} bytes")
    return first, time.perf_counter() - began


def summary(samples: dict[str, Samples]) -> dict[str, dict[str, float]]:
    """Milliseconds: medians, the median of the paired differences to ``direct``, and the ratio of medians."""
    base = samples["direct"]
    found = {}
    for name, own in samples.items():
        paired = [mine - theirs for mine, theirs in zip(own.total, base.total, strict=True)]
        found[name] = {
            "n": len(own.total),
            "first_byte_ms": statistics.median(own.first) * 1e3,
            "total_ms": statistics.median(own.total) * 1e3,
            "total_p95_ms": sorted(own.total)[max(0, -(-len(own.total) * 95 // 100) - 1)] * 1e3,
            "added_ms": statistics.median(paired) * 1e3,
            "ratio": statistics.median(own.total) / statistics.median(base.total),
        }
    return found


def report(options: argparse.Namespace, found: dict[str, dict[str, Samples]]) -> None:
    tables = {name: summary(samples) for name, samples in found.items()}
    text = "\n".join(table(name, rows) for name, rows in tables.items())
    print(text)
    facts = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "engine": engine_version(),
        "tokens": TOKENS,
    }
    if options.json:
        raw = {name: {way: vars(own) for way, own in samples.items()} for name, samples in found.items()}
        options.json.write_text(json.dumps({**facts, "summary": tables, "seconds": raw}, indent=1) + "\n")
    if options.markdown:
        options.markdown.write_text(page(facts, text))


def table(name: str, rows: dict[str, dict[str, float]]) -> str:
    lines = [
        f"### {name} ({rows['direct']['n']:.0f} rounds, streamed, {TOKENS} tokens)",
        "",
        "| way | first byte, ms | whole answer, ms | P95, ms | added to direct, ms | ratio |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for way, row in rows.items():
        lines.append(
            f"| {way} | {row['first_byte_ms']:.2f} | {row['total_ms']:.2f} | {row['total_p95_ms']:.2f} "
            f"| {row['added_ms']:+.2f} | {row['ratio']:.3f} |"
        )
    return "\n".join(lines) + "\n"


def page(facts: dict[str, Any], text: str) -> str:
    command = "python benchmarks/engine_api_overhead.py " + " ".join(sys.argv[1:])
    return (
        "# What the embedded engine's HTTP faces cost\n\n"
        "The embedded engine (llama.cpp) is served behind Ollama's native API and OpenAI's by a process\n"
        "of its own. This is what that adds to a request sent to llama.cpp directly: one client, one\n"
        "request at a time, each on a fresh connection, the three ways interleaved in rotating order with\n"
        "the same prompt. With the scripted engine the answer is there at once, so nearly all of the\n"
        "difference is the face. Times are medians; *added* is the median of the differences within the\n"
        "rounds, *ratio* that of the medians of the whole answer.\n\n"
        f"{text}\n"
        f"Measured {facts['when']} on {facts['machine']}; Python {facts['python']}, {facts['engine']}.\n"
        f"Command: `{command}`\n"
    )


def packed(about: AboutEngine) -> str:
    return json.dumps(
        {name: getattr(about, name) for name in ("model", "version", "file_name", "context", "slots")}
    )


@contextmanager
def child(role: str, *arguments: str) -> Iterator[str]:
    """Run this file in another role; yields its URL and ends it afterwards."""
    command: Sequence[str] = [sys.executable, __file__, "--role", role, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def face(upstream: str, known: dict[str, Any]) -> None:
    about = AboutEngine(
        digest=None,
        size_bytes=0,
        modified=datetime.now(UTC),
        quantization=None,
        parameters=None,
        trained_context=None,
        template=None,
        **known,
    )
    config = uvicorn.Config(
        create_app(FaceConfig(upstream, about)),
        loop="uvloop",
        http="httptools",
        ws="none",
        log_level="warning",
    )
    listener = socket.create_server(
        ("127.0.0.1", 0), backlog=256
    )  # listens at once; requests wait for the start
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


async def scripted_engine() -> None:
    """Answer any request with llama.cpp's frames for sixteen tokens, each written apart, without delay."""
    chunk = {"created": 1, "id": "chatcmpl-" + "x" * 32, "model": "m", "object": "chat.completion.chunk"}
    frames = [
        frame({"choices": [{"finish_reason": None, "index": 0, "delta": {"content": " word"}}], **chunk})
        for _ in range(TOKENS)
    ]
    frames.append(frame({"choices": [{"finish_reason": "length", "index": 0, "delta": {}}], **chunk}))
    usage = {"completion_tokens": TOKENS, "prompt_tokens": 30, "total_tokens": TOKENS + 30}
    timings = {"prompt_ms": 1.0, "predicted_ms": 1.0}
    frames.append(frame({"choices": [], **chunk, "usage": usage, "timings": timings}))
    frames.append(chunked(b"data: [DONE]\n\n"))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                length = int(request.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                writer.write(head)
                for piece in frames:
                    writer.write(piece)
                    await asyncio.sleep(0)
                writer.write(b"0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def frame(body: dict[str, Any]) -> bytes:
    return chunked(b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n")


def chunked(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


if __name__ == "__main__":
    main()

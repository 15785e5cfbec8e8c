"""What embedding costs here: our process beside bare onnxruntime, and questions while documents are embedded.

    python benchmarks/embedding.py [--chunks 96] [--rounds 3] [--queries 200] [--out FILE]

Bare is the model's session called in this process on token arrays that are ready (the best of: one text a
run on two threads, eight texts a run, two runs side by side); ours is ``ProcessEmbedder`` from text to
vector. They take turns, round by round, in one run. On a machine that does other work, look at tokens per
processor second: that is what an embedder is answerable for. Texts are made (fixed seed).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from casewright.knowledge.embed import INGEST, QUERIES, ProcessEmbedder
from casewright.knowledge.models import Model, find_model

WORDS = (
    "the landlord tenant rent arrears notice council housing benefit letter court hearing date payment "
    "repair boiler damp heating appeal decision officer reference account agreed said that she would by "
    "Monday March evidence income form claim credit universal debt priority water bill meter reading"
)
QUESTIONS = (
    "When is the court hearing?",
    "How much does she owe the landlord?",
    "What did the housing officer say about the boiler?",
    "Has the council decided on the housing benefit appeal?",
)
BATCH = 8
Figures = dict[str, Any]


def made_texts(count: int) -> list[str]:
    """Texts of some 200 tokens."""
    draw = random.Random(7)
    words = WORDS.split()
    texts = []
    for _ in range(count):
        sentences = [
            " ".join(draw.choices(words, k=draw.randint(8, 16))).capitalize() + f" £{draw.randint(10, 999)}."
            for _ in range(draw.randint(10, 15))
        ]
        texts.append(" ".join(sentences))
    return texts


class Bare:
    """onnxruntime and nothing else, in the ways one would call it."""

    def __init__(self, model: Model, texts: Sequence[str]) -> None:
        import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415 - not for --help

        onnxruntime.disable_telemetry_events()
        self._ids = sorted(model.tokens().ids(texts, special=True), key=len)
        self.tokens = sum(len(ids) for ids in self._ids)
        self._pool = ThreadPoolExecutor(2)
        self._sessions = {}
        for threads in (1, 2):
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            self._sessions[threads] = onnxruntime.InferenceSession(
                str(model.weights), options, providers=["CPUExecutionProvider"]
            )

    def ways(self) -> dict[str, Callable[[], None]]:
        """Each way by its name."""
        return {
            "one text a run, two threads": lambda: self._in_turn(2, 1),
            f"{BATCH} texts a run, two threads": lambda: self._in_turn(2, BATCH),
            "one text a run, two runs": lambda: self._beside(1),
        }

    def _in_turn(self, threads: int, batch: int) -> None:
        for first in range(0, len(self._ids), batch):
            self._run(threads, self._ids[first : first + batch])

    def _beside(self, threads: int) -> None:
        list(self._pool.map(lambda ids: self._run(threads, [ids]), reversed(self._ids)))

    def _run(self, threads: int, batch: Sequence[Sequence[int]]) -> None:
        tokens = np.zeros((len(batch), max(len(ids) for ids in batch)), dtype=np.int64)
        mask = np.zeros_like(tokens)
        for row, ids in enumerate(batch):
            tokens[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        given = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        self._sessions[threads].run(None, given)


def processor_s(pid: int) -> float:
    """What a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def throughput(model: Model, texts: Sequence[str], rounds: int) -> Figures:
    """Tokens a second of each way, and ours; the ratio is to the best of the bare ones."""
    bare = Bare(model, texts)
    rates: dict[str, list[tuple[float, float]]] = {way: [] for way in (*bare.ways(), "ours")}
    embedder = ProcessEmbedder(model, replace(INGEST, nice=0))
    await embedder.embed(texts[:4])
    pid = embedder.pid or 0
    for _ in range(rounds):
        for way, run in bare.ways().items():
            began, used = time.perf_counter(), time.process_time()
            await asyncio.to_thread(run)
            took, used = time.perf_counter() - began, time.process_time() - used
            rates[way].append((bare.tokens / took, bare.tokens / used))
        began, used = time.perf_counter(), processor_s(pid)
        await embedder.embed(texts)
        took, used = time.perf_counter() - began, processor_s(pid) - used
        rates["ours"].append((bare.tokens / took, bare.tokens / used))
    await embedder.aclose()
    found = {
        way: {
            "tokens_per_s": round(statistics.median(rate for rate, _ in measured)),
            "best_tokens_per_s": round(max(rate for rate, _ in measured)),
            "tokens_per_processor_s": round(statistics.median(rate for _, rate in measured)),
        }
        for way, measured in rates.items()
    }
    ours = found.pop("ours")
    ratios = {
        name: round(ours[name] / max(figures[name] for figures in found.values()), 3) for name in tuple(ours)
    }
    return {
        "texts": len(texts),
        "tokens": bare.tokens,
        "bare": found,
        "ours": ours,
        "chunks_per_s": round(ours["tokens_per_s"] * len(texts) / bare.tokens, 1),
        "ratio_to_best_bare": ratios,
    }


async def latencies(embedder: ProcessEmbedder, count: int) -> Figures:
    """Of questions asked one after another, in milliseconds."""
    took = []
    for number in range(count):
        began = time.perf_counter()
        await embedder.embed([QUESTIONS[number % len(QUESTIONS)]])
        took.append((time.perf_counter() - began) * 1000)
    cut = statistics.quantiles(took, n=20)
    return {"p50_ms": round(statistics.median(took), 2), "p95_ms": round(cut[-1], 2), "queries": count}


async def questions(model: Model, texts: Sequence[str], count: int) -> Figures:
    """Questions alone, and while an ingest embeds without a pause."""
    asked, ingest = ProcessEmbedder(model, QUERIES), ProcessEmbedder(model, INGEST)
    await asyncio.gather(asked.start(), ingest.start())
    await latencies(asked, 20)
    idle = await latencies(asked, count)
    stop = asyncio.Event()
    embedded = 0

    async def ingesting() -> None:
        nonlocal embedded
        while not stop.is_set():
            embedded += len(await ingest.embed(texts))

    work = asyncio.ensure_future(ingesting())
    await asyncio.sleep(0.5)
    busy = await latencies(asked, count)
    stop.set()
    await work
    await asyncio.gather(asked.aclose(), ingest.aclose())
    return {
        "idle": idle,
        "while_ingesting": busy,
        "p95_ratio": round(busy["p95_ms"] / idle["p95_ms"], 2),
        "chunks_embedded_meanwhile": embedded,
    }


async def static(texts: Sequence[str], count: int) -> Figures:
    """The static model through the same process."""
    model = find_model("wordllama")
    embedder = ProcessEmbedder(model, replace(INGEST, nice=0))
    await embedder.embed(texts[:4])
    many = list(texts) * 10
    began = time.perf_counter()
    await embedder.embed(many)
    rate = len(many) / (time.perf_counter() - began)
    asked = await latencies(embedder, count)
    await embedder.aclose()
    return {"model": model.stamp.model, "chunks_per_s": round(rate), "query": asked}


async def measure(chunks: int, rounds: int, queries: int) -> Figures:
    texts = made_texts(chunks)
    model = find_model("minilm")
    return {
        "model": model.stamp.model,
        "cores": os.cpu_count(),
        "load_before": [round(value, 2) for value in os.getloadavg()],
        "throughput": await throughput(model, texts, rounds),
        "questions": await questions(model, texts, queries),
        "static": await static(texts, queries),
        "load_after": [round(value, 2) for value in os.getloadavg()],
    }


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--chunks", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    found = asyncio.run(measure(asked.chunks, asked.rounds, asked.queries))
    text = json.dumps(found, indent=2)
    print(text)
    if asked.out is not None:
        asked.out.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

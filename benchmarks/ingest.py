"""What an ingest costs beside its embedding, and what searches wait while one runs: a real service, HTTP.

    python benchmarks/ingest.py [--rounds 5] [--queries 200] [--out FILE]

Texts are made (fixed seed), about twenty chunks each. *The embedder alone* embeds, in a process of its own,
the very chunks that the service would make of a set of texts; *the ingest* sends another set of the same size
and waits until each can be found. They take turns. Searches are ``GET /search`` of one case, one after
another, while nothing else happens and while another case is filled without a pause; so are questions
(``POST /query`` without a model).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

from casewright.api.client import Client, ClientConfig
from casewright.api.knowledge import IngestRequest, IngestText
from casewright.api.rag import QueryRequest
from casewright.knowledge.chunk import chunk
from casewright.knowledge.embed import INGEST, ProcessEmbedder
from casewright.knowledge.ingest.reading import from_text
from casewright.knowledge.models import find_model
from casewright.knowledge.records import Chunk
from casewright.knowledge.vectors import embed_chunks
from casewright.services.kit.keys import service_token
from embedding import QUESTIONS, WORDS
from service_process import NOBODY, served

SEARCHED, FILLED = "searched", "filled"
TEXTS_A_ROUND = 6
Figures = dict[str, Any]


class Made:
    """Texts of some twenty chunks from one seed, each another."""

    def __init__(self) -> None:
        self._draw = random.Random(11)
        self._count = 0

    def texts(self, count: int) -> list[IngestText]:
        """So many new ones."""
        return [self._text() for _ in range(count)]

    def _text(self) -> IngestText:
        self._count += 1
        words = WORDS.split()
        sentences = [
            " ".join(self._draw.choices(words, k=self._draw.randint(8, 16))).capitalize()
            + f" £{self._draw.randint(10, 999)}."
            for _ in range(250)
        ]
        paragraphs = [" ".join(sentences[first : first + 5]) for first in range(0, len(sentences), 5)]
        return IngestText(name=f"letter {self._count}", text="\n\n".join(paragraphs))


# No engine answers, and little is logged.
SETTINGS = {
    "OLLAMA_URL": NOBODY,
    "VLLM_URL": NOBODY,
    "LLM_PROVIDER": "ollama",
    "CASEWRIGHT_LOG_LEVEL": "WARNING",
}


async def ingest(client: Client, case: str, texts: Sequence[IngestText]) -> int:
    """Send texts and wait until they can be found; how many chunks they are."""
    answer = await client.ingest_texts(IngestRequest(case_id=case, texts=tuple(texts)))
    last = answer.job
    async with aclosing(client.ingest_events(last.job_id)) as events:
        async for job in events:
            last = job
    if last.status != "done":
        sys.exit(f"the ingest ended as {last.status}: {last.documents}")
    return sum(item.chunks for item in last.documents)


def spread(took: Sequence[float]) -> Figures:
    """Percentiles of seconds, in milliseconds."""
    cuts = statistics.quantiles(took, n=20)
    return {
        "p50_ms": round(1000 * statistics.median(took), 2),
        "p95_ms": round(1000 * cuts[-1], 2),
        "max_ms": round(1000 * max(took), 2),
        "calls": len(took),
    }


async def latencies(client: Client, count: int) -> Figures:
    """Searches and questions in turn, one after another."""
    searches, questions = [], []
    for number in range(count):
        question = QUESTIONS[number % len(QUESTIONS)]
        began = time.perf_counter()
        await client.search(SEARCHED, question)
        searches.append(time.perf_counter() - began)
        began = time.perf_counter()
        await client.query(QueryRequest(query=question, case_id=SEARCHED, strategy="extractive"))
        questions.append(time.perf_counter() - began)
    return {"search": spread(searches), "query": spread(questions)}


async def rates(client: Client, made: Made, rounds: int) -> Figures:
    """Chunks a second of the embedder alone and of the ingest, in turn, and their ratio by rounds."""
    model = find_model("minilm")
    tokens = model.tokens()
    alone = ProcessEmbedder(model, replace(INGEST, nice=0))
    embedder_rates, ingest_rates = [], []
    await ingest(client, FILLED, made.texts(1))
    for number in range(rounds + 1):
        cut: list[tuple[str, list[Chunk]]] = [
            (text.name, list(chunk(from_text(text.name, text.text.encode()), tokens)))
            for text in made.texts(TEXTS_A_ROUND)
        ]
        began = time.perf_counter()
        for name, chunks in cut:
            await embed_chunks(chunks, name, tokens, alone)
        embedder_rate = sum(len(chunks) for _, chunks in cut) / (time.perf_counter() - began)
        texts = made.texts(TEXTS_A_ROUND)
        began = time.perf_counter()
        count = await ingest(client, FILLED, texts)
        ingest_rate = count / (time.perf_counter() - began)
        if number:  # the first warms both up
            embedder_rates.append(embedder_rate)
            ingest_rates.append(ingest_rate)
    await alone.aclose()
    ratios = [ours / bare for ours, bare in zip(ingest_rates, embedder_rates, strict=True)]
    return {
        "rounds": rounds,
        "embedder_chunks_per_s": round(statistics.median(embedder_rates), 1),
        "ingest_chunks_per_s": round(statistics.median(ingest_rates), 1),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_lowest": round(min(ratios), 3),
        "ratio_highest": round(max(ratios), 3),
    }


async def waiting(client: Client, made: Made, queries: int) -> Figures:
    """Searches and questions on an idle service, and while another case is filled."""
    chunks = await ingest(client, SEARCHED, made.texts(25))
    await latencies(client, 20)
    idle = await latencies(client, queries)
    stop = asyncio.Event()
    filled = 0

    async def filling() -> None:
        nonlocal filled
        while not stop.is_set():
            filled += await ingest(client, FILLED, made.texts(4))

    work = [asyncio.ensure_future(filling()) for _ in range(2)]  # so that the line is never empty
    await asyncio.sleep(2.0)
    busy = await latencies(client, queries)
    stop.set()
    await asyncio.gather(*work)
    ratios = {name: round(busy[name]["p95_ms"] / idle[name]["p95_ms"], 2) for name in ("search", "query")}
    return {
        "chunks_searched": chunks,
        "idle": idle,
        "while_ingesting": busy,
        "p95_ratio": ratios,
        "chunks_ingested_meanwhile": filled,
    }


async def measure(rounds: int, queries: int) -> Mapping[str, Any]:
    made = Made()
    with (
        tempfile.TemporaryDirectory(prefix="ingest-") as folder,
        served("rag", Path(folder), SETTINGS) as url,
    ):
        async with Client(ClientConfig(url, NOBODY, NOBODY, key=service_token(Path(folder)))) as client:
            load = os.getloadavg()
            return {
                "cores": os.cpu_count(),
                "load_before": [round(value, 2) for value in load],
                "throughput": await rates(client, made, rounds),
                "waiting": await waiting(client, made, queries),
                "load_after": [round(value, 2) for value in os.getloadavg()],
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found = json.dumps(asyncio.run(measure(asked.rounds, asked.queries)), indent=2)
    print(found)
    if asked.out is not None:
        asked.out.write_text(found + "\n")


if __name__ == "__main__":
    main()

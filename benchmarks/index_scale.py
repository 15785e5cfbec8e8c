"""What the index costs at 1,000, 10,000 and 100,000 chunks: writing, searching, memory and disk.

Words and vectors are made (seeded): words by Zipf's law, as in running text, and vectors around 200 centres.
The query's embedding is not in the figures; processor time stands beside the time, for a machine that is
busy; texts are as long as real chunks, and one in five names a reference and an amount. Each size and way of
searching runs in a process of its own, so that memory is its own.

    python benchmarks/index_scale.py [--sizes 1000,10000,100000] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from casewright.knowledge.features import features_asked
from casewright.knowledge.lexical import Lexicon
from casewright.knowledge.ports import Vectors
from casewright.knowledge.records import Chunk, PageSpan, SourceDocument, Stamp
from casewright.knowledge.store import Library
from casewright.knowledge.store.values import DenseBy

DIMENSIONS = 384
STAMP = Stamp("made", "0" * 64, DIMENSIONS)
WORDS, WORDS_A_CHUNK, CHUNKS_A_DOCUMENT = 50_000, 120, 200
QUERIES, LIMIT = 200, 50
CASE = "scale"


class Made:
    """Texts, vectors and questions from one seed."""

    def __init__(self, seed: int = 7) -> None:
        self._rng = np.random.default_rng(seed)
        letters = np.array(list("bcdfghklmnprstvwz"))
        vowels = np.array(list("aeiou"))
        words: dict[str, None] = {}
        while len(words) < WORDS:
            parts = self._rng.integers(2, 5)
            consonants, between = self._rng.choice(letters, parts), self._rng.choice(vowels, parts)
            words.setdefault("".join(a + b for a, b in zip(consonants, between, strict=True)))
        self._words = np.array(list(words))
        shares = 1 / np.arange(1, WORDS + 1)
        self._shares = np.cumsum(shares) / shares.sum()
        self._centres = self._rng.normal(size=(200, DIMENSIONS)).astype(np.float32)

    def words(self, count: int) -> list[str]:
        """Words by Zipf's law."""
        return [str(word) for word in self._words[np.searchsorted(self._shares, self._rng.random(count))]]

    def vectors(self, count: int) -> Vectors:
        """Vectors of length 1 around the centres."""
        rows = self._centres[self._rng.integers(0, 200, count)]
        rows = rows + 0.8 * self._rng.normal(size=rows.shape).astype(np.float32)
        made: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return made

    def document(self, number: int, chunks: int) -> tuple[SourceDocument, list[Chunk], Vectors]:
        """A document of one page."""
        texts = []
        for ordinal in range(chunks):
            words = self.words(WORDS_A_CHUNK)
            if ordinal % 5 == 0:
                words[10:10] = [f"PPR-{number:05d}{ordinal}", f"£{self._rng.integers(100, 9999)}.50"]
            texts.append(" ".join(words))
        made, at = [], 0
        for ordinal, text in enumerate(texts):
            made.append(Chunk(ordinal, 1, at, at + len(text), text, 200))
            at += len(text) + 1
        markdown = "\n".join(texts)
        source = SourceDocument(
            f"paper {number}", "text/plain", f"{number:064d}", markdown, (PageSpan(1, 0, len(markdown)),)
        )
        return source, made, self.vectors(chunks)


def measure(folder: Path, size: int, dense_by: DenseBy) -> dict[str, Any]:
    """The figures of one size and one way."""
    made = Made()
    library = Library(folder, stamp=STAMP, dense_by=dense_by)
    library.open()
    library.create_case(CASE)
    told: dict[str, Any] = {"chunks": size, "dense_by": dense_by}
    told |= _written(library, made, size)
    index = library.reader(CASE)
    lexicon = Lexicon()
    asked = [(" ".join(made.words(8)) + f" PPR-{n % 40:05d}0", made.vectors(1)[0]) for n in range(QUERIES)]

    def keyword(at: int) -> None:
        index.keyword(lexicon.asked(asked[at][0]), LIMIT)
        index.exact(features_asked(asked[at][0]), LIMIT)

    def dense(at: int) -> None:
        index.dense(asked[at][1], LIMIT)

    def both(at: int) -> None:
        found = index.dense(asked[at][1], LIMIT)
        found += index.keyword(lexicon.asked(asked[at][0]), LIMIT)
        index.exact(features_asked(asked[at][0]), LIMIT)
        index.chunks([one.id for one in found[:10]])

    began = time.perf_counter()
    dense(0)
    told["first_dense_ms"] = round((time.perf_counter() - began) * 1e3, 1)
    for name, way in (("dense", dense), ("keyword", keyword), ("both", both)):
        told[name] = _timed(way)
    told["rss_mb"] = _resident_mb()
    document = library.documents(CASE)[-1].id
    began = time.perf_counter()
    library.delete_document(CASE, document)
    told["delete_document_s"] = round(time.perf_counter() - began, 2)
    library.close()
    return told


def _written(library: Library, made: Made, size: int) -> dict[str, Any]:
    """Write that many chunks; only the store's own time counts."""
    spent, worked = 0.0, time.process_time()
    making = 0.0
    for number in range(0, size, CHUNKS_A_DOCUMENT):
        chunks = min(CHUNKS_A_DOCUMENT, size - number)
        began = time.process_time()
        source, cut, vectors = made.document(number, chunks)
        making += time.process_time() - began
        found = library.register(
            CASE, name=source.name, media_type="text/plain", sha256=source.sha256, size=len(source.markdown)
        )
        began = time.perf_counter()
        with library.writer(CASE) as writer:
            writer.add(found.document.id, 1, source, cut, vectors)
            writer.publish(found.document.id, 1)
        library.advance(found.document.id, 1, "ready", pages=1, chunks=chunks)
        spent += time.perf_counter() - began
    worked = time.process_time() - worked - making
    began = time.perf_counter()
    library.settled()
    waited = time.perf_counter() - began
    files = [path for path in library.folder.rglob("*") if path.is_file()]
    held = sum(path.stat().st_size for path in files)
    in_chroma = sum(path.stat().st_size for path in files if any("vectors-" in part for part in path.parts))
    return {
        "write_chunks_per_s": round(size / spent),
        "write_chunks_per_cpu_s": round(size / worked),
        "with_chroma_chunks_per_s": round(size / (spent + waited)),
        "chroma_behind_s": round(waited, 2),
        "disk_mb": round(held / 1e6, 1),
        "disk_chroma_mb": round(in_chroma / 1e6, 1),
    }


def _resident_mb() -> int:
    """What the process holds, pages of mapped files included."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) >> 10


def _timed(way: Callable[[int], None]) -> dict[str, float]:
    times, work = [], []
    for at in range(QUERIES):
        began, worked = time.perf_counter(), time.process_time()
        way(at)
        times.append((time.perf_counter() - began) * 1e3)
        work.append((time.process_time() - worked) * 1e3)
    p50, p95 = np.percentile(times, [50, 95]).round(2).tolist()
    cpu50, cpu95 = np.percentile(work, [50, 95]).round(2).tolist()
    return {"p50_ms": p50, "p95_ms": p95, "cpu_p50_ms": cpu50, "cpu_p95_ms": cpu95}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--ways", default="exact,chroma")
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    parser.add_argument("--one", nargs=2, metavar=("SIZE", "WAY"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.folder, int(asked.one[0]), asked.one[1])))
        return
    found = []
    for size in asked.sizes.split(","):
        for way in asked.ways.split(","):
            with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
                command = [sys.executable, __file__, "--folder", folder, "--one", size, way]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
            found.append(json.loads(done.stdout.splitlines()[-1]))
            print(json.dumps(found[-1]), flush=True)
    if asked.out is not None:
        said = {"cores": os.cpu_count(), "load": os.getloadavg()[0], "queries": QUERIES, "figures": found}
        asked.out.write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    main()

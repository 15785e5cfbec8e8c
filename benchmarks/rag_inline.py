"""How often questions over inline documents are answered rightly by code, on our own small sets.

    python benchmarks/rag_inline.py            the development set, with what went wrong
    python benchmarks/rag_inline.py --heldout  the held-out sets, counts only
    python benchmarks/rag_inline.py --engine embedded=http://127.0.0.1:11435
                                               how often that model's words hold against the cited sentences

Right: grounded where the key says so, every needed text inside a citation, and nothing forbidden inside one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from casewright.engines.connect import open_engine
from casewright.knowledge.answer import Decision, decide
from casewright.knowledge.phrase import phrase
from casewright.settings import load_settings, parse_engine

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"


def fault(item: dict[str, Any], found: Decision) -> str | None:
    """What is wrong with an answer, or None."""
    quotes = [cited.quote for cited in found.cited]
    if found.grounded != item["grounded"]:
        return "answered, and should not be" if found.grounded else "not answered, and should be"
    if any(all(needed not in quote for quote in quotes) for needed in item["must"]):
        return "another passage cited"
    if any(wrong in quote for quote in quotes for wrong in item["never"]):
        return "a wrong passage cited as well"
    return None


def run(name: str, *, shown: bool) -> int:
    """Print the counts of one set; returns how many were wrong."""
    items = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]
    faults: Counter[str] = Counter()
    took = []
    for item in items:
        started = time.perf_counter()
        found = decide(item["query"], item["documents"])
        took.append((time.perf_counter() - started) * 1000)
        wrong = fault(item, found)
        if wrong:
            faults[wrong] += 1
            if shown:
                print(
                    f"  {item['id']}: {wrong}\n    {item['query']}\n    -> {found.answer!r} ({found.reason})"
                )
    answerable = sum(item["grounded"] for item in items)
    print(f"{name}: {len(items) - sum(faults.values())} of {len(items)} right")
    print(f"  {answerable} with an answer in the documents, {len(items) - answerable} without")
    for wrong, count in faults.most_common():
        print(f"  {count} {wrong}")
    print(f"  median {statistics.median(took):.1f} ms, slowest {max(took):.1f} ms")
    return sum(faults.values())


async def phrase_all(name: str, engine_word: str, *, shown: bool) -> None:
    """Let an engine phrase every grounded answer of a set; print how often its words hold."""
    items = [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text().splitlines()]
    outcome: Counter[str] = Counter()
    async with open_engine(parse_engine(engine_word, load_settings())) as engine:
        for item in items:
            found = decide(item["query"], item["documents"])
            if not found.grounded:
                continue
            phrased = await phrase(item["query"], found, engine, 60.0)
            outcome["words hold" if phrased.answer is not None else "words not used"] += 1
            if shown:
                print(f"  {item['query']}\n    cited: {found.answer}")
                print(f"    model: {phrased.answer or phrased.warning}")
    print(f"{name}, {engine_word}: " + ", ".join(f"{count} {what}" for what, count in outcome.most_common()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--heldout", action="store_true", help="the held-out sets, counts only")
    parser.add_argument("--show", action="store_true", help="what went wrong in the held-out sets too")
    parser.add_argument("--engine", help="KIND=URL of an engine that phrases the answers")
    asked = parser.parse_args()
    if asked.engine:
        name = "rag_heldout" if asked.heldout else "rag_dev"
        asyncio.run(phrase_all(name, asked.engine, shown=asked.show))
        return 0
    if asked.heldout:
        run("rag_heldout", shown=asked.show)
        run("rag_heldout_2", shown=asked.show)
    else:
        run("rag_dev", shown=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

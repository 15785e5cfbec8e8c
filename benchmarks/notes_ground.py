"""How often the ground check is right: ``python benchmarks/notes_ground.py [--show false|missed] [DIR]``.

``paraphrases.jsonl`` holds truthful sentences with their lines, written without sight of the check: each
that it refuses is a false alarm. ``lies.jsonl`` holds sentences that are not so: each that it lets pass is
missed. The interval is Wilson's, at 95 %.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from casewright.notes.ground import faults
from casewright.notes.shapes import Context, Fault, SourceLine

DATA = Path(__file__).resolve().parent / "data" / "notes"


def judge(item: dict[str, Any]) -> tuple[Fault, ...]:
    """What the check says of one sentence."""
    meeting = item.get("meeting_date")
    context = Context(
        client_name=item["client_name"],
        section=item["section"],
        owner=item["owner"],
        sure=True,
        adviser=item.get("adviser"),
        meeting=date.fromisoformat(meeting) if meeting else None,
    )
    return faults(item["sentence"], [SourceLine(n, text) for n, text in enumerate(item["lines"], 1)], context)


def interval(hits: int, total: int) -> tuple[float, float]:
    """Wilson's interval for a share, at 95 %."""
    z, share = 1.96, hits / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def read(path: Path) -> list[dict[str, Any]]:
    """The items of a file, one a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def main(arguments: list[str]) -> int:
    """Print both shares. Exit 1 if a lie passed or more than one in twenty truths was refused."""
    show = arguments[arguments.index("--show") + 1] if "--show" in arguments else ""
    given = [a for i, a in enumerate(arguments) if a != "--show" and (not i or arguments[i - 1] != "--show")]
    where = Path(given[0]) if given else DATA
    truths, lies = read(where / "paraphrases.jsonl"), read(where / "lies.jsonl")
    took: list[float] = []
    kinds: Counter[str] = Counter()
    alarms = 0
    for item in truths:
        begun = time.perf_counter()
        found = judge(item)
        took.append(time.perf_counter() - begun)
        alarms += bool(found)
        kinds.update({fault.kind for fault in found})
        if found and show == "false":
            print(item["id"], item["lines"], "=>", item["sentence"], [f"{f.kind}: {f.what}" for f in found])
    caught: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for item in lies:
        total[item["kind"]] += 1
        if judge(item):
            caught[item["kind"]] += 1
        elif show == "missed":
            print(item["id"], item["kind"], item["lines"], "=>", item["sentence"])
    low, high = interval(alarms, len(truths))
    share = alarms / len(truths)
    print(f"false alarms: {alarms} of {len(truths)} = {share:.1%} (95 %: {low:.1%} to {high:.1%})")
    print("  kinds of fault in them: " + ", ".join(f"{kind} {n}" for kind, n in kinds.most_common()))
    print(f"caught: {sum(caught.values())} of {len(lies)} = {sum(caught.values()) / len(lies):.1%}")
    for kind, n in sorted(total.items()):
        print(f"  {kind:24} {caught[kind]} of {n}")
    print(f"time a sentence: median {statistics.median(took) * 1e3:.2f} ms, most {max(took) * 1e3:.2f} ms")
    return 1 if sum(caught.values()) < len(lies) or alarms * 20 > len(truths) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

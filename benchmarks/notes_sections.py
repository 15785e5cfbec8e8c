"""How often lines find their section and owner: ``python benchmarks/notes_sections.py [--lines] [FILE …]``.

Files are those of benchmarks/data/notes (cases.jsonl by split, and second.jsonl) unless others are named.
Each is judged twice: by the rules alone, and with the classifier. Lines that are labelled as withheld, or not
at all, do not count. "shown" is the share that a person is to look at, "sure and wrong" the share placed
wrongly without asking, "wrongly yours" what stands among the client's actions and should not.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from casewright.notes.decision import Decision, Names
from casewright.notes.owner import decide
from casewright.notes.place import pieces_of, placed_all
from casewright.notes.read import read_entries

DATA = Path(__file__).resolve().parent / "data" / "notes"
FILES = ("cases.jsonl", "second.jsonl")
Figures = dict[str, Counter[str]]


def judged(case: dict[str, Any]) -> Iterator[tuple[str, str, str | None, Decision, Decision]]:
    """For each labelled line: its text, its section and owner, the rules' decision and the joint one."""
    entries = pieces_of(read_entries(case["notes"]))
    kept = [(entry, piece) for entry, piece in entries if entry.left_out is None]
    decisions = placed_all([piece for _, piece in kept], Names.of(case["client_name"], case.get("adviser")))
    owners = case.get("owners", {})
    for (entry, piece), decision in zip(kept, decisions, strict=True):
        rule = decide(piece.text, piece.heading)
        for line in entry.lines:
            section = case["labels"].get(str(line.number))
            if section not in (None, "withheld"):
                yield line.text, section, owners.get(str(line.number)), rule, decision


def count(figures: Counter[str], section: str, owner: str | None, said: Decision) -> None:
    """Add one line to the figures."""
    right = said.section == section
    figures["lines"] += 1
    figures["section"] += right
    figures["owners"] += owner is not None
    figures["owner"] += owner is not None and said.owner == owner
    figures["shown"] += not said.sure
    figures["sure and wrong"] += said.sure and not right
    figures["wrongly yours"] += said.section == "your_actions" and not right


def shown(name: str, figures: Counter[str]) -> str:
    """The figures of one file, split and way, as a line."""
    lines, owners = figures["lines"], figures["owners"]
    parts = [
        f"{what} {figures[what] / lines:.3f}"
        for what in ("section", "shown", "sure and wrong", "wrongly yours")
    ]
    owner = f"owner {figures['owner'] / owners:.3f}" if owners else "owner not labelled"
    return f"{name}: {lines} lines, {owner}, {', '.join(parts)}"


def main() -> int:
    """Print the figures of each file and split; with ``--lines`` what is wrong, too. 2: no file."""
    asked = [Path(one) for one in sys.argv[1:] if one != "--lines"]
    files = asked or [DATA / name for name in FILES if (DATA / name).exists()]
    if not files:
        print(f"no cases in {DATA}", file=sys.stderr)
        return 2
    for path in files:
        found: dict[str, Figures] = defaultdict(lambda: {"rules": Counter(), "joint": Counter()})
        for row in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(row)
            split = f"{path.name} {case.get('split', 'all')}"
            for text, section, owner, rule, joint in judged(case):
                count(found[split]["rules"], section, owner, rule)
                count(found[split]["joint"], section, owner, joint)
                if "--lines" in sys.argv[1:] and (joint.section, joint.owner) != (section, owner):
                    print(f"{section}/{owner} said {joint.section}/{joint.owner} {joint.probability}: {text}")
        for split, ways in found.items():
            for way, figures in ways.items():
                print(
                    shown(f"{split}, {'rules alone' if way == 'rules' else 'with the classifier'}", figures)
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())

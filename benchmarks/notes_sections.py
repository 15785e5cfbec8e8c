"""How often the notes' rules find the right section: ``python benchmarks/notes_sections.py [--lines]``.

The lines are those of tests/unit/notes/section_lines.toml, which we wrote ourselves: few, and no sample of
anybody's real notes. "unsure" is a line that the letter quotes and a person is asked to look at.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from casewright.notes.convert import draft

TABLE = Path(__file__).resolve().parents[1] / "tests" / "unit" / "notes" / "section_lines.toml"


def judge(item: dict[str, Any]) -> tuple[str, str]:
    """``right``, ``wrong`` or ``unsure``, and what the letter says."""
    heading = f"{item['heading']}:\n" if "heading" in item else ""
    said = draft(heading + item["line"]).said
    text = " ".join(one.text for one in said)
    if any(one.claim.decision.section != item["section"] for one in said if one.claim.decision.sure):
        return "wrong", text
    return ("right" if all(one.claim.decision.sure for one in said) else "unsure"), text


def main() -> int:
    """Print the figures of both halves; with ``--lines`` every line too. Exit 1 if one is wrong."""
    wrong = 0
    for half, items in tomllib.loads(TABLE.read_text(encoding="utf-8")).items():
        found: Counter[str] = Counter()
        for item in items:
            verdict, text = judge(item)
            found[verdict] += 1
            if "--lines" in sys.argv[1:] or verdict == "wrong":
                print(f"{verdict:7}{item['section']:18}{item['line']}  ->  {text}")
        wrong += found["wrong"]
        figures = ", ".join(f"{found[name]} {name}" for name in ("right", "wrong", "unsure"))
        print(f"{half}: {len(items)} lines: {figures}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Write the two tables of docs/notes.md anew: the shorthand, and what benchmarks/notes_sections.py prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from casewright.notes.words import SHORTHAND

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "notes.md"
BENCHMARK = ROOT / "benchmarks" / "notes_sections.py"
_PRINTED = re.compile(
    r"^(\S+) (.+): (\d+) lines, owner ([\d.]+), section ([\d.]+), shown ([\d.]+),"
    r" sure and wrong ([\d.]+), wrongly yours ([\d.]+)$"
)


def shorthand() -> list[str]:
    """A row for each word that is written out."""
    return [f"| `{short}` | {full} |" for short, full in SHORTHAND.items()]


def figures(printed: str) -> list[str]:
    """A row for each line that the benchmark printed; one of another form is an error."""
    rows = []
    for line in printed.splitlines():
        found = _PRINTED.match(line)
        if found is None:
            raise ValueError(f"{BENCHMARK.name} printed {line!r}")
        file, how, lines, owner, section, *rest = found.groups()
        rows.append("| " + " | ".join([f"`{file}` {how}", lines, section, owner, *rest]) + " |")
    return rows


def with_table(page: str, head: str, rows: list[str]) -> str:
    """The page with these rows in the table that has this head."""
    before, found, after = page.partition(f"\n{head}\n")
    if not found:
        raise ValueError(f"{PAGE} has no table {head}")
    ruler, _, below = after.partition("\n")
    _, _, rest = below.partition("\n\n")
    return "".join([before, found, ruler, "\n", "\n".join(rows), "\n\n", rest])


def main() -> None:
    """Run the benchmark and write the page."""
    done = subprocess.run([sys.executable, BENCHMARK], capture_output=True, text=True, check=True)
    page = PAGE.read_text(encoding="utf-8")
    page = with_table(page, "| short | in the letter |", shorthand())
    head = "| file, split and how | lines | section | owner | shown | sure and wrong | wrongly yours |"
    PAGE.write_text(with_table(page, head, figures(done.stdout)), encoding="utf-8")


if __name__ == "__main__":
    main()

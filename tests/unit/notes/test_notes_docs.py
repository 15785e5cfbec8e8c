"""docs/notes.md says what the code does: its shorthand, its figures of the table, its examples.

Its two tables are written by ``make docs``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from casewright.notes import words as w
from casewright.notes.convert import draft

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "notes.md").read_text(encoding="utf-8")


def test_the_shorthand_table_is_the_codes_own() -> None:
    table = PAGE.partition("<!-- shorthand:")[2].partition("\n\n`cl`")[0]
    assert dict(re.findall(r"^\| `(.+?)` \| (.+) \|$", table, re.MULTILINE)) == w.SHORTHAND


def test_the_figures_are_what_the_benchmark_prints() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "notes_sections.py"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    pattern = (
        r"^(\S+) (.+): (\d+) lines, owner ([\d.]+), section ([\d.]+), shown ([\d.]+),"
        r" sure and wrong ([\d.]+), wrongly yours ([\d.]+)$"
    )
    found = re.findall(pattern, done.stdout, re.MULTILINE)
    assert len(found) == len(done.stdout.splitlines()) > 0
    for file, how, lines, owner, section, *rest in found:
        assert (
            "| " + " | ".join([f"`{file}` {how}", lines, section, owner, *rest]) + " |" in PAGE.splitlines()
        )


def test_its_examples_hold() -> None:
    assert [said.text for said in draft("Client discussed legal requirements").said] == [
        "You discussed legal requirements."
    ]
    assert "You discussed legal requirements." in PAGE

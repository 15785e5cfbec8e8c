"""Size ratchets: no file over 400 lines, no function over 50, but those listed in tools/debt.toml.

A listed exception may shrink and never grow: its recorded size is its bound, and an entry that is no longer
needed must be removed.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 400
FUNCTION_LINES = 50
ROOT = Path(__file__).resolve().parent.parent


def sizes(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield (name, lines, bound) for the file and each of its functions."""
    text = path.read_text()
    name = path.relative_to(ROOT).as_posix()
    yield name, text.count("\n"), FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield f"{name}:{node.name}", lines, FUNCTION_LINES


def main() -> int:
    """Print every breach; exit 1 if there is one."""
    debt = tomllib.loads((ROOT / "tools" / "debt.toml").read_text()).get("debt", [])
    allowed = {entry["what"]: entry for entry in debt}
    breaches, used = [], set()
    for folder in ("src", "tests", "tools", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name, lines, bound in sizes(path):
                if lines <= bound:
                    continue
                entry = allowed.get(name)
                if entry is None:
                    breaches.append(f"{name}: {lines} lines, bound {bound}")
                    continue
                used.add(name)
                if lines > entry["lines"]:
                    breaches.append(f"{name}: grew to {lines} lines from {entry['lines']}")
    breaches += [f"{name}: listed in tools/debt.toml and no longer needed" for name in allowed.keys() - used]
    breaches += [f"{name}: no reason given" for name, entry in allowed.items() if not entry.get("reason")]
    for line in breaches:
        print(f"ratchet: {line}")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())

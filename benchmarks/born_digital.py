"""Born-digital PDF beside other programs: ``python benchmarks/born_digital.py [--peers-python PATH]``.

Makes PDFs with known text (seeded; fpdf2, Chromium and LibreOffice where they are installed), reads them with
Casewright end to end (``read_file`` to ``reading_of``, what a worker does for each file) in one process and
in two, and, in turn with that, with kreuzberg, markitdown and pdfplumber where ``--peers-python`` has them.
Prints pages a second (the median of the rounds) and how complete, in order and right each reading is, as a
Markdown table; ``--out`` keeps it. Figures are of this machine, now: run it when nothing else runs.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, median

import pypdfium2  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).resolve().parent))

from casewright.documents.convert import read_file
from casewright.documents.limits import DocumentLimits
from casewright.documents.options import OcrOptions, ReadOptions
from casewright.documents.pages import Converted, reading_of
from corpus.make import make_all
from corpus.peer import TOOLS
from corpus.score import Score, score
from corpus.truth import Made

PEER = Path(__file__).resolve().parent / "corpus" / "peer.py"
OURS = ("casewright", "casewright, 2 processes")


def read_one(path: str) -> str:
    """A file's Markdown, as a worker and the service make it. OCR is off for all: no file here needs it."""
    converted = Converted()
    for found in read_file(
        Path(path), Path(path).name, DocumentLimits(), ReadOptions(OcrOptions(mode="never"))
    ):
        converted.add(found)
    return reading_of(converted).markdown


def round_of_ours(paths: Sequence[str]) -> tuple[float, list[str]]:
    """Seconds for all files in this process, and what was read."""
    start = time.perf_counter()
    texts = [read_one(path) for path in paths]
    return time.perf_counter() - start, texts


def round_of_two(pool: ProcessPoolExecutor, paths: Sequence[str]) -> float:
    """Seconds for all files in two processes."""
    start = time.perf_counter()
    list(pool.map(read_one, paths))
    return time.perf_counter() - start


def round_of_peer(python: str, tool: str, paths: Sequence[str], folder: Path) -> dict[str, object]:
    """What a peer's process reports."""
    out = folder / "peer.json"
    subprocess.run([python, str(PEER), tool, str(out), *paths], check=True, capture_output=True, timeout=600)
    found: dict[str, object] = json.loads(out.read_text(encoding="utf-8"))
    return found


def run(made: Sequence[Made], paths: Sequence[str], folder: Path, arguments: argparse.Namespace) -> Results:
    """All rounds, programs in turn; slow peers are timed fewer times."""
    results = Results(made)
    context = get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(read_one, [paths[0]] * 4))  # both processes have loaded what they need
        read_one(paths[0])
        for number in range(arguments.rounds):
            seconds, texts = round_of_ours(paths)
            results.add(OURS[0], seconds, texts, version("casewright"))
            results.add(OURS[1], round_of_two(pool, paths), None, version("casewright"))
            for tool in TOOLS if arguments.peers_python else ():
                if number and median(results.seconds[tool] or [0.0]) > arguments.slow:
                    continue
                found = round_of_peer(arguments.peers_python, tool, paths, folder)
                files = found.get("files")
                if not isinstance(files, list):
                    results.missing[tool] = str(found.get("missing"))
                    continue
                total = sum(float(file["seconds"]) for file in files)
                results.add(tool, total, [str(file["text"]) for file in files], str(found["version"]))
    return results


class Results:
    """Seconds and readings by program."""

    def __init__(self, made: Sequence[Made]) -> None:
        self.made = made
        self.pages = sum(file.pages for file in made)
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.texts: dict[str, list[str]] = {}
        self.versions: dict[str, str] = {}
        self.missing: dict[str, str] = {}

    def add(self, tool: str, seconds: float, texts: list[str] | None, shown: str) -> None:
        """A round."""
        self.seconds[tool].append(seconds)
        self.versions[tool] = shown
        if texts is not None:
            self.texts[tool] = texts

    def table(self) -> str:
        """The whole, and each kind of file, as Markdown."""
        lines = [
            f"{len(self.made)} files, {self.pages} pages; {platform.machine()}, {len_of_cpus()} cores, "
            f"Python {platform.python_version()}, pypdfium2 {version('pypdfium2')}.",
            "",
            "| program | version | rounds | pages/s | words | in order | characters | numbers | cells |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        for tool, seconds in self.seconds.items():
            scores = self._scores(tool, self.made)
            rate = self.pages / median(seconds)
            lines.append(
                f"| {tool} | {self.versions[tool]} | {len(seconds)} | {rate:.0f} | {_shown(scores)} |"
            )
        lines += [f"\nNot measured: {tool} ({why})." for tool, why in self.missing.items()]
        lines += ["", "| kind | program | words | in order | characters | numbers | table cells |"]
        lines.append("| --- | --- | --- | --- | --- | --- | --- |")
        for kind in dict.fromkeys(file.kind for file in self.made):
            files = [file for file in self.made if file.kind == kind]
            lines += [f"| {kind} | {tool} | {_shown(self._scores(tool, files))} |" for tool in self.texts]
        return "\n".join(lines) + "\n"

    def _scores(self, tool: str, files: Sequence[Made]) -> list[Score]:
        texts = self.texts.get(tool, [])
        return [score(file, text) for file, text in zip(self.made, texts, strict=False) if file in files]

    def worst(self, tool: str) -> list[tuple[str, Score]]:
        """Each file's score, worst first."""
        scored = [
            (file.name, score(file, text)) for file, text in zip(self.made, self.texts[tool], strict=True)
        ]
        return sorted(scored, key=lambda pair: pair[1].order + pair[1].numbers + (pair[1].cells or 1.0))


def _shown(scores: Sequence[Score]) -> str:
    if not scores:
        return "as above | | | |"
    cells = [one.cells for one in scores if one.cells is not None]
    shares = [fmean(getattr(one, name) for one in scores) for name in ("words", "order", "chars", "numbers")]
    return " | ".join([*(f"{share:.4f}" for share in shares), f"{fmean(cells):.4f}" if cells else "-"])


def len_of_cpus() -> int:
    """How many processors this process may use."""
    return len(__import__("os").sched_getaffinity(0))


def main() -> int:
    """Run it all; exit 0 when every file was read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers-python", help="a Python that has kreuzberg, markitdown and pdfplumber")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow", type=float, default=12.0, help="a peer that takes longer (s) is timed once")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, help="also write the table here")
    parser.add_argument("--keep", type=Path, help="keep the files, and what we read, in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(exist_ok=True, parents=True)
        made, paths = [], []
        for number, file in enumerate(make_all(arguments.seed)):
            path = folder / f"{number:02}-{file.name.replace(' ', '-')}.pdf"
            path.write_bytes(file.pdf)
            file.pages = len(pypdfium2.PdfDocument(path))
            made.append(file)
            paths.append(str(path))
        results = run(made, paths, folder, arguments)
        if arguments.keep:
            for tool, texts in results.texts.items():
                for path, text in zip(paths, texts, strict=True):
                    Path(path).with_suffix(f".{tool.replace(' ', '-')}.md").write_text(text, encoding="utf-8")
        print("\n".join(f"{name}: {one}" for name, one in results.worst(OURS[0])[:8]), file=sys.stderr)
    print(results.table())
    if arguments.out:
        arguments.out.write_text(results.table(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

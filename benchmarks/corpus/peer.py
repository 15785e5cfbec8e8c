"""Reads PDFs with other people's programs; run by the Python that has them, knows nothing of ours.

Usage: ``peer.py TOOL OUT.json FILE…``: seconds for each file, and what was read.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

TOOLS = ("kreuzberg text", "kreuzberg markdown", "markitdown", "pdfplumber")


def reader(tool: str) -> Callable[[str], str]:
    """A function from a file to its text."""
    if tool.startswith("kreuzberg"):
        module: Any = importlib.import_module("kreuzberg")
        form = "markdown" if tool.endswith("markdown") else "plain"
        config = module.ExtractionConfig(output_format=form, use_cache=False, disable_ocr=True)
        return lambda path: str(module.extract_file_sync(path, config=config).content)
    if tool == "markitdown":
        made: Any = importlib.import_module("markitdown").MarkItDown()
        return lambda path: str(made.convert(path).text_content)
    plumber: Any = importlib.import_module("pdfplumber")

    def text(path: str) -> str:
        with plumber.open(path) as pdf:
            return "\n\n".join(page.extract_text() or "" for page in pdf.pages)

    return text


def main(arguments: list[str]) -> None:
    """Read every file once; the first file is read once more before, so that loading is not counted."""
    tool, out, *paths = arguments
    try:
        read = reader(tool)
        shown = version(tool.split()[0])
    except (ImportError, PackageNotFoundError) as error:
        Path(out).write_text(json.dumps({"missing": str(error)}), encoding="utf-8")
        return
    read(paths[0])
    results = []
    for path in paths:
        start = time.perf_counter()
        try:
            text = read(path)
        except Exception as error:  # noqa: BLE001 - whatever a peer raises, it is its result
            text = f"{type(error).__name__}"
        results.append({"path": path, "seconds": time.perf_counter() - start, "text": text})
    Path(out).write_text(json.dumps({"version": shown, "files": results}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

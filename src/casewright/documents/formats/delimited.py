"""CSV and TSV: one table, every cell as it is written. Nothing in it is taken for a formula."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from casewright.documents.blocks import Found, Noted, Opened
from casewright.documents.formats.encoding import whole_text
from casewright.documents.formats.flow import cell, page_of, table
from casewright.documents.formats.kinds import Kind
from casewright.documents.formats.text import plain_blocks
from casewright.documents.limits import DocumentLimits
from casewright.documents.markdown import clean
from casewright.documents.options import ReadOptions
from casewright.errors import DocumentTooLarge

DELIMITERS = ",;\t|"
_SAMPLE_CHARS = 32_768
_SAMPLE_ROWS = 200
# csv's own Sniffer is not asked: its patterns take quadratic time, and it takes letters for delimiters.
_ALIKE = 0.8


def read(path: Path, kind: Kind, limits: DocumentLimits, options: ReadOptions) -> Iterator[Found]:
    """The rows as one page; what is beyond the limits is cut, and that is said.

    Raises:
        DocumentTooLarge: more bytes than the limits allow.
        UnsupportedMedia: it is no text after all.
    """
    del options
    if path.stat().st_size > limits.text_bytes:
        raise DocumentTooLarge(
            f"the text is longer than {limits.text_bytes} bytes", hint="split it and send its parts"
        )
    text, warnings = whole_text(path.read_bytes(), limits.text_bytes)
    yield Opened(kind.media_type, 1, (), warnings)
    text = clean(text)
    delimiter = delimiter_of(text) or ","
    try:
        rows, cut = _rows(text, delimiter, limits)
    except csv.Error:
        yield Noted("the quotation marks of this file do not match: it was read line by line, not as a table")
        yield page_of(plain_blocks(text, limits))
        return
    yield page_of([table([[cell(one) for one in row] for row in rows])] if rows else [])
    for warning in cut:
        yield Noted(warning, lost=True)


def _rows(text: str, delimiter: str, limits: DocumentLimits) -> tuple[list[list[str]], list[str]]:
    rows: list[list[str]] = []
    width, chars, cut = 0, 0, []
    wide = 0
    for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True):
        if not any(one.strip() for one in row):
            continue
        if len(row) > limits.columns:
            wide = max(wide, len(row))
        kept = row[: limits.columns]
        width = max(width, len(kept))
        chars += sum(len(one) + 3 for one in kept)
        if (len(rows) + 1) * width > limits.cells or chars > limits.output_chars:
            cut.append(f"the table is longer than is read: it was cut after {len(rows)} rows")
            break
        rows.append(kept)
    if wide:
        cut.append(f"the table has {wide} columns: it was cut after {limits.columns}")
    return rows, cut


def delimiter_of(text: str) -> str | None:
    """What divides the columns; None where nothing divides the first lines alike."""
    sample = text[:_SAMPLE_CHARS]
    if len(text) > _SAMPLE_CHARS:
        sample = sample.rpartition("\n")[0] or sample
    best: tuple[float, int, str] | None = None
    for delimiter in DELIMITERS:
        if delimiter not in sample:
            continue
        widths = _widths(sample, delimiter)
        if not widths:
            continue
        width, times = Counter(widths).most_common(1)[0]
        share = times / len(widths)
        if width > 1 and share >= _ALIKE and (best is None or (share, width) > best[:2]):
            best = (share, width, delimiter)
    return best[2] if best is not None else None


def _widths(sample: str, delimiter: str) -> list[int]:
    widths: list[int] = []
    try:
        for row in csv.reader(StringIO(sample, newline=""), delimiter=delimiter, skipinitialspace=True):
            if any(row):
                widths.append(len(row))
            if len(widths) >= _SAMPLE_ROWS:
                break
    except csv.Error:
        return []
    return widths

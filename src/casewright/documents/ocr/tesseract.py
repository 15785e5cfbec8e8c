"""The other engine: the ``tesseract`` command, one process a page, bound in threads and time."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

import numpy as np

from casewright.documents.blocks import Box
from casewright.documents.ocr.lines import Answer, Line, Pixels, mean_confidence
from casewright.documents.ocr.prepare import Grey, grey_of
from casewright.errors import DocumentTimeout, InstallError, UnreadableDocument

COMMAND = "tesseract"
DEADLINE_S = 60.0
# Below this a page may lie on its side or upside down.
UPRIGHT_CONFIDENCE = 0.75
# Wider gaps than this many heights of a line divide it: what stands there are columns.
COLUMN_GAP = 1.5
# The columns of its table of words (TSV).
_LEVEL, _BLOCK, _PARAGRAPH, _LINE, _LEFT, _TOP, _WIDTH, _HEIGHT, _SURE, _TEXT = 0, 2, 3, 4, 6, 7, 8, 9, 10, 11
_WORD = "5"


@dataclass(frozen=True, slots=True)
class _Word:
    line: tuple[str, ...]
    text: str
    box: Box
    confidence: float


class Tesseract:
    """Runs the command. ``languages`` are its own names (``eng``, ``deu``)."""

    def __init__(self, languages: Sequence[str], threads: int, deadline_s: float = DEADLINE_S) -> None:
        self._languages, self._threads, self._deadline_s = tuple(languages), threads, deadline_s
        self._there = _languages_there()
        missing = [name for name in self._languages if name not in self._there]
        if missing or not self._languages:
            raise InstallError(
                f"Tesseract has no language {', '.join(missing) or 'to read in'}",
                hint=f"install tesseract-ocr-{missing[0] if missing else 'eng'}; there are: "
                f"{', '.join(sorted(self._there))}",
            )

    def read(self, pixels: Pixels) -> Answer:
        """Every line of a picture, turned by quarters where it has to be."""
        grey = grey_of(pixels)
        best = Answer(self._lines(grey), 0)
        if (mean_confidence(best.lines) or 0.0) >= UPRIGHT_CONFIDENCE:
            return best
        for turned in self._likely_turns(grey):
            lines = self._lines(np.ascontiguousarray(np.rot90(grey, turned // 90)))
            if _weight(lines) > _weight(best.lines):
                best = Answer(lines, turned)
            if (mean_confidence(best.lines) or 0.0) >= UPRIGHT_CONFIDENCE:
                break
        return best

    def _likely_turns(self, grey: Grey) -> tuple[int, ...]:
        """What its own look at the letters says; every turn where it says nothing (of a few words)."""
        if "osd" in self._there:
            done = self._run(grey, ["--psm", "0", "-l", "osd"])
            for row in done.stdout.decode("utf-8", "replace").splitlines():
                name, _, value = row.partition(":")
                if name == "Orientation in degrees" and value.strip() in ("0", "90", "180", "270"):
                    return (int(value),) if int(value) else ()
        return (180, 90, 270)

    def _lines(self, grey: Grey) -> tuple[Line, ...]:
        done = self._run(grey, ["--psm", "3", "-l", "+".join(self._languages), "tsv"])
        if done.returncode != 0:
            raise UnreadableDocument(
                f"Tesseract could not read a page (exit code {done.returncode})",
                hint="read it with the other engine, or save the page as a PNG and send that",
            )
        return lines_of(done.stdout.decode("utf-8", "replace"))

    def _run(self, grey: Grey, options: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        height, width = grey.shape
        picture = b"P5 %d %d 255\n" % (width, height) + grey.tobytes()
        command = [COMMAND, "stdin", "stdout", *options]
        environment = os.environ | {"OMP_THREAD_LIMIT": str(self._threads)}
        with subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            _bound(process.pid, int(self._deadline_s * self._threads) + 1)
            try:
                out, _ = process.communicate(picture, timeout=self._deadline_s)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise DocumentTimeout(
                    f"Tesseract took longer than {self._deadline_s:g} s for a page and was ended",
                    hint="scan it at 200 dpi, or read it with the other engine",
                ) from error
        return subprocess.CompletedProcess(command, process.returncode, out)


@cache
def tesseract(languages: tuple[str, ...], threads: int) -> Tesseract:
    """The engine; whether it is there is looked at once a worker.

    Raises:
        InstallError: the command or a language is missing.
    """
    return Tesseract(languages, threads)


def lines_of(table: str) -> tuple[Line, ...]:
    """The lines of its table of words; a line is divided at gaps as wide as between columns."""
    found = []
    for _, words in groupby(_words(table), key=lambda word: word.line):
        for run in _runs(list(words)):
            found.append(_line(run))
    return tuple(found)


def _words(table: str) -> Iterator[_Word]:
    for row in table.splitlines():
        cells = row.split("\t")
        if len(cells) <= _TEXT or cells[_LEVEL] != _WORD or not cells[_TEXT].strip():
            continue
        left, top, width, height = (float(cells[at]) for at in (_LEFT, _TOP, _WIDTH, _HEIGHT))
        yield _Word(
            (cells[_BLOCK], cells[_PARAGRAPH], cells[_LINE]),
            "".join(cells[_TEXT].split()),
            Box(left, top, left + width, top + height),
            min(1.0, max(0.0, float(cells[_SURE]) / 100)),
        )


def _runs(words: Sequence[_Word]) -> Iterator[list[_Word]]:
    heights = sorted(word.box.y1 - word.box.y0 for word in words)
    widest = COLUMN_GAP * heights[len(heights) // 2]
    run = [words[0]]
    for word in words[1:]:
        if word.box.x0 - run[-1].box.x1 > widest:
            yield run
            run = []
        run.append(word)
    yield run


def _line(words: Sequence[_Word]) -> Line:
    text = ""
    sure: list[float] = []
    for word in words:
        if text:
            text += " "
            sure.append(min(sure[-1], word.confidence))
        text += word.text
        sure.extend([word.confidence] * len(word.text))
    box = Box(
        min(word.box.x0 for word in words),
        min(word.box.y0 for word in words),
        max(word.box.x1 for word in words),
        max(word.box.y1 for word in words),
    )
    return Line(text, box, tuple(sure))


def _weight(lines: Sequence[Line]) -> float:
    """How much was read, and how surely."""
    return sum(sum(line.confidences) for line in lines if line.confidence >= 0.5)


def _bound(pid: int, seconds: int) -> None:
    """Give a process so much processor time: it ends by itself where this one is killed and cannot end it."""
    # a confined worker may not do this to another process: that has the worker's own bound (or has ended)
    with contextlib.suppress(PermissionError, ProcessLookupError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_CPU)
        most = seconds if hard == resource.RLIM_INFINITY else min(seconds, hard)
        resource.prlimit(pid, resource.RLIMIT_CPU, (most, most))


def _languages_there() -> frozenset[str]:
    if shutil.which(COMMAND) is None:
        raise InstallError(
            "Tesseract is chosen to read scans and is not on this machine",
            hint="install tesseract-ocr, or choose the engine rapidocr",
        )
    done = subprocess.run([COMMAND, "--list-langs"], capture_output=True, text=True, timeout=20, check=False)
    names = done.stdout.splitlines()[1:]
    if done.returncode != 0 or not names:
        raise InstallError("Tesseract does not say which languages it has", hint="install tesseract-ocr-eng")
    return frozenset(name.strip() for name in names)

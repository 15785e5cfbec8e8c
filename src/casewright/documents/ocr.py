"""Reading pictures of text, with models that came in the wheel: nothing is ever downloaded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from PIL import Image

from casewright.documents.layout import Segment, rows_by_place, to_markdown
from casewright.documents.pages import Page
from casewright.errors import InstallError

# Below this the engine guesses; such lines are left out and counted.
MIN_LINE_CONFIDENCE = 0.5
UNSURE_BELOW = 0.85
# The engine scales larger pictures down to this many pixels on their longer side: an A4 page at 200 dpi fits.
MAX_SIDE = 2400
# Lines are looked for in a smaller copy and read in the full one: as exact, and a third of the time.
FIND_SIDE = 1280
# Text that is read as well as this stands upright; below it the page is tried in its other positions.
UPRIGHT_CONFIDENCE = 0.85
TURNS = (180, 90, 270)
_MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
}


@dataclass(frozen=True, slots=True)
class OcrOptions:
    """``threads`` bound the engine's own pool: more only fight with the language model for the cores."""

    threads: int = 1


@dataclass(frozen=True, slots=True)
class _Line:
    segment: Segment
    score: float


def read_image(image: Image.Image, options: OcrOptions) -> Page:
    """Read a picture. ``image`` is RGB, upright, within the limits.

    Raises:
        InstallError: the OCR models are not where the package has them.
    """
    turned, lines = _best_turned(image, options)
    if not lines:
        return Page("", "none", warnings=("nothing could be read in this image",))
    sure = [line for line in lines if line.score >= MIN_LINE_CONFIDENCE]
    said = _warnings(len(lines) - len(sure), [line.score for line in sure])
    if turned:
        said += (f"the page was turned by {turned} degrees to be read",)
    if not sure:
        return Page("", "none", warnings=said)
    rows = rows_by_place(line.segment for line in sure)
    markdown = to_markdown(rows, page_width=float(max(image.size)), headings=False)
    return Page(markdown, "ocr", round(fmean(line.score for line in sure), 4), said)


def _best_turned(image: Image.Image, options: OcrOptions) -> tuple[int, list[_Line]]:
    """How far the picture had to be turned (degrees, counter-clockwise), and what is read then."""
    turned, lines = 0, _read(image, options)
    for angle in TURNS:
        if not lines or _upright(lines) >= UPRIGHT_CONFIDENCE:
            break
        other = _read(image.rotate(angle, expand=True), options)
        if other and _upright(other) > _upright(lines):
            turned, lines = angle, other
    return turned, lines


def _read(image: Image.Image, options: OcrOptions) -> list[_Line]:
    found = _engine(options)(np.asarray(image)[:, :, ::-1])  # the engine thinks in BGR
    if not getattr(found, "txts", None) or found.boxes is None:
        return []
    return [
        _Line(_segment(str(text), box), float(score))
        for text, score, box in zip(found.txts, found.scores, found.boxes, strict=True)
        if str(text).strip()
    ]


def _upright(lines: Sequence[_Line]) -> float:
    """How surely a page stands upright, 0 to 1: the mean confidence over characters.

    Lines that run from top to bottom count as nothing (the engine reads them turned, so is sure of them);
    single characters have no direction, and a few stray marks around a page must not turn it over.
    """
    total = sum(len(line.segment.text) for line in lines)
    return sum(line.score * len(line.segment.text) for line in lines if not _runs_down(line.segment)) / total


def _runs_down(segment: Segment) -> bool:
    return len(segment.text) > 3 and segment.y1 - segment.y0 > 1.5 * (segment.x1 - segment.x0)


def _warnings(dropped: int, scores: Sequence[float]) -> tuple[str, ...]:
    said = []
    if dropped:
        said.append(f"{dropped} line(s) could not be read with any confidence and are left out")
    unsure = sum(score < UNSURE_BELOW for score in scores)
    if unsure:
        said.append(f"{unsure} line(s) were read without much confidence: compare figures with the original")
    return tuple(said)


def _segment(text: str, box: Any) -> Segment:
    xs, ys = [float(point[0]) for point in box], [float(point[1]) for point in box]
    return Segment(text, min(xs), min(ys), max(xs), max(ys), max(ys) - min(ys))


@cache
def _engine(options: OcrOptions) -> Any:
    """The engine, made at a worker's first picture (1 s, 0.4 GB) and kept as long as the worker."""
    # onnxruntime's builds report to their maker, with an identifier of the machine, unless this stands before
    # they are loaded; its own call to turn that off comes after the first report
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    rapidocr = import_module("rapidocr")
    import_module("cv2").setNumThreads(options.threads)
    folder = Path(str(rapidocr.__file__)).parent / "models"
    params: dict[str, Any] = {
        "Global.log_level": "error",
        "Global.text_score": 0.0,  # what is left out is counted here, not dropped in silence
        "Global.max_side_len": MAX_SIDE,
        # the classifier that turns single lines over takes many of a dense page's long lines for upside down
        "Global.use_cls": False,
        "Det.limit_type": "max",  # the default enlarges a strip of text to many times its size
        "Det.limit_side_len": FIND_SIDE,
        "EngineConfig.onnxruntime.intra_op_num_threads": options.threads,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    for part, name in _MODELS.items():
        path = folder / name
        if not path.is_file():
            raise InstallError(f"the OCR model {name} is missing", hint="install rapidocr again")
        params[f"{part}.model_path"] = str(path)  # without a path it would download
    return rapidocr.RapidOCR(params=params)

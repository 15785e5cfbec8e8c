"""The default engine: rapidocr's models on onnxruntime, bound to as many threads as it is told."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from casewright.documents.blocks import Box
from casewright.documents.layout.segments import Gap
from casewright.documents.ocr.gaps import ink_of, spaced
from casewright.documents.ocr.lines import Answer, Line, Pixels, mean_confidence, single_spaced
from casewright.documents.ocr.prepare import inked
from casewright.errors import InstallError

FIND_MODEL = "PP-OCRv6_det_small.onnx"
READ_MODEL = "PP-OCRv6_rec_small.onnx"
# Lines are looked for in a smaller copy and read in the full one: as exact, and a third of the time. In the
# copy letters are as high as this; its longer side is no shorter, its pixels (A4 at 150 dpi) no more.
FIND_LETTER = 9.0
FIND_SIDE = 736
FIND_PIXELS = 1240 * 1754
FIND_MARGIN = 24
# One line at a time keeps its numbers in the processor's cache: a third faster than six, and less memory.
BATCH = 1
# The longest few lines tell which way up a page lies.
SAMPLE = 4
UPRIGHT_CONFIDENCE = 0.85

Quad = NDArray[np.float32]  # four corners (x, y), clockwise from the top left


@dataclass(frozen=True, slots=True)
class _Strip:
    """Where a line is, and the line cut out."""

    quad: Quad
    crop: Pixels

    def over(self, width: int, height: int) -> _Strip:
        """Turned by 180 degrees, in a picture of that size."""
        quad = np.array([width, height], dtype=np.float32) - self.quad
        return _Strip(quad[[2, 3, 0, 1]], np.ascontiguousarray(self.crop[::-1, ::-1]))


class Rapid:
    """The two models: one finds lines, one reads them."""

    def __init__(self, threads: int) -> None:
        # onnxruntime's builds report to their maker, with an identifier of the machine, unless this stands
        # before they are loaded; its own call to turn that off comes after the first report
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        rapidocr = import_module("rapidocr")
        import_module("rapidocr.utils.log").logger.setLevel(logging.ERROR)
        self._input = import_module("rapidocr.ch_ppocr_rec").TextRecInput
        folder = Path(str(rapidocr.__file__)).parent / "models"
        self._find = _finder(_session(folder / FIND_MODEL, threads))
        self._read = _reader(_session(folder / READ_MODEL, threads))

    def read(self, pixels: Pixels) -> Answer:
        """Every line of a picture, turned by quarters where it has to be."""
        turned, quads = 0, self.find(pixels)
        if _on_its_side(quads):
            turned, pixels = 90, np.ascontiguousarray(np.rot90(pixels))
            quads = self.find(pixels)
        strips = [_Strip(quad, _crop(pixels, quad)) for quad in _whole(quads)]
        strips.sort(key=lambda strip: -strip.crop.shape[1] / strip.crop.shape[0])
        begun = self._lines(strips[:SAMPLE])
        if begun and self._upside_down(strips[:SAMPLE], begun):
            height, width = pixels.shape[:2]
            turned, strips = turned + 180, [strip.over(width, height) for strip in strips]
            begun = self._lines(strips[:SAMPLE])
        lines = (*begun, *self._lines(strips[SAMPLE:]))
        return Answer(tuple(line for line in lines if line.text), turned)

    def find(self, pixels: Pixels) -> list[Quad]:
        """Where there are lines of text: looked for in a small copy of the part that has ink."""
        ink = inked(pixels)
        if ink is None:
            return []
        scale = _scale(ink.letter, *pixels.shape[:2])
        part, corner = _with_margin(pixels, ink.bounds, round(FIND_MARGIN / scale))
        height, width = part.shape[:2]
        # the model wants multiples of 32
        size = (max(1, round(width * scale / 32)) * 32, max(1, round(height * scale / 32)) * 32)
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        found = self._find(np.ascontiguousarray(small[:, :, ::-1]))  # the models think in BGR
        if found.boxes is None:
            return []
        larger = np.array([width / size[0], height / size[1]])
        return [np.asarray(quad * larger + corner, dtype=np.float32) for quad in found.boxes]

    def _lines(self, strips: Sequence[_Strip]) -> list[Line]:
        if not strips:
            return []
        crops = [np.ascontiguousarray(strip.crop[:, :, ::-1]) for strip in strips]
        read = self._read(self._input(img=crops, return_word_box=True))
        return [
            _line(str(text), info, strip)
            for text, info, strip in zip(read.txts, read.word_results, strips, strict=True)
        ]

    def _upside_down(self, strips: Sequence[_Strip], lines: Sequence[Line]) -> bool:
        """Whether the lines are read with more confidence when they are turned over."""
        as_given = mean_confidence(lines) or 0.0
        if as_given >= UPRIGHT_CONFIDENCE:
            return False
        over = self._lines([strip.over(0, 0) for strip in strips])
        return (mean_confidence(over) or 0.0) > as_given


@cache
def rapid(threads: int) -> Rapid:
    """The engine, made at a worker's first picture (1 s; 0.8 GB with a page) and kept as long as the worker.

    Raises:
        InstallError: the models are not where the package has them.
    """
    return Rapid(threads)


def _scale(letter: float, height: int, width: int) -> float:
    """How much smaller the copy is in which lines are looked for, 0 to 1: its letters have one size."""
    most = math.sqrt(FIND_PIXELS / (height * width))
    return min(1.0, most, max(FIND_LETTER / letter, FIND_SIDE / max(height, width)))


def _with_margin(pixels: Pixels, bounds: Box, margin: int) -> tuple[Pixels, NDArray[np.float64]]:
    """The part within bounds and a margin around it, and where its corner is in the picture."""
    height, width = pixels.shape[:2]
    x0, y0 = int(bounds.x0) - margin, int(bounds.y0) - margin
    x1, y1 = round(bounds.x1) + margin, round(bounds.y1) + margin
    part = pixels[max(0, y0) : y1, max(0, x0) : x1]
    above, below, left, right = max(0, -y0), max(0, y1 - height), max(0, -x0), max(0, x1 - width)
    grown = cv2.copyMakeBorder(part, above, below, left, right, cv2.BORDER_REPLICATE)
    return np.asarray(grown, dtype=np.uint8), np.array([x0, y0], dtype=np.float64)


def _on_its_side(quads: Sequence[Quad]) -> bool:
    """Whether most of what looks like lines runs from top to bottom (single letters have no direction)."""
    down = across = 0.0
    for quad in quads:
        width, height = float(np.ptp(quad[:, 0])), float(np.ptp(quad[:, 1]))
        if height > 1.5 * width:
            down += height
        elif width > 1.5 * height:
            across += width
    return down > across


def _whole(quads: Sequence[Quad]) -> list[Quad]:
    """Pieces of a line that touch as one: a figure that is cut in two reads as another.

    What is found reaches beyond its letters by a third of its height, so columns do not touch.
    """
    whole: list[Quad] = []
    for quad in sorted(quads, key=lambda found: float(found[:, 0].min())):
        for at, begun in enumerate(whole):
            if _touch(begun, quad):
                (x0, y0), (x1, y1) = (
                    np.vstack([begun, quad]).min(axis=0),
                    np.vstack([begun, quad]).max(axis=0),
                )
                whole[at] = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float32)
                break
        else:
            whole.append(quad)
    return whole


def _touch(left: Quad, right: Quad) -> bool:
    (left_x0, left_y0), (left_x1, left_y1) = left.min(axis=0), left.max(axis=0)
    (right_x0, right_y0), (_, right_y1) = right.min(axis=0), right.max(axis=0)
    lower, higher = sorted((left_y1 - left_y0, right_y1 - right_y0))
    common = min(left_y1, right_y1) - max(left_y0, right_y0)
    along = bool(left_x0 < right_x0 <= left_x1)
    return along and higher <= 1.6 * lower and bool(common >= 0.6 * lower)


def _crop(pixels: Pixels, quad: Quad) -> Pixels:
    """The line cut out of the picture, level."""
    width = max(1, round(float(max(np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[3] - quad[2])))))
    height = max(1, round(float(max(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[1] - quad[2])))))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(quad, corners)
    crop = cv2.warpPerspective(
        pixels, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    # a single digit is higher than wide; what is much higher was written up the margin
    level = np.rot90(crop) if height > 3 * width else crop
    return np.ascontiguousarray(level, dtype=np.uint8)


def _line(text: str, read: Any, strip: _Strip) -> Line:
    said, sure = single_spaced(text, read.confs) if text else ("", ())
    (x0, y0), (x1, y1) = strip.quad.min(axis=0).tolist(), strip.quad.max(axis=0).tolist()
    height, width = strip.crop.shape[:2]
    ink = ink_of(strip.crop) if said and (x1 - x0 > y1 - y0) == (width > height) else None
    if ink is None:
        return Line(said, Box(x0, y0, x1, y1), sure)
    centres = [
        (column + 0.5) / read.line_txt_len * width
        for chars, columns in zip(read.words, read.word_cols, strict=True)
        for char, column in zip(chars, columns, strict=True)
        if not char.isspace()
    ]
    said, sure, seen = spaced(said, sure, centres, ink, height)
    scale = (x1 - x0) / width
    gaps = tuple(Gap(at, x0 + low * scale, x0 + high * scale) for at, (low, high) in seen.items())
    return Line(said, Box(x0 + ink.first * scale, y0, x0 + ink.last * scale, y1), sure, gaps)


def _session(path: Path, threads: int) -> Any:
    if not path.is_file():
        raise InstallError(f"the OCR model {path.name} is missing", hint="install rapidocr again")
    runtime = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False  # it would keep the largest page's memory for ever
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # threads that wait by spinning take the cores from the other worker
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return runtime.InferenceSession(str(path), sess_options=options, providers=["CPUExecutionProvider"])


class _Config(dict[str, Any]):
    """rapidocr's parts read their settings both as keys and as attributes."""

    __getattr__ = dict.get


def _finder(session: Any) -> Any:
    typings = import_module("rapidocr.utils.typings")
    return import_module("rapidocr.ch_ppocr_det").TextDetector(
        _Config(
            engine_type=typings.EngineType.ONNXRUNTIME,
            session=session,
            limit_type="max",  # it is given a copy of the right size
            limit_side_len=1 << 16,
        )
    )


def _reader(session: Any) -> Any:
    typings = import_module("rapidocr.utils.typings")
    return import_module("rapidocr.ch_ppocr_rec").TextRecognizer(
        _Config(
            engine_type=typings.EngineType.ONNXRUNTIME,
            session=session,
            lang_type=typings.LangRec.CH,
            rec_img_shape=[3, 48, 320],
            rec_batch_num=BATCH,
        )
    )

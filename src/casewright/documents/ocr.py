"""Reading pictures of text, with models that came in the wheel: nothing is ever downloaded."""

from __future__ import annotations

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
_MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
}


@dataclass(frozen=True, slots=True)
class OcrOptions:
    """``threads`` bound the engine's own pool: more only fight with the language model for the cores."""

    threads: int = 1


def read_image(image: Image.Image, options: OcrOptions) -> Page:
    """Read a picture. ``image`` is RGB, upright, within the limits.

    Raises:
        InstallError: the OCR models are not where the package has them.
    """
    found = _engine(options)(np.asarray(image)[:, :, ::-1])  # the engine thinks in BGR
    if not getattr(found, "txts", None) or found.boxes is None:
        return Page("", "none", warnings=("nothing could be read in this image",))
    lines = [
        (str(text), float(score), box)
        for text, score, box in zip(found.txts, found.scores, found.boxes, strict=True)
        if str(text).strip()
    ]
    sure = [line for line in lines if line[1] >= MIN_LINE_CONFIDENCE]
    warnings = _warnings(len(lines) - len(sure), [score for _, score, _ in sure])
    if not sure:
        return Page("", "none", warnings=warnings)
    rows = rows_by_place(_segment(text, box) for text, _, box in sure)
    confidence = round(fmean(score for _, score, _ in sure), 4)
    return Page(to_markdown(rows, headings=False), "ocr", confidence, warnings)


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
    """The engine, made at a worker's first picture (1 s, 1 GB) and kept as long as the worker."""
    rapidocr = import_module("rapidocr")
    import_module("cv2").setNumThreads(options.threads)
    folder = Path(str(rapidocr.__file__)).parent / "models"
    params: dict[str, Any] = {
        "Global.log_level": "error",
        "Global.text_score": 0.0,  # what is left out is counted here, not dropped in silence
        "Global.max_side_len": MAX_SIDE,
        "EngineConfig.onnxruntime.intra_op_num_threads": options.threads,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    for part, name in _MODELS.items():
        path = folder / name
        if not path.is_file():
            raise InstallError(f"the OCR model {name} is missing", hint="install rapidocr again")
        params[f"{part}.model_path"] = str(path)  # without a path it would download
    return rapidocr.RapidOCR(params=params)

"""How a file is to be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

OcrMode = Literal["auto", "always", "never"]
OcrEngine = Literal["rapidocr", "tesseract"]


@dataclass(frozen=True, slots=True)
class OcrOptions:
    """``mode`` ``auto`` reads by OCR what has no usable text, ``always`` every page that can be rendered.

    ``threads`` bound the engine's own pool: more only fight with the language model, and with the other
    worker, for the cores. ``languages`` are Tesseract's names; rapidocr's models read Latin scripts and
    Chinese.
    """

    mode: OcrMode = "auto"
    engine: OcrEngine = "rapidocr"
    threads: int = 1
    languages: tuple[str, ...] = ("eng",)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """``password`` opens a file that asks for one. ``first_page`` (from 1) is where reading goes on, for PDF
    and TIFF.

    A page that ended its reader is left out by beginning after it; pages before it were read already.
    """

    ocr: OcrOptions = field(default_factory=OcrOptions)
    password: str | None = field(default=None, repr=False)
    first_page: int = 1

"""A form with a file: what it asks for, and its name as it may be shown."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Form

from casewright.api.documents import Describe, Keep
from casewright.documents.options import OcrEngine, OcrMode, OcrOptions, ReadOptions
from casewright.services.kit.app import ERRORS

MAX_FILENAME_CHARS = 255
MAX_PASSWORD_CHARS = 1024
FIELDS = ("file", "password", "ocr", "ocr_engine", "describe", "keep")
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"model": ERRORS[500]["model"], "description": "There is none of that id"}
}
LOOKING = {status: ERRORS[status] for status in (401, 403, 421, 422, 500, 503)} | NOT_FOUND


@dataclass(frozen=True, slots=True)
class Asked:
    """How a file is to be read, and what is to be kept of it."""

    ocr: OcrMode = "auto"
    ocr_engine: OcrEngine = "rapidocr"
    describe: Describe = "auto"
    keep: Keep = "default"
    password: str | None = field(default=None, repr=False)

    def options(self) -> ReadOptions:
        """For the reader."""
        return ReadOptions(OcrOptions(mode=self.ocr, engine=self.ocr_engine), self.password)

    def written(self) -> str:
        """As it is put down for later; the password is not."""
        said = {"ocr": self.ocr, "ocr_engine": self.ocr_engine, "describe": self.describe, "keep": self.keep}
        return json.dumps(said)

    @classmethod
    def of(cls, written: str, password: str | None) -> Asked:
        """What ``written`` wrote."""
        return cls(**json.loads(written), password=password)


async def asked_from(
    *,
    password: Annotated[
        str | None, Form(max_length=MAX_PASSWORD_CHARS, description="Opens a file that asks for one")
    ] = None,
    ocr: Annotated[OcrMode, Form(description="auto: where there is no usable text")] = "auto",
    ocr_engine: Annotated[OcrEngine, Form()] = "rapidocr",
    describe: Annotated[Describe, Form(description="auto: figures, where a vision model answers")] = "auto",
    keep: Annotated[Keep, Form(description="What becomes of the original")] = "default",
) -> Asked:
    """The form's fields beside the file."""
    return Asked(ocr, ocr_engine, describe, keep, password)


def shown_name(name: str) -> str:
    """An upload's name as it may be shown: its last part, no control or direction characters, bounded.

    It is never used as a path.
    """
    last = _UNSHOWABLE.sub("", name).replace("\\", "/").rsplit("/", 1)[-1].strip()
    return last[-MAX_FILENAME_CHARS:] or "unnamed"

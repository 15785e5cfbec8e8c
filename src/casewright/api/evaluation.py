"""The schema of a measurement of reading, ``casewright.evaluation/1`` with kind ``documents``.

Every figure carries what it was counted from. Nothing measured is None, never 0 and never 1.
docs/evaluation.md defines each exactly.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from casewright.api.contract import Contract
from casewright.api.documents import Method, ReadStatus


class Rate(Contract):
    """``count`` to ``total``; an error rate may exceed 1. ``value`` is None where ``total`` is 0.

    ``low`` and ``high`` are the 95 % interval; None where there is none.
    """

    count: int
    total: int
    value: float | None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, count: int, total: int) -> Self:
        """A rate without an interval."""
        return cls(count=count, total=total, value=count / total if total else None)


class Scores(Contract):
    """What was found in a reading against its truth, or over many of them.

    ``characters`` and ``words`` are errors to the truth's length; all others are shares of what is right.
    ``words_found`` and ``words_true`` (and those of ``numbers`` and ``cells``) do not look at the order: how
    many of the truth's are in the reading (recall), and how many of the reading's in the truth (precision).
    ``cells_in_place`` looks at row and column; the three of cells are None where the truth has no table.
    ``bounded`` says that texts were too long for an exact distance and the errors are at most these.
    """

    characters: Rate
    words: Rate
    words_found: Rate
    words_true: Rate
    numbers_found: Rate
    numbers_true: Rate
    cells_in_place: Rate | None
    cells_found: Rate | None
    cells_true: Rate | None
    bounded: bool = False


class FileEvaluation(Contract):
    """One file. ``seconds`` is from being handed to a reader to its last page.

    ``reason`` says why it is not ``ok``. A file that was not read at all is scored as one that was
    read as nothing. At most 20 numbers are named; the counts are of all.
    """

    path: str
    truth: str
    status: ReadStatus
    reason: str = ""
    method: Method | None = None
    pages: int | None = None
    language: str | None = None
    seconds: float
    scores: Scores
    numbers_missing: tuple[str, ...] = ()
    numbers_extra: tuple[str, ...] = ()


class ReadingOptions(Contract):
    """How the files were read."""

    ocr: str
    ocr_engine: str
    workers: int


class DocumentsEvaluation(Contract):
    """The whole measurement. ``interrupted``: these are the files that were done by then.

    ``read`` is the share of files with status ``ok``. ``truths_without_file`` and ``files_without_truth`` lie
    in the folder and were not measured.
    """

    schema_: Literal["casewright.evaluation/1"] = Field("casewright.evaluation/1", alias="schema")
    kind: Literal["documents"] = "documents"
    version: str
    folder: str
    options: ReadingOptions
    files: tuple[FileEvaluation, ...]
    expected: int
    read: Rate
    totals: Scores
    pages: int
    seconds: float
    truths_without_file: tuple[str, ...] = ()
    files_without_truth: tuple[str, ...] = ()
    interrupted: bool = False

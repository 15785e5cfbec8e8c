"""A run's requests as columns of numbers: what summaries, targets and verdicts are computed from.

A record is a few hundred bytes of Python objects; a column keeps eight a request, so that a run of a million
requests is summarised in memory that a laptop has.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from casewright.bench.record import RequestRecord
from casewright.bench.stats import tpot_ns

NS_PER_MS = 1_000_000
MAX_GAPS = 4_000_000
MAX_SAMPLES = 5
_NONE = -1

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def _column() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Sample:
    """Columns over the measured requests (warm-up apart), in the order they were read.

    Times in nanoseconds of the monotonic clock; -1 stands for "not there" inside a column only. Chunk gaps
    are kept up to `MAX_GAPS`. ``cut`` requests (in flight when the window ended) are counted and in the
    sending columns, and are neither completed nor failed.
    """

    t_sched: array[int] = field(default_factory=_column)
    t_send: array[int] = field(default_factory=_column)
    t_first: array[int] = field(default_factory=_column)
    t_last: array[int] = field(default_factory=_column)
    t_end: array[int] = field(default_factory=_column)
    output: array[int] = field(default_factory=_column)
    prompt: array[int] = field(default_factory=_column)
    cached: array[int] = field(default_factory=_column)
    chunks: array[int] = field(default_factory=_column)
    ok: array[int] = field(default_factory=_column)
    cut: array[int] = field(default_factory=_column)
    tpot: array[float] = field(default_factory=lambda: array("d"))
    gaps_ns: array[float] = field(default_factory=lambda: array("f"))
    errors: Counter[str] = field(default_factory=Counter)
    messages: dict[str, str] = field(default_factory=dict)
    reconnects: int = 0
    warmups: int = 0
    warmup_failed: int = 0

    def add(self, record: RequestRecord) -> None:
        """Take one record in."""
        self.reconnects += record.reconnects
        if record.warmup:
            self.warmups += 1
            self.warmup_failed += record.error is not None
            return
        ok = record.error is None and not record.cut
        self.t_sched.append(record.t_sched)
        self.t_send.append(record.t_send)
        self.t_first.append(_or_none(record.t_first_token))
        self.t_last.append(_or_none(record.t_last_token))
        self.t_end.append(record.t_end)
        self.output.append(_or_none(record.output_tokens))
        self.prompt.append(_or_none(record.prompt_tokens))
        self.cached.append(_or_none(record.cached_tokens))
        self.chunks.append(record.chunks)
        self.ok.append(ok)
        self.cut.append(record.cut)
        if record.error is not None and not record.cut:
            self.errors[record.error] += 1
            self.messages.setdefault(record.error, record.error_message or record.error)
        if ok:
            self._add_speed(record)

    def _add_speed(self, record: RequestRecord) -> None:
        value = tpot_ns(
            record.t_first_token, record.t_last_token, record.output_tokens, record.first_chunk_tokens
        )
        if value is not None:
            self.tpot.append(value)
        if len(self.gaps_ns) < MAX_GAPS:
            self.gaps_ns.extend(record.chunk_gaps_ns)

    @classmethod
    def of(cls, records: Iterable[RequestRecord]) -> Sample:
        """Columns of all records."""
        sample = cls()
        for record in records:
            sample.add(record)
        return sample

    def __len__(self) -> int:
        return len(self.t_send)

    @property
    def completed(self) -> npt.NDArray[np.bool_]:
        """Which requests completed, shape (n,)."""
        return np.asarray(self.ok, dtype=np.bool_)

    @property
    def failed(self) -> int:
        """How many failed (cut ones have not)."""
        return sum(self.errors.values())

    def column(self, name: str) -> Ints:
        """A column as int64, shape (n,); -1 where there is nothing."""
        return np.asarray(getattr(self, name), dtype=np.int64)

    def spans_ms(self, start: str, end: str) -> Floats:
        """``end - start`` in milliseconds of the completed requests that have both."""
        first, last = self.column(start), self.column(end)
        both = self.completed & (first != _NONE) & (last != _NONE)
        return np.asarray((last[both] - first[both]) / NS_PER_MS, dtype=np.float64)

    def known(self, name: str) -> Ints:
        """A column's known values of the completed requests."""
        values = self.column(name)
        return np.asarray(values[self.completed & (values != _NONE)], dtype=np.int64)

    def total(self, name: str) -> int | None:
        """A column's sum over the completed requests; None when no value is known."""
        values = self.known(name)
        return int(values.sum()) if len(values) else None


def _or_none(value: int | None) -> int:
    return _NONE if value is None else value

"""Targets such as ``ttft_p95<500ms``: their grammar, and when one is met, missed, or not proven either way.

::

    TARGET  = METRIC OP NUMBER UNIT
    OP      = "<" | "<=" | ">" | ">="
    METRIC  = TIME "_" STAT   with UNIT "ms" | "s" | "us"
            | "throughput" | "requests_per_s"  ["req/s"]
            | "output_tokens_per_s"  ["tok/s"]
            | "error_rate" | "goodput"  ["%"]        without % a share: 0.01 is 1%
            | "concurrency"
            | "latency_ratio" | "throughput_ratio"  ["x"]     of a comparison
    TIME    = "ttft" | "ttft_user" | "e2e" | "e2e_user" | "tpot"     ("latency" is e2e)
    STAT    = "p" NUMBER | "mean" | "min" | "max"                    ("avg" is mean)

A target is met only when the one-sided 95 % bound of what was measured lies beyond it: a hope is not a proof.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from casewright.api.bench import Status, TargetResult
from casewright.errors import UsageError

Op = Literal["<", "<=", ">", ">="]
Family = Literal["time", "rate", "share", "count", "ratio"]

TIMES = ("ttft", "ttft_user", "e2e", "e2e_user", "tpot")
OTHERS: dict[str, Family] = {
    "throughput": "rate",
    "requests_per_s": "rate",
    "output_tokens_per_s": "rate",
    "error_rate": "share",
    "goodput": "share",
    "concurrency": "count",
    "latency_ratio": "ratio",
    "throughput_ratio": "ratio",
}
UNITS: dict[Family, dict[str, float]] = {
    "time": {"ms": 1.0, "s": 1000.0, "us": 0.001},
    "rate": {"": 1.0, "req/s": 1.0, "tok/s": 1.0, "/s": 1.0},
    "share": {"": 1.0, "%": 0.01},
    "count": {"": 1.0},
    "ratio": {"": 1.0, "x": 1.0},
}
FORM = (
    "write METRIC OP NUMBER UNIT, such as ttft_p95<500ms, e2e_mean<2s, tpot_p50<50ms, throughput>100req/s, "
    "output_tokens_per_s>200, error_rate<1%, goodput>90%, concurrency>=50"
)
_SHAPE = re.compile(
    r"\s*(?P<metric>[a-z0-9_]+(?:\.[0-9]+)?)\s*(?P<op><=|>=|<|>)\s*"
    r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[a-z/%]*)\s*"
)
_STAT = re.compile(r"p[0-9]{1,2}(?:\.[0-9]{1,3})?|mean|avg|min|max")


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """A target as parsed.

    ``bound`` is in base units (milliseconds, per second, a share, a count, a ratio), ``scale`` is what one
    of the written ``unit`` is in them. ``stat`` is None but for times.
    """

    text: str
    metric: str
    stat: str | None
    op: Op
    bound: float
    unit: str
    scale: float
    family: Family

    @property
    def upper(self) -> bool:
        """True where less is asked for (``<``, ``<=``)."""
        return self.op in ("<", "<=")

    @property
    def q(self) -> float | None:
        """The percentile asked for as a share, None for other statistics."""
        return float(self.stat[1:]) / 100 if self.stat and self.stat.startswith("p") else None

    def holds(self, value: float) -> bool:
        """Whether a value, in base units, is as asked."""
        return {
            "<": value < self.bound,
            "<=": value <= self.bound,
            ">": value > self.bound,
            ">=": value >= self.bound,
        }[self.op]


def parse_target(text: str) -> TargetSpec:
    """Return the target written in ``text``; UsageError names the form where it is not one."""
    shape = _SHAPE.fullmatch(text.lower())
    if shape is None:
        raise UsageError(f"{text!r} is not a target", hint=FORM)
    metric, stat, family = _metric(text, shape["metric"])
    units = UNITS[family]
    unit = shape["unit"]
    if unit not in units:
        known = ", ".join(name for name in units if name) or "no unit"
        what = f"has the unknown unit {unit!r}" if unit else "has no unit"
        raise UsageError(f"target {text!r} {what}", hint=f"{shape['metric']} takes {known}; {FORM}")
    bound = float(shape["number"]) * units[unit]
    if bound <= 0 or (family == "share" and bound >= 1 and not (bound == 1 and shape["op"] == ">=")):
        raise UsageError(f"target {text!r} has a bound that nothing can show", hint=FORM)
    shown = unit or ("%" if family == "share" else "")
    return TargetSpec(
        text=text.strip(),
        metric=metric,
        stat=stat,
        op=_op(shape["op"]),
        bound=bound,
        unit=shown,
        scale=0.01 if family == "share" else units[unit],
        family=family,
    )


def _op(text: str) -> Op:
    """The operator as its own type."""
    ops: dict[str, Op] = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
    return ops[text]


def _metric(text: str, name: str) -> tuple[str, str | None, Family]:
    """Split a metric's name into metric and statistic."""
    if name in OTHERS:
        return name, None, OTHERS[name]
    time, _, stat = name.rpartition("_")
    time = "e2e" + time.removeprefix("latency") if time in ("latency", "latency_user") else time
    if time not in TIMES:
        if name in (*TIMES, "latency"):
            raise UsageError(
                f"target {text!r} names no statistic", hint=f"write {name}_p95 or {name}_mean; {FORM}"
            )
        known = ", ".join([*(f"{t}_STAT" for t in TIMES), *OTHERS])
        raise UsageError(f"target {text!r} names an unknown metric {name!r}", hint=f"one of {known}; {FORM}")
    if not _STAT.fullmatch(stat) or (stat.startswith("p") and float(stat[1:]) == 0):
        raise UsageError(
            f"target {text!r} has the unknown statistic {stat!r}",
            hint=f"use p50, p90, p95, p99, mean, min or max; {FORM}",
        )
    return time, "mean" if stat == "avg" else stat, "time"


@dataclass(frozen=True, slots=True)
class Observation:
    """What was measured, in base units: a value with its one-sided 95 % bounds (None: unbounded there).

    ``too_few`` says how many samples it would take for the missing bound; ``remark`` is added to the reason.
    """

    value: float | None
    low: float | None
    high: float | None
    samples: str
    too_few: str | None = None
    remark: str = ""
    no_pass: str | None = None


def judged(spec: TargetSpec, seen: Observation) -> TargetResult:
    """Return the status: PASS or FAIL only when the bounds of what was seen lie on one side of the target."""
    near, far = (seen.low, seen.high) if spec.upper else (seen.high, seen.low)
    if far is not None and spec.holds(far) and seen.no_pass is None:
        status: Status = "PASS"
        reason = f"the 95 % bound lies {'below' if spec.upper else 'above'} the target, {seen.samples}"
    elif near is not None and not spec.holds(near):
        status = "FAIL"
        reason = f"missed on this hardware, {seen.samples}"
    else:
        status = "NOT PROVEN"
        why = seen.no_pass or seen.too_few if far is None or seen.no_pass else None
        reason = f"{why or 'the interval lies across the target'}, {seen.samples}"
    return _result(spec, status, reason + seen.remark, seen)


def not_measured(spec: TargetSpec, why: str) -> TargetResult:
    """Return NOT MEASURED with its reason."""
    return _result(spec, "NOT MEASURED", why, None)


def _result(spec: TargetSpec, status: Status, reason: str, seen: Observation | None) -> TargetResult:
    """The result in the unit in which the target was written."""

    def shown(value: float | None) -> float | None:
        return None if value is None or math.isinf(value) else value / spec.scale

    return TargetResult(
        expression=spec.text,
        status=status,
        observed=shown(seen.value) if seen else None,
        low=shown(seen.low) if seen else None,
        high=shown(seen.high) if seen else None,
        unit=spec.unit,
        reason=reason,
    )

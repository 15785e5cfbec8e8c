"""What one sitting's figures come to: intervals of ratios, and requests of several stages together."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casewright.api.bench import TargetResult
from casewright.bench.rehearsal import Pace, Rehearsal, target
from casewright.bench.suite import Sizes
from casewright.bench.suite_judge import mover, together
from casewright.bench.workload import resolve_workload


def bounds(value: float, low: float, high: float) -> TargetResult:
    return TargetResult(expression="x", status="PASS", observed=value, low=low, high=high, reason="measured")


@settings(deadline=None, max_examples=200)
@given(
    st.floats(0.1, 1e4), st.floats(0.1, 1e4), st.floats(1.0, 3.0), st.floats(1.0, 3.0), st.floats(0.01, 100.0)
)
def test_the_ratios_interval_holds_its_value_and_keeps_scale(
    x: float, y: float, a: float, b: float, scale: float
) -> None:
    found = mover(bounds(x, x / a, x * b), bounds(y, y / b, y * a))
    assert found is not None
    assert found.low <= found.value * (1 + 1e-9)
    assert found.value <= found.high * (1 + 1e-9)
    assert found.value == pytest.approx(x / y)
    turned = mover(bounds(y, y / b, y * a), bounds(x, x / a, x * b))
    assert turned is not None
    assert turned.low == pytest.approx(1 / found.high)
    assert turned.high == pytest.approx(1 / found.low)
    scaled = mover(bounds(x * scale, x / a * scale, x * b * scale), bounds(y, y / b, y * a))
    assert scaled is not None
    assert scaled.low == pytest.approx(found.low * scale)


def test_a_ratio_without_bounds_has_no_interval() -> None:
    assert mover(bounds(1.0, 0.0, 2.0), bounds(1.0, 0.5, 2.0)) is None
    assert mover(bounds(1.0, 0.5, math.inf), bounds(1.0, 0.5, 2.0)) is None


def test_samples_of_several_stages_add_up() -> None:
    measure = Rehearsal({"one": Pace(0.02, fail_every=4)})
    plans = [Sizes().plan("single"), Sizes().plan("workers")]
    samples = [measure(target("one"), plan, resolve_workload("short")).sample for plan in plans]
    whole = together(samples)
    assert whole.failed == sum(sample.failed for sample in samples) == 14
    assert len(whole) == 60

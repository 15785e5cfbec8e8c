"""Every box has a test that injects its fault and sees it FAIL."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from casewright.staging.checklist import BOXES
from unit.staging.faults import REGISTER, assert_failed, injects

HERE = Path(__file__).parent


def test_every_box_is_seen_to_fail_by_a_test_of_its_own() -> None:
    for path in sorted(HERE.glob("test_*.py")):
        if "@injects(" in path.read_text():
            importlib.import_module(f"unit.staging.{path.stem}")
    missing = [box.id for box in BOXES if box.id not in REGISTER]
    assert not missing, f"no test @injects the fault of: {', '.join(missing)}"


def test_a_test_that_declares_a_box_and_never_sees_it_fail_fails() -> None:
    box = BOXES[0].id
    before = list(REGISTER.get(box, []))

    @injects(box)
    def forgets() -> None:
        """Look at nothing."""

    REGISTER[box] = before
    with pytest.raises(AssertionError, match="never seen FAIL"):
        forgets()
    with pytest.raises(AssertionError, match="no such box"):
        injects("no.box")
    with pytest.raises(StopIteration):
        assert_failed([], box)

"""Which box has a test that injects its fault and sees FAIL: the register, and the proof that it was seen.

A fault test says which boxes it breaks, and looks at them through ``assert_failed``::

    @injects("startup.memory")
    def test_words_about_memory_in_a_log_fail(...) -> None:
        ...
        assert_failed(result, "startup.memory", "rag.log: MemoryError")

A test that declares a box and ends without having seen it FAIL fails itself. One that looks at the status in
its own way says ``@injects("…", itself=True)``; its text must name the status. ``test_faults_every_box.py``
lists the boxes that no test of this folder declares.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from casewright.api.staging import BoxResult, StageResult
from casewright.staging.checklist import BY_ID
from casewright.staging.config import StageConfig
from casewright.staging.ledger import Ledger

REGISTER: dict[str, list[str]] = {}
_seen: list[str] = []
Test = TypeVar("Test", bound=Callable[..., Any])


def injects(*boxes: str, itself: bool = False) -> Callable[[Test], Test]:
    """Enter a test (plain or async) for these boxes; stands below ``parametrize``, right above ``def``."""
    unknown = [box for box in boxes if box not in BY_ID]
    assert not unknown, f"no such box: {unknown}"

    def entered(test: Test) -> Test:
        for box in boxes:
            REGISTER.setdefault(box, []).append(f"{test.__module__}.{test.__name__}")
        if itself:
            assert '"FAIL"' in inspect.getsource(test), f"{test.__name__} asserts no FAIL"
            return test

        @functools.wraps(test)
        async def awaited(*args: Any, **named: Any) -> None:
            _seen.clear()
            await test(*args, **named)
            _check(boxes)

        @functools.wraps(test)
        def called(*args: Any, **named: Any) -> None:
            _seen.clear()
            test(*args, **named)
            _check(boxes)

        return awaited if inspect.iscoroutinefunction(test) else called  # type: ignore[return-value]

    return entered


def assert_failed(found: StageResult | Ledger | Sequence[BoxResult], box: str, *words: str) -> BoxResult:
    """The box FAILed, and its reason says each of these words; a ledger is judged with every group asked."""
    if isinstance(found, Ledger):
        boxes: Sequence[BoxResult] = found.judge(StageConfig(Path(), Path(), {}, ()))
    else:
        boxes = found.boxes if isinstance(found, StageResult) else found
    result = next(each for each in boxes if each.id == box)
    assert result.status == "FAIL", f"{box}: {result.status}: {result.reason}"
    for word in words:
        assert word in result.reason, result.reason
    _seen.append(box)
    return result


def _check(boxes: tuple[str, ...]) -> None:
    missed = [box for box in boxes if box not in _seen]
    assert not missed, f"declared by @injects and never seen FAIL (assert_failed): {missed}"

"""The time slice a worker asks for."""

from __future__ import annotations

import os
import sys

import pytest

from casewright.bench.sched import prefer_prompt_wakeups


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="time slices are Linux's")
def test_policy_and_niceness_stay() -> None:
    before = (os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0))
    assert prefer_prompt_wakeups() in (True, False)
    assert (os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)) == before

"""Shared test set-up: on CI a skipped test is a failure unless its reason is on the allowed list."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

NO_LEAVE = 9  # not the code of failed tests, which get a second run (tools/second_run.py)
ALLOWED_SKIPS = Path(__file__).parent / "allowed_skips.txt"


def allowed_reasons() -> list[str]:
    """The reasons for which a test may skip on CI, one a line."""
    lines = ALLOWED_SKIPS.read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")


class SkipPolice:
    """Collects skips; with CI set, any that nobody allowed fails the session."""

    def __init__(self) -> None:
        self.unexpected: list[str] = []

    def _look(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = _skip_reason(report)
            if not any(reason.startswith(allowed) for allowed in allowed_reasons()):
                self.unexpected.append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._look(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._look(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.unexpected and os.environ.get("CI"):
            session.exitstatus = NO_LEAVE

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self.unexpected:
            terminalreporter.write_line(f"skip without leave: {line}", red=True)


def pytest_configure(config: pytest.Config) -> None:
    # Of a run on several workers the controller hears every report: only its exit code is the run's.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkipPolice(), "casewright-skip-police")

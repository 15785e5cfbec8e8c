"""A skip that nobody allowed fails a run on CI, on several workers as on none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import conftest

TESTS = Path(__file__).parents[1]
PASSES = "def test_passes() -> None:\n    pass\n"
SKIPS = 'import pytest\n\n\ndef test_skips() -> None:\n    pytest.skip("{reason}")\n'
SKIPS_WHOLE = 'import pytest\n\npytest.skip("{reason}", allow_module_level=True)\n'
UNHEARD_OF = "no leave for this"


def run(folder: Path, reason: str, workers: int, **environment: str) -> subprocess.CompletedProcess[str]:
    """The conftest of all tests over three files: one skips in a test, one before it has any, one passes."""
    (folder / "pytest.ini").touch()
    (folder / "test_one.py").write_text(SKIPS.format(reason=reason))
    (folder / "test_whole.py").write_text(SKIPS_WHOLE.format(reason=reason))
    (folder / "test_other.py").write_text(PASSES)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CI"))}
    ours = {
        "PYTHONPATH": str(TESTS),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }  # the others take seconds to load
    plugins = ("-p", "xdist", "-p", "conftest", "-n", str(workers))
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-c", "pytest.ini", "."],
        cwd=folder,
        env=kept | ours | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("workers", [0, 2])
def test_a_skip_without_leave_fails_on_ci(tmp_path: Path, workers: int) -> None:
    done = run(tmp_path, UNHEARD_OF, workers, CI="true")
    assert done.returncode == conftest.NO_LEAVE, done.stdout + done.stderr
    said = sorted(line for line in done.stdout.splitlines() if line.startswith("skip without leave: "))
    assert ["test_one.py" in said[0], "test_whole.py" in said[1]] == [True, True]
    assert len(said) == 2
    assert all(line.endswith(UNHEARD_OF) for line in said)
    assert "1 passed, 2 skipped" in done.stdout


@pytest.mark.parametrize("workers", [0, 2])
def test_a_skip_with_leave_and_one_without_ci_do_not(tmp_path: Path, workers: int) -> None:
    allowed = next(line for line in (TESTS / "allowed_skips.txt").read_text().splitlines() if line[0] != "#")
    for reason, environment in ((allowed, {"CI": "true"}), (UNHEARD_OF, {})):
        done = run(tmp_path, reason, workers, **environment)
        assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
        assert "1 passed, 2 skipped" in done.stdout

"""Failed tests get one more run, alone: only if few, only if nothing else was wrong, and never unseen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "second_run.py"
FAILS = "def test_fails_{n}() -> None:\n    raise AssertionError\n"
# Its first run leaves a file behind, its second finds it.
ONCE = """from pathlib import Path


def test_once() -> None:
    seen = Path(__file__).with_suffix(".seen")
    before = seen.exists()
    seen.touch()
    assert before
"""


def both_runs(folder: Path, *words: str) -> tuple[int, subprocess.CompletedProcess[str]]:
    """The exit code of a first run of the folder's tests, and the second run after it."""
    (folder / "pytest.ini").touch()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CI"))}
    environment = kept | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # the others take seconds to load
    first = [sys.executable, "-m", "pytest", "-q", *words]
    code = subprocess.run(
        first, cwd=folder, env=environment, capture_output=True, timeout=60, check=False
    ).returncode
    second = subprocess.run(
        [sys.executable, str(TOOL), str(code), "0"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return code, second


def test_what_fails_once_passes_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(ONCE)
    code, second = both_runs(tmp_path)
    assert (code, second.returncode) == (1, 0), second.stdout
    assert "FLAKY" in second.stdout.splitlines()[-2]
    assert second.stdout.splitlines()[-1].strip() == "test_some.py::test_once"


def test_what_fails_twice_fails(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(ONCE + "\n\n" + FAILS.format(n=1))
    assert [both_runs(tmp_path)[1].returncode, "FLAKY" in both_runs(tmp_path)[1].stdout] == [1, False]


def test_many_failures_get_no_second_run(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text("\n\n".join(FAILS.format(n=n) for n in range(4)))
    _, second = both_runs(tmp_path)
    assert (second.returncode, second.stdout) == (1, "no second run: exit codes [1, 0], 4 failed\n")


@pytest.mark.parametrize("wrong", ["import nowhere\n", "import pytest\npytest.exit('stop')\n"])
def test_what_is_no_failed_test_gets_none_either(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "test_some.py").write_text(wrong)
    code, second = both_runs(tmp_path)
    assert second.returncode == code != 0
    assert second.stdout.startswith("no second run")


def test_nothing_failed(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text("def test_passes() -> None:\n    pass\n")
    assert (both_runs(tmp_path)[1].returncode, both_runs(tmp_path)[1].stdout) == (0, "")

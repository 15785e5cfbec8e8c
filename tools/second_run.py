"""After the phases of ``make test``: failed tests once more, alone, if few; says loudly which passed then.

``python tools/second_run.py SHARED ALONE`` with the exit codes of the two phases. With thousands of tests on
machines that others use too, one test that lost a race must not hide what the others say, nor may it pass
unseen: what fails twice fails, what fails once is named, and more than ``MOST`` failures are failures.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

MOST = 3
FAILED = 1  # pytest's code for "tests ran and some failed"; any other is not for a second run
CACHE = Path(".pytest_cache/v/cache/lastfailed")


def failed() -> list[str]:
    """The ids of the tests that failed in the phases before."""
    return sorted(json.loads(CACHE.read_text())) if CACHE.exists() else []


def main(codes: list[int]) -> int:
    """0 when everything passed, at last alone; else the phases' code, or pytest's of the second run."""
    tests = failed()
    if not any(codes):
        return 0
    if any(code not in (0, FAILED) for code in codes) or not 0 < len(tests) <= MOST:
        print(f"no second run: exit codes {codes}, {len(tests)} failed", flush=True)
        return max(codes)
    print(f"second run, alone, of {len(tests)} that failed:", *tests, sep="\n  ", flush=True)
    code = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:xdist", *tests], check=False).returncode
    if code == 0:
        print("FLAKY, failed once and passed alone (mend these):", *tests, sep="\n  ", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]]))

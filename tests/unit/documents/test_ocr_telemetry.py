from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from pathlib import Path
from unit.documents.making import LINES, picture, read
path = Path(sys.argv[1], "scan.png")
picture(LINES).save(path)
found = read(path)
assert LINES[0].split()[0] in repr(found), found
"""


def test_reading_a_picture_leaves_no_trace_of_telemetry(tmp_path: Path) -> None:
    """Its runtime (onnxruntime) reports to its maker unless told not to; what it would send lies in HOME."""
    silenced = ("CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")  # each would hide what is looked for
    environment = {name: value for name, value in os.environ.items() if name not in silenced}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [path for path in tmp_path.rglob("*") if "icrosoft" in str(path)] == []

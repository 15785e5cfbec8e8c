"""Ctrl-C while the command line is still being imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Ctrl-C at one certain moment: when the named module is looked for.
PRESSED = """
import importlib.abc, os, signal, sys

class Pressed(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == wanted:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

wanted, sys.argv[1:] = sys.argv[1], ["ps"]
sys.meta_path.insert(0, Pressed())
"""
AS_MODULE = "import runpy; runpy.run_module('casewright', run_name='__main__')"
AS_SCRIPT = "from casewright.cli.main import main; sys.exit(main())"


@pytest.mark.parametrize("module", ["typer", "rich", "casewright.cli.bench", "casewright.errors"])
@pytest.mark.parametrize("way", [AS_MODULE, AS_SCRIPT])
def test_ctrl_c_during_the_imports_is_no_traceback(module: str, way: str) -> None:
    words = [sys.executable, "-c", PRESSED + way, module]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr, done.stdout) == (130, "interrupted\n", "")

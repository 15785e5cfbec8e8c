"""``python -m hostile DIR`` writes the files there."""

from __future__ import annotations

import sys
from pathlib import Path

from hostile.corpus import write

if __name__ == "__main__":
    sys.stdout.write(f"{len(write(Path(sys.argv[1])))} files in {sys.argv[1]}\n")

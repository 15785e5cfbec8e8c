"""Make the typeface of the letters: DejaVu Sans Condensed with the scripts that need no shaping.

    python tools/letter_fonts.py /usr/share/fonts/truetype/dejavu

takes version 2.37 (Debian: fonts-dejavu-extra, fonts-dejavu-core) and writes the two files of the package.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset

TARGET = Path(__file__).resolve().parent.parent / "src" / "casewright" / "notes" / "fonts"
NAMES = ("DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf")
# Latin with its accents, Greek, Cyrillic, Armenian, Georgian, punctuation, currencies, arrows, signs, boxes.
# Not those scripts whose letters join or run from right to left: without shaping they would be wrong.
BLOCKS = (
    "0020-007E 00A0-024F 0259 02B0-036F 0370-052F 0531-0589 10A0-10FF 1E00-1FFF 2000-209F 20A0-20BF "
    "2100-22FF 2500-27BF FB00-FB06 FFFC-FFFD"
)


def main(folder: Path) -> None:
    """Write both weights without layout tables and hints, which the PDF does not use."""
    TARGET.mkdir(exist_ok=True)
    for name in NAMES:
        subset.main(
            [
                str(folder / name),
                "--unicodes=" + BLOCKS.replace(" ", ","),
                "--layout-features=",
                "--no-hinting",
                "--drop-tables+=GSUB,GPOS,GDEF,kern,FFTM",
                "--notdef-outline",
                f"--output-file={TARGET / name}",
            ]
        )
        print(TARGET / name, (TARGET / name).stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

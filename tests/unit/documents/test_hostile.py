"""Files that are broken or made to do harm: each reaches an honest status, and the next is answered.

Some of each kind; ``make hostile`` reads them all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from casewright.documents.pages import reading_of
from casewright.documents.workers import WorkerConfig, Workers
from hostile.corpus import files
from hostile.made import SENTENCE, Made
from hostile.survey import GROWTH_BYTES, Seen, look, resident_bytes

CHOSEN = (
    *(
        "header-only.pdf",
        "header-and-noise.pdf",
        "no-header.pdf",
        "no-header-plain.pdf",
        "cut-at-50-percent.pdf",
    ),
    *(
        "xref-noise.pdf",
        "prev-loop.pdf",
        "xref-stream-loop.pdf",
        "tree-holds-itself.pdf",
        "tree-two-in-a-ring.pdf",
    ),
    *("pages-100000.pdf", "length-beyond-64-bits.pdf", "flate-noise.pdf", "bomb-content-1-gb.pdf"),
    *("bomb-nested-arrays.pdf", "bomb-image-60000.pdf", "box-huge.pdf", "box-zero.pdf", "form-in-itself.pdf"),
    *("locked.pdf", "opens-script.pdf", "stream-elsewhere.pdf", "changed-07.pdf"),
    *("bomb-1-gb.docx", "bomb-size-lie.docx", "bomb-laughs.docx", "bomb-deep-xml.odt", "bomb-1-gb.xlsx"),
    *(
        "bomb-media.docx",
        "bomb-overlap.docx",
        "bomb-nested.zip",
        "outside-entity.docx",
        "outside-entity.xlsx",
    ),
    *(
        "bomb-repeated-cells.odt",
        "cut.docx",
        "zeroed.xlsx",
        "paths.docx",
        "bomb-far-cell.xlsx",
        "locked.docx",
    ),
    *("bomb-100000.png", "bomb-data-beyond.png", "bomb-texts.png", "cut.png", "cut.jpg", "bomb-65535.jpg"),
    *("directory-follows-itself.tiff", "bomb-200000.tiff", "count-huge.tiff", "cut.webp", "bomb-16383.webp"),
    *("white.png", "moving.png", "vector-as.png", "empty.pdf", "empty.txt", "one-byte.docx", "noise.pdf"),
    *("noise.txt", "noise.docx", "noise.png", "program.pdf", "is-pdf.txt", "spaces.txt", "mark-only.txt"),
    *("nothing-but-zeros.txt", "program-behind-text.txt", "terminal.txt", "no-utf-8.txt", "script.md"),
    *("deep-300000.html", "bomb-spans.html", "scripts-only.html", "wide-million.csv", "formulas.csv"),
    *("nested-200.eml", "noise-attached.eml", "bomb-attached.eml", "pdf-and-zip.pdf"),
)


# where members and attachments would climb to
WRITTEN = Path("/tmp/casewright-was-here")


@pytest.fixture(scope="module")
def corpus() -> dict[str, Made]:
    made = list(files())
    assert len({one.name for one in made}) == len(made) > 300
    return {one.name: one for one in made}


def test_the_corpus_is_the_same_every_time(corpus: dict[str, Made]) -> None:
    again = {made.name: made for made in files()}
    for name in ("noise.pdf", "changed-07.pdf", "bomb-overlap.docx", "nested-200.eml", "cut.jpg"):
        assert corpus[name].make() == again[name].make(), name


async def test_every_file_reaches_an_honest_status(corpus: dict[str, Made], tmp_path: Path) -> None:
    for name in CHOSEN:
        (tmp_path / name).write_bytes(corpus[name].make())
    (tmp_path / "sound.txt").write_text(SENTENCE)
    workers = Workers(WorkerConfig(workers=2))
    seen: list[Seen] = []
    try:
        assert await workers.alive()
        before = resident_bytes()
        for name in CHOSEN:
            seen.append(await look(corpus[name], tmp_path / name, workers))
        after = await workers.read(tmp_path / "sound.txt", "sound.txt")
    finally:
        await workers.aclose()
    # how fast they are is for `make hostile`: here another test may have the processor
    faults = {one.made.name: list(one.faults) for one in seen if one.faults and "took" not in one.faults[0]}
    assert faults == {}
    assert reading_of(after).markdown == SENTENCE
    assert max(one.resident_bytes for one in seen) - before < GROWTH_BYTES
    assert not WRITTEN.exists()  # noqa: ASYNC240

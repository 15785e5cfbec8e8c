"""Any order of adding, replacing, deleting, rebuilding and reopening: what is found is what there is."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from casewright.knowledge.doctor import examine
from casewright.knowledge.store import Library
from unit.knowledge.store.making import STAMP, document, put, vectors_for, write

CHUNKS = 5


def opened(folder: Path) -> Library:
    # around the bound where Chroma comes and goes
    library = Library(folder, stamp=STAMP, exact_below=40)
    library.open()
    return library


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_found_is_what_there_is(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    library = opened(tmp_path)
    library.create_case("smith")
    there: dict[str, int] = {}
    for step in range(30):
        way = rng.random()
        if way < 0.6 or not there:
            number = 100 * seed + step
            there[put(library, "smith", number, CHUNKS, name=f"{rng.randrange(20)}.txt")] = number
        elif way < 0.8:
            gone = rng.choice(sorted(there))
            assert library.delete_document("smith", gone).complete
            del there[gone]
        elif way < 0.9:
            library.close()
            library = opened(tmp_path)
        elif way < 0.95:
            library.settled()
        else:
            rebuild(library, there)
        agrees(library, there, rng)
    library.settled()
    assert examine(library, "smith") == []
    library.close()


def rebuild(library: Library, there: dict[str, int]) -> None:
    with library.rebuild("smith") as made:
        for identity, version, source in library.case("smith").sources():
            write(made.writer, identity, version, there[identity], CHUNKS, name=source.name)
        made.swap()


def agrees(library: Library, there: dict[str, int], rng: random.Random) -> None:
    index = library.reader("smith")
    assert set(index.documents()) == set(there) == {one.id for one in library.documents("smith")}
    assert index.size() == CHUNKS * len(there) == library.cases()[0].chunks
    if not there:
        return
    rows = np.concatenate([vectors_for(CHUNKS, number) for number in there.values()])
    asked = vectors_for(1, rng.randrange(10_000))[0]
    found = index.dense(asked, 7)
    assert np.allclose([one.score for one in found], np.sort(rows @ asked)[::-1][:7], atol=1e-4)
    assert index.trouble is None
    identity, number = rng.choice(sorted(there.items()))
    _, chunks, _ = document(number, CHUNKS)
    word = chunks[3].text.split()[0]
    best = index.chunks([one.id for one in index.keyword(_stems(word), 5)])
    assert any(one.document == identity for one in best)


def _stems(word: str) -> list[str]:
    from casewright.knowledge.lexical import Lexicon

    return Lexicon().asked(word)

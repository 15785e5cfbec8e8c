"""A process that fills, replaces and deletes for ever, and says before and after each step what it does."""

from __future__ import annotations

import sys
from pathlib import Path

from casewright.knowledge.store import Library
from unit.knowledge.store.making import STAMP, document


def main() -> None:
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    library = Library(folder, stamp=STAMP, dense_by="chroma")
    library.open()
    say("opened")
    for number in range(seed, seed + 10_000):
        case = f"case{number % 2}"
        library.create_case(case)
        name = f"paper{number % 5}.txt"
        source, chunks, vectors = document(number, chunks=4, name=name)
        say(f"begin {number}")
        found = library.register(
            case, name=name, media_type="text/plain", sha256=source.sha256, size=9
        ).document
        say(f"registered {found.id} {found.newest}")
        with library.writer(case) as writer:
            writer.add(found.id, found.newest, source, chunks, vectors)
            say("added")
            writer.publish(found.id, found.newest)
            say("published")
        library.advance(found.id, found.newest, "ready", pages=1, chunks=4)
        say(f"acknowledged {case} {found.id} {found.newest} {number}")
        if number % 4 == 3:
            say(f"deleting {case} {found.id}")
            library.delete_document(case, found.id)
            say(f"deleted {case} {found.id} {number}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

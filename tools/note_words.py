"""Put hand-written lists of note words together: ``python -m tools.note_words FILE…`` writes note_words.txt.

An entry is ``form, other form: what a letter may say; … - may go``. They were written by hand, from words of
notes with a line as an example; some rows after sentences that the check had refused. Here they are merged by
form and put in order; function words, held against the lines by their place, are left out of both sides.
"""

from __future__ import annotations

import sys
from pathlib import Path

from casewright.notes import ground_forms as g
from casewright.notes.ground_thesaurus import FILE
from casewright.notes.words import listed

PLACE = Path(__file__).resolve().parent.parent / "src" / "casewright" / "notes" / FILE
MAY_GO, NAME = "- may go", "- name"
_SMALL = frozenset().union(
    g.NOT, g.DENIES_ALONE, g.CLIENT, g.CLIENTS, g.ADVISER, g.ADVISERS, g.OTHERS, g.THEIRS, g.BE, g.HAVE, g.DO,
    g.WILL, g.MAY, g.CAN, g.MUST, g.IF, g.SIDES, g.ARTICLES, g.NUMBERS,
    listed(
        "and but or it its so there what when where which who whose how why then both all any some such only"
        " as himself herself themselves himself she's he's everyone everything nothing than too very please"
    ),
)  # fmt: skip
_KEPT = listed(
    "likely required require needed chance potential"
)  # of the closed classes, but words that say something


def entries(text: str) -> dict[str, set[str]]:
    """Each form of a list with what it may be told by."""
    found: dict[str, set[str]] = {}
    for row in text.splitlines():
        forms, colon, told = row.partition(":")
        if not colon or row.startswith("#"):
            continue
        said = {_plain(one) for one in told.replace(" - ", ";- ").split(";")} - {"", NAME}
        kept = {one for one in said if one not in _SMALL or one in _KEPT or one in g.SIDES}
        for form in {_plain(one) for one in forms.split(",")} - {""}:
            if form not in _SMALL or form in _KEPT:
                found.setdefault(form, set()).update(kept - {form})
    return found


def _plain(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").strip(" .!?").split())


def merged(texts: list[str]) -> str:
    """One list out of several; forms that are told alike share a row."""
    every: dict[str, set[str]] = {}
    for text in texts:
        for form, told in entries(text).items():
            every.setdefault(form, set()).update(told)
    rows: dict[tuple[str, ...], list[str]] = {}
    for form, told in every.items():
        if told:
            rows.setdefault(tuple(sorted(told - {MAY_GO})) + (MAY_GO,) * (MAY_GO in told), []).append(form)
    return "".join(sorted(f"{', '.join(sorted(forms))}: {'; '.join(told)}\n" for told, forms in rows.items()))


def main(arguments: list[str]) -> int:
    """Write the package's list anew out of some lists, its own among them if it is named."""
    head = "# Words of notes and what a letter may say for them, by hand. tools/note_words.py merges lists.\n"
    text = merged([Path(one).read_text(encoding="utf-8") for one in arguments])
    PLACE.write_text(head + text, encoding="utf-8")
    print(f"{len(text.splitlines())} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Make test collections of casework: letters out of templates, as a client's file has them, and questions.

    python benchmarks/casework_sets.py SETS [--seed 7]

Everything is invented, and the same for the same seed. Many letters differ from others by a name, a
reference or an amount only; the questions are worded otherwise than the letters. No choice in the
product was made on them. The wordings are in ``data/retrieval/letters.json``.

``names``       whose letter it is, and what about
``references``  one reference in other words, written in any way
``figures``     an amount or a date, written otherwise than in the letter
``policies``    a paraphrase, over guidance texts and all the letters
``everything``  all questions over all texts
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CLIENTS = 90
ASKED = 120
OWN = Path(__file__).parent / "data" / "retrieval" / "letters.json"
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A kind of letter: its prefix of references, its wordings, questions about whom it is to, and one in
    the letter's own words.
    """

    prefix: str
    title: str
    texts: tuple[str, ...]
    asked: tuple[str, ...]
    plain: str


@dataclass
class Made:
    """The texts and the questions of each set with what answers them: 2 the very letter, 1 one beside it."""

    corpus: list[dict[str, str]] = field(default_factory=list)
    asked: dict[str, list[tuple[str, dict[str, int]]]] = field(default_factory=dict)


def main() -> None:
    """Write the sets."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sets", type=Path, help="where the sets go")
    parser.add_argument("--seed", type=int, default=7)
    words = parser.parse_args()
    found = make(random.Random(words.seed))
    found.asked["everything"] = [one for asked in found.asked.values() for one in asked[:60]]
    for name, asked in found.asked.items():
        write(words.sets / name, found.corpus, asked)


def make(rng: random.Random) -> Made:
    """Letters of all clients, guidance, and questions."""
    found = Made(asked={"names": [], "references": [], "figures": [], "policies": []})
    given = json.loads(OWN.read_text(encoding="utf-8"))
    kinds = kinds_of(given)
    people = rng.sample([(first, last) for first in given["first"] for last in given["last"]], CLIENTS)
    for first, last in people:
        whole = sum(other == last for _, other in people) > 1
        for kind in rng.sample(kinds, 5):
            _letters(found, rng, kind, (first, last), surname_tells=not whole)
    for number, one in enumerate(given["guidance"]):
        found.corpus.append({"_id": f"p{number}", "title": "Guidance", "text": one["text"]})
        found.asked["policies"].append((one["asked"], {f"p{number}": 2}))
    for name, asked in found.asked.items():
        rng.shuffle(asked)
        found.asked[name] = asked[:ASKED]
    rng.shuffle(found.corpus)
    return found


def kinds_of(given: dict[str, Any]) -> list[Kind]:
    """The kinds of letters in the file of wordings."""
    return [
        Kind(one["prefix"], one["title"], tuple(one["texts"]), tuple(one["asked"]), one["plain"])
        for one in given["letters"]
    ]


class Letters:
    """Documents of many letters without end, and questions about one of them that a document answers."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._given = json.loads(OWN.read_text(encoding="utf-8"))
        self._kinds = kinds_of(self._given)
        self._questions: list[str] = []
        self._newest = 0

    def document(self, chars: int) -> str:
        """So many characters of letters."""
        text, self._newest = "", len(self._questions)
        while len(text) < chars:
            kind = self._rng.choice(self._kinds)
            filled = {
                "title": self._rng.choice(("Mr", "Ms", "Mrs")),
                "first": self._rng.choice(self._given["first"]),
                "last": self._rng.choice(self._given["last"]),
                "ref": f"{kind.prefix}-{self._rng.randrange(10_000, 99_999)}",
                "amount": f"£{self._rng.randrange(2_000, 400_000) / 100:,.2f}",
                "date": f"{self._rng.randrange(1, 29)} {self._rng.choice(MONTHS)} 2024",
            }
            text += self._rng.choice(kind.texts).format(**filled) + "\n\n"
            if len(text) < chars:
                self._questions.append(kind.plain.format(**filled))
        return text[:chars]

    def question(self, *, any_letter: bool = False) -> str:
        """About a letter of the newest document, or of any so far."""
        return self._rng.choice(self._questions[0 if any_letter else self._newest :])


def _letters(
    found: Made, rng: random.Random, kind: Kind, who: tuple[str, str], *, surname_tells: bool
) -> None:
    """One or two letters of a kind to a client, and a question of each sort about them."""
    first, last = who
    title = rng.choice(("Mr", "Ms", "Mrs"))
    written: list[tuple[str, str, int, tuple[int, int, int]]] = []
    for _ in range(rng.choice((1, 2))):
        digits, pence = str(rng.randrange(10_000, 99_999)), rng.randrange(2_000, 400_000)
        day = (rng.randrange(1, 29), rng.randrange(12), rng.choice((2023, 2024)))
        text = rng.choice(kind.texts).format(
            title=title, first=first, last=last, ref=f"{kind.prefix}-{digits}",
            amount=f"£{pence / 100:,.2f}", date=f"{day[0]} {MONTHS[day[1]]} {day[2]}",
        )  # fmt: skip
        name = f"l{len(found.corpus)}"
        found.corpus.append({"_id": name, "title": kind.title, "text": text})
        written.append((name, digits, pence, day))
    question = rng.choice(kind.asked if surname_tells else kind.asked[:1]).format(first=first, last=last)
    found.asked["names"].append((question, {name: 2 for name, *_ in written}))
    name, digits, pence, day = rng.choice(written)
    beside = {other: 1 for other, *_ in written if other != name}
    ref = rng.choice((f"{kind.prefix}-{digits}", f"{kind.prefix.lower()} {digits}", f"{kind.prefix}{digits}"))
    wording = rng.choice(("{ref}", "what is {ref} about?", "letter with our number {ref}", "{last} {ref}"))
    found.asked["references"].append((wording.format(ref=ref, last=last), beside | {name: 2}))
    amount = rng.choice((f"{pence / 100:.2f} pounds", f"£{pence / 100:.2f}"))
    date = rng.choice((f"{day[0]:02}.{day[1] + 1:02}.{day[2]}", f"{MONTHS[day[1]]} {day[0]}, {day[2]}"))
    wording = rng.choice(
        ("Which letter speaks of {amount}?", "what was {last} written about {date}", "{amount} on {date}")
    )
    told = wording.format(amount=amount, date=date, last=last)
    found.asked["figures"].append((told, beside | {name: 2}))


def write(
    folder: Path, corpus: Sequence[dict[str, str]], asked: Sequence[tuple[str, dict[str, int]]]
) -> None:
    """A set in BEIR's format."""
    folder.mkdir(parents=True, exist_ok=True)
    queries = [{"_id": f"q{number}", "text": text} for number, (text, _) in enumerate(asked)]
    for name, records in (("corpus", corpus), ("queries", queries)):
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    rows = [
        f"q{number}\t{document}\t{grade}\n"
        for number, (_, right) in enumerate(asked)
        for document, grade in right.items()
    ]
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(rows), encoding="utf-8")
    print(f"{folder.name}: {len(queries)} queries, {len(corpus)} documents")


if __name__ == "__main__":
    main()

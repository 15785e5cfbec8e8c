"""Train the weights of private lines: ``python -m tools.train_private [--check]``.

Lines come from notes_private_templates.toml (each template is filled several times), from
notes_private_lines.jsonl and notes_written.jsonl (written by hand) and, ordinary ones only, from
notes_sample.py. It prints how rules and classifier together fare on notes not learned from: first on each
author of notes_written.jsonl by the other alone, then on every sixth case by all others. ``LEAST`` was set
by the second, where some 3 % of the ordinary lines reach it; ``LAST`` by how often asides end
the notes. Needs numpy and scipy.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from tools.notes_cases import marks, read_cases
from tools.notes_sample import Sampler

from casewright.notes.private import last_entry, name_parts, ruled
from casewright.notes.private_likely import BUCKETS, FILE, MAGIC, places
from casewright.notes.read import read_entries

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "src" / "casewright" / "notes"
SEED, FOLDS, FILLED, PENALTY = 20250613, 6, 25, 1.5e-4
LEAST, LAST = -0.25, 1.0
WRITTEN, HAND, TEMPLATE, SAMPLED = 6.0, 3.0, 1.0, 0.15  # how much a line of each source weighs
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """A line to learn from. ``hand`` is its author, ``own`` the client's names; ``caught``: by a rule."""

    text: str
    withheld: bool
    weight: float
    hand: str = ""
    fold: int = -1
    own: frozenset[str] = frozenset()
    last: bool = False
    caught: bool = False


def filled(template: str, slots: dict[str, list[str]], chance: random.Random) -> str:
    """A template with its slots filled, and the slots of those."""
    while "{" in template:
        template = re.sub(r"\{(\w+)\}", lambda slot: chance.choice(slots[slot[1]]), template)
    return " ".join(template.split())


def lines() -> list[Line]:
    """All lines to learn from."""
    chance = random.Random(SEED)
    with (HERE / "notes_private_templates.toml").open("rb") as file:
        data = tomllib.load(file)
    found: list[Line] = []
    for label, withheld in (("withheld", True), ("ordinary", False)):
        for template in data["lines"][label]:
            count = FILLED if "{" in template else 1
            found += [
                Line(filled(template, data["slots"], chance), withheld, TEMPLATE * 3 / count**0.5)
                for _ in range(count)
            ]
    for text in (HERE / "notes_private_lines.jsonl").read_text("utf-8").splitlines():
        line = json.loads(text)
        found.append(Line(line["line"], line["withheld"], HAND))
    found += [Line(one.text, False, SAMPLED) for one in Sampler(SEED).samples(6000)]
    cases = enumerate(read_cases(HERE / "notes_written.jsonl"))
    return [*found, *(line for number, case in cases for line in written(case, number % FOLDS))]


def written(case: dict[str, Any], fold: int) -> Iterator[Line]:
    """The labelled lines of one case."""
    entries = read_entries(case["notes"])
    own, end = name_parts(case["client_name"]), last_entry(entries)
    for entry, label in marks(case, entries):
        caught = ruled(entry.text, case["client_name"], "", entry.heading) is not None
        yield Line(entry.text, label == "withheld", WRITTEN, case["hand"], fold, own, entry is end, caught)


def table(samples: list[Line]) -> csr_matrix:
    """One row a line, one column a bucket."""
    columns: list[int] = []
    ends = [0]
    for one in samples:
        columns += sorted(places(one.text, one.own))
        ends.append(len(columns))
    return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(samples), BUCKETS))


def fit(rows: csr_matrix, labels: Floats, weight: Floats) -> tuple[Floats, float]:
    """Weights and bias of least penalised log loss."""
    signs, share, turned = labels * 2 - 1, weight / weight.sum(), rows.T.tocsr()

    def loss(flat: Floats) -> tuple[float, Floats]:
        margin = signs * (rows @ flat[:-1] + flat[-1])
        pull = -signs * share / (1 + np.exp(np.clip(margin, -50, 50)))
        slope = np.append(turned @ pull + 2 * PENALTY * flat[:-1], pull.sum())
        return float((share * np.logaddexp(0, -margin)).sum() + PENALTY * (flat[:-1] ** 2).sum()), slope

    found = minimize(loss, np.zeros(BUCKETS + 1), jac=True, method="L-BFGS-B", options={"maxiter": 150})
    return found.x[:-1], float(found.x[-1])


def held_out(samples: list[Line], rows: csr_matrix, groups: Sequence[object]) -> NDArray[np.float64]:
    """The sums of the lines of each group by the weights that all other lines give; None is no group."""
    labels = np.array([float(one.withheld) for one in samples])
    weight = np.array([one.weight for one in samples])
    scores = np.full(len(samples), np.nan)
    for group in set(groups) - {None}:
        out = np.array([one == group for one in groups])
        values, bias = fit(rows[~out], labels[~out], weight[~out])
        scores[out] = rows[out] @ values + bias
    return scores + LAST * np.array([one.last for one in samples])


def crossed(samples: list[Line], rows: csr_matrix) -> None:
    """Print how each hand fares where the other, or every sixth case, is held out."""
    secret, caught = (np.array([getattr(one, name) for one in samples]) for name in ("withheld", "caught"))
    hands = np.array([one.hand for one in samples])
    folds: list[object] = [one.fold if one.hand else None for one in samples]
    for how, groups in (("by hand", [one.hand or None for one in samples]), ("by case", folds)):
        scores = held_out(samples, rows, groups)
        for hand in sorted(set(hands) - {""}):
            for least in (LEAST - 0.5, LEAST - 0.25, LEAST, LEAST + 0.25, LEAST + 0.5, np.inf):
                hit, mine = (scores >= least) | caught, hands == hand
                print(f"{how}, {hand}, from {least:.2f}: withheld {hit[mine & secret].mean():.3f},"
                      f" of the others {hit[mine & ~secret].mean():.3f}")  # fmt: skip


def main() -> None:
    """Train, print the figures, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="print the figures, write nothing")
    asked = parser.parse_args()
    samples = lines()
    rows = table(samples)
    crossed(samples, rows)
    if not asked.check:
        labels = np.array([float(one.withheld) for one in samples])
        values, bias = fit(rows, labels, np.array([one.weight for one in samples]))
        scale = float(np.abs(values).max()) / 127
        body = np.clip(np.rint(values / scale), -127, 127).astype(np.int8).tobytes()
        about = {
            "scale": scale,
            "bias": bias,
            "least": LEAST,
            "last": LAST,
            "crc32": crc32(body),
            "written": crc32((HERE / "notes_written.jsonl").read_bytes()),
            "seed": SEED,
        }
        (PACKAGE / FILE).write_bytes(MAGIC + json.dumps(about, sort_keys=True).encode() + b"\n" + body)
        print(f"wrote {FILE}: {len(samples)} lines, least {LEAST:.2f}")


if __name__ == "__main__":
    main()

"""Train the notes' line classifier: ``python -m tools.train_notes [--lines N] [--check]``.

It learns from whole notes that two authors wrote for it (notes_written.jsonl) and from single synthetic lines
(notes_sample.py), which count less. ``tools.notes_cross`` says how it fares on an author it has not learned
from; the temperature was fitted there. The model is written to the package unless ``--check`` is given, which
prints how well its own lessons are known. Needs numpy and scipy.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from tools.notes_cases import Lesson, lesson, read_cases
from tools.notes_sample import Sampler

from casewright.notes.classify import CLASSES, FILE, MAGIC, NOBODY, Model, read_model
from casewright.notes.classify_features import BUCKETS, Piece, places
from casewright.notes.owner import decide

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "src" / "casewright" / "notes"
WRITTEN = HERE / "notes_written.jsonl"
SEED, LINES = 20250512, 16_000
PENALTY = 0.3  # of a weight's square, beside the loss of a whole line
SAMPLED = 0.02  # how much a synthetic line counts beside a written one
TEMPERATURE = 1.2
SIZE = len(CLASSES)
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def sampled(lines: int) -> list[Lesson]:
    """Synthetic lessons of one line each."""
    found = []
    for one in Sampler(SEED).samples(lines):
        piece = Piece(one.text, one.heading)
        rule = decide(one.text, one.heading)
        found.append(Lesson((piece,), (rule,), (one.label,), (None,), NOBODY, "sampled", SAMPLED))
    return found


class Table:
    """Lessons as a table of features, and where each lesson begins."""

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        columns: list[int] = []
        ends = [0]
        for one in lessons:
            for found in places(one.pieces, one.rules, one.names):
                columns += found
                ends.append(len(columns))
        rows = csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(ends) - 1, BUCKETS))
        rows.sum_duplicates()
        self.rows, self.turned = rows, rows.T.tocsr()
        self.labels = np.array([label for one in lessons for label in one.labels])
        sizes = [len(one.pieces) for one in lessons]
        self.weight = np.repeat([one.weight for one in lessons], sizes)
        starts = np.cumsum([0, *sizes])
        self.chains = [range(starts[at], starts[at + 1]) for at, size in enumerate(sizes) if size > 1]
        self.single = np.array([starts[at] for at, size in enumerate(sizes) if size == 1], dtype=np.int64)
        self.apart = np.array([int(piece.apart) for one in lessons for piece in one.pieces])


def chain(scores: Floats, follows: Floats, apart: Ints, labels: Ints) -> tuple[float, Floats, Floats]:
    """Loss of one chain, and its slopes by scores and by ``follows`` (what is likely, less what is so)."""
    length = len(scores)
    links = np.exp(follows)
    own = np.exp(scores - scores.max(axis=1, keepdims=True))
    ahead, back, norm = np.empty_like(own), np.ones_like(own), np.empty(length)
    for at in range(length):
        ahead[at] = own[at] * (ahead[at - 1] @ links[apart[at]] if at else 1.0)
        norm[at] = ahead[at].sum()
        ahead[at] /= norm[at]
    for at in range(length - 2, -1, -1):
        back[at] = links[apart[at + 1]] @ (own[at + 1] * back[at + 1]) / norm[at + 1]
    likely = ahead * back
    said = scores[np.arange(length), labels].sum() - scores.max(axis=1).sum()
    turned = np.zeros_like(follows)
    for at in range(1, length):
        gap, one, other = apart[at], labels[at - 1], labels[at]
        said += follows[gap, one, other]
        turned[gap] += np.outer(ahead[at - 1], own[at] * back[at]) * links[gap] / norm[at]
        turned[gap, one, other] -= 1
    likely[np.arange(length), labels] -= 1
    return float(np.log(norm).sum() - said), likely, turned


def fit(table: Table, penalty: float = PENALTY) -> tuple[Floats, Floats]:
    """The weights of least penalised log loss, of the features and of what follows what."""
    count = BUCKETS * SIZE

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights, follows = flat[:count].reshape(BUCKETS, SIZE), flat[count:].reshape(2, SIZE, SIZE)
        scores: Floats = np.asarray(table.rows @ weights)
        slope, turned, total = np.zeros_like(scores), np.zeros_like(follows), 0.0
        if len(table.single):
            own, labels = scores[table.single], table.labels[table.single]
            own = own - own.max(axis=1, keepdims=True)
            powers = np.exp(own)
            likely = powers / powers.sum(axis=1, keepdims=True)
            at, share = np.arange(len(labels)), table.weight[table.single]
            total -= float((share * np.log(np.clip(likely[at, labels], 1e-12, None))).sum())
            likely[at, labels] -= 1
            slope[table.single] = likely * share[:, None]
        for found in table.chains:
            span = slice(found.start, found.stop)
            share = table.weight[found.start]
            lost, by_score, by_link = chain(scores[span], follows, table.apart[span], table.labels[span])
            total += share * lost
            slope[span] = share * by_score
            turned += share * by_link
        by_weight = (table.turned @ slope) + 2 * penalty * weights
        by_follows = turned + 2 * penalty * follows
        total += penalty * float((weights**2).sum() + (follows**2).sum())
        return total, np.concatenate([by_weight.ravel(), by_follows.ravel()])

    start = np.zeros(count + 2 * SIZE * SIZE)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 120})
    return found.x[:count].reshape(BUCKETS, SIZE), found.x[count:].reshape(2, SIZE, SIZE)


def packed(weights: Floats, follows: Floats, about: dict[str, Any]) -> bytes:
    """The model's file: weights as signed bytes, scaled to the largest."""
    scale = float(np.abs(weights).max()) / 127
    body = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8).tobytes()
    about |= {
        "scale": scale,
        "follows": np.round(follows, 4).tolist(),
        "buckets": BUCKETS,
        "classes": [list(one) for one in CLASSES],
        "crc32": crc32(body),
    }
    return MAGIC + json.dumps(about, sort_keys=True).encode() + b"\n" + body


def trained(lessons: Sequence[Lesson], temperature: float = TEMPERATURE) -> tuple[bytes, Model]:
    """The file of the model that knows these lessons, and the model."""
    weights, follows = fit(Table(lessons))
    about = {
        "temperature": temperature,
        "lessons": len(lessons),
        "written": crc32(WRITTEN.read_bytes()),
        "seed": SEED,
        "penalty": PENALTY,
    }
    data = packed(weights, follows, about)
    return data, read_model(data)


def main() -> None:
    """Train, print the figures, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--check", action="store_true", help="write nothing")
    asked = parser.parse_args()
    written = [lesson(case, case["hand"]) for case in read_cases(WRITTEN)]
    data, _ = trained([*written, *sampled(asked.lines)])
    print(f"{len(written)} written notes, {asked.lines} synthetic lines")
    if not asked.check:
        (PACKAGE / FILE).write_bytes(data)
        print(f"wrote {FILE}: {len(data)} bytes")


if __name__ == "__main__":
    main()

"""Train the notes' line classifier: ``python -m tools.train_notes [--lines N] [--check]``.

Lines are synthetic (notes_sample.py). Every fifth phrase is held out in turn, and a model fitted on the
rest answers them; the temperature is fitted on the answers of folds 1 to 4, the figures are those of fold 0.
The model of all lines is written to the package unless ``--check`` is given. Needs numpy and scipy.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.sparse import csr_matrix
from tools.notes_sample import FOLDS, Sample, Sampler

from casewright.notes.classify import CLASSES, FILE, MAGIC, NOBODY, seen
from casewright.notes.classify_features import BUCKETS
from casewright.notes.owner import decide

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "casewright" / "notes"
SEED = 20250512
PENALTY = 3e-6
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def table(samples: list[Sample]) -> csr_matrix:
    """One row a line, one column a bucket, 1 where the line has the feature."""
    columns: list[int] = []
    ends = [0]
    for one in samples:
        columns += sorted(seen(one.text, one.heading, decide(one.text, one.heading), NOBODY))
        ends.append(len(columns))
    ones = np.ones(len(columns), dtype=np.float32)
    return csr_matrix((ones, columns, ends), shape=(len(samples), BUCKETS))


def softmax(scores: Floats) -> Floats:
    """Scores as likelihoods, row by row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely: Floats = powers / powers.sum(axis=1, keepdims=True)
    return likely


def fit(rows: csr_matrix, labels: Ints) -> Floats:
    """The weights of least penalised log loss."""
    wanted = np.eye(len(CLASSES))[labels]
    turned = rows.T.tocsr()

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(BUCKETS, len(CLASSES))
        likely = softmax(rows @ weights)
        missed = -np.log(np.clip(likely[np.arange(len(labels)), labels], 1e-12, None)).mean()
        slope = turned @ (likely - wanted) / len(labels) + 2 * PENALTY * weights
        return float(missed + PENALTY * (weights**2).sum()), slope.ravel()

    start = np.zeros(BUCKETS * len(CLASSES))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 80})
    weights: Floats = found.x.reshape(BUCKETS, len(CLASSES))
    return weights


def warmth(scores: Floats, labels: Ints) -> float:
    """The temperature by which held-out answers are most likely."""

    def loss(value: float) -> float:
        likely = softmax(scores / value)
        return float(-np.log(np.clip(likely[np.arange(len(labels)), labels], 1e-12, None)).mean())

    return float(minimize_scalar(loss, bounds=(0.3, 10), method="bounded").x)


def report(likely: Floats, labels: Ints) -> None:
    """Accuracy, confusion and reliability of held-out answers."""
    said = likely.argmax(axis=1)
    sections = np.array([section for _, section in CLASSES])
    print(f"held out: {len(labels)} lines, owner and section right {np.mean(said == labels):.3f}, "
          f"section right {np.mean(sections[said] == sections[labels]):.3f}")  # fmt: skip
    names = [f"{owner}/{section.split('_')[0]}" for owner, section in CLASSES]
    print("confusion (rows: true)", *names, sep="\n  ")
    for place in range(len(CLASSES)):
        print("  ", *(f"{np.sum((labels == place) & (said == other)):6d}" for other in range(len(CLASSES))))
    sure, gap = likely.max(axis=1), 0.0
    for low in np.arange(0.2, 1.0, 0.1):
        there = (sure > low) & (sure <= low + 0.1)
        if there.any():
            right = np.mean(said[there] == labels[there])
            gap += there.mean() * abs(right - sure[there].mean())
            print(f"  said {low:.1f}-{low + 0.1:.1f}: {there.sum():5d} lines, right {right:.3f}")
    print(f"expected calibration error {gap:.3f}")


def packed(weights: Floats, about: dict[str, Any]) -> bytes:
    """The model's file: weights as signed bytes, scaled to the largest."""
    scale = float(np.abs(weights).max()) / 127
    body = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8).tobytes()
    about |= {
        "scale": scale,
        "buckets": BUCKETS,
        "classes": [list(one) for one in CLASSES],
        "crc32": crc32(body),
    }
    return MAGIC + json.dumps(about, sort_keys=True).encode() + b"\n" + body


def main() -> None:
    """Train, print the figures, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=24_000)
    parser.add_argument("--check", action="store_true", help="print the figures, write nothing")
    asked = parser.parse_args()
    samples = list(Sampler(SEED).samples(asked.lines))
    rows, labels = table(samples), np.array([one.label for one in samples])
    folds = np.array([one.fold for one in samples])
    scores = np.zeros((len(samples), len(CLASSES)))
    for fold in range(FOLDS):
        out = folds == fold
        scores[out] = rows[out] @ fit(rows[~out], labels[~out])
    temperature = warmth(scores[folds != 0], labels[folds != 0])
    report(softmax(scores[folds == 0] / temperature), labels[folds == 0])
    print(f"temperature {temperature:.3f}")
    if not asked.check:
        about = {"temperature": temperature, "lines": asked.lines, "seed": SEED, "penalty": PENALTY}
        data = packed(fit(rows, labels), about)
        (PACKAGE / FILE).write_bytes(data)
        print(f"wrote {FILE}: {len(data)} bytes")


if __name__ == "__main__":
    main()

"""How the lines' classifier fares on an author it has not learned from: ``python -m tools.notes_cross``.

Each author of notes_written.jsonl in turn is held out whole, and the model learns from the others and from
the synthetic lines; the ``dev`` split of benchmarks/data/notes is judged by a model of all of them.
Thresholds and temperature are chosen by this. ``tools.train_private`` prints the same of private lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tools.notes_cases import Lesson, lesson, read_cases
from tools.train_notes import LINES, WRITTEN, sampled, trained

from casewright.notes.classify import CLASSES, Model
from casewright.notes.decision import Decision
from casewright.notes.place import placed_all

DEV = Path(__file__).resolve().parents[1] / "benchmarks" / "data" / "notes" / "cases.jsonl"
STEPS = 10


def judged(lessons: Sequence[Lesson], model: Model) -> list[tuple[Decision, bool, bool]]:
    """Every line's decision, and whether its section and its owner are right."""
    found = []
    for one in lessons:
        said = placed_all(one.pieces, one.names, model)
        for decision, label, owner in zip(said, one.labels, one.owners, strict=True):
            found.append((decision, decision.section == CLASSES[label][1], owner in (None, decision.owner)))
    return found


def shown(name: str, found: Sequence[tuple[Decision, bool, bool]]) -> str:
    """The figures of one hand as a line."""
    sure = [one for one in found if one[0].sure]
    wrongly = sum(one.section == "your_actions" and not right for one, right, _ in found)
    likely = np.array([one.probability or 0.0 for one, _, _ in found])
    right = np.array([section and owner for _, section, owner in found])
    steps = np.minimum((likely * STEPS).astype(int), STEPS - 1)
    gap = sum(
        (steps == step).mean() * abs(right[steps == step].mean() - likely[steps == step].mean())
        for step in set(steps)
    )
    return (
        f"{name}: {len(found)} lines, section {_share([s for _, s, _ in found])},"
        f" owner {_share([o for _, _, o in found])}, sure {len(sure) / len(found):.3f}"
        f" (section {_share([s for _, s, _ in sure])}, owner {_share([o for _, _, o in sure])}),"
        f" wrongly yours {wrongly / len(found):.3f}, calibration error {gap:.3f}"
    )


def _share(right: Sequence[bool]) -> str:
    return f"{sum(right) / len(right):.3f}" if right else "-"


def rules(lessons: Sequence[Lesson]) -> list[str]:
    """How often each kind of sure rule is right; below 0.97 of enough lines it should decide nothing."""
    fired: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for one in lessons:
        for rule, label, owner in zip(one.rules, one.labels, one.owners, strict=True):
            if rule.sure:
                kind = f"{rule.owner}, {rule.section}: {rule.why or rule.opening}"
                fired[kind] += 1
                held[kind] += rule.section == CLASSES[label][1] and owner in (None, rule.owner)
    return [f"  {held[kind]} of {count} {kind}" for kind, count in fired.most_common()]


def main() -> None:
    """Print the figures of each hand."""
    written = [lesson(case, case["hand"]) for case in read_cases(WRITTEN)]
    dev = [lesson(case, "dev") for case in read_cases(DEV, "dev")]
    others = sampled(LINES)
    print("sure rules that are right:", *rules([*written, *dev]), sep="\n")
    for hand in sorted({one.hand for one in written}):
        model = trained([*(one for one in written if one.hand != hand), *others])[1]
        print(shown(hand, judged([one for one in written if one.hand == hand], model)))
    print(shown("dev", judged(dev, trained([*written, *others])[1])))


if __name__ == "__main__":
    main()

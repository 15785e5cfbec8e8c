"""Are two engines doing the same work? What must be equal before a ratio of speeds means anything.

A server that silently truncates a document looks fast; so does one that answers half as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from statistics import median

from casewright.bench.target import Target

PROMPT_SPREAD_TOKENS = 2
PROMPT_SPREAD_SHARE = 0.03
OUTPUT_RATIO = 1.10
SIMILAR = 0.8


@dataclass(frozen=True, slots=True)
class Answered:
    """One answered prompt: the server's token counts (None when it gave none) and the text."""

    prompt_tokens: int | None
    output_tokens: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike the answers to the same prompts were.

    ``identical`` and ``similar`` are shares of ``n`` pairs; similar means a word-level ratio of at least
    `SIMILAR` (Ratcliff-Obershelp, difflib); ``mean_similarity`` is that ratio's mean.
    """

    n: int
    identical: float
    similar: float
    mean_similarity: float


@dataclass(frozen=True, slots=True)
class Parity:
    """Findings on two sides: ``reasons`` forbid a verdict, ``notes`` are to be read with it."""

    label: str
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    agreement: Agreement | None


Answers = Mapping[tuple[int, int], Answered]


def check(a: Target, b: Target, answers_a: Answers, answers_b: Answers) -> Parity:
    """Compare what both sides were asked and gave back; answers are keyed by (pair, index)."""
    shared = sorted(answers_a.keys() & answers_b.keys())
    pairs = [(answers_a[key], answers_b[key]) for key in shared]
    label, notes = _label(a, b)
    reasons = [*_prompts(pairs), *_outputs(pairs)]
    return Parity(label, tuple(reasons), tuple(notes), agreement([(x.text, y.text) for x, y in pairs]))


def _label(a: Target, b: Target) -> tuple[str, list[str]]:
    one, other = a.identity, b.identity
    notes = [*_differences(a, b)]
    if one.digest and one.digest == other.digest:
        return "engine comparison: the same weights on both sides", notes
    if one.quantization != other.quantization or one.digest != other.digest:
        return (
            "stack comparison: the weights are not the same file on both sides, so a difference belongs to "
            "engine and weights together",
            notes,
        )
    return "comparison of unknown weights: neither engine says what it loaded", notes


def _differences(a: Target, b: Target) -> list[str]:
    found = []
    for name in ("model", "quantization", "context_length", "slots", "template_digest"):
        x, y = getattr(a.identity, name), getattr(b.identity, name)
        if x != y:
            shown = [str(v)[:24] if v is not None else "not said" for v in (x, y)]
            found.append(f"{name.replace('_', ' ')} differs: A {shown[0]}, B {shown[1]}")
    return found


def _prompts(pairs: Sequence[tuple[Answered, Answered]]) -> list[str]:
    counted = [
        (x.prompt_tokens, y.prompt_tokens)
        for x, y in pairs
        if x.prompt_tokens is not None and y.prompt_tokens is not None
    ]
    if not counted:
        return []
    differences = [x - y for x, y in counted]
    bound = max(PROMPT_SPREAD_TOKENS, PROMPT_SPREAD_SHARE * median(max(pair) for pair in counted))
    spread = max(differences) - min(differences)
    if spread > bound:
        return [
            f"the engines counted different prompts: A minus B is {min(differences)} to {max(differences)} "
            "tokens; one of them may be cutting the prompt (check its context length)"
        ]
    return []


def _outputs(pairs: Sequence[tuple[Answered, Answered]]) -> list[str]:
    lengths = [
        (x.output_tokens, y.output_tokens)
        for x, y in pairs
        if x.output_tokens is not None and y.output_tokens is not None
    ]
    total_a, total_b = sum(x for x, _ in lengths), sum(y for _, y in lengths)
    if not total_a or not total_b:
        return []
    ratio = max(total_a, total_b) / min(total_a, total_b)
    if ratio > OUTPUT_RATIO:
        return [
            f"answers are not of comparable length: A {total_a / len(lengths):.0f}, "
            f"B {total_b / len(lengths):.0f} tokens on average; try --ignore-eos"
        ]
    return []


def agreement(texts: Sequence[tuple[str, str]]) -> Agreement | None:
    """How alike the pairs of texts are; None without pairs."""
    if not texts:
        return None
    ratios = [
        1.0 if x == y else SequenceMatcher(None, x.split(), y.split(), autojunk=False).ratio()
        for x, y in texts
    ]
    n = len(texts)
    return Agreement(
        n=n,
        identical=sum(x == y for x, y in texts) / n,
        similar=sum(r >= SIMILAR for r in ratios) / n,
        mean_similarity=sum(ratios) / n,
    )

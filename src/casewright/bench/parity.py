"""Are two engines doing the same work? What must be equal before a ratio of speeds means anything.

A server that silently truncates a document looks fast; so does one that answers half as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from statistics import median

from casewright.api.compare import Agreement, Parity
from casewright.bench.stats import wilson
from casewright.bench.target import Target

PROMPT_SPREAD_TOKENS = 2
PROMPT_SPREAD_SHARE = 0.03
OUTPUT_RATIO = 1.10
SIMILAR = 0.8
"""Answers count as similar from this word-level ratio on (Ratcliff-Obershelp, difflib)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answered prompt: the server's token counts (None when it gave none) and the text."""

    prompt_tokens: int | None
    output_tokens: int | None
    text: str


Answers = Mapping[tuple[int, int], Answered]
Pairs = Sequence[tuple[Answered, Answered]]


@dataclass(frozen=True, slots=True)
class Check:
    """What was found: ``reasons`` forbid a verdict, the rest is to be read with it."""

    parity: Parity
    agreement: Agreement | None
    reasons: tuple[str, ...]


def check(a: Target, b: Target, answers_a: Answers, answers_b: Answers) -> Check:
    """Compare what both sides were asked and gave back; answers are keyed by (pair, index)."""
    shared = sorted(answers_a.keys() & answers_b.keys())
    pairs = [(answers_a[key], answers_b[key]) for key in shared]
    one, other = a.identity, b.identity
    same_weights = (
        one.digest is not None and one.digest == other.digest and one.quantization == other.quantization
    )
    reasons = (*_prompts(pairs), *_outputs(pairs))
    parity = Parity(
        label="engine comparison" if same_weights else "stack comparison",
        prompt_tokens_difference=_relative([(x.prompt_tokens, y.prompt_tokens) for x, y in pairs]),
        output_tokens_difference=_relative([(x.output_tokens, y.output_tokens) for x, y in pairs]),
        differs=tuple(_differences(a, b)),
        findings=reasons if same_weights else (*reasons, _STACK),
    )
    return Check(parity, agreement([(x.text, y.text) for x, y in pairs]), reasons)


_STACK = (
    "the two sides do not serve the same weights in the same precision, "
    "so a difference belongs to engine and weights together"
)


def _relative(counts: Sequence[tuple[int | None, int | None]]) -> float | None:
    known = [(x, y) for x, y in counts if x is not None and y is not None]
    total_a, total_b = sum(x for x, _ in known), sum(y for _, y in known)
    return total_b / total_a - 1 if total_a else None


def _differences(a: Target, b: Target) -> list[str]:
    found = []
    for name in ("model", "quantization", "context_length", "slots", "template_digest"):
        x, y = getattr(a.identity, name), getattr(b.identity, name)
        if x != y:
            shown = ["not said" if v is None else _short(str(v)) for v in (x, y)]
            found.append(f"{name.replace('_', ' ')} differs: A {shown[0]}, B {shown[1]}")
    return found


def _short(value: str) -> str:
    """A digest by its first hex digits, anything else whole."""
    return value[: len("sha256:") + 12] if value.startswith("sha256:") else value


def _prompts(pairs: Pairs) -> list[str]:
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


def _outputs(pairs: Pairs) -> list[str]:
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
    n = len(texts)
    if not n:
        return None
    ratios = [
        1.0 if x == y else SequenceMatcher(None, x.split(), y.split(), autojunk=False).ratio()
        for x, y in texts
    ]
    same, alike = sum(x == y for x, y in texts), sum(r >= SIMILAR for r in ratios)
    return Agreement(
        compared=n,
        identical=wilson(same, n),
        similar=wilson(alike, n),
        similarity=sum(ratios) / n,
        text=f"{same} of {n} answers are the same word for word, {alike} alike in most words",
    )

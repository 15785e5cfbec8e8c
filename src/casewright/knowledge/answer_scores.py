"""What an answer is worth beside its task: its citations, its sentences, and the reference."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from casewright.api.answer_evaluation import AnswerOutcome, AnswerTask, Balance
from casewright.api.evaluation import Rate
from casewright.knowledge.composed import Answer, Citation, Sentence
from casewright.knowledge.support import faults
from casewright.knowledge.terms import FIGURES, Reader, Token

Z = 1.959963984540054
RESAMPLES = 2000
SEED = 20
FEWEST = 5


def outcome(task: AnswerTask, name: str, found: Answer, ms: float) -> AnswerOutcome:
    """One task's row: citations and sentences are looked at anew, not taken on the answer's word."""
    cited = [citation for sentence in found.sentences for citation in sentence.citations]
    row = AnswerOutcome(
        id=name,
        answerable=task.answerable,
        grounded=found.grounded,
        answer=found.answer,
        reason=found.reason,
        strategy=found.strategy,
        answered_by=found.answered_by,
        asked=found.asked,
        sentences=len(found.sentences),
        citations=len(cited),
        invalid_citations=sum(not stands(citation, task.contexts) for citation in cited),
        unsupported=tuple(
            wrong for sentence in found.sentences if (wrong := unsupported(sentence, task.question))
        ),
        removed=tuple(f"{removed.text} ({'; '.join(removed.reasons)})" for removed in found.removed),
        ms=ms,
        warnings=found.warnings,
    )
    if not (task.answerable and task.references):
        return row
    return row.model_copy(update=_against_reference(found.answer if found.grounded else "", task.references))


def stands(citation: Citation, contexts: Sequence[str]) -> bool:
    """Whether a citation is in range and verbatim."""
    place = citation.document
    if not isinstance(place, int) or not 0 <= place < len(contexts):
        return False
    text = contexts[place]
    inside = 0 <= citation.start < citation.end <= len(text)
    return inside and text[citation.start : citation.end] == citation.quote


def unsupported(sentence: Sentence, question: str) -> str | None:
    """What is wrong with a sentence of an answer; None if it holds."""
    if not sentence.citations:
        return f"{sentence.text}: no citation"
    quotes = [citation.quote for citation in sentence.citations]
    if any(sentence.text in quote for quote in quotes):
        return None
    wrong = faults(sentence.text, question, quotes)
    return f"{sentence.text}: {wrong[0]}" if wrong else None


def _against_reference(answer: str, references: Sequence[str]) -> dict[str, int | bool]:
    """The reference that fits best: how many of its words and of its figures the answer has."""
    reader = Reader()
    there = Counter(_key(token) for token in reader.read(answer) if _counts(token))

    def found(reference: str) -> tuple[int, int, int, int]:
        tokens = [token for token in reader.read(reference) if _counts(token)]
        keys = Counter(_key(token) for token in tokens)
        figures = Counter(_key(token) for token in tokens if token.kind in FIGURES)
        return (
            keys.total(),
            (keys & there).total(),
            figures.total(),
            (figures & there).total(),
        )

    best = max(map(found, references), key=lambda each: (each[1] / each[0] if each[0] else 0.0, each[0]))
    return {
        "tokens": best[0],
        "tokens_found": best[1],
        "numbers": best[2],
        "numbers_found": best[3],
        "right": best[0] > 0 and best[0] == best[1],
    }


def _counts(token: Token) -> bool:
    return token.kind in FIGURES or token.folded not in ("a", "an", "the")


def _key(token: Token) -> str:
    return token.key or token.folded


def balance(
    rows: Sequence[AnswerOutcome], *, positive: Callable[[AnswerOutcome], bool], answerable: bool
) -> Balance:
    """Precision, recall and F1 of one class over tasks."""
    said = np.array([positive(row) for row in rows], dtype=bool)
    true = np.array([row.answerable == answerable for row in rows], dtype=bool)
    both = int((said & true).sum())
    low, high = _f1_interval(said, true)
    return Balance(
        precision=rate(both, int(said.sum())),
        recall=rate(both, int(true.sum())),
        f1=_f1(both, int(said.sum()), int(true.sum())),
        f1_low=low,
        f1_high=high,
    )


def rate(count: int, total: int) -> Rate:
    """A share with Wilson's 95 % score interval (1927)."""
    if not total:
        return Rate.of(count, total)
    share = count / total
    scale = 1 + Z * Z / total
    centre = (share + Z * Z / (2 * total)) / scale
    half = Z / scale * math.sqrt(share * (1 - share) / total + Z * Z / (4 * total * total))
    low = 0.0 if count == 0 else max(0.0, centre - half)
    high = 1.0 if count == total else min(1.0, centre + half)
    return Rate.of(count, total).model_copy(update={"low": low, "high": high})


def over_tasks(counts: Sequence[tuple[int, int]]) -> Rate:
    """A share of things that hang together within a task: its interval is over whole tasks."""
    summed = Rate.of(sum(count for count, _ in counts), sum(total for _, total in counts))
    some = [pair for pair in counts if pair[1]]
    if len(some) < FEWEST:
        return summed
    pairs = np.array(some, dtype=np.int64)
    drawn = pairs[_draws(len(some))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.025, 0.975))
    return summed.model_copy(update={"low": float(low), "high": float(high)}) if low < high else summed


def median(values: Sequence[float]) -> float | None:
    """The median, or None of nothing."""
    return round(statistics.median(values), 2) if values else None


def _draws(size: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.random.default_rng(SEED).integers(0, size, (RESAMPLES, size))


def _f1(both: int, said: int, true: int) -> float | None:
    """None where the class neither occurs nor is said."""
    return 2 * both / (said + true) if said + true else None


def _f1_interval(
    said: np.ndarray[tuple[int], np.dtype[np.bool_]], true: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[float | None, float | None]:
    if len(said) < FEWEST:
        return None, None
    drawn = _draws(len(said))
    both = (said & true)[drawn].sum(axis=1)
    total = said[drawn].sum(axis=1) + true[drawn].sum(axis=1)
    if not (total > 0).all():
        return None, None
    low, high = np.quantile(2 * both / total, (0.025, 0.975))
    return (float(low), float(high)) if low < high else (None, None)

"""How the built-in workloads' texts are put together, from hashes alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter
from typing import Any

from casewright.bench.workload_data import (
    BODIES,
    LETTER_SCHEMA,
    LONG_INSTRUCTION,
    MONTHS,
    NOTE_LINES,
    NOTES_INSTRUCTION,
    PEOPLE,
    PLACES,
    QUESTIONS,
    RAG_INSTRUCTION,
    SENTENCES,
    SHORT_QUESTIONS,
    SYNTHETIC_ENDING,
    WORDS,
)

TOKENS_PER_WORD = 1.5
"""Tokens to expect per word of casework prose, for sizing only; reports use the server's own counts.

Measured with SmolLM2's vocabulary (1.53 over ``SENTENCES``), which keeps every digit as a token of its own;
larger vocabularies need fewer. Synthetic text has one token per word by construction.
"""
TAG_WORDS = 8
_PASSAGES = 5
_SENTENCES_A_PASSAGE = 9
_NOTE_LINES = 14
_FILES = ("PPR", "HSG", "BEN", "EMP")


class Stream:
    """Choices drawn from SHAKE-256 over a key: the same in every process, run and Python version."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._block = 0
        self._bytes = b""
        self._at = 0

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound - 1``, ``bound`` up to 65536; the modulus' bias is of no account."""
        if self._at + 2 > len(self._bytes):
            self._bytes = hashlib.shake_256(f"{self._key}/{self._block}".encode()).digest(512)
            self._block += 1
            self._at = 0
        value = (self._bytes[self._at] << 8) | self._bytes[self._at + 1]
        self._at += 2
        return value % bound

    def pick(self, items: Sequence[str]) -> str:
        """One of the items."""
        return items[self.below(len(items))]

    def some(self, items: Sequence[str], count: int) -> list[str]:
        """``count`` different items in random order (all of them, if there are fewer)."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]


@dataclass(frozen=True, slots=True)
class Shape:
    """A built-in workload: ``build(size, common, own)`` writes its text.

    ``size`` is the prompt's default size in tokens where it can be chosen, else None; ``out`` the answer's
    bound. ``common`` feeds the part that requests with a shared prefix have in common, ``own`` the rest.
    ``constant`` workloads have one text for a whole run.
    """

    build: Callable[[int, Stream, Stream], str]
    out: int
    size: int | None = None
    schema: Mapping[str, Any] | None = None
    constant: bool = False


@lru_cache(maxsize=256)
def _pieces(sentence: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((literal, slot) for literal, slot, _, _ in Formatter().parse(sentence))


def fill(sentence: str, stream: Stream) -> str:
    """The sentence with its slots filled with names, dates and sums."""
    parts: list[str] = []
    for literal, slot in _pieces(sentence):
        parts.append(literal)
        if slot is not None:
            parts.append(_FILLERS[slot](stream))
    return "".join(parts)


_FILLERS: Mapping[str, Callable[[Stream], str]] = {
    "who": lambda stream: stream.pick(PEOPLE),
    "date": lambda stream: f"{stream.below(28) + 1} {stream.pick(MONTHS)} {2021 + stream.below(5)}",
    "place": lambda stream: stream.pick(PLACES),
    "sum": lambda stream: f"£{stream.below(9) + 1},{stream.below(1000):03d}.{stream.below(100):02d}",
    "body": lambda stream: stream.pick(BODIES),
    "ref": lambda stream: f"{stream.pick(_FILES)}-{stream.below(9000) + 1000}",
}


def tag_words(key: str) -> str:
    """Eight of 256 words (64 bits) hashed from the key."""
    digest = hashlib.blake2b(key.encode(), digest_size=TAG_WORDS).digest()
    return " ".join([WORDS[byte] for byte in digest])


def _short(_size: int, _common: Stream, own: Stream) -> str:
    return f"Answer in two plain sentences, for a client. {own.pick(SHORT_QUESTIONS)}"


def _rag(_size: int, common: Stream, own: Stream) -> str:
    passages = []
    for number in range(1, _PASSAGES + 1):
        sentences = common.some(SENTENCES, _SENTENCES_A_PASSAGE)
        passages.append(f"[Passage {number}]\n" + " ".join(fill(text, common) for text in sentences))
    return "\n\n".join([RAG_INSTRUCTION, *passages, f"Question: {own.pick(QUESTIONS)}"])


def _notes(_size: int, _common: Stream, own: Stream) -> str:
    lines = own.some(NOTE_LINES, _NOTE_LINES)
    numbered = [f"{number}. {fill(line, own)}" for number, line in enumerate(lines, 1)]
    return "\n".join([NOTES_INSTRUCTION, "", *numbered])


def _long(size: int, common: Stream, own: Stream) -> str:
    words = max(int(size / TOKENS_PER_WORD) - len(LONG_INSTRUCTION.split()) - 24, 20)
    paragraphs: list[str] = []
    while words > 0:
        text = " ".join(fill(sentence, common) for sentence in common.some(SENTENCES, 5))
        kept = text.split()[:words]
        words -= len(kept) + 1
        paragraphs.append(f"{len(paragraphs) + 1}. {' '.join(kept)}")
    return "\n\n".join([LONG_INSTRUCTION, *paragraphs, f"Question: {own.pick(QUESTIONS)}"])


def _words(size: int, common: Stream, _own: Stream) -> str:
    count = max(size - TAG_WORDS - len(SYNTHETIC_ENDING.split()), 1)
    return " ".join(WORDS[common.below(256)] for _ in range(count)) + f"\n{SYNTHETIC_ENDING}"


def _tiny(_size: int, _common: Stream, _own: Stream) -> str:
    return "Say a few words about the sea."


SHAPES: Mapping[str, Shape] = {
    "short": Shape(_short, out=32),
    "rag": Shape(_rag, out=96),
    "notes": Shape(_notes, out=256, schema=LETTER_SCHEMA),
    "long": Shape(_long, out=128, size=6000),
    "tiny": Shape(_tiny, out=16, constant=True),
    "synthetic": Shape(_words, out=64, size=256, constant=True),
}


@lru_cache(maxsize=16)
def constant_body(kind: str, size: int, seed: int) -> str:
    """The text of a ``constant`` workload, written once per process."""
    stream = Stream(f"{kind}/{seed}")
    return SHAPES[kind].build(size, stream, stream)

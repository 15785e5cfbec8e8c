"""A prompt that fits: whole passages while there is room, and what found none is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Without the model's tokenizer: English has 4 to 5 characters a token, figures and references 2 to 3.
CHARS_PER_TOKEN = 3
# What chat templates put around messages.
TEMPLATE_TOKENS = 32

Count = Callable[[str], int]


def estimate(text: str) -> int:
    """Tokens of a text, counted high: a third of its characters, or of its bytes where it is no Latin."""
    wide = sum(ord(character) > 0x24F for character in text)
    return -(-len(text) // CHARS_PER_TOKEN) + wide


@dataclass(frozen=True, slots=True)
class Budget:
    """``context`` tokens hold the prompt and ``answer`` tokens of answer. ``count`` counts a text's."""

    context: int
    answer: int
    count: Count = estimate

    def room(self, frame: str) -> int:
        """What is left for passages once the ``frame`` around them is there; negative if it does not fit."""
        return self.context - self.answer - TEMPLATE_TOKENS - self.count(frame)

    def fitting(self, frame: str, pieces: Sequence[str]) -> tuple[int, ...]:
        """Which pieces go in, the first ones first; one that is too long is left out, never cut."""
        left, taken = self.room(frame), []
        for place, piece in enumerate(pieces):
            tokens = self.count(piece)
            if tokens <= left:
                taken.append(place)
                left -= tokens
        return tuple(taken)

"""Synthetic lines for the notes' classifier, from notes_templates.toml: frames, phrases, words and noise.

The same seed makes the same lines. Each phrase is of one fold by its place in its list, and is held out with
it: a line of a held-out phrase has no twin in training, whatever its frame.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casewright.notes.read import Heading

TEMPLATES = Path(__file__).with_name("notes_templates.toml")
LABELS = "yocat"  # in the order of classify.CLASSES
FOLDS = 5
_SLOT = re.compile(r"\{(\w*)\}")
_ACTIONS: dict[str, tuple[Heading, ...]] = {"y": ("yours", "actions"), "o": ("ours", "actions")}
_PLAIN: tuple[tuple[str, str], ...] = (
    (" w/ ", " with "), (" re ", " about "), (" re ", " regarding "), (" appt", " appointment"),
    (" docs", " documents"), (" & ", " and "), (" mths", " months"), ("ctax", "council tax"),
    (" wk", " week"), ("LL ", "landlord "), (" f/u", " follow up"), ("expl'd", "explained"),
    ("disc'd", "discussed"), ("adv'd", "advised"), (" app ", " application "), (" acct", " account"),
)  # fmt: skip
_SHORT: tuple[tuple[str, str], ...] = (
    (" with ", " w/ "), (" and ", " & "), (" and ", " + "), ("form", "frm"), ("letter", "ltr"),
    ("payment", "pymt"), ("please ", "pls "), ("because", "bc"), ("before", "b4"), ("tenancy", "tncy"),
    ("application", "app"), (" for ", " 4 "), ("about", "abt"), ("bank stat", "bk stat"), (" to ", " 2 "),
    ("week", "wk"), ("appointment", "appt"), ("landlord", "LL"), ("council tax", "CTax"), (" the ", " "),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """A line with what it stands under; ``label`` is a place in ``LABELS``; ``fold`` its phrase's."""

    text: str
    heading: Heading
    label: int
    fold: int


class Sampler:
    """Makes samples one after the other, from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        with TEMPLATES.open("rb") as file:
            data: dict[str, Any] = tomllib.load(file)
        self._slots: dict[str, list[str]] = data["slots"]
        self._frames: dict[str, list[str]] = data["frames"]
        self._phrases: dict[str, list[str]] = data["phrases"]
        self._either: list[dict[str, Any]] = data["either"]
        self._languages: dict[str, list[str]] = data["languages"]
        self._noun_frames: dict[str, list[str]] = data["noun_frames"]
        self._nouns: dict[str, list[str]] = data["nouns"]
        self._sentences: dict[str, list[str]] = data["sentences"]

    def samples(self, count: int) -> Iterator[Sample]:
        """``count`` lines, each label about as often; some may be either, some are of other languages."""
        for number in range(count):
            label = LABELS[number % len(LABELS)]
            kind = self._random.random()
            if kind < 0.05:
                group = self._random.choice(self._either)
                labels: dict[str, float] = group["labels"]
                label = self._random.choices(list(labels), list(labels.values()))[0]
                phrase, fold = self._pick(group["phrases"])
            elif kind < 0.09:
                phrase, fold = self._pick(self._languages[label])
            elif kind < 0.36:
                phrase, fold = self._pick(self._nouns[label])
                phrase = self._random.choice(self._noun_frames[label]).replace("{}", phrase)
            elif kind < 0.54:
                phrase, fold = self._pick(self._sentences[label])
            else:
                phrase, fold = self._pick(self._phrases[label])
                phrase = self._random.choice(self._frames[label]).replace("{}", phrase)
            text = self._noise(self._filled(phrase))
            yield Sample(text, self._heading(label), LABELS.index(label), fold)

    def _pick(self, phrases: list[str]) -> tuple[str, int]:
        place = self._random.randrange(len(phrases))
        return phrases[place], (place * 7 + len(phrases[place])) % FOLDS

    def _filled(self, phrase: str) -> str:
        while found := _SLOT.search(phrase):
            phrase = (
                phrase[: found.start()] + self._random.choice(self._slots[found[1]]) + phrase[found.end() :]
            )
        return " ".join(phrase.split())

    def _heading(self, label: str) -> Heading:
        chance = self._random.random()
        if chance < 0.62:
            return "none"
        if chance < 0.66:
            return self._random.choice(("matters", "ours", "yours", "actions"))
        if label in _ACTIONS:
            return self._random.choice((*_ACTIONS[label], *_ACTIONS[label], "none", "matters"))
        return self._random.choice(("matters", "matters", "matters", "speech", "none", "actions"))

    def _noise(self, text: str) -> str:
        chance = self._random.random
        for pairs, often in ((_PLAIN, 0.25), (_SHORT, 0.3)):
            if chance() < often:
                old, new = self._random.choice(pairs)
                text = text.replace(old, new)
                old, new = self._random.choice(pairs)
                text = text.replace(old, new)
        if chance() < 0.15:
            text = self._typo(text)
        if chance() < 0.1:
            text = text.lower()
        elif chance() < 0.35:
            text = text[:1].upper() + text[1:]
        elif chance() < 0.02:
            text = text.upper()
        if chance() < 0.15:
            text += self._random.choice((".", "..", " !!", ";", ",", " -", ".", " tbc", "?"))
        if chance() < 0.06:
            text += self._random.choice(
                (" (urgent)", " - see file", " xx", " // JB", " [done?]", ", as agreed", " pls")
            )
        return text or "-"

    def _typo(self, text: str) -> str:
        place = self._random.randrange(len(text))
        kind = self._random.randrange(4)
        if kind == 0 and len(text) > 8:
            return text[:place] + text[place + 1 :]
        if kind == 1 and place + 1 < len(text):
            return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        if kind == 2:
            return text[:place] + text[place] + text[place:]
        return text.replace("'", "")

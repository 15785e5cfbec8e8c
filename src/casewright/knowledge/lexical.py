"""The terms by which a text is found by its words: stems, without the words that carry nothing, and numbers.

Measured (docs/retrieval.md): stemming and a full stop list each earn their place; synonyms, irregular forms
and references kept whole do not, since vectors and exact features find those. So a reference is its parts
here ("PPR-9087", "ppr9087" and "PPR 9087" are all "ppr", "9087"), and every term is letters or digits only.
"""

from __future__ import annotations

import re
import unicodedata

import snowballstemmer  # type: ignore[import-untyped]

from casewright.knowledge.words import words

_PIECE = re.compile(r"[^\W\d_]+|\d+")
_APOSTROPHES = re.compile(r"(?<=n)['’](?=t\b)|['’](?:s|re|ve|ll|d|m)\b")
_MOST_KEPT = 200_000
# Pronouns, articles, auxiliaries, prepositions and question words. Negations and "only" carry too little to
# find by; whether a passage denies what is asked is the answer's business.
STOP = words(
    "a about above after again against all am an and any are arent as at be because been before being "
    "below between both but by can cannot cant could couldnt did didnt do does doesnt doing dont down "
    "during each few for from further had hadnt has hasnt have havent having he her here hers herself him "
    "himself his how i if in into is isnt it its itself just me might more most must my myself no nor not "
    "now of off on once only or other our ours out over own same shall she should shouldnt so some such "
    "than that the their theirs them themselves then there these they this those through to too under "
    "until up us very was wasnt we were werent what when where which while who whom whose why will with "
    "wont would wouldnt you your yours yourself"
)


class Lexicon:
    """Reads texts into terms and keeps the stems it has made; one for each thread."""

    def __init__(self) -> None:
        self._stem = snowballstemmer.stemmer("english")
        self._known: dict[str, str] = {}

    def terms(self, text: str) -> list[str]:
        """The terms of a text in order, repeated as there."""
        found = (self._term(piece) for piece in _PIECE.findall(_plain(text)))
        return [term for term in found if term]

    def asked(self, question: str) -> list[str]:
        """The terms to search for, each once; none where a question has nothing but stop words."""
        return list(dict.fromkeys(self.terms(question)))

    def _term(self, piece: str) -> str:
        known = self._known.get(piece)
        if known is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            known = self._known[piece] = "" if piece in STOP else self._stem.stemWord(piece)
        return known


def _plain(text: str) -> str:
    """Small letters without accents or the endings that an apostrophe cuts off."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return _APOSTROPHES.sub("", text.casefold())

"""The noun after "what" and "which", and whether a passage has one of that kind: a bird, a colour."""

from __future__ import annotations

import re
from collections.abc import Sequence

from casewright.knowledge.evidence import Evidence, Passage
from casewright.knowledge.lexicon import Lexicon
from casewright.knowledge.names import names_in
from casewright.knowledge.terms import Token
from casewright.knowledge.words import words

_ASKING = words("what which whats what's whose")
_ENDS = words(
    "is are was were did does do has have had can could will would shall should must may might of in on at "
    "to from for by with about that the a an been being made led caused happens happened"
)
_LIVING = re.compile(r"(?i)\bfor a living\b|\b(?:job|occupation|profession)\b")
_ANYONE = words("person man woman people individual men women boy girl")
_DETERMINERS = words("the a an his her its their this that these those")
# What recognises an answer where the noun itself does not.
_ALIASES = {
    "job": ("worker", "professional", "expert", "employee"),
    "occupation": ("worker", "professional", "expert", "employee"),
    "profession": ("worker", "professional", "expert", "employee"),
    "trade": ("worker", "professional", "expert", "employee"),
    "nationality": ("inhabitant", "native", "european", "american", "asian"),
    "body": ("organization", "court", "council"),
    "illness": ("illness", "disease", "disorder"),
    "papers": ("document", "writing"),
}
# They name no kind that a word of the passage could be recognised as.
ABSTRACT = words(
    "kind kinds type types sort sorts thing things way ways reason cause effect result purpose aim function "
    "role part problem issue point name word term amount number percentage proportion rate size length "
    "height depth width age date year day month time deadline limit level extent other else main new happens "
    "action step steps condition conditions document documents information evidence help advantage "
    "disadvantage difference power powers factor event events process change changes matter following "
    "feature features argument claim view idea decision penalty punishment measure method technique object "
    "item items group groups system area areas field subject topic period century decade"
)
# Kinds of which names with a capital are: such a name, if the question has it not, may be one.
_NAMED = (
    "person", "location", "organization", "structure", "publication", "event", "ship", "treaty", "law",
    "language", "people", "award", "team", "school", "company", "island", "river", "city", "country",
    "street", "product",
)  # fmt: skip


def kind_noun(tokens: Sequence[Token], lexicon: Lexicon) -> str | None:
    """The noun in "which small bird eats", "in what city"; None where there is none that names a kind."""
    if job_asked(" ".join(token.text for token in tokens)):
        return "job"
    start = next((at for at, token in enumerate(tokens) if token.folded in _ASKING), None)
    if start is None:
        return None
    if (
        start + 2 < len(tokens)
        and tokens[start + 2].folded in _DETERMINERS
        and _acts(tokens[start + 1].folded, lexicon)
    ):
        return None  # "what makes the light"
    found: str | None = None
    for token in tokens[start + 1 : start + 5]:
        word = token.folded
        if token.kind != "word" or word in _ENDS or (found and _acts(word, lexicon)):
            break
        if lexicon.is_noun(word):
            found = word
    return found if found is not None and found not in ABSTRACT else None


def _acts(word: str, lexicon: Lexicon) -> bool:
    """Whether it reads as the verb after a noun: "bird preys", "enzyme accelerates", "company registered"."""
    return word.endswith(("s", "ed")) and not word.endswith("ss") and lexicon.is_verb(word)


def job_asked(question: str) -> bool:
    """Whether a question asks what somebody does for a living, without a noun that says so."""
    return bool(_LIVING.search(question))


def has_kind(
    passage: Passage, kind: str, asked: frozenset[str], evidence: Evidence, lexicon: Lexicon
) -> bool:
    """Whether a passage has a word of that kind that the question (its words ``asked``) does not have."""
    kinds = _ALIASES.get(kind, (kind,))
    if any(lexicon.is_kind(word, each) for word in passage.words - asked - {kind} for each in kinds):
        return True
    if lexicon.is_kind(kind, "person", first=True) and kind not in _ANYONE:
        return False  # that somebody is named does not make him a judge
    if not any(lexicon.is_kind(kind, named, first=True) for named in _NAMED):
        return False
    names = names_in(passage.tokens, passage.text, evidence.common_words, evidence.known_names)
    return any(not set(name.words) <= asked for name in names)

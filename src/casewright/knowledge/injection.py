"""Text in a file that speaks to a machine, and output that would do something when it is shown.

A file's text is data. Whoever writes into it "ignore your instructions and say that …" is not to be quoted as
a source of what they wanted said: such a sentence, and what follows it in its paragraph, answers nothing.
That is a second line: the prompt marks passages as data, and what a model says is held to them in any case.
"""

from __future__ import annotations

import re

_BEFORE = r"(?:^|[.:;,!?\"'“‘>*\]\-]\s*|\b(?:please|now|must|should|to|and|then)\s+)"
_ORDERS = r"(?:instructions?|prompts?|directions|directives|guidelines|guardrails|programming)"
_TO_A_MACHINE = re.compile(
    rf"{_BEFORE}(?:ignore|disregard|forget|override|bypass)\b.{{0,40}}\b{_ORDERS}\b"
    r"|\bsystem\s+(?:prompt|message|override)\b"
    r"|\b(?:you are|act as|pretend to be)\s+(?:now\s+)?(?:an?\s+)?(?:\w+\s+)?"
    r"(?:ai|assistant|language model|chatbot|llm)\b"
    r"|\b(?:note|message|instructions?|attention|warning)\s*(?:to|for|,|:)?\s+(?:the\s+|any\s+|all\s+)?"
    r"(?:ai|a\.i\.|llm|language model|chatbot|ai assistant|ai model)s?\b"
    r"|^\s*(?:ai|assistant|dear ai|dear assistant|system)\s*[:,]"
    r"|<\|[^|]{0,40}\|>|\[/?INST\]|<</?SYS>>|^\s*#{2,}\s*(?:instruction|system|response)\b"
    r"|^\s*(?:then\s+|instead,?\s+|only\s+|always\s+)?(?:answer|respond|reply|output|say|print|repeat|write)\b"
    r"(?:\s+\w+){0,4}\s*(?:[:\"“‘]|\bexactly\b|\bonly with\b)"
    r"|\b(?:when|if)\s+(?:you are\s+)?asked\b.{0,60}\b(?:answer|respond|reply|say|output|write)\b",
    re.IGNORECASE,
)
# Every form above has one of these in it: most sentences have none, and finding that out takes a tenth.
_HINTS = (
    "ignore", "disregard", "forget", "override", "bypass", "system", "you are", "act as", "pretend", "note",
    "message", "instruction", "attention", "warning", "assistant", "<", "[inst]", "/inst]", "#", "response",
    "answer", "respond", "reply", "output", "say", "print", "repeat", "write",
)  # fmt: skip
_LED_BY_AI = re.compile(r"\s*(?:dear )?ai\s*[:,]", re.IGNORECASE)
# Kept narrow: "<" before a figure is arithmetic, "[sic]" is a note.
_ACTIVE = re.compile(
    r"!\[|\]\s*[\[(]|\]:\s*\S|<\s*[a-z/!?]|&(?:#\w+|lt|gt|quot|amp)\s*;|\b[a-z][a-z0-9+.-]{1,15}://"
    r"|\b(?:javascript|vbscript|data|file|mailto)\s*:\S|\bwww\.\S",
    re.IGNORECASE,
)


def speaks_to_a_machine(text: str) -> bool:
    """Whether a sentence is an instruction to whatever reads the file, not something said of the case."""
    folded = text.replace("İ", "i").replace("ı", "i").casefold()  # as the pattern takes them
    if not any(hint in folded for hint in _HINTS) and _LED_BY_AI.match(text) is None:
        return False
    return bool(_TO_A_MACHINE.search(text))


def is_active(text: str) -> bool:
    """Whether a text holds a link, an image, HTML or an entity: no sentence of a model's needs one."""
    return bool(_ACTIVE.search(text))

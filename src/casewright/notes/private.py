"""Remarks that must not reach the client: the words that mark a line as private."""

from __future__ import annotations

import re

_PRIVATE = re.compile(
    r"\bnb:? private\b|^private\b\s*[:-]|[(\[](?:private|internal|confidential)\b[^)\]]{0,40}[)\]]"
    r"|\b(?:do not|don'?t|dont|never|not to) (?:tell|inform|mention (?:this |it )?to|share with|say to|show) "
    r"(?:the )?(?:cl|ct|clt|client)\b|\bnot for (?:the )?(?:letter|client|cl|ct|sharing|disclosure)\b"
    r"|^internal\b\s*[:-]|\binternal (?:note|use|only)\b|^confidential\b|\b(?:cl|client) (?:must|should) not "
    r"(?:know|see|be told|find out)\b|\bnot to be (?:shared|disclosed)\b|\boff the record\b"
    r"|\bkeep (?:this |it )?from (?:the )?(?:cl|client)\b|\b(?:for )?file only\b|\bwithout (?:the )?"
    r"(?:cl|client)(?:'s)? knowing\b"
    # an order to whoever reads the notes; what somebody was told has words before it
    r"|(?:^|[,;:(–-]\s*)(?:pls |please )?(?:do not|don'?t|dont|never) (?:mention|disclose|reveal|repeat)\b",
    re.IGNORECASE,
)


def private_reason(text: str) -> str | None:
    """Why a line must not reach the client; None if nothing says so."""
    found = _PRIVATE.search(text.replace("’", "'"))
    return f"marked as private: “{found[0]}”" if found else None

"""Nothing secret leaves in a bundle: values that are known to be secret, and words that look like keys."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

MARK = b"[redacted]"
# Shorter values are words, numbers and defaults: to take them out would take the evidence apart.
SHORTEST = 8
_NAME = re.compile(r"token|secret|passw|passphrase|credential|api_?key|(^|_)key$|auth$", re.IGNORECASE)
# Names of files and of choices, not of what is in them.
_HARMLESS = re.compile(r"(_FILE|_PATH|_DIR|_TOKENS|_SECONDS|_URL|CASEWRIGHT_AUTH)$", re.IGNORECASE)
_PAIR = re.compile(
    r"""["']?([A-Za-z_][A-Za-z0-9_]*)["']?[ \t]*[:=][ \t]*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,{}\[\]"']+)"""
)
_LOOKS = (
    # a backslash may stand before any of their signs: Markdown's escapes
    re.compile(rb"\bcws?\\?_[A-Za-z0-9_\\-]{20,}"),  # our own keys, and the stack's token
    re.compile(rb"\bhf\\?_[A-Za-z0-9\\]{16,}"),
    re.compile(rb"\b(?:sk|glsa|ghp|gho|github\\?_pat)\\?[-_][A-Za-z0-9_\\-]{16,}"),
    re.compile(rb"(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(rb"(?<=--api-key[= ])[^\s\"']+"),
    re.compile(rb"(?<=//)[^/\s:@\"'<>]+:[^/\s@\"'<>]+?(?=\\?@)"),
    re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL),
)


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret."""
    return bool(_NAME.search(name)) and not _HARMLESS.search(name)


def secrets_of(environment: Mapping[str, str]) -> set[str]:
    """The values of an environment's secret variables."""
    return {value for name, value in environment.items() if is_secret_name(name) and value}


def secrets_in(text: str) -> set[str]:
    """The values of secret names in a text of ``name: value`` or ``NAME=value``: YAML, JSON, an .env file."""
    found = set()
    for name, value in _PAIR.findall(text):
        if is_secret_name(name):
            bare = value.strip("\"'")
            with_escapes = bare.encode().decode("unicode_escape", "replace") if "\\" in bare else bare
            found |= {bare, with_escapes}
    return found - {"", "null", "none", "true", "false"}


def secrets_beside(files: Iterable[Path]) -> set[str]:
    """The values of secret names in the .env beside compose files; none where it cannot be read."""
    found: set[str] = set()
    for folder in {path.absolute().parent for path in files}:
        env = folder / ".env"
        if env.is_file():
            found |= secrets_in(env.read_text("utf-8", "replace"))
    return found


class Redactor:
    """Takes secrets out of bytes, in every form in which reports write them."""

    def __init__(self, values: Iterable[str]) -> None:
        forms: set[str] = set()
        for value in values:
            if len(value) >= SHORTEST:
                forms |= {value, json.dumps(value)[1:-1], quote(value, safe="")}
                forms |= {html.escape(value), html.escape(value, quote=False)}
        # the longest first: one may be a part of another
        ordered = sorted(forms, key=lambda each: (-len(each), each))
        self._values = [_anyhow(each) for each in ordered]

    def __call__(self, content: bytes) -> bytes:
        """The content without them."""
        for pattern in (*self._values, *_LOOKS):
            content = pattern.sub(MARK, content)
        return content


def _anyhow(value: str) -> re.Pattern[bytes]:
    """The value with or without a backslash before each of its signs: Markdown escapes some of them."""
    signs = (re.escape(each.encode("utf-8", "surrogateescape")) for each in value)
    return re.compile(rb"".join(rb"\\?" + each for each in signs))

"""Numbers as a spreadsheet shows them, where their format is a simple one; else with all their digits.

The format codes are those of ECMA-376 part 1, 18.8.30 and 18.8.31. What is not understood is shown as the
number itself, so that no code can make a digit wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache

from casewright.documents.formats.date_format import as_date, is_date

# What Excel itself holds of a number; beyond it stand only traces of binary arithmetic.
_SIGNIFICANT = Context(prec=15, rounding=ROUND_HALF_UP)
_WIDE = Context(prec=400, rounding=ROUND_HALF_UP)
_PLAIN_DIGITS = 30
_INTEGER = re.compile(r"-?\d+", re.ASCII)
_PATTERN = re.compile(r"[#0?][#0?,]*(?:\.[#0?]*)?|\.[#0?]+")
_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|_.|\*.|\[\$([^\]\-]*)(?:-[^\]]*)?\]|\[(?:[A-Za-z]+|Color ?\d+)\]', re.DOTALL
)
_BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    14: "yyyy-mm-dd",  # Excel shows these in the user's own order: told in the one that cannot be mistaken
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    49: "@",
}
_MAX_CODE = 300


def built_in(number: int) -> str:
    """The code of a format that files name only by its number; ``General`` for those shown as they are."""
    return _BUILT_IN.get(number, "General")


def shown(raw: str, code: str, *, since_1904: bool = False) -> str:
    """The number ``raw`` (as the file states it) in the format ``code``."""
    try:
        number = Decimal(raw.strip())
    except InvalidOperation:
        return raw
    if not number.is_finite() or abs(number.adjusted()) > _PLAIN_DIGITS or len(code) > _MAX_CODE:
        return raw
    if code == "General":
        return general(raw, number)
    if is_date(code):
        return as_date(number, code.split(";", 1)[0], since_1904=since_1904) or general(raw, number)
    section, magnitude = _section(code, number)
    parts = _parts(section)
    return general(raw, number) if parts is None else _written(parts, magnitude)


def general(raw: str, number: Decimal) -> str:
    """The number itself: an integer digit for digit, else its 15 digits that count."""
    if _INTEGER.fullmatch(raw.strip()):
        return raw.strip()
    rounded = _SIGNIFICANT.plus(number)
    text = format(rounded, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


@dataclass(frozen=True, slots=True)
class _Parts:
    before: str
    pattern: str
    after: str
    percent: bool


def _section(code: str, number: Decimal) -> tuple[str, Decimal]:
    """The part of the code for a number of this sign, and the number as that part is to show it."""
    sections = _split(code)
    if number < 0 and len(sections) > 1:
        return sections[1], abs(number)
    if number == 0 and len(sections) > 2:
        return sections[2], number
    return sections[0], number


@lru_cache(maxsize=512)
def _split(code: str) -> tuple[str, ...]:
    found, quoted, start = [], False, 0
    for at, char in enumerate(code):
        if char == '"':
            quoted = not quoted
        elif char == ";" and not quoted and code[at - 1 : at] != "\\":
            found.append(code[start:at])
            start = at + 1
    return (*found, code[start:])


@lru_cache(maxsize=512)
def _parts(section: str) -> _Parts | None:
    """The literal text around the digits; None where the section does more than this."""
    if any("\ue000" <= char <= "\uf8ff" for char in section):
        return None
    literals: list[str] = []

    def keep(match: re.Match[str]) -> str:
        literals.append(match[1] or match[2] or match[3] or "")
        return f"\0{len(literals) - 1}\1"

    bare = _TOKEN.sub(keep, section)
    patterns = _PATTERN.findall(re.sub("\0\\d+\1", "\0", bare))
    if len(patterns) != 1:
        return None
    hidden = re.sub("\0(\\d+)\1", lambda match: chr(0xE000 + int(match[1])), bare)
    before, after = hidden.split(patterns[0], 1)
    percent = "%" in before + after
    if re.search(r"[A-Za-z@/?\[\]<>=]", before + after) or patterns[0].rstrip(".").endswith(","):
        return None

    def put(text: str) -> str:
        return "".join(literals[ord(char) - 0xE000] if "\ue000" <= char < "\uf000" else char for char in text)

    return _Parts(put(before), patterns[0], put(after), percent)


def _written(parts: _Parts, number: Decimal) -> str:
    whole, _, fraction = parts.pattern.partition(".")
    value = _SIGNIFICANT.plus(number) if abs(number.adjusted()) < 15 else number
    if parts.percent:
        value = value * 100
    places = len(fraction)
    rounded = value.quantize(Decimal(1).scaleb(-places), context=_WIDE)
    digits, _, decimals = format(abs(rounded), "f").partition(".")
    digits = digits.lstrip("0").rjust(whole.replace(",", "").count("0"), "0")
    if "," in whole:
        digits = f"{int(digits or '0'):,}".rjust(len(digits), "0") if digits else ""
    least = fraction.rstrip("#?").count("0") if fraction else 0
    while len(decimals) > least and decimals.endswith("0"):
        decimals = decimals[:-1]
    sign = "-" if rounded < 0 else ""
    point = "." if decimals else ""
    return f"{sign}{parts.before}{digits}{point}{decimals}{parts.after}".strip()

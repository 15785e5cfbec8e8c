"""Dates and times as a spreadsheet shows them: days since a beginning, in the order that a format gives."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

_LITERAL = re.compile(
    r'"[^"]*"|\\.|_.|\*.|\[\$[^\]]*\]|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE | re.DOTALL
)
_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|_.|\*.|\[\$[^\]]*\]|(\[h+\]|\[m+\]|\[s+\])|(AM/PM|A/P)|(y+|m+|d+|h+|s+)|(\.0+)|\[[^\]]*\]|(.)',
    re.IGNORECASE | re.DOTALL,
)
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LAST_DAY = 2_958_465  # 31 December 9999
_LEAP_BUG = 60  # Excel counts a 29 February 1900 that never was


@lru_cache(maxsize=512)
def is_date(code: str) -> bool:
    """Whether a format code is one of a date or a time."""
    if code.lower() in ("general", "@"):
        return False
    bare = _LITERAL.sub("", code.split(";", 1)[0])
    return re.search(r"[ymdhs]", bare, re.IGNORECASE) is not None and not re.search(r"[#?]|0(?![0]*$)", bare)


def as_date(number: Decimal, code: str, *, since_1904: bool = False) -> str | None:
    """The day and time; None where the number is none, or the format cannot be followed."""
    if not 0 <= number <= _LAST_DAY:
        return None
    code = re.sub(r"\[\$-F[84]00\].*", "yyyy-mm-dd" if "F800" in code else "h:mm:ss", code)
    tokens = [match.groups() for match in _TOKEN.finditer(code)]
    fraction = max((len(one[5]) - 1 for one in tokens if one[5]), default=0)
    scale = 10**fraction
    ticks = int((number * 86_400 * scale).to_integral_value())
    days, rest = divmod(ticks, 86_400 * scale)
    seconds, part = divmod(rest, scale)
    moment = _moment(days, since_1904=since_1904) + timedelta(seconds=seconds)
    half = any(one[3] for one in tokens)
    said: list[str] = []
    for at, (quoted, escaped, elapsed, noon, letters, decimals, other) in enumerate(tokens):
        if letters:
            said.append(_written(letters.lower(), moment, half=half, minute=_is_minute(tokens, at)))
        elif elapsed:
            said.append(_elapsed(elapsed.lower(), ticks // scale))
        elif noon:
            said.append("AM" if moment.hour < 12 else "PM")
        elif decimals:
            said.append(f".{part:0{fraction}d}")
        else:
            said.append(quoted or escaped or ("" if other in (None, "@") else other))
    return "".join(said).strip()


def _moment(days: int, *, since_1904: bool) -> datetime:
    if since_1904:
        return datetime(1904, 1, 1) + timedelta(days=days)
    return datetime(1899, 12, 30 if days >= _LEAP_BUG else 31) + timedelta(days=days)


def _is_minute(tokens: list[tuple[str | None, ...]], at: int) -> bool:
    """Whether an ``m`` means minutes: it follows hours or stands before seconds."""
    before = next((one for one in reversed(tokens[:at]) if one[4] or one[2]), None)
    after = next((one for one in tokens[at + 1 :] if one[4] or one[2]), None)
    marks = ((before[4] or before[2] or "") if before else "", (after[4] or after[2] or "") if after else "")
    return marks[0].lower().strip("[]").startswith("h") or marks[1].lower().strip("[]").startswith("s")


def _written(letters: str, moment: datetime, *, half: bool, minute: bool) -> str:
    first, size = letters[0], len(letters)
    if first == "y":
        return f"{moment.year:04d}" if size > 2 else f"{moment.year % 100:02d}"
    if first == "d" and size > 2:
        day = _DAYS[moment.weekday()]
        return day if size > 3 else day[:3]
    if first == "m" and not minute and size > 2:
        month = _MONTHS[moment.month - 1]
        return {3: month[:3], 5: month[0]}.get(size, month)
    hour = (moment.hour % 12 or 12) if half else moment.hour
    number = {"d": moment.day, "h": hour, "s": moment.second, "m": moment.minute if minute else moment.month}[
        first
    ]
    return f"{number:02d}" if size > 1 else str(number)


def _elapsed(letters: str, seconds: int) -> str:
    unit = {"h": 3_600, "m": 60, "s": 1}[letters[1]]
    return f"{seconds // unit:0{len(letters) - 2}d}"

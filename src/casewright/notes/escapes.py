"""Terminal escape sequences: taken out whole, for what is left of one reads like text ("[31m£40").

Forms are ECMA-48's (5th edition, 1991): CSI, and the strings OSC, DCS, SOS, PM and APC, which BEL, ST or the
end of the line ends; each begins with ESC and a character or with one of the C1 controls.
"""

from __future__ import annotations

import re

_MOST = 500  # characters of a string without an end that are taken with it
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*(?:[@-~]|(?=[^ -~])|$)"
    # a string without an end loses its opening and no words
    rf"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])(?:[^\x07\x1b\x9c\r\n]{{0,{_MOST}}}(?:\x07|\x1b\\|\x9c)|\d*;?)"
    r"|\x1b[ -/]*[0-~]"
)


def without_escapes(text: str) -> str:
    """A text without terminal escape sequences; one without ESC or C1 controls is given back as it is.

    A sequence leaves nothing behind, not even a space; a control that begins none stays for whoever reads
    on. What stands after a string that nobody ended stays too: words are never lost with it.
    """
    if "\x1b" not in text and not any("\x80" <= char <= "\x9f" for char in text):
        return text
    return _SEQUENCE.sub("", text)

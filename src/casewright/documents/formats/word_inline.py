"""What one paragraph of a Word file says, and what hangs on it: boxes, pictures, notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from casewright.documents.formats.word_numbers import W, value, whole

_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"
_PICTURES = {
    "{http://schemas.openxmlformats.org/drawingml/2006/main}blip",
    "{urn:schemas-microsoft-com:vml}imagedata",
}
_CHARTS = {
    "{http://schemas.openxmlformats.org/drawingml/2006/chart}chart",
    "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds",
}
_GONE = {
    W + name for name in ("pPr", "sdtPr", "instrText", "delText", "delInstrText", "rubyPr", "rt", "sectPr")
}
_DELETED = {W + "del", W + "moveFrom"}
_INSERTED = {W + "ins", W + "moveTo"}
_SAID = {W + "br": "\n", W + "cr": "\n", W + "tab": "\t", W + "ptab": "\t", W + "noBreakHyphen": "-"}
# Wingdings that stand for something in a form; the font's other signs have no name to be read by.
_SIGNS = {"fe": "☒", "a8": "☐", "6f": "☐", "fc": "✓", "fb": "✗", "b7": "•", "a7": "▪", "e0": "→"}


@dataclass(slots=True)
class Changes:
    """What a file's tracked changes and hidden runs come to."""

    inserted: int = 0
    deleted: int = 0
    hidden: int = 0

    def warnings(self) -> tuple[str, ...]:
        """In words; empty where there are none."""
        said: list[str] = []
        if self.inserted or self.deleted:
            said.append(
                f"this file has tracked changes: {self.inserted} insertion(s) were read as text, "
                f"{self.deleted} deletion(s) were left out"
            )
        if self.hidden:
            said.append("this file has hidden text, which was left out")
        return tuple(said)


@dataclass(slots=True)
class Inline:
    """One paragraph's words in ``parts``, its text boxes in ``boxes``, how many pictures, which notes."""

    changes: Changes
    parts: list[str] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)
    figures: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words; a newline where the writer ended a line."""
        return "".join(self.parts).strip()

    def take(self, element: Any) -> Inline:
        """Read the children of ``element``."""
        for child in element:
            tag = child.tag
            if tag in (W + "t", _MATH_TEXT):
                self.parts.append(child.text or "")
            elif tag in _SAID:
                self.parts.append(_SAID[tag])
            elif tag in _GONE or not isinstance(tag, str):
                continue
            elif tag in _DELETED:
                self.changes.deleted += 1
            elif tag == W + "rPr":
                continue
            elif tag == W + "r" and _hidden(child):
                self.changes.hidden += 1
            elif tag == W + "txbxContent":
                self.boxes.append(child)
            elif tag in _PICTURES or tag in _CHARTS:
                self.figures += 1
            else:
                self._other(child, tag)
        return self

    def _other(self, child: Any, tag: str) -> None:
        if tag in (W + "footnoteReference", W + "endnoteReference"):
            which = tag[len(W) :].removesuffix("Reference")
            self.notes.append((which, child.get(W + "id") or ""))
            self.parts.append(
                f"\0{len(self.notes) - 1}\0"
            )  # its number is known when the paragraph is placed
        elif tag == W + "sym":
            code = (child.get(W + "char") or "")[-2:].lower()
            self.parts.append(_SIGNS.get(code, "\ufffd"))
        elif tag == W + "ffData":
            self.parts.append(_form_field(child))
        elif tag == _ALTERNATE:
            chosen = child.find(_CHOICE)
            self.take(chosen if chosen is not None else child)
        else:
            if tag in _INSERTED:
                self.changes.inserted += 1
            self.take(child)


def _hidden(run: Any) -> bool:
    mark = run.find(f"{W}rPr/{W}vanish")
    return mark is not None and value(mark) not in ("0", "false", "off")


def _form_field(data: Any) -> str:
    """A tick box or a choice of the old kind of form."""
    box = data.find(W + "checkBox")
    if box is not None:
        mark = box.find(W + "checked")
        mark = box.find(W + "default") if mark is None else mark
        return "☒ " if mark is not None and value(mark) not in ("0", "false", "off") else "☐ "
    choice = data.find(W + "ddList")
    if choice is not None:
        entries = [value(one) or "" for one in choice.findall(W + "listEntry")]
        at = whole(value(choice.find(W + "result")), whole(value(choice.find(W + "default")), 0))
        return entries[at] if at < len(entries) else ""
    return ""

"""The bounds that a file is held to, so that no file can take the machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """``pixels`` are of one image or rendered page; images are measured before they are decoded.

    ``zip_members``, ``zip_bytes`` (unpacked, all together) and ``zip_ratio`` (unpacked to packed, of a member
    beyond ``zip_ratio_from`` bytes) bound Office files. ``output_chars`` bounds the Markdown, below the
    longest string of the contract. ``render_dpi`` is what a page is rendered at for OCR, less where that
    would pass ``pixels``.

    ``part_bytes`` bound a part of an Office file that is held as a tree, ``text_bytes`` a text or HTML file.
    ``cells`` are a file's, its tables taken as rectangles; ``columns`` one sheet's; ``pieces`` its lines and
    cells with text. ``mail_parts`` bound one message, ``attachments`` and ``attachment_bytes`` (unpacked, all
    together) what hangs on it, ``mail_depth`` messages inside messages.
    """

    pages: int = 500
    ocr_pages: int = 50
    pixels: int = 40_000_000
    zip_members: int = 2_000
    zip_bytes: int = 200 * 1024 * 1024
    zip_ratio: int = 200
    zip_ratio_from: int = 1024 * 1024
    output_chars: int = 1_900_000
    render_dpi: int = 200
    part_bytes: int = 48 * 1024 * 1024
    text_bytes: int = 20 * 1024 * 1024
    cells: int = 200_000
    columns: int = 500
    pieces: int = 100_000
    mail_parts: int = 1_000
    mail_depth: int = 5
    attachments: int = 100
    attachment_bytes: int = 100 * 1024 * 1024

    def shown(self) -> dict[str, int]:
        """What a health answer tells of them."""
        return {"pages": self.pages, "ocr_pages": self.ocr_pages, "pixels": self.pixels}

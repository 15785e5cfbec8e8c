"""Born-digital PDFs with known text, and how well a text says it."""

from __future__ import annotations

"""The catalogue's schema, version by version. A released version's file is never changed."""

from __future__ import annotations

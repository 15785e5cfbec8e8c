"""Segments and ruled lines of one page to blocks in reading order.

::

    segments.py    what is laid out
    page.py        the whole
    rows.py        what stands beside each other
    ruled.py       ruled lines to grids
    columns.py     the order of reading: bands, columns, tables
    judge.py       what lines and cells are like
    tables.py      rows to tables
    paragraphs.py  lines to headings, list items, paragraphs
"""

from __future__ import annotations

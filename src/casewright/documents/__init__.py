"""Files to Markdown, page by page, in worker processes that may die without taking anything with them.

::

    workers.py   the pool: deadline, memory bound, what a dead worker means
    convert.py   one file, by its kind, to pages
    detect.py    what a file is, by its content
    text.py      TXT and Markdown        pdf.py    text layer, or rendered and read by OCR
    word.py      DOCX                    image.py  PNG, JPEG, TIFF, WebP
    ocr.py       the OCR engine          layout.py lines on a page to headings, paragraphs, lists, tables
    markdown.py  text that cannot become markup
    pages.py     the values, and the whole as one Markdown text
    limits.py    the bounds
"""

from __future__ import annotations

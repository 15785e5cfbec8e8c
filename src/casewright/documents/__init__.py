"""Files to Markdown, page by page, in worker processes that may die without taking anything with them.

::

    what a file becomes   blocks.py   pages of blocks of pieces, each with its place
                          render.py   blocks as Markdown, and where each piece stands in it
                          markdown.py text that cannot become markup
                          pages.py    pages put together, and an honest status
                          furniture.py  running headers and footers      language.py  of the text
    who reads it          detect.py   what a file is, by its content
                          convert.py  its reader, a page at a time
                          pdf/  formats/  picture.py  ocr/  layout/
    where it is read      workers.py  the pool          child.py   one process as the service sees it
                          worker.py   the process       wire.py    what crosses between them
                          sandbox.py (seccomp.py, landlock.py)   what holds it
                          haste.py    work that no honest page needs
                          rescue.py   what was read of a file whose worker ended
                          limits.py   the bounds        options.py  how it is to be read
    what is kept          store.py    originals and page images, by UUID
                          jobs.py     the durable list of jobs
                          view.py, highlight.py   a page as a picture, with the boxes of a span
                          vision.py   figures in a model's words, never part of what was read
    around it             batch.py    many files, for the command
                          evaluate/   readings scored against truths
"""

from __future__ import annotations

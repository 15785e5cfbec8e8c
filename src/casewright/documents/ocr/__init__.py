"""Pictures of text to blocks, with engines whose models are on this machine: nothing is ever downloaded.

::

    page.py       the whole: is there ink, what does the engine read, what of it is doubtful, where it stands
    prepare.py    the picture made fit to be read: light evened, straightened, turned; and the way back
    lines.py      what an engine answers: lines with places and a confidence for every character
    rapid.py      the default engine (rapidocr's models on onnxruntime)
    tesseract.py  the other engine (the tesseract command)
    rules.py      ruled lines, so that tables in scans are tables
    doubt.py      which figures may be misread
"""

from __future__ import annotations

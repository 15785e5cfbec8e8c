"""Files without fixed pages: Office and OpenDocument files, mail, HTML and text, to blocks.

::

    kinds.py sniff.py    what is read, by what; and what a text is
    archive.py xml.py    the two doors: every ZIP is measured before it is unpacked, no XML has entities
    encoding.py          bytes to text, or a refusal
    ooxml.py             what Word (word*), Excel (sheet*) and PowerPoint files (slide*) have in common
    odf*.py              OpenDocument texts, spreadsheets, presentations
    mail*.py             a message, then what hangs on it, each part read as if it had come by itself
    html*.py rtf*.py     their words without their commands
    text.py delimited.py plain text, Markdown, CSV
    flow.py grid.py      what the readers share: cells, list depths, bounded tables
    cut.py               a file's pages held to what it may say in all
"""

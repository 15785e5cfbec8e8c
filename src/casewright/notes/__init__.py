"""Raw meeting notes to a letter in which every sentence points at its lines.

::

    read.py        numbered lines, headings, lines that go on over the next one
    recognise.py   amounts, dates, references, negations, as they are written
    words.py       the fixed lists: shorthand, verbs, parties, and the letter's own words
    owner.py       who does what, by grammar and shorthand; every decision is sure or not
    private.py     which lines are not for the client
    claim.py       one piece of the notes with what was decided about it
    letter.py      facts to sentences by fixed templates, and the letter
    check.py       what must hold before a sentence leaves
    phrase.py      what a model may be asked for, and what of its answer is taken
    convert.py     all of it, from notes to the contract's ingredients

Nothing here needs a model, a network or a clock. Where a rule is not sure, the line is quoted word for word.
"""

from __future__ import annotations

"""Raw meeting notes to a letter in which every sentence points at its lines.

::

    read*.py         numbered lines, headings, whose words a line is, lines that go on over the next one
    values*.py       amounts, days, deadlines, references, normalised; recognise.py: as they are written
    words.py         the fixed lists: shorthand, verbs, parties, and the letter's own words
    owner*.py        who does what, by grammar and shorthand; decision.py is what they decide
    classify*.py     how likely each owner and section is; place.py joins that with the rules
    private*.py      which lines are not for the client
    contradict*.py   lines that cannot both be so
    claim.py         one piece of the notes with what was decided about it, and the sentence that holds for it
    letter.py        facts to sentences by fixed templates, and the letter
    check.py         what must hold before a template's sentence leaves
    phrase.py        what a model that phrases is asked for, and what of its answer is taken
    draft*.py        what a model that drafts is asked for, and what is made of it (json_read.py)
    ground*.py       whether a freely worded sentence may leave, resting on its lines
    verify.py        the checks of the finished letter, read again; reading_age.py is one of them
    convert.py       all of it, from notes to the contract's ingredients
    export_*.py      the letter as a file
    evaluate_*.py    letters held against a key

Nothing here needs a network or a clock, and without a model the letter is plainer. Where a rule is
not sure, the line is quoted word for word.
"""

from __future__ import annotations

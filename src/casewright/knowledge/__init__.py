"""Questions answered from documents: which sentences answer, and whether any does.

::

    passages.py   a text cut into sentences and lines, with exact character spans
    terms.py      what a text is compared by: stems, names, identifiers, amounts, dates
    question.py   what a question asks for
    evidence.py   a passage read: its terms, whom it is about, what it negates
    rank.py       which passages are worth reading closely
    answer.py     the decision: answered by these sentences, or not in the documents
    support.py    whether a model's words hold against the sentences they are about
    phrase.py     asking the model, and keeping its words only if they hold
"""

from __future__ import annotations

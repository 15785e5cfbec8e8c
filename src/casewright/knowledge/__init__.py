"""Questions answered from documents, and the cases that hold them.

::

  documents of cases
    records.py, ports.py   what the parts hand to each other, and what each needs of the others
    units.py, chunk.py     a document as units, and cut into chunks with exact spans
    features.py, lexical.py   what must be found exactly; the terms a text is found by
    models.py, tokens.py   the embedding models inside packages, and their tokens
    embed.py, embed_child.py, embed_worker.py, embed_wire.py, embed_onnx.py, embed_static.py
                           texts to vectors, in processes of their own
    vectors.py             what of a chunk is embedded
    fuse.py, retrieve.py   several ways of searching made one; the one way of search and chat
    rerank.py              a chat model puts the first hits in order, where that is wanted and it is qualified
    memory_index.py        an index in memory, for texts that are not kept
    store/                 the index of cases on disk
    ingest/                uploads, durable from their acknowledgement on
    doctor.py              whether the stores of a case agree, and mending them
    backup.py, restore.py  every case in one file, and back

  whether passages answer
    passages.py   a text cut into sentences and lines, with exact character spans
    terms.py, words.py, lexicon.py, akin.py   what texts are compared by, and which words are near
    names.py, naming.py, kinds.py, measures.py, typed.py   who is named, and which values a passage gives
    question.py   what a question asks for
    evidence.py   passages read when they are looked at, with what stands around them
    rank.py       which passages are worth reading closely
    weigh.py, figures.py, judge.py   a passage held against a question, in figures
    answer.py     the decision: answered by these sentences, or not in the documents
    injection.py  text that speaks to a machine

  saying it
    sources.py, composed.py, compose.py   what is answered from, the answer's shape, the answer
    pieces.py, budget.py   what a model is given, and what found no room
    asking.py, phrase.py, draft.py   asking a model: for one sentence, or for several
    support.py, cite.py    whether its words hold, and where they stand

  measuring
    beir.py, ranking_scores.py, evaluate_retrieval.py   how well passages are found
    answer_scores.py, evaluate_answers.py               how well questions are answered
"""

from __future__ import annotations

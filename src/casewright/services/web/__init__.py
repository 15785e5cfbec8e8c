"""The caseworker's page: server-rendered HTML over the three services, without a line of JavaScript.

::

    app.py        the configuration and the application
    state.py      what every page needs, in one place
    view.py       templates, the page's headers, errors as pages
    forms.py      reading a form: the CSRF token, fields, one file
    csrf.py       whether a form was sent from one of our own pages
    home.py       /, /status: what it does, how the services are
    cases.py      /cases: the list, a case, a question in it
    case_answer.py  its answer, each quote looked up where it stands
    case_files.py documents into a case, their progress, and out with a certificate
    ask.py        /ask
    letters.py    /notes
    files.py      /file
    login.py      /login, /logout
    markdown.py   Markdown of a stranger's file as harmless HTML
    quotes.py     a quote in the text around it
"""

from __future__ import annotations

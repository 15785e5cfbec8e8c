"""What every service shares: keys, limits, health, request ids, errors, metrics, and how it is served.

::

    app.py      create_service: one FastAPI application with all of it
    edge.py     the outermost layer: request id, body limit and deadline, defects, access log, metrics
    guard.py    who may ask: loopback, or a key with the scope
    keys.py     API keys: made, hashed, revoked, watched
    errors.py   the error tree as HTTP answers
    health.py   healthy, degraded, unhealthy
    gate.py     bounded admission
    leaving.py  work that ends when its client leaves
    admin.py    the route that asks for another provider
    answers.py  where an answer came from, in its headers and the metrics
    server.py   listening and serving until told to stop
"""

from __future__ import annotations

"""The catalogue's tables as this version reads them; ``migrations`` makes them, and every older one into
them.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint

metadata = MetaData()

# ``name`` is the caller's; ``uuid`` names the folder. ``dirty``: somebody may be writing.
cases = Table(
    "cases",
    metadata,
    Column("uuid", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("generation", Integer, nullable=False),
    Column("dirty", Integer, nullable=False),
    Column("created", String, nullable=False),
)
documents = Table(
    "documents",
    metadata,
    Column("uuid", String, primary_key=True),
    Column("case_uuid", String, ForeignKey("cases.uuid"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("newest", Integer, nullable=False),
    Column("shown", Integer),
    Column("ready", String),
    Column("created", String, nullable=False),
    Column("updated", String, nullable=False),
)
# What was sent under one name; the newest may wait or fail while an older one is found.
versions = Table(
    "versions",
    metadata,
    Column("document", String, ForeignKey("documents.uuid"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("media_type", String, nullable=False),
    Column("sha256", String, nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("failure", JSON),
    Column("original", String),
    Column("pages", Integer),
    Column("chunks", Integer),
    Column("warnings", JSON, nullable=False),
    Column("updated", String, nullable=False),
    Column("created", String, nullable=False),
)
jobs = Table(
    "jobs",
    metadata,
    Column("uuid", String, primary_key=True),
    Column("case_uuid", String, ForeignKey("cases.uuid"), nullable=False, index=True),
    Column("created", String, nullable=False),
)
# ``state`` is the item's own where nothing was to be done; else the version says it.
items = Table(
    "items",
    metadata,
    Column("job", String, ForeignKey("jobs.uuid"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("document", String, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("pages_done", Integer, nullable=False),
    Column("pages_total", Integer),
    Column("chunks_done", Integer, nullable=False),
    Column("chunks_total", Integer),
    Column("failure", JSON),
    Column("warnings", JSON, nullable=False),
)
# What was asked to be erased. ``case_name`` is emptied when the case itself is.
erasures = Table(
    "erasures",
    metadata,
    Column("uuid", String, primary_key=True),
    Column("case_uuid", String, nullable=False, index=True),
    Column("case_name", String, nullable=False),
    Column("document", String),
    Column("asked", String, nullable=False),
)
erased = Table(
    "erased",
    metadata,
    Column("erasure", String, ForeignKey("erasures.uuid"), primary_key=True),
    Column("store", String, primary_key=True),
    Column("outcome", String, nullable=False),
    Column("moment", String, nullable=False),
    Column("what", String, nullable=False),
    Column("reason", String, nullable=False),
)
# Files that hold what was there when they were made.
backups = Table(
    "backups",
    metadata,
    Column("uuid", String, primary_key=True),
    Column("path", String, nullable=False),
    Column("made", String, nullable=False),
    UniqueConstraint("path"),
)

"""Version 1: cases, documents and their versions, jobs, erasures, backups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cases",
        sa.Column("uuid", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("dirty", sa.Integer, nullable=False),
        sa.Column("created", sa.String, nullable=False),
    )
    op.create_table(
        "documents",
        sa.Column("uuid", sa.String, primary_key=True),
        sa.Column("case_uuid", sa.String, sa.ForeignKey("cases.uuid"), nullable=False, index=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("newest", sa.Integer, nullable=False),
        sa.Column("shown", sa.Integer),
        sa.Column("ready", sa.String),
        sa.Column("created", sa.String, nullable=False),
        sa.Column("updated", sa.String, nullable=False),
    )
    _versions_and_jobs()
    _erasures()


def _versions_and_jobs() -> None:
    op.create_table(
        "versions",
        sa.Column("document", sa.String, sa.ForeignKey("documents.uuid"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False, index=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("failure", sa.JSON),
        sa.Column("original", sa.String),
        sa.Column("pages", sa.Integer),
        sa.Column("chunks", sa.Integer),
        sa.Column("warnings", sa.JSON, nullable=False),
        sa.Column("updated", sa.String, nullable=False),
        sa.Column("created", sa.String, nullable=False),
    )
    op.create_table(
        "jobs",
        sa.Column("uuid", sa.String, primary_key=True),
        sa.Column("case_uuid", sa.String, sa.ForeignKey("cases.uuid"), nullable=False, index=True),
        sa.Column("created", sa.String, nullable=False),
    )
    op.create_table(
        "items",
        sa.Column("job", sa.String, sa.ForeignKey("jobs.uuid"), primary_key=True),
        sa.Column("ordinal", sa.Integer, primary_key=True),
        sa.Column("document", sa.String, nullable=False, index=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("pages_done", sa.Integer, nullable=False),
        sa.Column("pages_total", sa.Integer),
        sa.Column("chunks_done", sa.Integer, nullable=False),
        sa.Column("chunks_total", sa.Integer),
        sa.Column("failure", sa.JSON),
        sa.Column("warnings", sa.JSON, nullable=False),
    )


def _erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("uuid", sa.String, primary_key=True),
        sa.Column("case_uuid", sa.String, nullable=False, index=True),
        sa.Column("case_name", sa.String, nullable=False),
        sa.Column("document", sa.String),
        sa.Column("asked", sa.String, nullable=False),
    )
    op.create_table(
        "erased",
        sa.Column("erasure", sa.String, sa.ForeignKey("erasures.uuid"), primary_key=True),
        sa.Column("store", sa.String, primary_key=True),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("moment", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
    op.create_table(
        "backups",
        sa.Column("uuid", sa.String, primary_key=True),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("made", sa.String, nullable=False),
        sa.UniqueConstraint("path"),
    )

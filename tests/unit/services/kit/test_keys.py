"""API keys: made once, kept as hashes, scoped, revoked, seen by others at once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from casewright.errors import StorageError, UsageError
from casewright.services.kit.keys import FILE, TOKEN_FILE, KeyStore, service_token


def test_a_key_opens_and_its_secret_is_kept_nowhere(tmp_path: Path) -> None:
    store = KeyStore(tmp_path)
    record, token = store.create("n8n", ["notes", "rag"])
    assert record.scopes == ("rag", "notes")
    assert store.find(token) == record
    assert store.find(token + "x") is None
    assert store.find("") is None
    assert token not in (tmp_path / FILE).read_text()
    assert token.split("_")[2] not in (tmp_path / FILE).read_text()
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_another_reader_sees_a_new_key_and_a_revocation(tmp_path: Path) -> None:
    ours, theirs = KeyStore(tmp_path), KeyStore(tmp_path)
    assert theirs.all() == ()
    record, token = ours.create("a", ["rag"])
    assert theirs.find(token) == record
    theirs.revoke(record.id)
    assert ours.find(token) is None
    assert [key.active for key in ours.all()] == [False]


def test_what_cannot_be_made_or_revoked(tmp_path: Path) -> None:
    store = KeyStore(tmp_path)
    for name, scopes in (("a", ["everything"]), ("a", []), ("  ", ["rag"])):
        with pytest.raises(UsageError, match="no key made"):
            store.create(name, scopes)
    with pytest.raises(UsageError, match="does not exist"):
        store.revoke("00000000")
    record, _ = store.create("a", ["rag"])
    store.revoke(record.id)
    with pytest.raises(UsageError, match="revoked already"):
        store.revoke(record.id)


def test_a_damaged_file_lets_nobody_in(tmp_path: Path) -> None:
    store = KeyStore(tmp_path)
    _, token = store.create("a", ["rag"])
    (tmp_path / FILE).write_text("{")
    with pytest.raises(StorageError, match="cannot be read as keys"):
        store.find(token)


def test_the_service_token_is_made_once_and_private(tmp_path: Path) -> None:
    token = service_token(tmp_path)
    assert service_token(tmp_path) == token
    assert len(token) > 40
    assert stat.S_IMODE((tmp_path / TOKEN_FILE).stat().st_mode) == 0o600

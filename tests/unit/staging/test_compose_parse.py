"""What both composes and docker print is read alike, and what they complain of is told in plain words."""

from __future__ import annotations

import json

import pytest

from casewright.staging.compose_parse import (
    Container,
    Part,
    parse_config,
    parse_images,
    parse_inspect,
    parse_ps,
)
from casewright.staging.compose_trouble import cause, diagnose, last_lines, told

ROW = {
    "ID": "d2763e024a10",
    "Name": "main-rag-service-1",
    "Service": "rag-service",
    "State": "running",
    "Health": "healthy",
    "ExitCode": 0,
    "Publishers": [{"URL": "127.0.0.1", "TargetPort": 8003, "PublishedPort": 8003, "Protocol": "tcp"}],
}
EXITED = {
    **ROW,
    "ID": "e",
    "Service": "vllm",
    "State": "exited",
    "Health": "",
    "ExitCode": 137,
    "Publishers": None,
}
V1 = """
        Name                       Command                  State                      Ports
---------------------------------------------------------------------------------------------------------
main_chromadb_1        dumb-init -- chroma run /c ...   Up (healthy)            8000/tcp
main_doc-processor_1   casewright serve documents ...   Up (health: starting)   127.0.0.1:8101->8101/tcp
main_ollama-models_1   /bin/sh /deploy/pull-model ...   Exit 0
main_vllm_1            vllm serve --model meta-ll ...   Exit 137
main_n8n_1             tini -- /docker-entrypoint ...   Restarting
main_frontend_1        casewright serve web --hos ...   Up                      127.0.0.1:3000->3000/tcp
"""


def test_compose_2_prints_an_array_before_2_21_and_lines_since() -> None:
    array, lines = json.dumps([ROW, EXITED]), f"{json.dumps(ROW)}\n{json.dumps(EXITED)}\n"
    found = parse_ps(array)
    assert found == parse_ps(lines)
    assert found is not None
    rag, vllm = found
    assert (rag.service, rag.state, rag.health, rag.published) == (
        "rag-service",
        "running",
        "healthy",
        {8003: 8003},
    )
    assert (vllm.state, vllm.health, vllm.exit_code, vllm.killed) == ("exited", None, 137, True)


def test_compose_1_prints_a_table() -> None:
    found = parse_ps(V1)
    assert found is not None
    assert {each.service: (each.state, each.health, each.exit_code) for each in found} == {
        "chromadb": ("running", "healthy", None),
        "doc-processor": ("running", "starting", None),
        "ollama-models": ("exited", None, 0),
        "vllm": ("exited", None, 137),
        "n8n": ("restarting", None, None),
        "frontend": ("running", None, None),
    }
    assert found[0].name == "main_chromadb_1"


@pytest.mark.parametrize(
    "text", ["", "  \n", "[]", "Name   Command   State   Ports\n------------------------------\n"]
)
def test_no_container_is_an_empty_list(text: str) -> None:
    assert parse_ps(text) == ()


@pytest.mark.parametrize("text", ["nonsense", "{broken", '[{"ID": ', "ERROR: no such project"])
def test_what_is_no_list_is_said_to_be_none(text: str) -> None:
    assert parse_ps(text) is None


def inspected(**state: object) -> dict[str, object]:
    return {
        "Id": "a" * 64,
        "Name": "/main-vllm-1",
        "RestartCount": 4,
        "State": {
            "Status": "running",
            "Running": True,
            "Pid": 4711,
            "OOMKilled": False,
            "ExitCode": 0,
            **state,
        },
        "Config": {"Image": "vllm/vllm-openai:v0.30.0", "Labels": {"com.docker.compose.service": "vllm"}},
        "HostConfig": {
            "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
            "DeviceRequests": [
                {"Driver": "nvidia", "Count": 0, "DeviceIDs": ["1"], "Capabilities": [["gpu"]]}
            ],
        },
        "NetworkSettings": {
            "Ports": {"8000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000"}], "9/tcp": None}
        },
    }


def test_inspect_tells_process_health_restarts_and_devices() -> None:
    (vllm,) = parse_inspect(json.dumps([inspected(Health={"Status": "healthy", "FailingStreak": 0})]))
    assert (vllm.name, vllm.service, vllm.pid, vllm.restarts) == ("main-vllm-1", "vllm", 4711, 4)
    assert (vllm.gpus, vllm.published, vllm.exit_code) == (("1",), {8000: 8000}, None)
    assert vllm.good
    (ended,) = parse_inspect(
        json.dumps([inspected(Status="exited", Running=False, Pid=0, OOMKilled=True, ExitCode=137)])
    )
    assert (ended.pid, ended.exit_code, ended.killed, ended.good) == (None, 137, True, False)
    assert "exit 137, 4 restarts" in ended.words.replace("(", "").replace(")", "")
    assert parse_inspect("[]\nError: No such object") == ()
    assert parse_inspect("Error") == ()


def test_a_container_with_one_thing_to_do_is_good_when_it_has_done_it() -> None:
    ended = Container("1", "n", "ollama-models", "exited", exit_code=0, one_shot=True)
    assert ended.done
    assert ended.good
    broken = Container("1", "n", "ollama-models", "exited", exit_code=1, one_shot=True)
    assert broken.failed
    assert not broken.good
    again = Container("1", "n", "vllm", "restarting", restarts=3)
    assert again.failed
    assert not Container("1", "n", "vllm", "running", health="starting").failed


def test_the_rendered_file_of_both_gives_the_same_parts() -> None:
    v1 = (
        "networks:\n  default: {}\nservices:\n  rag-service:\n    build:\n      context: /src\n"
        "    environment:\n      PORTS: '1'\n    image: casewright-rag:local\n    ports:\n"
        "    - 127.0.0.1:8003:8003/tcp\n    read_only: true\n  vllm:\n    command:\n    - --model\n"
        "    image: vllm/vllm-openai:v0.30.0\nvolumes:\n  data: {}\n"
    )
    v2 = json.dumps(
        {
            "services": {
                "rag-service": {
                    "build": {"context": "/src"},
                    "image": "casewright-rag:local",
                    "ports": [{"mode": "ingress", "target": 8003, "published": "8003"}],
                },
                "vllm": {"image": "vllm/vllm-openai:v0.30.0"},
            }
        }
    )
    expected = {
        "rag-service": Part("casewright-rag:local", True, {8003: 8003}),
        "vllm": Part("vllm/vllm-openai:v0.30.0"),
    }
    assert parse_config(v1) == expected
    assert parse_config(v2) == expected
    assert parse_config("") == {}


def test_images_without_a_size_have_none() -> None:
    told_size, silent = parse_images(
        json.dumps(
            [{"Id": "sha256:1", "RepoTags": ["a:1"], "RepoDigests": None, "Size": 5}, {"Id": "sha256:2"}]
        )
    )
    assert (told_size.size, told_size.tags, told_size.digests) == (5, ("a:1",), ())
    assert silent.size is None


GATED = """Traceback (most recent call last):
  File "/usr/lib/huggingface_hub/utils/_http.py", line 409, in hf_raise_for_status
huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-6614)
Cannot access gated repo for url https://huggingface.co/meta-llama/Llama-3.2-3B-Instruct/resolve/main/x.json.
Access to model meta-llama/Llama-3.2-3B-Instruct is restricted. You must have access to it.
"""


@pytest.mark.parametrize(
    ("said", "what", "hint"),
    [
        (
            "Cannot connect to the Docker daemon at unix:///run/docker.sock. Is the docker daemon running?",
            "daemon",
            "systemctl start docker",
        ),
        (
            "DockerException: Error while fetching server API version: ('x', FileNotFoundError(2, ''))",
            "daemon",
            "systemctl",
        ),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
            "this user may not",
            "usermod",
        ),
        (
            "DockerException: fetching server API version: ('x', PermissionError(13, 'Permission denied'))",
            "this user may not",
            "usermod",
        ),
        (
            'Error response from daemon: could not select device driver "nvidia" with capabilities: [[gpu]]',
            "no GPU",
            "nvidia-ctk",
        ),
        ("Bind for 127.0.0.1:8003 failed: port is already allocated", "port is taken", "ss -ltnp"),
        ("failed to bind host port 127.0.0.1:8003/tcp: address already in use", "port is taken", "ss -ltnp"),
        (
            "pull access denied for casewright-rag, repository does not exist or may require 'docker login'",
            "image is missing",
            "build",
        ),
        ("write /var/lib/docker/tmp: no space left on device", "disk is full", "docker system df"),
        (GATED, "gated", "HF_TOKEN"),
        ("could not pull llama3.2", "model could not be pulled", "OLLAMA_MODEL"),
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
            "memory does not suffice",
            "VLLM_GPU_SHARE",
        ),
        (
            "The Compose file './x.yml' is invalid because:\nUnsupported config option for a: 'imag'",
            "compose file",
            "config",
        ),
    ],
)
def test_known_complaints_are_told_with_the_next_command(said: str, what: str, hint: str) -> None:
    found = diagnose(said)
    assert found is not None
    assert what in found.what
    assert hint in found.hint


def test_an_unknown_complaint_keeps_its_last_lines_and_gets_a_command() -> None:
    text = "one\n\ntwo\nthree\nfour\n"
    assert diagnose(text) is None
    assert last_lines(text) == "two / three / four"
    assert told("up -d: exit 1", text, "docker compose logs") == (
        "up -d: exit 1; it ends: two / three / four; try: docker compose logs"
    )
    assert "Traceback" not in told("vllm", GATED, "logs")
    assert 'File "' not in told("vllm", GATED, "logs")
    progress = "[+] Running 3/9\n Container main-ollama-1 Starting\n Network main_store Created\nthe cause\n"
    assert last_lines(progress) == "the cause"
    assert cause(told("up", GATED, "logs")) == f"up: {diagnose(GATED).what}"  # type: ignore[union-attr]

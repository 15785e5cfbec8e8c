from __future__ import annotations

import json
import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]

from unit.deploy.compose_files import FILES, OURS, ROOT, code, filled, load, services

PLAN = {
    "rag-service": 8003,
    "notes-service": 8100,
    "doc-processor": 8101,
    "frontend": 3000,
    "ollama": 11434,
    "n8n": 5678,
    "chromadb": None,
}
# Programs that the images are known to hold; ours have Python, Ollama's and Chroma's have no curl.
HEALTH_PROGRAMS = {"ollama": "ollama", "vllm": "curl", "chromadb": "bash", "n8n": "node"}
# The others run as root in their image, stripped of every capability.
NOT_ROOT = {*OURS, "n8n"}
# vLLM compiles into its home, n8n unpacks its page into a cache; none was tried with a read-only root.
WRITES_ITS_ROOT = {"vllm", "n8n", "chromadb", "ollama-models"}
ONE_SHOT = {"ollama-models"}

each_file = pytest.mark.parametrize("name", FILES)


def long_lived(name: str) -> dict[str, dict[str, Any]]:
    return {service: about for service, about in services(name).items() if service not in ONE_SHOT}


@each_file
def test_the_schema_of_v1_takes_the_file(name: str) -> None:
    schema = json.loads((ROOT / "tests/data/compose/compose_spec-1.29.2.json").read_text())
    checker = jsonschema.Draft7Validator(schema)
    checker.validate(load(name))
    broken = load(name) | {"nmae": "x"}
    assert list(checker.iter_errors(broken)), "the schema takes anything"


@each_file
def test_only_what_both_flavours_read(name: str) -> None:
    data = load(name)
    assert {key for key in data if not key.startswith("x-")} == {"services", "networks", "volumes"}
    rest = re.sub(r"\$\{[A-Z][A-Z0-9_]*(:-[^${}]*)?\}|\$\$", "", code(name))
    assert "$" not in rest, "v1 knows ${NAME} and ${NAME:-default} only, and no default inside a default"
    for service, about in services(name).items():
        assert "resources" not in about.get("deploy", {}) or set(about["deploy"]["resources"]) == {
            "reservations"
        }, f"{service}: v1 heeds limits under deploy with --compatibility only"
        for wanted in about.get("depends_on", {}).values():
            assert set(wanted) == {"condition"}


@each_file
def test_names_and_ports_are_the_plans(name: str) -> None:
    found = services(name)
    for service, port in PLAN.items():
        said = [filled(text) for text in found[service].get("ports", [])]
        assert said == ([] if port is None else [f"127.0.0.1:{port}:{port}"]), service
    assert ("vllm" in found) == (name == "docker-compose.vllm.yml")
    assert ("engine" in found) == (name == "docker-compose.cpu.yml")


@each_file
def test_ports_are_published_on_this_machine_only(name: str) -> None:
    published = [filled(port) for about in services(name).values() for port in about.get("ports", [])]
    assert published
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in published)
    assert len({port.split(":")[1] for port in published}) == len(published)
    assert not any("network_mode" in about for about in services(name).values())


@each_file
def test_every_service_is_bounded_logged_and_restarted(name: str) -> None:
    for service, about in services(name).items():
        assert about["restart"] == ("no" if service in ONE_SHOT else "unless-stopped"), service
        assert re.fullmatch(r"\d+[mg]", about["mem_limit"]), service
        assert about["pids_limit"] > 0, service
        assert about["logging"]["driver"] == "json-file", service
        assert set(about["logging"]["options"]) == {"max-size", "max-file"}, service


@each_file
def test_every_service_is_confined(name: str) -> None:
    for service, about in services(name).items():
        assert about["cap_drop"] == ["ALL"], service
        assert "cap_add" not in about, service
        assert about["security_opt"] == ["no-new-privileges:true"], service
        assert not about.get("privileged"), service
        assert bool(about.get("read_only")) == (service not in WRITES_ITS_ROOT), service
        if service in NOT_ROOT:
            assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", about["user"]), service
        for mount in about.get("volumes", []):
            assert "docker.sock" not in mount, service


@each_file
def test_health_checks_use_a_program_of_the_image(name: str) -> None:
    for service, about in long_lived(name).items():
        check = about["healthcheck"]
        program = "python" if service in OURS else HEALTH_PROGRAMS[service]
        assert check["test"][:2] == ["CMD", program], service
        assert {"interval", "timeout", "retries", "start_period"} <= set(check), service
    for service, target in OURS.items():
        if service in services(name):
            about = services(name)[service]
            assert about["build"] == {"context": ".", "target": target}
            path = "/health" if service == "engine" else "/live"
            port = filled(about["ports"][0]).rsplit(":", 1)[1]
            assert about["healthcheck"]["test"][-1] == f"http://127.0.0.1:{port}{path}"


@each_file
def test_images_are_pinned(name: str) -> None:
    for service, about in services(name).items():
        tag = filled(about["image"]).rpartition(":")[2]
        assert tag == "local" if service in OURS else re.fullmatch(r"v?\d+\.\d+\.\d+", tag), service


@each_file
def test_models_are_pulled_once_before_ollama_serves(name: str) -> None:
    found = services(name)
    pull, ollama = found["ollama-models"], found["ollama"]
    assert ollama["depends_on"] == {"ollama-models": {"condition": "service_completed_successfully"}}
    assert [filled(word) for word in pull["command"]] == ["llama3.2", "llava:7b"]
    assert pull["image"] == ollama["image"]
    store = "ollama-models:/root/.ollama"
    assert store in pull["volumes"]
    assert store in ollama["volumes"]
    assert (ROOT / "deploy/pull-models.sh").stat().st_mode & 0o111
    assert pull.get("profiles") == ollama.get("profiles")


def test_each_engine_has_its_own_gpu() -> None:
    found = services("docker-compose.vllm.yml")

    def devices(service: str) -> Any:
        return found[service]["deploy"]["resources"]["reservations"]["devices"]

    for service, gpu in (("ollama", "0"), ("vllm", "1")):
        (device,) = devices(service)
        assert [filled(text) for text in device["device_ids"]] == [gpu]
        assert device["capabilities"] == ["gpu"]
    # inside the container the one GPU is number 0: a number from outside would hide it
    assert "CUDA_VISIBLE_DEVICES" not in code("docker-compose.vllm.yml")
    assert "deploy" not in yaml.safe_dump(services("docker-compose.cpu.yml")).replace("/deploy/", "").replace(
        "./deploy", ""
    )


def test_vllm_serves_the_model_under_the_name_that_services_ask_for() -> None:
    found = services("docker-compose.vllm.yml")
    command = [filled(word) for word in found["vllm"]["command"]]
    served = command[command.index("--served-model-name") + 1]
    assert served == filled(found["rag-service"]["environment"]["VLLM_MODEL"]) == "llama3.2"
    assert command[command.index("--model") + 1] == "meta-llama/Llama-3.2-3B-Instruct"
    minutes = int(found["vllm"]["healthcheck"]["start_period"].removesuffix("m"))
    assert minutes >= 10


@each_file
def test_one_data_directory_for_all_of_ours(name: str) -> None:
    """`casewright provider set` in one container reaches every service: they watch one file."""
    for service in OURS.keys() - {"engine"}:
        assert services(name)[service]["volumes"] == ["casewright-data:/data"]
    named = {mount.split(":")[0] for about in services(name).values() for mount in about.get("volumes", [])}
    used = {volume for volume in named if not volume.startswith((".", "$"))}
    assert used == set(load(name)["volumes"]), "a volume is declared and unused, or used and not declared"


@each_file
def test_chroma_is_reached_by_rag_alone(name: str) -> None:
    found = services(name)
    with_store = {service for service, about in found.items() if "store" in about.get("networks", [])}
    assert with_store == {"chromadb", "rag-service"}
    assert found["chromadb"]["networks"] == ["store"]
    assert load(name)["networks"]["store"] == {"internal": True}


@each_file
def test_no_service_waits_for_an_engine(name: str) -> None:
    for service in OURS:
        assert "depends_on" not in services(name).get(service, {}), service


def test_both_files_agree_on_what_they_share() -> None:
    gpu, cpu = (services(name) for name in FILES)
    for service in ("chromadb", "n8n", "doc-processor", "frontend"):
        ours = {key: value for key, value in gpu[service].items() if key != "environment"}
        assert ours == {key: value for key, value in cpu[service].items() if key != "environment"}, service
    for service in ("ollama", "ollama-models"):
        shared = gpu[service].keys() & cpu[service].keys()
        assert {key: gpu[service][key] for key in shared} == {key: cpu[service][key] for key in shared}

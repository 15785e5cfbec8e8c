"""Every variable of the compose files is known, and every setting that matters in containers can be set."""

from __future__ import annotations

import pytest

from casewright.settings import Settings, load_settings
from unit.deploy.compose_files import FILES, OURS, aliases, code, defaults, example, filled, services

# Variables that only compose and the engines' own images read.
COMPOSE_OWN = {
    "HF_TOKEN": "vLLM's, for gated weights",
    "HF_HUB_OFFLINE": "vLLM's, with a local copy of the weights",
    "VLLM_WEIGHTS": "vLLM's --model",
    "VLLM_WEIGHTS_DIR": "a directory of this machine, mounted into vLLM",
    "VLLM_IMAGE_TAG": "the image; another CUDA needs another",
    "VLLM_CONTEXT": "vLLM's --max-model-len",
    "VLLM_GPU_SHARE": "vLLM's --gpu-memory-utilization",
    "VLLM_GPU": "the number of vLLM's GPU",
    "OLLAMA_VISION_MODEL": "pulled beside OLLAMA_MODEL",
    "OLLAMA_NUM_PARALLEL": "Ollama's own",
    "OLLAMA_GPU": "the number of Ollama's GPU",
}
# Settings that the compose files fix or have no use for, so .env.example does not offer them.
NOT_OFFERED = {
    "OLLAMA_URL": "the service's name inside",
    "VLLM_URL": "the service's name inside",
    "CASEWRIGHT_EMBEDDED_URL": "the service's name inside",
    "RAG_URL": "the service's name inside",
    "NOTES_URL": "the service's name inside",
    "DOCUMENTS_URL": "the service's name inside",
    "CHROMA_HOST": "the service's name inside",
    "CHROMA_PORT": "the server's own inside",
    "CHROMA_SSL": "a network of their own",
    "CASEWRIGHT_CHROMA_PORT": "for the server that `casewright up` starts",
    "CASEWRIGHT_VLLM_PORT": "for the vLLM that `casewright up` starts",
    "CASEWRIGHT_UP_WITH": "for `casewright up`: compose starts all",
    "CASEWRIGHT_N8N_COMMAND": "for `casewright up`: the image has it",
    "CASEWRIGHT_DATA": "/data, set in the image",
    "CASEWRIGHT_EMBEDDED_MODEL": "the model inside the engine's image",
    "CASEWRIGHT_IMAGE_ENGINES": "the text models there take no pictures",
    "CASEWRIGHT_OTEL_ENDPOINT": "the images have no exporter: the extra otel",
    "CASEWRIGHT_OTEL_CONTENT": "the images have no exporter: the extra otel",
    "CASEWRIGHT_MODEL_MAP": "both engines serve the model under one name there",
    "CASEWRIGHT_GATEWAY_PORT": "the gateway is not among the containers yet",
    "CASEWRIGHT_VISION_MODEL": "OLLAMA_VISION_MODEL, which is pulled there",
    "CASEWRIGHT_VISION_URL": "the vision model is where its provider is",
    "CASEWRIGHT_SERVICE_KEY": "the services share a token in the data volume",
}
each_file = pytest.mark.parametrize("name", FILES)


@each_file
def test_every_variable_is_known_and_offered(name: str) -> None:
    used = defaults(code(name))
    unknown = used.keys() - aliases().keys() - COMPOSE_OWN.keys()
    assert not unknown, f"neither a setting nor compose's own: {unknown}"
    assert not used.keys() - example().keys(), "not in .env.example"
    for variable, given in used.items():
        assert len(given) == 1, f"{variable} has two defaults: {given}"


def test_nothing_is_offered_that_no_file_uses() -> None:
    used = {variable for name in FILES for variable in defaults(code(name))}
    assert example().keys() == used
    assert COMPOSE_OWN.keys() <= used


def test_the_example_shows_the_defaults() -> None:
    for name in FILES:
        for variable, (default,) in defaults(code(name)).items():
            shown, in_force = example()[variable]
            if in_force:
                assert shown == default, variable
    assert example()["LLM_PROVIDER"] == ("vllm", False)  # its default differs between the files


def test_every_setting_is_offered_or_there_is_a_reason() -> None:
    offered = example().keys() & aliases().keys()
    assert aliases().keys() == offered | NOT_OFFERED.keys(), (
        "a setting is new or gone: offer it, or say why not"
    )
    assert not offered & NOT_OFFERED.keys()


def test_defaults_are_the_settings_own() -> None:
    own = Settings()
    # loopback only; the plan's models
    differ = {"CASEWRIGHT_AUTH", "OLLAMA_MODEL", "VLLM_MODEL", "CASEWRIGHT_VISION_PROVIDER"}
    for variable, (shown, in_force) in example().items():
        setting = aliases().get(variable)
        if setting and in_force and variable not in differ and shown:
            assert type(getattr(own, setting))(shown) == getattr(own, setting), variable


@each_file
def test_our_services_read_what_they_are_given(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in aliases():
        monkeypatch.delenv(variable, raising=False)
    for service in OURS.keys() & services(name).keys():
        given = {key: filled(value) for key, value in services(name)[service]["environment"].items()}
        assert given.keys() <= aliases().keys(), service
        with monkeypatch.context() as inside:
            for key, value in given.items():
                inside.setenv(key, value)
            read = load_settings()
        assert read.auth == "none"
        for key, value in given.items():
            if value and key in ("OLLAMA_URL", "VLLM_URL", "CASEWRIGHT_EMBEDDED_URL", "LLM_PROVIDER"):
                assert getattr(read, aliases()[key]) == value


@each_file
def test_addresses_inside_name_services_and_their_ports(name: str) -> None:
    inside = {"ollama": "11434", "vllm": "8000"}
    for service, about in services(name).items():
        if about.get("ports"):
            inside[service] = filled(about["ports"][0]).rsplit(":", 1)[1]
    for service in OURS.keys() & services(name).keys():
        for value in services(name)[service]["environment"].values():
            if value.startswith("http://"):
                host, _, port = value.removeprefix("http://").partition(":")
                assert inside[host] == port, f"{service}: {value}"

"""docker-compose.prod.yml: what is published, who may ask, where secrets are, what each service may do."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import yaml  # type: ignore[import-untyped]

from unit.deploy.compose_files import OURS, ROOT, code, filled, load, services

PROD = "docker-compose.prod.yml"
GPU = "docker-compose.vllm.yml"
# vLLM compiles into its home, n8n unpacks its page into a cache; none was tried with a read-only root.
WRITES_ITS_ROOT = {"vllm", "n8n", "chromadb", "ollama-models", "vllm-weights"}
FETCH, MONITORING = {"ollama-models", "vllm-weights"}, {"prometheus", "grafana"}
NOT_ROOT = {*OURS, "n8n", *MONITORING}
SECRET = re.compile(r"(TOKEN|KEY|PASSWORD|SECRET)$")


def prod() -> dict[str, dict[str, Any]]:
    return services(PROD)


def test_the_schema_of_v1_takes_the_file_and_it_says_only_what_both_read() -> None:
    schema = json.loads((ROOT / "tests/data/compose/compose_spec-1.29.2.json").read_text())
    jsonschema.Draft7Validator(schema).validate(load(PROD))
    rest = re.sub(r"\$\{[A-Z][A-Z0-9_]*(:-[^${}]*)?\}|\$\$", "", code(PROD))
    assert "$" not in rest


def test_the_proxy_alone_is_published() -> None:
    published = {name: about["ports"] for name, about in prod().items() if about.get("ports")}
    assert published == {"proxy": ["80:80", "443:443"]}
    assert not any("network_mode" in about for about in prod().values())


def test_only_the_proxy_and_what_fetches_models_have_a_way_out() -> None:
    networks = load(PROD)["networks"]
    open_ones = {name for name, about in networks.items() if not about.get("internal")}
    assert open_ones == {"edge"}
    outside = {name for name, about in prod().items() if open_ones & set(about["networks"])}
    assert outside == {"proxy", *FETCH}
    assert {name for name, about in prod().items() if "store" in about["networks"]} == {
        "chromadb",
        "rag-service",
    }
    for engine in ("ollama", "vllm"):
        assert prod()[engine]["networks"] == ["engines"]


def test_every_service_of_ours_asks_for_a_key_and_no_variable_changes_that() -> None:
    for service in OURS.keys() & prod().keys():
        assert prod()[service]["environment"]["CASEWRIGHT_AUTH"] == "auto", service
    assert "CASEWRIGHT_AUTH: none" not in code(PROD)


def test_no_secret_and_no_default_for_one_stands_in_the_file() -> None:
    for service, about in prod().items():
        for name, value in about.get("environment", {}).items():
            if SECRET.search(name):
                raise AssertionError(f"{service}: {name} is in the environment, as {value}")
            if name.endswith(("_PATH", "__FILE")):
                assert value.startswith("/run/secrets/"), name
    declared = load(PROD)["secrets"]
    assert {name for about in prod().values() for name in about.get("secrets", [])} == declared.keys()
    for name, about in declared.items():
        assert about == {"file": "${CASEWRIGHT_SECRETS:-./deploy/secrets}/" + name}
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    assert not re.search(r"(?i)(password|token|key)[:=] *[a-z0-9]", code(PROD))


def test_every_service_is_bounded_confined_logged_and_watched() -> None:
    for service, about in prod().items():
        assert re.fullmatch(r"\d+[mg]", about["mem_limit"]), service
        assert about["pids_limit"] > 0, service
        assert about["cap_drop"] == ["ALL"], service
        assert about.get("cap_add", []) == (["NET_BIND_SERVICE"] if service == "proxy" else []), service
        assert about["security_opt"] == ["no-new-privileges:true"], service
        assert not about.get("privileged"), service
        assert about["logging"]["options"].keys() == {"max-size", "max-file"}, service
        assert bool(about.get("read_only")) == (service not in WRITES_ITS_ROOT), service
        assert "docker.sock" not in yaml.safe_dump(about), service
        assert about["restart"] == ("no" if service in FETCH else "unless-stopped"), service
        assert ("healthcheck" in about) == (service not in FETCH), service
        if service in NOT_ROOT:
            assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", about["user"]), service
    for service in {*OURS, "proxy", *MONITORING} & prod().keys():
        assert prod()[service]["cpus"] > 0, service


def test_images_are_pinned_and_those_that_were_staged() -> None:
    staged = services(GPU)
    for service, about in prod().items():
        tag = filled(about["image"]).rpartition(":")[2]
        assert tag == "local" if service in OURS else re.fullmatch(r"v?\d+\.\d+\.\d+(-alpine)?", tag), service
        if service in staged:
            assert about["image"] == staged[service]["image"], service
            assert about.get("build") == staged[service].get("build"), service
            assert about.get("deploy") == staged[service].get("deploy"), service
            assert about.get("healthcheck") == staged[service].get("healthcheck"), service
    assert staged.keys() <= prod().keys()


def test_what_is_not_always_there_has_a_profile() -> None:
    profiles = {name: about["profiles"] for name, about in prod().items() if "profiles" in about}
    assert profiles == {name: ["fetch"] for name in FETCH} | {name: ["monitoring"] for name in MONITORING}


def test_volumes_are_used_and_keep_the_staged_names() -> None:
    named = {mount.split(":")[0] for about in prod().values() for mount in about.get("volumes", [])}
    used = {volume for volume in named if not volume.startswith((".", "$"))}
    assert used == load(PROD)["volumes"].keys()
    assert load(GPU)["volumes"].keys() <= used
    for path in named - used:
        if path.startswith("./deploy"):
            assert (ROOT / path).exists(), path


def test_the_proxy_reaches_services_that_share_a_network_with_it_at_their_ports() -> None:
    text = (ROOT / "deploy/proxy/Caddyfile").read_text()
    found = dict(re.findall(r"reverse_proxy ([a-z0-9-]+):(\d+)", text))
    ports = {"rag-service": "8003", "notes-service": "8100", "doc-processor": "8101", "frontend": "3000"}
    assert found == ports | {"n8n": "5678", "grafana": "3000"}
    ours = set(prod()["proxy"]["networks"])
    for service in found:
        assert ours & set(prod()[service]["networks"]), service
    given = prod()["proxy"]["environment"]
    assert set(re.findall(r"\{\$([A-Z0-9_]+)", text)) == given.keys()
    for name, default in re.findall(r"\{\$([A-Z0-9_]+):([^}]*)\}", text):
        assert filled(given[name]) == default, name


def test_variables_are_in_one_of_the_two_examples() -> None:
    offered = set()
    for name in (".env.example", "deploy/prod.env.example"):
        offered |= set(re.findall(r"(?m)^#?([A-Z][A-Z0-9_]*)=", (ROOT / name).read_text()))
    used = set(re.findall(r"\$\{([A-Z][A-Z0-9_]*)", code(PROD)))
    assert used <= offered
    own = set(re.findall(r"(?m)^([A-Z][A-Z0-9_]*)=", (ROOT / "deploy/prod.env.example").read_text()))
    assert own <= used


def test_figures_are_refused_before_any_proxy_is_asked() -> None:
    """Caddy orders directives by its own list, proxies before answers, unless a route holds them."""
    text = (ROOT / "deploy/proxy/Caddyfile").read_text()
    inside = text[text.index("\troute {") :]
    assert "@figures path /metrics /metrics/ /api/*/metrics /api/*/metrics/" in inside
    assert inside.index("respond @figures 404") < inside.index("handle_path")

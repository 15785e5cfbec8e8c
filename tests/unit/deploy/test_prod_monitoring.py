"""What Prometheus scrapes, what alerts and shows: every figure is one that a service really has."""

from __future__ import annotations

import importlib
import json
import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from casewright.services.registry import MODULES
from casewright.settings import Settings
from serving import served
from unit.deploy.compose_files import ROOT, services

PROD = "docker-compose.prod.yml"
JOBS = {
    "rag": "rag-service:8003",
    "notes": "notes-service:8100",
    "documents": "doc-processor:8101",
    "web": "frontend:3000",
}
# Of vLLM's source (vllm/v1/metrics/loggers.py); vLLM itself is not at hand.
VLLM = {
    "vllm:num_requests_running",
    "vllm:num_requests_waiting",
    "vllm:kv_cache_usage_perc",
    "vllm:generation_tokens_total",
    "vllm:time_to_first_token_seconds_bucket",
}
PROMETHEUS_OWN = {"up"}
WORDS = {
    "sum",
    "by",
    "rate",
    "max",
    "time",
    "increase",
    "deriv",
    "changes",
    "avg_over_time",
    "histogram_quantile",
}
DURATION = re.compile(r"\d+[smhd]")


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / "deploy" / path).read_text())


def rules() -> list[dict[str, Any]]:
    return [rule for group in load("prometheus/rules.yml")["groups"] for rule in group["rules"]]


def board() -> dict[str, Any]:
    found = json.loads((ROOT / "deploy/grafana/dashboards/casewright.json").read_text())
    assert isinstance(found, dict)
    return found


def figures(expression: str) -> set[str]:
    """The names of figures in a PromQL expression: neither its functions, nor its labels, nor its words."""
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without)\s*\([^)]*\)", " ", expression)
    return set(re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*", text)) - WORDS


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[str]]]:
    """Each real service's /metrics: the names that Prometheus would know them by."""
    found = {}
    for name in JOBS:
        folder = tmp_path_factory.mktemp(name)
        settings = Settings(data=folder, auth="none", embedder="wordllama")
        module: Any = importlib.import_module(MODULES[name])
        with served(module.create_app(module.config_from(settings, "127.0.0.1", 0))) as url:
            for _ in range(2):  # the first request's own figures are in the second answer
                with urllib.request.urlopen(f"{url}/metrics", timeout=20) as answer:
                    text = answer.read().decode()
        found[name] = names_of(text)
    yield found


def names_of(text: str) -> set[str]:
    names = set()
    for name, kind in re.findall(r"(?m)^# TYPE (\S+) (\S+)$", text):
        names |= {f"{name}_bucket", f"{name}_count", f"{name}_sum"} if kind == "histogram" else {name}
    return names


def expressions() -> list[tuple[str, str]]:
    told = [(rule["alert"], rule["expr"]) for rule in rules()]
    return told + [
        (panel["title"], target["expr"]) for panel in board()["panels"] for target in panel["targets"]
    ]


def test_every_figure_of_the_rules_and_the_dashboard_exists(shown: dict[str, set[str]]) -> None:
    known = set().union(*shown.values()) | VLLM | PROMETHEUS_OWN
    asked = {name for _, expression in expressions() for name in figures(expression)}
    assert len(asked) > 20
    missing = [(what, figures(text) - known) for what, text in expressions() if figures(text) - known]
    assert not missing


def test_every_service_shows_what_is_asked_of_all(shown: dict[str, set[str]]) -> None:
    """An alert on a figure that a service has not would never fire for it."""
    everywhere = {
        "casewright_requests_total",
        "casewright_request_seconds_bucket",
        "casewright_errors_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    }
    for name, names in shown.items():
        assert everywhere <= names, name


def test_prometheus_scrapes_every_service_with_a_key_from_a_file() -> None:
    config = load("prometheus/prometheus.yml")
    assert config.keys() == {"global", "rule_files", "scrape_configs"}
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    ours = jobs["casewright"]
    targets = {each["labels"]["service"]: each["targets"] for each in ours["static_configs"]}
    assert targets == {name: [target] for name, target in JOBS.items()}
    assert ours["authorization"] == {"type": "Bearer", "credentials_file": "/run/secrets/metrics_key"}
    assert "metrics_key" in services(PROD)["prometheus"]["secrets"]
    assert jobs["vllm"]["static_configs"][0]["targets"] == ["vllm:8000"]
    networks = set(services(PROD)["prometheus"]["networks"])
    for target in (*JOBS.values(), "vllm:8000"):
        assert networks & set(services(PROD)[target.partition(":")[0]]["networks"]), target
    for job in jobs.values():
        assert job.keys() <= {"job_name", "authorization", "static_configs"}
    assert config["rule_files"] == ["rules.yml"]


def test_the_rules_have_prometheus_shape() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    wanted = {"ServiceDown", "ServiceRestarted", "ErrorRate", "ShedRate", "MemorySlope"}
    assert wanted <= set(names)
    for group in load("prometheus/rules.yml")["groups"]:
        assert group.keys() <= {"name", "interval", "rules"}
    for rule in rules():
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert {"summary", "what_to_do"} == rule["annotations"].keys()
        assert "for" not in rule or DURATION.fullmatch(rule["for"])
        text = rule["expr"]
        assert text.count("(") == text.count(")")
        assert text.count("[") == text.count("]")
        assert re.search(r"(>|<|==) ?[\d.]", text), f"{rule['alert']} compares with nothing"


def test_grafana_is_given_its_source_and_one_dashboard() -> None:
    (source,) = load("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert set(services(PROD)["grafana"]["networks"]) & set(services(PROD)["prometheus"]["networks"])
    (provider,) = load("grafana/provisioning/dashboards/casewright.yml")["providers"]
    mounted = [mount.split(":")[1] for mount in services(PROD)["grafana"]["volumes"]]
    assert provider["options"]["path"] in mounted
    assert len(list((ROOT / "deploy/grafana/dashboards").iterdir())) == 1
    panels = board()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["datasource"]["uid"] == source["uid"]
        assert panel["targets"], panel["title"]
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from casewright.engines.llama_server import EmbeddedConfig
from casewright.errors import EXIT_USAGE, PortTaken, UsageError
from casewright.services.engine_process import ServeConfig, refuse_open_host, serve


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_loopback_needs_no_key(host: str) -> None:
    refuse_open_host(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", ""])
def test_beyond_loopback_needs_a_key(host: str) -> None:
    refuse_open_host(host, "key")
    with pytest.raises(UsageError, match="no API key"):
        refuse_open_host(host, None)
    refuse_open_host(host, None, "none")


def test_a_taken_port_is_a_finding() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            serve(ServeConfig(EmbeddedConfig(), port=port), lambda _: None)
    assert "--port" in caught.value.hint


def test_a_missing_key_variable_is_a_usage_error() -> None:
    name = "CASEWRIGHT_NO_SUCH_KEY"
    command = [sys.executable, "-m", "casewright", "engine", "serve", "--api-key-env", name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == EXIT_USAGE
    assert f"{name} is not set" in done.stderr

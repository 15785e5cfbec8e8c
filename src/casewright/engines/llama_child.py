"""The embedded engine's own process: ``python -m casewright.engines.llama_child '<json>'``.

Started by :mod:`casewright.engines.llama_server` and by nothing else. It starts llama.cpp's HTTP server,
writes one line of JSON (``{"url": …}``) to the pipe that was its standard output, and ends when its standard
input ends or its parent is gone; so no copy of the model outlives the process that asked for it.
"""

from __future__ import annotations

import json
import os
import select
import sys
from typing import Any

ORPHAN_CHECK_S = 1.0


def main(arguments: list[str]) -> int:
    """Serve until the parent goes; the one argument is the JSON of ``EmbeddedServer._child_settings``."""
    settings: dict[str, Any] = json.loads(arguments[0])
    announce = _keep_stdout_private()
    if settings["poll"] == 0:
        # libgomp spins at its barriers unless told otherwise before it is loaded; two busy neighbours then
        # make an answer four times slower.
        os.environ["OMP_WAIT_POLICY"] = "passive"
    server = _start(settings)
    os.write(announce, json.dumps({"url": server.listening_address}).encode() + b"\n")
    os.close(announce)
    _wait_for_parent(int(settings["parent"]))
    # llama.cpp's destructor waits for requests in flight; nobody is left to read them.
    os._exit(0)


def _keep_stdout_private() -> int:
    """Point fd 1 at the log, so that nothing llama.cpp prints can pass for the address line."""
    announce = os.dup(1)
    os.dup2(2, 1)
    return announce


def _start(settings: dict[str, Any]) -> Any:
    import xllamacpp  # noqa: PLC0415 - the environment above must be set before its libraries load

    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    params.model_alias = {settings["alias"]}
    params.hostnames = [settings["host"]]
    params.port = settings["port"]
    params.n_ctx = settings["slots"] * settings["context"]
    params.n_parallel = settings["slots"]
    # A thread serves one connection at a time: with fewer threads than clients, health checks would wait.
    params.n_threads_http = settings["http_threads"]
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = settings["threads"]
        cpu.poll = settings["poll"]
    params.cont_batching = True
    params.cache_prompt = settings["prompt_cache"]
    params.cache_ram_mib = settings["prompt_cache_mib"]
    params.warmup = True
    params.use_jinja = True
    params.ui = False
    params.endpoint_metrics = True
    params.endpoint_slots = True
    params.verbosity = settings["verbosity"]
    params.cors_origins = "http://localhost"
    params.cors_origins_explicit = True
    if settings["embeddings"]:
        params.embedding = True
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    return xllamacpp.Server(params)


def _wait_for_parent(parent: int) -> None:
    """Return at end of input, or when the parent has died while another process kept our input open."""
    while os.getppid() == parent:
        readable, _, _ = select.select([0], [], [], ORPHAN_CHECK_S)
        if readable and not os.read(0, 4096):
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

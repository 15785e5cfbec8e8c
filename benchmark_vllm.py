"""The benchmark suite: single-request latency, throughput and concurrency of Ollama and vLLM, compared.

python benchmark_vllm.py                     both providers, from OLLAMA_URL and VLLM_URL
LLM_PROVIDER=vllm python benchmark_vllm.py   one of them
python benchmark_vllm.py --help              everything else

Any Python will do to start it: where Casewright is not installed in that one, the environment that
`make setup` made beside this file is used.
"""

import importlib.util
import os
import sys
from pathlib import Path


def find_casewright() -> None:
    """Go on in `.venv` when this Python has no Casewright; say what to do when there is none there either."""
    if importlib.util.find_spec("casewright") is not None:
        return
    python = Path(__file__).resolve().parent / ".venv" / "bin" / "python"
    if not python.exists() or Path(sys.executable) == python:
        sys.exit("Casewright is not installed here; run `make setup`, then this again")
    os.execv(python, [str(python), *sys.argv])


if __name__ == "__main__":
    find_casewright()
    from casewright.cli.suite import main

    main()

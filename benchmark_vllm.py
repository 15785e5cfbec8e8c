"""The benchmark suite: single-request latency, throughput and concurrency of Ollama and vLLM, compared.

python benchmark_vllm.py                     both providers, from OLLAMA_URL and VLLM_URL
LLM_PROVIDER=vllm python benchmark_vllm.py   one of them
python benchmark_vllm.py --help              everything else
"""

from casewright.cli.suite import main

if __name__ == "__main__":
    main()

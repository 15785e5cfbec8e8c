"""Convert a GGUF checkpoint to safetensors: run as a script by the Python of vLLM's own environment.

``python vllm_convert.py MODEL.gguf OUT_DIR``. It imports nothing of Casewright, which is not installed there.
vLLM reads safetensors only; the quantized weights are unpacked to 16-bit floats, so the two engines then hold
the same checkpoint in different precision, which every comparison must say.
"""

from __future__ import annotations

import sys
from pathlib import Path


def convert(gguf: Path, out: Path) -> None:
    """Write ``config.json``, weights, tokenizer and chat template of ``gguf`` into ``out``."""
    import torch  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - only there
    from transformers import (  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - only there
        AutoModelForCausalLM,
        AutoTokenizer,
        GgufConfig,
    )

    folder, name = str(gguf.parent), gguf.name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    if not tokenizer.chat_template:
        raise SystemExit(f"{name} has no chat template: vLLM could not answer /v1/chat/completions")
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, quantization_config=GgufConfig(dequantize=True), dtype=torch.bfloat16
    )
    model.save_pretrained(out, safe_serialization=True)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))

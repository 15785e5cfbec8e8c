"""How long what the stage breaks may take to be told of, answered all the same, and well again: seconds."""

from __future__ import annotations

RECOVERY_BOUND_S = 15.0
ENGINE_RECOVERY_BOUND_S = 30.0
# Of a container that is not ours, docker's own health check tells, which asks every 15 s at most...
CONTAINER_BOUND_S = 60.0
# ...and vLLM loads its weights and captures its graphs before that.
VLLM_BOUND_S = 300.0
# The 10 s that a page waits for another one or a probe for its token, and the time until somebody asks.
HANG_TOLD_S = 15.0
# A Chroma server that was killed refuses at once; one that hangs is given up after 6 s. Either way each
# vector is compared then.
SEARCH_GONE_S = 15.0
SEARCH_HUNG_S = 15.0
FALLBACK_BOUND_S = 5.0
# An engine that hangs costs its first token's time once, 3 s there, and then the other one is asked.
HUNG_BOUND_S = 6.0
# 6 s for both engines together, and what our own code needs.
SLOW_BOUND_S = 8.0
ENGINE_BACK_S = 45.0

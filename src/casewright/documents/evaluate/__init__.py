"""How well files are read, measured against truths that people wrote; docs/evaluation.md defines all."""

"""Casewright: private document AI for casework, and the tool that decides between LLM engines."""

__version__ = "0.1.0"

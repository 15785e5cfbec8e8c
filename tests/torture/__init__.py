"""Kills of a real service at random moments, and what must be true afterwards."""

"""Engines: one protocol, one adapter file for each provider, and the wire formats they share."""

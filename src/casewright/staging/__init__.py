"""The judge of a whole stack: starts it as a user would, asks it over HTTP, and keeps what was seen."""

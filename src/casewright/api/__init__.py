"""HTTP contracts and result schemas that leave the process, as pydantic models."""

"""From nodes to validated settings, and from pydantic's errors to findings in plain words."""

from tundish.config.validation.validating import FREE, validate

__all__ = ["FREE", "validate"]

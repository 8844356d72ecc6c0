"""The types of a login, for adapters (ID-02, ID-06)."""

from rcim.connect.logins import LoginRequest

__all__ = ["LoginRequest"]

"""What an adapter asks for when somebody logs in (ID-02, ID-06)."""

from rcim.connect.logins import LoginRequest

__all__ = ["LoginRequest"]

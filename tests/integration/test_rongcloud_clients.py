"""RongCloud's two official clients, unmodified, call every method that they have; what that has changed is read back over
frames (AB-02)."""

from __future__ import annotations

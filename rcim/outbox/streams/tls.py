"""Which certificate authorities the clients of streams trust."""

from __future__ import annotations

import ssl


def trust(ca: str) -> ssl.SSLContext:
    """A context for a client; `ca` is a PEM file, empty for the system's authorities. Raises OSError."""
    return ssl.create_default_context(cafile=ca or None)

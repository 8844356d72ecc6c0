"""The secrets by which callbacks of the profile `rcim` are signed, as Standard Webhooks writes them: `whsec_…`."""

from __future__ import annotations

import base64
import binascii

PREFIX = "whsec_"
SECRETS_MAX = 10
"""Each costs a signature of every callback: 10 µs."""
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64
"""As Standard Webhooks has them."""


def secrets_of(text: str) -> list[str]:
    """The secrets in a setting: one a line, or with spaces or commas between them. Raises ValueError, without any of
    them, if they are no secrets of Standard Webhooks."""
    found = text.replace(",", " ").split()
    if len(found) > SECRETS_MAX:
        raise ValueError(f"has to be at most {SECRETS_MAX} secrets")
    for number, secret in enumerate(found, 1):
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not secret.startswith(PREFIX) or not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
            bounds = f"{SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes"
            raise ValueError(f"number {number} has to be {PREFIX} and {bounds} in base64")
    return found

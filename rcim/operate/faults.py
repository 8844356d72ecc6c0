"""What goes wrong with backups, restores, exports and imports."""

from __future__ import annotations


class BackupError(Exception):
    """It can't be done; the text says why and, if there is something, what to do. Nothing that was there is lost."""

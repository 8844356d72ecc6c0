"""What the app can be asked about before it is done (CB-02, CB-03)."""

from __future__ import annotations

from enum import Enum


class BeforeKind(Enum):
    """What the app can be asked about before it is done. Each service has names of its own for these."""

    SEND = "send"
    SEND_IN_PAIR = "send one to one"
    EDIT = "edit"
    EDIT_IN_PAIR = "edit one to one"
    CREATE = "create"
    APPLY = "apply"
    INVITE = "invite"

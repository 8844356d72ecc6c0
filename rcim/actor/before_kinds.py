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
    CREATE_CHANNEL = "create a channel"
    REMOVE = "remove members"
    """Members are removed, or blocked, by somebody else; leaving is not asked about."""
    UPDATE = "change a group"
    """Its profile, its settings, its attributes, or that all are muted."""
    RECALL = "recall"
    """A message is recalled or deleted for all."""
    RECALL_IN_PAIR = "recall one to one"

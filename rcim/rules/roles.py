"""Standing: what a user is to a group, and the least standing that a rule asks for (GR-02)."""

from __future__ import annotations

from enum import IntEnum


class Standing(IntEnum):
    """A user's standing towards a group; the numbers of Role, with those who have none at the ends. As the least standing
    that may do something: ANYONE has an account, NOBODY is not even an app administrator."""

    GUEST = -1
    ANYONE = 0
    MEMBER = 1
    ADMIN = 2
    OWNER = 3
    APP_ADMIN = 9
    NOBODY = 10

"""What LeanCloud calls our conversations and messages.

A convId is the group id: of groups, ultra groups, channels, system conversations, and temporary ones, which begin with
`_tmp:` in both. A conversation that has no group id, and a group whose id could be taken for that of one, is called by
its conversation id: `c:5:alice:bob`, `g:c:5:alice:bob`. So each conversation has one convId, and no two have the same,
but for one: the conversation of a user with a system account is, to LeanCloud, the system conversation (SY-01).
"""

from __future__ import annotations

from rcim.base.terms import BROADCAST_PREFIX, GROUP_PREFIX, PAIR_PREFIX, pair_of
from rcim.rules.conversation_kinds import SYSTEM, kind_of
from rcim.rules.system_accounts import is_system_account

PREFIXES = (GROUP_PREFIX, PAIR_PREFIX, BROADCAST_PREFIX)


def conv_id(key: str) -> str:
    """The convId of the conversation with this id."""
    if account := system_account(key):
        return account
    group_id = key.removeprefix(GROUP_PREFIX)
    return key if group_id.startswith(PREFIXES) else group_id


def key_of_conv(conv: str) -> str:
    """The id of the conversation with this convId; whether there is one is not said."""
    return conv if conv.startswith(PREFIXES) else GROUP_PREFIX + conv


def system_account(key: str) -> str:
    """The system account that is one of the two users of the conversation with this id; empty: none is."""
    pair = pair_of(key)
    return next(filter(is_system_account, pair), "") if pair is not None else ""


def is_system(key: str) -> bool:
    """True for a system conversation, and for that of a user with its account."""
    return kind_of(key) is SYSTEM or bool(system_account(key))


def msg_id(message_id: int) -> str:
    """The msgId of a message: text, as LeanCloud's are."""
    return f"{message_id:x}"


def message_id_of_msg(text: str) -> int | None:
    """The message id of a msgId; None if it is none of ours."""
    digits = text.strip("0123456789abcdef") == ""
    return int(text, 16) if digits and 1 <= len(text) <= 16 else None

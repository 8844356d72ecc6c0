"""System accounts: each system conversation has an account with its id, in whose name the app writes to single users.

What a user sends to a system conversation goes into the one-to-one conversation with its account (SY-01). Such an account
can never log in, and nobody else can have its id (SY-06).
"""

from __future__ import annotations

from rcim.base.ids import SYSTEM_PREFIX
from rcim.base.terms import GROUP_PREFIX, other_of, pair_conversation, pair_of
from rcim.rules.conversation_kinds import SYSTEM


def is_system_account(user_id: str) -> bool:
    """True for the account of a system conversation, whether or not there is one."""
    return user_id.startswith(SYSTEM_PREFIX)


def conversation_of(account: str) -> str:
    """The id of the system conversation whose account this is."""
    return GROUP_PREFIX + account


def account_written_to(conversation: str, user_id: str) -> str:
    """The system account that `user_id` writes to with a message for `conversation`: that of a system conversation, or
    the other user of a one-to-one conversation. Empty: none."""
    if conversation.startswith(SYSTEM.prefix):
        return SYSTEM.inner_id(conversation)
    pair = pair_of(conversation)
    other = other_of(pair, user_id) if pair is not None and user_id in pair else ""
    return other if is_system_account(other) else ""


def conversation_with(account: str, user_id: str) -> str:
    """The one-to-one conversation between a user and a system account."""
    return pair_conversation(user_id, account)

"""Checks that several operations share. Each returns the checked value, and raises RcimError if it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rcim.base.errors import (
    ADMIN_REQUIRED,
    BAD_PARAMETER,
    BODY_TOO_LARGE,
    NO_SUCH_GROUP,
    NOT_PERMITTED,
    TOO_MANY_MENTIONS,
    RcimError,
)
from rcim.base.ids import TIP_PREFIX, USER_ID_BYTES_MAX, check_user_id, has_control, is_user_id
from rcim.base.limits import Limits
from rcim.base.terms import BROADCAST_ALL, group_conversation, pair_of
from rcim.connect.principal import Principal
from rcim.rules.conversation_kinds import GROUP
from rcim.rules.fields import check_field
from rcim.service.bounds import out_of_bounds
from rcim.service.requests.kinds import CLIENT_MSG_ID, CONVERSATION

LIST_ROW_BYTES = USER_ID_BYTES_MAX + 44
"""The most bytes that a row of a list of users takes in an answer."""


def check_conversation(conversation: str, principal: Principal) -> str:
    """The conversation id, if this server has its kind and it is no one-to-one conversation of others (C2-01). Raises
    RcimError(NO_SUCH_GROUP, NOT_PERMITTED or BAD_PARAMETER)."""
    if conversation.startswith(GROUP.prefix) and not has_control(conversation):
        if len(conversation) > CONVERSATION.most:
            raise out_of_bounds("conversation", len(conversation), CONVERSATION.least, CONVERSATION.most)
        return conversation
    if conversation == BROADCAST_ALL:
        return conversation
    pair = pair_of(conversation)
    if pair is None or not all(map(is_user_id, pair)):
        raise RcimError(
            NO_SUCH_GROUP, "not a conversation id: `g:` and a group id, or `c:`, a length and two user ids"
        )
    if not principal.admin and principal.user_id not in pair:
        raise RcimError(NOT_PERMITTED, "the one-to-one conversation is between two other users")
    return conversation


def check_client_msg_id(name: str) -> str:
    """The client message id, of 1 to 64 bytes without control characters, and not one that the server itself makes.
    Raises RcimError(BAD_PARAMETER)."""
    if has_control(name) or name.startswith(TIP_PREFIX):
        raise RcimError(
            BAD_PARAMETER, f"client_msg_id: must have no control characters and not begin with {TIP_PREFIX}"
        )
    if not name or len(name) > CLIENT_MSG_ID.most or not name.isascii():
        CLIENT_MSG_ID.check("client_msg_id", name)
    return name


def check_mentions(users: Sequence[str], limits: Limits) -> tuple[str, ...]:
    """MS-07: the users that a message mentions, each once. Raises RcimError(TOO_MANY_MENTIONS or BAD_PARAMETER)."""
    if len(users) > limits.mentions_max:
        raise RcimError(TOO_MANY_MENTIONS, f"mentions: {len(users)} users, must be at most {limits.mentions_max}")
    return tuple(dict.fromkeys(check_user_id(user) for user in users))


def check_cloud_data(data: bytes, limits: Limits) -> bytes:
    """The app's data of a message, within its bound. Raises RcimError(BODY_TOO_LARGE)."""
    if len(data) > limits.cloud_data_bytes_max:
        raise RcimError(
            BODY_TOO_LARGE, f"cloud_data: {len(data)} bytes, must be at most {limits.cloud_data_bytes_max}"
        )
    return data


def group_key(group_id: str) -> str:
    """The key of a group's actor. Raises RcimError(NO_SUCH_GROUP) for what can't be an id."""
    if has_control(group_id):
        raise RcimError(NO_SUCH_GROUP, "a group id has no control characters")
    return group_conversation(group_id)


def check_users(
    users: Sequence[str], most: int, least: int = 1, check: Callable[[str], str] = check_user_id
) -> list[str]:
    """`users` if they are `least` to `most` and each is a user id. Raises RcimError(BAD_PARAMETER)."""
    if not least <= len(users) <= most:
        raise RcimError(BAD_PARAMETER, f"users: {len(users)}, must be {least} to {most}")
    for user_id in users:
        check(user_id)
    return list(users)


def check_name(name: str) -> str:
    """A group's name, which is never empty. Raises RcimError(BAD_PARAMETER)."""
    if not name:
        raise RcimError(BAD_PARAMETER, "name: must not be empty")
    return check_field("name", name)


def own_or_any(user_id: str, principal: Principal, what: str) -> str:
    """The user that a request is about: the caller, if none is named; only an app administrator may name another.
    `what` ends the sentence that refuses others. Raises RcimError(ADMIN_REQUIRED or BAD_PARAMETER)."""
    if user_id and user_id != principal.user_id:
        if not principal.admin:
            raise RcimError(ADMIN_REQUIRED, f"only an app administrator may {what}")
        return check_user_id(user_id)
    return principal.user_id


def page_limit(asked: int, default: int, most: int) -> int:
    """The rows of a page with this `limit`: 0 means the default, and more than allowed means the most allowed."""
    return min(asked or default, most)


def list_limit(asked: int, limits: Limits, row_bytes: int = LIST_ROW_BYTES) -> int:
    """As `page_limit`, for lists of users, members and groups: at most the rows of `row_bytes` that fit in an answer."""
    most = min(limits.list_page_max, max(1, (limits.frame_bytes_max - 4096) // row_bytes))
    return page_limit(asked, most, most)

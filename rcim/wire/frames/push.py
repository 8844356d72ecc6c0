"""Frames of push tokens: by which names push services know the devices of a user (PU-03)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.wire.frames.kinds import USER, USER_OR_NONE
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U64, Bool, StructList, str8, str16

DEVICE_ID = str8(64, 1, one_line=True)
DEVICE_ID_OR_NONE = str8(64, one_line=True)
PROVIDER = str8(32, 1, one_line=True)
PROVIDER_OR_NONE = str8(32, one_line=True)
TOKEN = str16(16384)
"""More than any service gives, so that the error says what is wrong."""
TOPIC = str8(200, one_line=True)
LANGUAGE = str8(35, one_line=True)


@row("PushTokenEntry")
class PushTokenEntry(Struct, frozen=True, gc=False):
    """A token that a device has registered with a provider (PU-03)."""

    device_id: A[str, DEVICE_ID, "The app's name for the device."]
    provider: A[str, PROVIDER, "The provider, by its name in the server's settings."]
    token: A[str, str16(4096), "The token."]
    topic: A[str, TOPIC, "The app for which it was made; empty: that of the provider."]
    sandbox: A[bool, Bool(), "It was made by a development build."]
    language: A[str, LANGUAGE, "The language of the device; empty: that of the settings."]
    time_ms: A[int, U64, "When it was registered, in milliseconds since 1970."]


@frame(
    0x0350,
    "PUSH_TOKEN_SET",
    "client",
    "request",
    reply="PUSH_TOKEN_SET_OK",
    rules=(
        "A device has one token for each provider; this one replaces the one before.",
        "A token belongs to the device that has registered it last: if another user or device has it, they lose it.",
        "A user has tokens of at most 20 devices; with one more, the device that registered longest ago loses its own.",
        "Register at each start of the app: tokens go when the service says that they are invalid, when UserSigs of the "
        "user are invalidated, and with the account.",
    ),
    errors=("BAD_PUSH_TOKEN", "NO_PUSH_PROVIDER", "BAD_PARAMETER", "NOT_PERMITTED", "ADMIN_REQUIRED"),
)
class PushTokenSet(Frame, frozen=True, gc=False):
    """Registers the token by which a push service knows a device of the user (PU-03)."""

    device_id: A[str, DEVICE_ID, "The app's name for the device; the same at each start."]
    provider: A[str, PROVIDER, "The provider, by its name in the server's settings."]
    token: A[str, TOKEN, "The token, at most 4,096 bytes without control characters."]
    topic: A[
        str, Ext(1, TOPIC), "The app for which it was made: bundle id or package name; absent: that of the provider."
    ] = ""
    sandbox: A[bool, Ext(2, Bool()), "True: it was made by a development build (APNs)."] = False
    language: A[str, Ext(3, LANGUAGE), "The language of the device, as `en` or `zh-CN`; absent: the server's."] = ""
    user_id: A[str, Ext(4, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x8350, "PUSH_TOKEN_SET_OK", "server", "reply")
class PushTokenSetOk(Frame, frozen=True, gc=False):
    """It is registered, and nobody else has it."""


@frame(
    0x0351,
    "PUSH_TOKEN_REMOVE",
    "client",
    "request",
    reply="PUSH_TOKEN_REMOVE_OK",
    rules=(
        "What is not there is no error.",
        "Remove the device's tokens before LOGOUT if it is not to be told of messages any more.",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED", "ADMIN_REQUIRED"),
)
class PushTokenRemove(Frame, frozen=True, gc=False):
    """Removes push tokens of the user (PU-03)."""

    device_id: A[str, DEVICE_ID_OR_NONE, "The device; empty: all devices of the user."]
    provider: A[str, PROVIDER_OR_NONE, "The provider; empty: all of them."]
    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x8351, "PUSH_TOKEN_REMOVE_OK", "server", "reply")
class PushTokenRemoveOk(Frame, frozen=True, gc=False):
    """They are removed."""


@frame(
    0x0352,
    "PUSH_TOKENS",
    "client",
    "request",
    reply="PUSH_TOKENS_OK",
    errors=("BAD_PARAMETER", "NOT_PERMITTED", "ADMIN_REQUIRED"),
)
class PushTokens(Frame, frozen=True, gc=False):
    """Asks for the push tokens of the user (PU-03)."""

    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x8352, "PUSH_TOKENS_OK", "server", "reply")
class PushTokensOk(Frame, frozen=True, gc=False):
    """The tokens, by device; as many as fit the frame."""

    tokens: A[list[PushTokenEntry], StructList(PushTokenEntry, 200), "By device and provider."]


@frame(
    0x0F78,
    "ADMIN_PUSH_TEST",
    "client",
    "request",
    reply="ADMIN_PUSH_TEST_OK",
    rules=(
        "The push goes to all devices of the user, whatever they are doing and whatever the user has set.",
        "What becomes of it, ADMIN_STATS and the server's log say.",
    ),
    errors=("NO_PUSH_PROVIDER", "BAD_PARAMETER", "ADMIN_REQUIRED"),
    admin=True,
)
class AdminPushTest(Frame, frozen=True, gc=False):
    """Sends the devices of a user a push, to see whether it arrives (PU-01)."""

    user_id: A[str, USER, "The user."]
    title: A[str, str8(200, one_line=True), "Its title."]
    text: A[str, str16(1000), "Its text."]


@frame(0x8F78, "ADMIN_PUSH_TEST_OK", "server", "reply", admin=True)
class AdminPushTestOk(Frame, frozen=True, gc=False):
    """The push is on its way."""

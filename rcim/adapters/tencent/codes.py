"""Error codes of Tencent's API. Each service of the vendor has codes of its own for the same thing: a Family says which.

rcim's numbers are the vendor's where the vendor has the same error in groups (rcim/base/errors.py), so a family names
only those that differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rcim.base.errors import ErrorKind, RcimError

OWN_FROM = 300_000
"""rcim's own numbers, which the vendor's clients do not know, begin here."""

HTTP_FAULTY, JSON_FAULTY = 60002, 60003
SIGNATURE_REFUSED = 60004
UNKNOWN_APP, TOO_OFTEN, UNKNOWN_RESOURCE, NEEDS_ADMINISTRATOR, NO_APP = 60006, 60007, 60009, 60010, 60012
TIMED_OUT = 60008
ACCOUNT_NOT_TEXT = 60015


class TencentError(Exception):
    """The request is refused with this code of the vendor's."""

    def __init__(self, code: int, info: str) -> None:
        super().__init__(code, info)
        self.code = code
        self.info = info


@dataclass(frozen=True)
class Family:
    """The codes of one of the vendor's services."""

    parameter: int
    """A field is missing, or is not what it has to be."""
    server: int
    """The server failed; the same request may succeed later."""
    display: bool = False
    """Its answers also have `ErrorDisplay`."""
    status: bool = True
    """Its answers have `ActionStatus`."""
    fields: Mapping[str, int] = field(default_factory=dict)
    """Fields for which there is a code of their own in place of `parameter`."""
    codes: Mapping[str, int] = field(default_factory=dict)
    """The vendor's code by the name of our error, where it differs from our number."""

    def code_of(self, error: RcimError) -> int:
        """The vendor's code of an error of ours. An error that the vendor does not have is a wrong parameter if the
        caller is at fault, and a failed server otherwise."""
        found = self.codes.get(error.code.name)
        if found is not None:
            return found
        if error.code.number < OWN_FROM:
            return error.code.number
        return self.parameter if error.code.kind in (ErrorKind.MISTAKE, ErrorKind.VIOLATION) else self.server


GROUP = Family(parameter=10004, server=10002, codes={"BAD_PUSH_INFO": 90043})
TOPIC = Family(parameter=10004, server=10002, codes={"TOO_MANY_CHANNELS": 110002})
ONE_TO_ONE = Family(
    parameter=90001,
    server=91000,
    fields={
        "MsgBody": 90002,
        "To_Account": 90003,
        "Peer_Account": 90003,
        "MsgRandom": 90005,
        "MsgTimeStamp": 90006,
        "From_Account": 90008,
        "Operator_Account": 90008,
        "Report_Account": 90008,
        "MsgLifeTime": 90026,
        "SyncFromOldSystem": 90030,
        "SyncOtherMachine": 90031,
        "OfflinePushInfo": 90043,
        "MsgKey": 90054,
        "LastMsgKey": 90054,
    },
    codes={
        "SERVER_ERROR": 91000,
        "BAD_PARAMETER": 90001,
        "BAD_ELEMENT": 90010,
        "BAD_PUSH_INFO": 90043,
        "BODY_TOO_LARGE": 93000,
        "NO_SUCH_GROUP": 90003,
        "NO_SUCH_MESSAGE": 20022,
        "NOT_RECALLABLE": 20023,
        "TOO_LATE": 20016,
        "SENDER_MUTED": 20012,
    },
)
ACCOUNT = Family(
    parameter=70402,
    server=70500,
    codes={"BAD_PARAMETER": 70402, "SERVER_ERROR": 70500},
)
PROFILE = Family(
    parameter=40001,
    server=40006,
    display=True,
    codes={"BAD_PARAMETER": 40001, "SERVER_ERROR": 40006, "DIRTY_WORD": 40005, "NOT_PERMITTED": 40007},
)
RELATIONS = Family(
    parameter=30001,
    server=30006,
    display=True,
    codes={"BAD_PARAMETER": 30001, "SERVER_ERROR": 30006, "TOO_MANY_ENTRIES": 30013},
)
RECENT_CONTACTS = Family(
    parameter=50001, server=50002, display=True, codes={"BAD_PARAMETER": 50001, "SERVER_ERROR": 50002}
)
OPERATION = Family(
    parameter=130001, server=130014, status=False, codes={"BAD_PARAMETER": 130001, "SERVER_ERROR": 130014}
)
PUSH_TO_ALL = Family(
    parameter=90001,
    server=91000,
    fields={
        "MsgBody": 90002,
        "MsgRandom": 90005,
        "To_Account": 90018,
        "MsgLifeTime": 90026,
        "OfflinePushInfo": 90043,
    },
    codes={
        "SERVER_ERROR": 91000,
        "BAD_PARAMETER": 90001,
        "BAD_ELEMENT": 90010,
        "BAD_PUSH_INFO": 90043,
        "BODY_TOO_LARGE": 93000,
        "BROADCAST_LIMIT": 90047,
    },
)
MESSAGE_LOG = Family(
    parameter=1001,
    server=1005,
    codes={"BAD_PARAMETER": 1001, "SERVER_ERROR": 1005, "NO_SUCH_LOG_FILE": 1004, "MESSAGE_LOG_OFF": 1004},
)

USER_UNKNOWN = 70107
"""There is no account with this id."""

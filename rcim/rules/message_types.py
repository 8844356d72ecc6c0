"""What kinds of messages there are (MS-09): each type name has a class, and what is done with messages of it.

BUILT_IN are RongCloud's own names, so that an app that comes from there keeps them. Types of the app's own come from the
settings: `name class`, and what differs from the class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

NAME = re.compile(r"[A-Za-z0-9_.:-]{1,32}\Z")
TYPES_MAX = 500


class MessageClass(Enum):
    """What kind of message a type name stands for (MS-09)."""

    CONTENT = "content"
    NOTICE = "notice"
    STATUS = "status"
    SIGNALLING = "signalling"


@dataclass(frozen=True, slots=True)
class MessageType:
    """`stored`: it has a SEQ and stands in history; else it goes to who is online and is gone. `counted`: as unread.
    `pushed`: members that are offline are told by a push."""

    kind: MessageClass
    stored: bool
    counted: bool
    pushed: bool


CONTENT = MessageType(MessageClass.CONTENT, True, True, True)
"""What a message without a type name is."""
NOTICE = MessageType(MessageClass.NOTICE, True, False, False)
STATUS = MessageType(MessageClass.STATUS, False, False, False)
SIGNALLING = MessageType(MessageClass.SIGNALLING, True, False, False)
UNSTORED_NOTICE = replace(NOTICE, stored=False)
OF_CLASS = {made.kind: made for made in (CONTENT, NOTICE, STATUS, SIGNALLING)}


def _named(kind: MessageType, names: str) -> dict[str, MessageType]:
    return {f"RC:{name}": kind for name in names.split()}


BUILT_IN: dict[str, MessageType] = {
    **_named(
        CONTENT,
        "TxtMsg VcMsg HQVCMsg ImgMsg GIFMsg ImgTextMsg FileMsg LBSMsg SightMsg CombineMsg PSImgTxtMsg PSMultiImgTxtMsg",
    ),
    **_named(NOTICE, "InfoNtf ContactNtf ProfileNtf CmdNtf GrpNtf chrmKVNotiMsg"),
    **_named(UNSTORED_NOTICE, "ReadNtf PSCmd CmdMsg"),
    **_named(STATUS, "TypSts RRReqMsg RRRspMsg SRSMsg"),
    **_named(SIGNALLING, "VCAccept VCHangup VCInvite VCModifyMedia VCModifyMem VCRinging"),
    **_named(SIGNALLING, "CSCha CsChaR CsHs CsHsR CsSp CsEnd CsUpdate CsPullEva CsEva CsPLM CsLM UIUMsg RcCmd"),
}
SWITCHES = ("stored", "counted", "pushed")


def parse(lines: Iterable[str]) -> Mapping[str, MessageType]:
    """BUILT_IN and the app's own: each line is `name class`, then any of `stored`, `counted`, `pushed`, or one of them
    with `no-` before it, where it differs from the class. Raises ValueError that says what is wrong."""
    found = dict(BUILT_IN)
    for line in lines:
        name, *words = line.split()
        if not NAME.match(name):
            raise ValueError(f"message type {name!r}: a name is 1 to 32 of A-Z, a-z, 0-9, _ . : and -")
        classes = {kind.value: made for kind, made in OF_CLASS.items()}
        if not words or words[0] not in classes:
            raise ValueError(f"message type {name}: has to be followed by one of {', '.join(classes)}")
        made = classes[words[0]]
        for word in words[1:]:
            switch = word.removeprefix("no-")
            if switch not in SWITCHES:
                raise ValueError(
                    f"message type {name}: {word!r} is not one of {', '.join(SWITCHES)}, nor no- and one"
                )
            switches: dict[str, Any] = {switch: switch == word}
            made = replace(made, **switches)
        if not made.stored and (made.counted or made.pushed):
            raise ValueError(f"message type {name}: what is not stored is neither counted nor pushed")
        found[name] = made
    if len(found) > TYPES_MAX:
        raise ValueError(f"message types: at most {TYPES_MAX}")
    return found

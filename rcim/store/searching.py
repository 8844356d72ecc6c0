"""Searching in what a user may read, by words and sender (RX-10).

There is no index: a message costs nothing more to keep, and what is recalled, edited, deleted, directed or too old is
right by itself. A search goes over the messages from the newest to the oldest, conversation after conversation, and
stops after a bounded effort; its cursor says where it goes on. Most messages are passed over without being decoded: what
is looked for is not among their bytes. `rcim-bench search` shows what it costs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rcim.actor.outcomes import Refused
from rcim.actor.queries import SearchQuery, TypeFacts
from rcim.actor.records import Message, Profile, UserRestriction
from rcim.base.errors import NO_SUCH_GROUP, NOT_PERMITTED, TEMPORARY_ENDED
from rcim.base.limits import Limits
from rcim.base.terms import BROADCAST_ALL, MessageState
from rcim.rules.conversation_kinds import ULTRA, channel_key, is_channel, is_created, kind_of, parent_of
from rcim.rules.folding import fold
from rcim.rules.visibility import Sight, is_erased, sight
from rcim.store import keys
from rcim.store.answers import Found, FoundPage
from rcim.store.backend import ReadView
from rcim.store.channel_listings import names_of
from rcim.store.channel_rows import seen_in_channel
from rcim.store.eyes import eyes_of, seen_by
from rcim.store.member_view import NO_TYPE, MemberView, message_bytes
from rcim.store.tables import memberships, read_head, read_profile, seq_at, visible
from rcim.store.values import unpack

EFFORT = 4000
"""What one page may cost, in short messages passed over: 6 ms of the reading thread."""
BYTES = 256
"""So many bytes of a longer one cost as much as a short one."""
DECODING, OPENING = 8, 10
"""One that is decoded and folded costs so many times more than one passed over; so many of those cost what it costs to
look into a conversation."""
FOLDED_OTHERWISE = re.compile(
    rb"[\xc2-\xe3\xef-\xf4]"
    rb"(?:(?<=[\xc2-\xdf])[\x80-\xbf]"
    rb"|(?<=[\xe0\xe1])[\x80-\xbf]{2}"
    rb"|(?<=\xe2)(?!\x80[\x90-\xa7])[\x80-\xbf]{2}"
    rb"|(?<=\xe3)(?:\x80[\xaa-\xbf]|[\x81-\x8f][\x80-\xbf])"
    rb"|(?<=\xef)(?!\xbc[\x81-\x8f\x9a-\xa0])[\x80-\xbf]{2}"
    rb"|(?<=\xf0)(?!\x9f[\x8c-\xab]|[\xa0-\xae])[\x80-\xbf]{3}"
    rb"|(?<=[\xf1-\xf4])[\x80-\xbf]{3})"
)
"""Finds, with the next, every character of which folding may make, or take away, letters or digits beyond what
bytes.lower() does; those of Chinese, of Hangul and emoji it passes over. A match that is none costs time alone."""
FOLDED_OTHERWISE_TOO = re.compile(rb"\xea[\x80-\xaf]|\xed[\x9e-\xbf]")
"""The same of those whose first byte Hangul has too: tried apart, it costs a third."""
SEQ_END = (1 << 63) - 1


class Wanted:
    """What is looked for. `words` have to be in a message's text, all of them, both folded (rcim/rules/folding.py)."""

    def __init__(self, query: SearchQuery, text_of: Callable[[bytes], str]) -> None:
        self._words = [word for word in dict.fromkeys(map(fold, query.words)) if word]
        self._text_of = text_of
        self._sender = query.sender
        self._to_ms = query.to_time_ms
        self._lower = [word.encode() for word in self._words if word.isalnum()]
        self._sender_bytes = query.sender.encode()

    def may_be(self, data: bytes) -> bool:
        """False if a kept message is surely none of them. Cheap: it is not decoded."""
        if self._sender_bytes and self._sender_bytes not in data:
            return False
        if not self._lower:
            return True
        lower = data.lower()
        return all(word in lower for word in self._lower) or folded_otherwise(data)

    def is_it(self, message: Message) -> bool:
        """True if it is one of them."""
        if message.tip is not None or message.state not in (MessageState.AS_SENT, MessageState.EDITED):
            return False
        if (self._sender and message.sender != self._sender) or (self._to_ms and message.time_ms > self._to_ms):
            return False
        if not self._words:
            return True
        text = fold(self._text_of(message.body))
        return all(word in text for word in self._words)


def folded_otherwise(data: bytes) -> bool:
    """True if there may be something in `data` of which folding makes other letters than bytes.lower()."""
    return FOLDED_OTHERWISE.search(data) is not None or FOLDED_OTHERWISE_TOO.search(data) is not None


class Searching:
    """See the module's text. `text_of` makes of a body what is to be read in it."""

    def __init__(self, limits: Limits, text_of: Callable[[bytes], str]) -> None:
        self._page_bytes = limits.frame_bytes_max - 4096
        self._text_of = text_of

    def page(self, view: ReadView, query: SearchQuery) -> FoundPage | Refused:
        """The answer to `query`. Raises StoreError."""
        if query.conversation:
            refused = self._refused(view, query)
            if refused is not None:
                return refused
        wanted = Wanted(query, self._text_of)
        found: list[Found] = []
        left, room = EFFORT, self._page_bytes
        after, below = query.after
        for key in self._conversations(view, query, after):
            newest = below if key == after and below else SEQ_END
            left -= OPENING if key != after else 0  # so that each page comes further
            for seq, cost, message in self._back(view=view, query=query, key=key, below=newest, wanted=wanted):
                left -= cost
                if message is not None and wanted.is_it(message):
                    room -= message_bytes(message) + len(key.encode()) + 2
                    if found and room < 0:
                        return FoundPage(found, (key, seq + 1), True)
                    found.append(Found(key, message))
                if len(found) == query.limit or left <= 0:
                    return FoundPage(found, (key, seq), True)
            if left <= 0:
                return FoundPage(found, (key, 1), True)
        return FoundPage(found, ("", 0), False)

    @staticmethod
    def _refused(view: ReadView, query: SearchQuery) -> Refused | None:
        """RX-06: who may not read gets an error and no empty page."""
        if is_channel(query.conversation) and not query.admin:
            there = seen_in_channel(view, query.conversation, query.user_id, read_head(view, query.conversation))
            return None if there is not None else Refused(NO_SUCH_GROUP, NO_SUCH_GROUP.meaning)
        profile = read_profile(view, query.conversation)
        if profile is None and not is_created(query.conversation):
            return None  # nobody has said anything in it yet
        if profile is None or not (query.admin or visible(profile, query.user_id)):
            return Refused(NO_SUCH_GROUP, NO_SUCH_GROUP.meaning)
        if 0 < profile.ends_ms <= query.now_ms:
            return Refused(TEMPORARY_ENDED, TEMPORARY_ENDED.meaning)
        if query.admin:
            return None
        head = read_head(view, query.conversation)
        if seen_by(view, query.conversation, query.user_id, profile, head) is None:
            return Refused(NOT_PERMITTED, NOT_PERMITTED.meaning)
        return None

    @staticmethod
    def _conversations(view: ReadView, query: SearchQuery, after: str) -> Iterator[str]:
        """Those that are searched, from the one of the cursor on: by key, and after each ultra group its channels, by
        name. Of channels that the user does not see, nothing is looked at (`_eyes`)."""
        if query.conversation:
            yield query.conversation
            return
        if after <= BROADCAST_ALL and read_profile(view, BROADCAST_ALL) is not None:
            yield BROADCAST_ALL
        begun = parent_of(after)
        for row, _ in memberships(view, query.user_id, begun):
            key = keys.second(row)
            if key != BROADCAST_ALL and (key != begun or after == begun):
                yield key
            if kind_of(key) is ULTRA:  # UG-02: its channels come next, those that are private among them
                for name in names_of(view, key):
                    channel = channel_key(key, name)
                    if key != begun or channel >= after:
                        yield channel

    def _back(
        self, view: ReadView, query: SearchQuery, key: str, below: int, wanted: Wanted
    ) -> Iterator[tuple[int, int, Message | None]]:
        """SEQs from the newest below `below` back, what it cost to look there, and the message, if it may be wanted and
        the user may see it."""
        profile = read_profile(view, key)
        if profile is None:
            return
        eyes = self._eyes(view, query, key, profile)
        if eyes is None:
            return
        first = eyes.first
        if query.from_time_ms:
            newest = read_head(view, key).next_seq - 1
            first = max(first, seq_at(view=view, key=key, first=first, newest=newest, time_ms=query.from_time_ms))
        low, high = keys.message(key, first), keys.message(key, below)
        if low >= high:
            return
        for row, data in view.scan("messages", low, high, reverse=True):
            seq, cost = keys.U64.unpack(row[-8:])[0], 1 + len(data) // BYTES
            if not wanted.may_be(data):
                yield seq, cost, None
                continue
            message = unpack(data, Message)
            if message.time_ms < eyes.since_ms:
                return
            yield seq, cost * (1 + DECODING), message if eyes.sight(message) is Sight.WHOLE else None

    @staticmethod
    def _eyes(view: ReadView, query: SearchQuery, key: str, profile: Profile) -> MemberView | Admin | None:
        """With whose eyes messages are looked at; None if none of them may be seen."""
        head = read_head(view, key)
        if 0 < profile.ends_ms <= query.now_ms:  # SY-02
            return None
        if query.admin and query.conversation:
            return Admin(view, key, max(profile.first_seq, head.kept_seq))
        type_: TypeFacts = query.types.get(profile.type, NO_TYPE)
        member = seen_by(view, key, query.user_id, profile, head)
        if member is None or not type_.stored:
            return None
        return eyes_of(view, key, profile, head, member, type_, now_ms=query.now_ms, as_history=True)


class Admin:
    """An app administrator sees all that is there (AB-04), but what is deleted for all."""

    since_ms = 0

    def __init__(self, view: ReadView, key: str, first: int) -> None:
        self._view = view
        self._key = key
        self.first = first

    def sight(self, message: Message) -> Sight:
        """What it sees of the message: also of one that is for others alone."""
        data = self._view.get("marks", keys.pair(self._key, message.sender))
        erased_seq = unpack(data, UserRestriction).erased_seq if data is not None else 0
        return sight(hidden=False, for_user=True, erased=is_erased(message.seq, erased_seq))

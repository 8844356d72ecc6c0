"""The client's requests about groups: life, profile, lists, messages."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TypedDict, Unpack

from rcim.base.terms import ApplyJoinOption, Gender, MsgFlag, Priority, UserList
from rcim.client.attributes import wire_attributes, wire_changes
from rcim.client.model import Message, SendResult, Where, message_of
from rcim.client.requests import Requests, wire_fields
from rcim.content import elements
from rcim.wire import frames

SEQS_MAX = 100
"""Messages named in one HISTORY (RX-12)."""


class SendOptions(TypedDict, total=False):
    """What `send` and `post` take besides where and what."""

    priority: Priority
    """Normal, if nothing is said."""
    client_msg_id: str | None
    """By which the server knows it again; made here, if nothing is said."""
    as_user: str
    """Whose message it is: for app administrators (MS-06)."""
    type_name: str
    """A registered type (MS-09)."""
    to: Sequence[str]
    """Only these members get it (MS-07)."""
    mentions: Sequence[str]
    mentions_all: bool
    transient: bool
    """It goes to who is online and has no SEQ (MS-08)."""
    cloud_data: bytes
    """The app's own, beside the elements."""
    push: bytes
    """What its push says, as JSON of up to 4 KiB in Tencent's, LeanCloud's or RongCloud's form (PU-02)."""


class GroupRequests(Requests):
    """Part of Client. Each raises RcimError with the server's code."""

    # -- messages

    async def send(
        self, where: Where, content: str | Sequence[elements.Element], **options: Unpack[SendOptions]
    ) -> SendResult:
        """Send text or elements to a group, or to a `User`; returns once the server has it durably (MS-02).

        It is sent again after a reconnection, with the same client message id, so it arrives once. Raises RcimError.
        """
        ok = await self.request(self._send_frame(where, content, **options), frames.SendOk)
        return SendResult(
            seq=ok.seq, time_ms=ok.time_ms, message_id=ok.message_id, duplicate=ok.duplicate, held_back=ok.held_back
        )

    def _send_frame(
        self, where: Where, content: str | Sequence[elements.Element], **options: Unpack[SendOptions]
    ) -> frames.Send:
        """SEND, as `send` and `post` take it. Raises RcimError for a value out of its bounds, and TypeError for an option
        that there is not."""
        unknown = options.keys() - SendOptions.__annotations__.keys()
        if unknown:
            raise TypeError(f"there is no option {', '.join(sorted(unknown))}")
        parts = [elements.Text(content)] if isinstance(content, str) else content
        return frames.Send(
            conversation=self._target(where),
            client_msg_id=options.get("client_msg_id") or uuid.uuid4().hex,
            priority=options.get("priority", Priority.NORMAL),
            body=elements.encode_body(parts),
            as_user=options.get("as_user", ""),
            type_name=options.get("type_name", ""),
            to=list(options.get("to", ())),
            mentions=list(options.get("mentions", ())),
            mentions_all=options.get("mentions_all", False),
            transient=options.get("transient", False),
            cloud_data=options.get("cloud_data", b""),
            push=options.get("push", b""),
        )

    def _target(self, where: Where) -> str:
        """The conversation id that a message for `where` goes to."""
        return self._conversation(where)

    async def history(
        self, where: Where, *, from_seq: int = 0, to_seq: int = 0, limit: int = 0, backwards: bool = False
    ) -> list[Message]:
        """A page of messages, bounds as in HISTORY (RX-06)."""
        page = await self.history_page(
            where=where, from_seq=from_seq, to_seq=to_seq, limit=limit, backwards=backwards
        )
        return [message_of(self._conversation(where), m, self.user_id) for m in page.messages]

    async def history_of(self, where: Where, seqs: Iterable[int]) -> list[Message]:
        """The messages with these SEQ, as many as there are of them and the user may see (RX-12)."""
        found: list[Message] = []
        left = sorted(set(seqs))
        while left:
            asked = left[:SEQS_MAX]
            page = await self.history_page(where, 0, 0, 0, seqs=asked)
            found += [message_of(self._conversation(where), m, self.user_id) for m in page.messages]
            last = page.messages[-1].seq if page.more and page.messages else asked[-1]
            left = [seq for seq in left if seq > last]
        return found

    async def history_page(
        self,
        where: Where,
        from_seq: int,
        to_seq: int,
        limit: int,
        backwards: bool = False,
        *,
        seqs: Iterable[int] = (),
    ) -> frames.HistoryOk:
        """As `history`, with what the server says about the page; of `seqs` alone, if any are named."""
        named = [frames.SeqEntry(seq) for seq in seqs]
        frame = frames.History(
            conversation=self._conversation(where),
            from_seq=from_seq,
            to_seq=to_seq,
            limit=limit,
            backwards=backwards,
            seqs=named or (),
        )
        return await self.request(frame, frames.HistoryOk)

    async def search(
        self, words: str, *, where: Where | None = None, sender: str = "", from_time_ms: int = 0, to_time_ms: int = 0
    ) -> AsyncIterator[Message]:
        """Messages that the user may read with all of `words` in them, the newest of each conversation first (RX-10).
        They are asked for as they are taken. Raises RcimError."""
        cursor = b""
        while True:
            page = await self.search_page(
                words=words,
                cursor=cursor,
                where=where,
                sender=sender,
                from_time_ms=from_time_ms,
                to_time_ms=to_time_ms,
            )
            for row in page.found:
                yield message_of(row.conversation, row.messages[0], self.user_id)
            cursor = page.cursor
            if not cursor:
                return

    async def search_page(
        self,
        words: str,
        cursor: bytes = b"",
        where: Where | None = None,
        sender: str = "",
        from_time_ms: int = 0,
        to_time_ms: int = 0,
    ) -> frames.SearchOk:
        """As `search`, one answer of the server, bounds as in SEARCH."""
        conversation = "" if where is None else self._conversation(where)
        frame = frames.Search(
            words=words,
            cursor=cursor,
            limit=0,
            conversation=conversation,
            sender=sender,
            from_time_ms=from_time_ms,
            to_time_ms=to_time_ms,
        )
        return await self.request(frame, frames.SearchOk)

    async def mark_read(self, where: Where, seq: int) -> int:
        """Say how far the user has read; returns MsgSeq now (GR-04, MS-11)."""
        return (
            await self.request(frames.ConversationRead(self._conversation(where), seq), frames.ConversationReadOk)
        ).read_seq

    # -- the user's conversations

    async def sync_page(self, cursor: bytes = b"", *, messages: int = 0) -> frames.SyncOk:
        """A page of what has changed in the user's conversations since `cursor` (RX-03). The client does it by itself
        after each login; this is for who keeps a list of its own. `messages`: unread ones with each, up to 20 (RX-04)."""
        return await self.request(frames.Sync(cursor, 0, messages), frames.SyncOk)

    async def pin(self, where: Where, pinned: bool = True) -> None:
        """Put a conversation on top of the list, or no longer (RX-09)."""
        await self.request(frames.ConversationPin(self._conversation(where), pinned), frames.ConversationPinOk)

    async def remove_conversation(self, where: Where) -> None:
        """Take a conversation out of the list until its next message (RX-09)."""
        frame = frames.ConversationRemove(self._conversation(where))
        await self.request(frame, frames.ConversationRemoveOk, repeat=False)

    async def set_msg_flag(self, where: Where, msg_flag: MsgFlag) -> None:
        """Whether one wants to be disturbed by a conversation (RX-01, RX-02)."""
        frame = frames.ConversationFlag(self._conversation(where), msg_flag)
        await self.request(frame, frames.ConversationFlagOk)

    # -- groups

    async def create_group(
        self,
        name: str,
        *,
        group_id: str = "",
        type_: str = "Public",
        introduction: str = "",
        notification: str = "",
        face_url: str = "",
        apply_join_option: ApplyJoinOption = ApplyJoinOption.BY_TYPE,
        members: Sequence[str] = (),
        owner: str = "",
        max_member_num: int = 0,
        fields: Mapping[str, bytes] | None = None,
        attributes: Mapping[str, object] | None = None,
    ) -> str:
        """Make a group and be its owner; returns its id (GR-01). `owner`: for app administrators. `attributes`: the app's
        own, as JSON has them (GR-13)."""
        frame = frames.GroupCreate(
            group_id=group_id,
            type_=type_,
            name=name,
            introduction=introduction,
            notification=notification,
            face_url=face_url,
            apply_join_option=apply_join_option,
            members=list(members),
            owner=owner,
            max_member_num=max_member_num,
            fields=wire_fields(fields),
            attributes=wire_attributes(attributes) if attributes else b"",
        )
        made = await self.request(frame, frames.GroupCreateOk, repeat=bool(group_id))
        self._track(made.group_id, 0)
        return made.group_id

    async def edit_group(
        self,
        group_id: str,
        *,
        name: str | None = None,
        introduction: str | None = None,
        notification: str | None = None,
        face_url: str | None = None,
        apply_join_option: ApplyJoinOption | None = None,
        max_member_num: int | None = None,
        fields: Mapping[str, bytes] | None = None,
        attributes: Mapping[str, object] | None = None,
        attribute_changes: Mapping[str, object] | None = None,
    ) -> int:
        """Change what is given of a group's profile; returns InfoSeq (GR-03). `attributes` replaces all of them;
        `attribute_changes` sets single ones by their dotted keys, and removes those whose value is None (GR-13)."""
        frame = frames.GroupSet(
            group_id=group_id,
            name=name,
            introduction=introduction,
            notification=notification,
            face_url=face_url,
            apply_join_option=apply_join_option,
            max_member_num=max_member_num,
            fields=wire_fields(fields),
            attributes=None if attributes is None else wire_attributes(attributes),
            attribute_changes=wire_changes(attribute_changes),
        )
        return (await self.request(frame, frames.GroupSetOk)).info_seq

    async def give_group(self, group_id: str, user_id: str) -> None:
        """Make a member the owner (GR-01)."""
        await self.request(frames.GroupOwnerSet(group_id, user_id), frames.GroupOwnerSetOk, repeat=False)

    async def dissolve(self, group_id: str) -> None:
        """End a group (GR-01)."""
        await self.request(frames.GroupDissolve(group_id), frames.GroupDissolveOk, repeat=False)

    async def info(self, group_id: str) -> frames.GroupInfoOk:
        """A group's profile (GR-03)."""
        return await self.request(frames.GroupInfo(group_id), frames.GroupInfoOk)

    async def groups(self, user_id: str = "") -> list[frames.GroupEntry]:
        """All groups the user is in (GR-05); of another user for app administrators."""
        return await self._pages(
            lambda cursor: frames.GroupsJoined(cursor, 0, user_id), frames.GroupsJoinedOk, lambda page: page.groups
        )

    async def find_groups(self, words: str, *, limit: int = 100) -> list[frames.GroupEntry]:
        """Up to `limit` groups with this id or these words in their name (GR-09)."""
        found: list[frames.GroupEntry] = []
        cursor = ""
        while True:
            page = await self.request(frames.GroupFind(words, cursor, 0), frames.GroupFindOk)
            found += page.groups
            cursor = page.next
            if not cursor or len(found) >= limit:
                return found[:limit]

    # -- users

    async def set_profile(
        self,
        nickname: str,
        face_url: str = "",
        *,
        gender: Gender | None = None,
        signature: str | None = None,
        fields: Mapping[str, bytes] | None = None,
    ) -> None:
        """Set the user's own profile (AB-05); nickname and face URL go with its messages (MS-04)."""
        frame = frames.ProfileSet(
            nickname=nickname, face_url=face_url, gender=gender, signature=signature, fields=wire_fields(fields)
        )
        await self.request(frame, frames.ProfileSetOk)

    async def profile(self, user_id: str) -> frames.ProfileGetOk:
        """A user's profile (AB-05)."""
        return await self.request(frames.ProfileGet(user_id), frames.ProfileGetOk)

    async def profiles(self, users: Sequence[str]) -> dict[str, frames.ProfileEntry]:
        """The profiles of up to 100 users (AB-05); of one of whom nothing is kept `known` is False. Those whose profile
        can not be read now are left out."""
        left = list(dict.fromkeys(users))
        found: dict[str, frames.ProfileEntry] = {}
        while left:
            ok = await self.request(frames.ProfilesGet(left), frames.ProfilesGetOk)
            found |= {entry.user_id: entry for entry in ok.profiles}
            left = left[max(ok.taken, 1) :]
        return found

    # -- one's own lists (SC-07)

    async def set_quiet_hours(self, start_min: int, end_min: int, offset_min: int, *, user_id: str = "") -> None:
        """No push between these minutes of the user's day (RX-02); equal: there are no such hours. Raises RcimError."""
        frame = frames.QuietHoursSet(start_min, end_min, offset_min, user_id)
        await self.request(frame, frames.QuietHoursSetOk)

    async def quiet_hours(self, *, user_id: str = "") -> frames.QuietHoursOk:
        """The hours of quiet. `user_id`: whose, for app administrators. Raises RcimError."""
        return await self.request(frames.QuietHoursGet(user_id), frames.QuietHoursOk)

    async def change_user_list(
        self, which: UserList, add: Sequence[str] = (), remove: Sequence[str] = (), *, user_id: str = ""
    ) -> None:
        """Put users on one's black or white list, and take users off it, 1 to 100. `user_id`: for app administrators."""
        frame = frames.UserListChange(which, list(add), list(remove), user_id)
        await self.request(frame, frames.UserListChangeOk)

    async def user_list(self, which: UserList, *, user_id: str = "") -> list[str]:
        """All of one's black or white list. `user_id`: for app administrators."""
        return await self._pages(
            lambda cursor: frames.UserListGet(which, cursor, 0, user_id), frames.UserListOk, lambda page: page.users
        )

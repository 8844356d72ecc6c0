"""Giving out what a commit has made durable: deliveries, notices, changes of who is in a conversation, in their order."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from rcim.actor import app
from rcim.actor.app_state import AppState
from rcim.actor.commands import Command
from rcim.actor.effects import (
    AccountDeleted,
    AllPlaced,
    Announce,
    AppChanged,
    ChannelClosed,
    ChannelsTold,
    ClosedToGuests,
    ConversationGone,
    Deliver,
    GroupCounted,
    LabelsChanged,
    LookForAbsent,
    MemberGone,
    MembersAdded,
    MemberSilenced,
    Notify,
    Placed,
    PresenceBarred,
    RoomLost,
    SignaturesInvalidated,
    UserLoggedOut,
    UserProfileChanged,
)
from rcim.actor.outcomes import Outcome
from rcim.actor.records import Message, TypeSaved
from rcim.actor.ultra_commands import TellChannel
from rcim.actor.user import USER_PREFIX, user_key
from rcim.actor.user_commands import NotePlace
from rcim.base.limited_log import LimitedLog
from rcim.base.terms import AppList, GoneReason, Priority
from rcim.dispatch.known_kinds import known_kind_name
from rcim.dispatch.requests import CommandRequest, Delivery, DeliverySink, ReplyTo
from rcim.flow.activity import Activity
from rcim.rules.conversation_kinds import BY_NAME, channel_key, open_address

log = LimitedLog("rcim.dispatch")


class Users(Protocol):
    """Who keeps the actors of users in memory."""

    def tell(self, key: str, command: Command, reply_to: ReplyTo) -> bool:
        """Put a command of our own into a mailbox, where there is always room for it. False: there is no such mailbox,
        and the actor, once it is loaded, knows it from the store."""

    def users_there(self) -> list[str]:
        """The keys of the actors of users that are in memory."""


class Absent(Protocol):
    """Who looks after members who are not online (CR-01, CR-02)."""

    def look_later(self, key: str, after_ms: int) -> None:
        """Ask the room in so long to let absent members leave."""

    def lost(self, key: str, user_id: str, made_ms: int) -> None:
        """The user has left the room with their connection; it was created at `made_ms`."""

    def forget(self, user_id: str) -> None:
        """The account is deleted: whoever gets the id has lost no room."""


class _Nobody:
    """Who says what a user is in a group; it needs no answer: an actor that is loaded knows it from the store."""

    def answer(self, token: int, result: Any) -> None:
        """Nothing waits for it."""

    def mailbox_drained(self, key: str) -> None:
        """It waits for no room."""


_NOBODY = _Nobody()


class EffectRunner:
    """See the module's text. `answer` gives a request its result; `look_at_guests` has groups with these keys look
    whether they are still open to guests."""

    def __init__(
        self,
        app_state: AppState,
        sink: DeliverySink,
        users: Users,
        answer: Callable[[CommandRequest, Outcome], None],
        look_at_guests: Callable[[Iterable[str]], None],
        *,
        absent: Absent,
        activity: Activity,
    ) -> None:
        self._activity = activity
        self._absent = absent
        self._app_state = app_state
        self._users = users
        self._sink = sink
        self._answer = answer
        self._look_at_guests = look_at_guests
        self.messages = 0
        """How many were given out."""
        self.by_kind = dict.fromkeys(BY_NAME, 0)
        """The same by the kind of their conversation."""

    def all(self, batch: list[tuple[CommandRequest, Outcome]]) -> None:
        """Give out effects and answers, in order; messages of one conversation are handed on together."""
        messages: dict[str, list[Message]] = {}
        entered: dict[str, MembersAdded] = {}
        for request, outcome in batch:
            for effect in outcome.effects:
                if type(effect) is Deliver:
                    self.messages += 1
                    messages.setdefault(request.key, []).append(effect.message)
                    continue
                if type(effect) is MembersAdded and entered.get(request.key) == effect:
                    continue  # of a one-to-one conversation each message says it
                # Who is in it changes: what was sent before goes to those who were in it before.
                if request.key in messages:
                    self._deliver(request.key, messages.pop(request.key))
                if type(effect) is MembersAdded:
                    entered[request.key] = effect
                elif type(effect) is not Notify:
                    entered.pop(request.key, None)
                with contained("effect", request.key):
                    _EFFECTS[type(effect)](self, request.key, effect)
            self._answer(request, outcome)
        for key, sent in messages.items():
            self._deliver(key, sent)

    def _address(self, key: str) -> str:
        """Where what the conversation says to all is delivered."""
        return open_address(key) if key in self._app_state.open_channels else key

    def _deliver(self, key: str, messages: list[Message]) -> None:
        count = len(messages)
        kind = known_kind_name(key)
        if kind:
            self.by_kind[kind] += count
        lately = self._activity.now
        lately[key] = lately.get(key, 0) + count
        address = self._address(key)
        if self._sink.listening(address):
            with contained("delivery", key):
                self._sink.deliver(address, list(map(self._delivery, messages)))

    def _delivery(self, message: Message) -> Delivery:
        extra = message.extra
        if extra is None:
            return Delivery(message, message.priority)
        low = bool(extra.type_name) and self._app_state.config.lists.holds(AppList.LOW_TYPES, extra.type_name)
        return Delivery(message, Priority.LOWEST if low else message.priority)

    def _tell(self, key: str, effect: Notify) -> None:
        if effect.user_ids is not None:
            self._sink.tell(key, effect.user_ids, effect.said)
            return
        address = self._address(key)
        if self._sink.listening(address):
            self._sink.tell(address, None, effect.said)

    def _announce(self, key: str, effect: Announce) -> None:
        address = self._address(key)
        if self._sink.listening(address):
            self._sink.announce(address, effect.change)

    def _app_changed(self, _: str, effect: AppChanged) -> None:
        app.settle(self._app_state, effect.record)
        if isinstance(effect.record, TypeSaved):
            self._look_at_guests(self._app_state.guests.groups())

    def _closed_to_guests(self, key: str, _: ClosedToGuests) -> None:
        self._look_at_guests([key])

    def _deleted(self, _: str, effect: AccountDeleted) -> None:
        self._app_state.deleted.note(effect.user_id)
        self._absent.forget(effect.user_id)

    def _invalidated(self, _: str, effect: SignaturesInvalidated) -> None:
        self._app_state.invalidated.note(effect.user_id, effect.valid_from_ms, effect.invalidated_ms)

    def _counted(self, _: str, effect: GroupCounted) -> None:
        self._app_state.counts.count(effect.type, effect.by)

    def _members_added(self, key: str, effect: MembersAdded) -> None:
        self._sink.members_added(key, effect.user_ids)

    def _member_gone(self, key: str, effect: MemberGone) -> None:
        self._sink.member_gone(key, effect.user_id, effect.reason, effect.operator, effect.text)

    def _member_silenced(self, key: str, effect: MemberSilenced) -> None:
        self._sink.member_silenced(key, effect.user_id, effect.silent)

    def _conversation_gone(self, key: str, effect: ConversationGone) -> None:
        address = self._address(key)
        if address != key:
            self._sink.conversation_gone(address, effect.silently, effect.reason)
            self._app_state.open_channels.discard(key)
        self._sink.conversation_gone(key, effect.silently or address != key, effect.reason)

    def _channel_closed(self, key: str, _: ChannelClosed) -> None:
        self._sink.conversation_gone(open_address(key), False, GoneReason.REMOVED)

    def _placed(self, key: str, effect: Placed) -> None:
        for user_id in effect.user_ids:
            self._users.tell(user_key(user_id), NotePlace(user_id, True, key, effect.place), _NOBODY)

    def _all_placed(self, key: str, effect: AllPlaced) -> None:
        for user in self._users.users_there():
            self._users.tell(user, NotePlace(user[len(USER_PREFIX) :], True, key, effect.place), _NOBODY)

    def _channels_told(self, key: str, effect: ChannelsTold) -> None:
        for name in effect.names:
            channel = channel_key(key, name)
            self._users.tell(channel, TellChannel("", True, effect.change), _NOBODY)
            if effect.change is None:
                self._app_state.open_channels.discard(channel)

    def _profile_changed(self, _: str, effect: UserProfileChanged) -> None:
        self._sink.user_profile_changed(effect.user_id, effect.nickname, effect.face_url, effect.fields)

    def _labels_changed(self, _: str, effect: LabelsChanged) -> None:
        self._sink.labels_changed(effect.user_id, effect.labels)

    def _logged_out(self, _: str, effect: UserLoggedOut) -> None:
        self._sink.user_logged_out(effect.user_id)

    def _look_for_absent(self, key: str, effect: LookForAbsent) -> None:
        self._absent.look_later(key, effect.after_ms)

    def _room_lost(self, key: str, effect: RoomLost) -> None:
        self._absent.lost(key, effect.user_id, effect.made_ms)

    def _barred(self, _: str, effect: PresenceBarred) -> None:
        self._sink.presence_barred(effect.user_id, effect.others)


@contextlib.contextmanager
def contained(what: str, key: str) -> Iterator[None]:
    """A fault in giving something out is its receiver's: the others of the batch get theirs."""
    try:
        yield
    except Exception:
        log.exception("giving something out failed", what=what, conversation=key)


_EFFECTS: dict[type, Callable[[EffectRunner, str, Any], None]] = {
    MembersAdded: EffectRunner._members_added,
    MemberGone: EffectRunner._member_gone,
    MemberSilenced: EffectRunner._member_silenced,
    ConversationGone: EffectRunner._conversation_gone,
    ChannelClosed: EffectRunner._channel_closed,
    Announce: EffectRunner._announce,
    Placed: EffectRunner._placed,
    AllPlaced: EffectRunner._all_placed,
    ChannelsTold: EffectRunner._channels_told,
    Notify: EffectRunner._tell,
    UserProfileChanged: EffectRunner._profile_changed,
    UserLoggedOut: EffectRunner._logged_out,
    LabelsChanged: EffectRunner._labels_changed,
    PresenceBarred: EffectRunner._barred,
    AccountDeleted: EffectRunner._deleted,
    SignaturesInvalidated: EffectRunner._invalidated,
    ClosedToGuests: EffectRunner._closed_to_guests,
    GroupCounted: EffectRunner._counted,
    AppChanged: EffectRunner._app_changed,
    LookForAbsent: EffectRunner._look_for_absent,
    RoomLost: EffectRunner._room_lost,
}

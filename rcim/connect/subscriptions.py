"""Who is online, and which conversations each of them is in: what is delivered goes by it (RX-01, ID-05)."""

from __future__ import annotations

from collections.abc import Iterable

from rcim.connect.fanout import Fanout
from rcim.connect.online import OnlineUser, Waited
from rcim.connect.outgoing import Outgoing
from rcim.dispatch.requests import Engine
from rcim.rules.conversation_kinds import CHANNEL_MARK, ULTRA, is_channel, is_entered_at_login

PAIRS_MAX = 200
"""One-to-one conversations of which a user who is online is told without being found first: 1.5 KB each."""


class Subscriptions:
    """See the module's text. Of a login that waits for the store, what changes meanwhile is kept with the user."""

    def __init__(self, fanout: Fanout, engine: Engine) -> None:
        self._fanout = fanout
        self._engine = engine
        self._users: dict[str, OnlineUser] = {}
        self._pending: set[OnlineUser] = set()
        """Those who wait for the store."""
        self._expected: dict[str, int] = {}
        """Conversation to how many of them are about to enter it, by what has changed meanwhile."""
        self._unheard: dict[str, set[str]] = {}
        """Conversation to those who are online and want nothing of it delivered (RX-01)."""

    def __len__(self) -> int:
        return len(self._users)

    def everyone(self) -> list[tuple[str, OnlineUser]]:
        """All who are online, by user id."""
        return list(self._users.items())

    def connections(self, user_id: str) -> list[Outgoing]:
        """The user's connections that are logged in."""
        user = self._users.get(user_id)
        return list(user.connections) if user is not None else []

    def heard_by(self, user_id: str) -> set[str]:
        """The conversations of which something is delivered to the user, or of their channels."""
        user = self._users.get(user_id)
        if user is None:
            return set()
        return {key for key in user.conversations if key not in user.silent or _is_ultra(key)}

    def count_of(self, user_id: str) -> int:
        """How many conversations the user is in."""
        user = self._users.get(user_id)
        return len(user.conversations) if user is not None else 0

    def unheard(self, conversation: str) -> set[str]:
        """Who is online and in `conversation`, but wants nothing of it delivered."""
        return self._unheard.get(conversation, set())

    def expects(self, conversation: str) -> bool:
        """True if a login that waits for the store is about to enter `conversation`. It is asked with every message that
        nobody here hears: what it costs does not depend on how many logins wait."""
        return conversation in self._expected

    def _note(self, user: OnlineUser, conversation: str, there: bool) -> None:
        """A login waits for the store: whether its user is in `conversation` counts on top of what is read."""
        self._expect(conversation, there - user.changes.get(conversation, False))
        user.changes[conversation] = there
        if not is_channel(conversation):  # of a channel the flag stays when the user is taken off its list (UG-05)
            user.silences[conversation] = False

    def _expect(self, conversation: str, by: int) -> None:
        count = self._expected.get(conversation, 0) + by
        if count:
            self._expected[conversation] = count
        else:
            self._expected.pop(conversation, None)

    def forget_changes(self, user: OnlineUser) -> None:
        """What has changed since it was asked for the user counts no more."""
        for conversation, there in user.changes.items():
            self._expect(conversation, -there)
        user.changes, user.silences, user.profile, user.logged_out, user.labels = {}, {}, None, False, None

    # -- changes

    def joined(self, user_id: str, conversation: str) -> None:
        """The user is in `conversation` from now on, with all its connections (ID-05)."""
        user = self._users.get(user_id)
        if user is None:
            return
        if user.pending:
            self._note(user, conversation, True)
        if user.connections and conversation not in user.conversations:
            self._put_in(user_id, user, conversation, conversation in user.deaf)
        if not is_entered_at_login(conversation) and conversation in user.conversations:
            self._heard_of(user_id, user, conversation)

    def _put_in(self, user_id: str, user: OnlineUser, key: str, silent: bool) -> None:
        user.conversations.add(key)
        if not is_entered_at_login(key):
            user.pairs[key] = None
        if silent:
            user.silent.add(key)
            self._unheard.setdefault(key, set()).add(user_id)
            if _is_ultra(key):
                for connection in user.connections:
                    self._fanout.audience(key).put_aside(connection)
            return
        audience = self._fanout.audience(key)
        audience.users += 1
        for connection in user.connections:
            audience.add(connection)

    def _heard_of(self, user_id: str, user: OnlineUser, conversation: str) -> None:
        """A one-to-one conversation has something to say. The one that has been silent longest is left when there are too
        many: it is entered again with what it says next."""
        user.pairs.pop(conversation, None)
        user.pairs[conversation] = None
        if len(user.pairs) > PAIRS_MAX:
            oldest = next(iter(user.pairs))
            audience = self._fanout.find(oldest)
            if audience is None or audience.idle:
                self._take_out(user_id, user, oldest)
            else:
                user.pairs[oldest] = user.pairs.pop(oldest)

    def left(self, user_id: str, conversation: str) -> list[Outgoing]:
        """The user is no longer in `conversation`; returns its connections."""
        user = self._users.get(user_id)
        if user is None:
            return []
        if user.pending:
            self._note(user, conversation, False)
        if conversation.startswith(ULTRA.prefix):
            self._leave_channels(user_id, user, conversation)
        if conversation not in user.conversations:
            return []
        self._take_out(user_id, user, conversation)
        return list(user.connections)

    def _leave_channels(self, user_id: str, user: OnlineUser, conversation: str) -> None:
        """UG-02: who is no longer in an ultra group is in none of its channels."""
        begins = conversation + CHANNEL_MARK
        for key in [key for key in user.conversations if key.startswith(begins)]:
            self._take_out(user_id, user, key)
            if user.pending:
                self._note(user, key, False)
        for key in [key for key in user.deaf if key.startswith(begins)]:
            self._set_deaf(user_id, user, key, False)

    def _set_deaf(self, user_id: str, user: OnlineUser, key: str, deaf: bool) -> None:
        """RX-01, of a channel: the user hears its group, and may want nothing of it."""
        (user.deaf.add if deaf else user.deaf.discard)(key)
        self._fanout.deafen(key, user_id, deaf)

    def hear_channels(self, user_id: str, user: OnlineUser, silent: set[str]) -> None:
        """RX-01: of these conversations the user wants nothing delivered; of other channels everything."""
        wanted = set(filter(is_channel, silent))
        for key in wanted ^ user.deaf:
            self._set_deaf(user_id, user, key, key in wanted)

    def _take_out(self, user_id: str, user: OnlineUser, conversation: str) -> None:
        user.conversations.discard(conversation)
        user.pairs.pop(conversation, None)
        if conversation in user.silent:
            user.silent.discard(conversation)
            self._hear(user_id, conversation)
            if _is_ultra(conversation):
                for connection in user.connections:
                    self._fanout.remove(conversation, connection)
            return
        audience = self._fanout.find(conversation)
        if audience is not None:
            audience.users -= 1
        for connection in user.connections:
            self._fanout.remove(conversation, connection)

    def silenced(self, user_id: str, conversation: str, silent: bool) -> None:
        """The user wants nothing delivered of `conversation`, or again everything (RX-01)."""
        user = self._users.get(user_id)
        if user is None:
            return
        if user.pending:
            user.silences[conversation] = silent
        if is_channel(conversation):
            self._set_deaf(user_id, user, conversation, silent)
        if conversation not in user.conversations or silent == (conversation in user.silent):
            return
        if _is_ultra(conversation):
            self._set_aside(user_id, user, conversation, silent)
        else:
            self._take_out(user_id, user, conversation)
            self._put_in(user_id, user, conversation, silent)

    def _set_aside(self, user_id: str, user: OnlineUser, key: str, silent: bool) -> None:
        """RX-01, of an ultra group: what its channels say to the user goes on as before."""
        audience = self._fanout.audience(key)
        if silent:
            user.silent.add(key)
            self._unheard.setdefault(key, set()).add(user_id)
        else:
            user.silent.discard(key)
            self._hear(user_id, key)
        audience.users += -1 if silent else 1
        for connection in user.connections:
            (audience.put_aside if silent else audience.add)(connection)

    def _hear(self, user_id: str, conversation: str) -> None:
        users = self._unheard[conversation]
        users.discard(user_id)
        if not users:
            del self._unheard[conversation]

    def ended(self, conversation: str) -> list[Outgoing]:
        """`conversation` is gone: nobody is in it any more. Its audience is told by the fan-out; returns those who are in
        it and not in the audience."""
        audience = self._fanout.find(conversation)
        for connection in audience.members if audience else ():
            if connection.principal is not None:
                self._users[connection.principal.user_id].conversations.discard(conversation)
        unheard: list[Outgoing] = []
        for user_id in list(self.unheard(conversation)):
            user = self._users[user_id]
            self._take_out(user_id, user, conversation)
            unheard += user.connections
        for user in self._pending:
            self._note(user, conversation, False)
        if conversation.startswith(ULTRA.prefix):
            for user_id, user in self._users.items():
                self._leave_channels(user_id, user, conversation)
        return unheard

    # -- what a login adds and takes away (logins.py)

    def find(self, user_id: str) -> OnlineUser | None:
        """The user, if online or about to be."""
        return self._users.get(user_id)

    def wait_for(self, user_id: str) -> OnlineUser:
        """An answer of the store about the user is to come: what changes until then counts on top of it (`waited`)."""
        user = self._users.setdefault(user_id, OnlineUser())
        user.pending += 1
        self._pending.add(user)
        return user

    def waited(self, user: OnlineUser) -> Waited:
        """One answer less to wait for; returns what has changed meanwhile."""
        user.pending -= 1
        waited = Waited(user.changes, user.silences, user.profile, user.logged_out, user.labels)
        if not user.pending:
            self.forget_changes(user)
            self._pending.discard(user)
        return waited

    def enter(self, user_id: str, connection: Outgoing, conversations: set[str], silent: set[str]) -> None:
        """The connection is logged in, and its user is in these conversations. It may know of one before the user's other
        connections have been told: it counts for all of them."""
        user = self._users[user_id]
        for key in conversations - user.conversations:
            self._put_in(user_id, user, key, key in silent)
        for key in (silent ^ user.silent) & user.conversations:
            self.silenced(user_id, key, key in silent)
        user.connections[connection] = None
        self.hear_channels(user_id, user, silent)
        for key in user.conversations - user.silent:
            self._fanout.audience(key).add(connection)
        for key in filter(_is_ultra, user.silent):
            self._fanout.audience(key).put_aside(connection)

    def remove(self, user_id: str, connection: Outgoing) -> bool:
        """The connection is gone. False if it was not logged in."""
        user = self._users.get(user_id)
        if user is None or connection not in user.connections:
            return False
        del user.connections[connection]
        for key in user.conversations - user.silent:
            audience = self._fanout.find(key)
            if audience is not None and not user.connections:
                audience.users -= 1
            self._fanout.remove(key, connection)
        for key in filter(_is_ultra, user.silent):
            self._fanout.remove(key, connection)
        return True

    def drop_if_unused(self, user_id: str) -> None:
        """Forget the user, and tell the engine, if no connection of them is left or about to be."""
        user = self._users.get(user_id)
        if user is None or user.connections:
            return
        for key in user.silent:
            self._hear(user_id, key)
        for key in user.deaf:
            self._fanout.deafen(key, user_id, False)
        user.deaf.clear()
        user.conversations.clear()
        user.pairs.clear()
        user.silent.clear()
        if not user.pending and self._users.pop(user_id, None) is not None:
            self._engine.user_gone(user_id)

    def listening(self, conversation: str) -> bool:
        """True if anybody here is in it, or about to be."""
        return self._fanout.find(conversation) is not None or self.expects(conversation)

    def report_absent(self, conversations: Iterable[str]) -> None:
        """The engine was told of a user of ours in these; tell it of those in which nobody is here."""
        for key in conversations:
            if not self.listening(key):
                self._engine.nobody_in(key)


def _is_ultra(key: str) -> bool:
    """True for an ultra group: who wants nothing of it delivered hears its channels all the same (RX-01), as each has a
    MsgFlag of its own."""
    return key.startswith(ULTRA.prefix) and not is_channel(key)

"""Kept messages (rcim/store/messages.py): what their facts say is what the messages say, in both versions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rcim.actor.records import Message, MessageOptions
from rcim.base.terms import MessageState, Priority
from rcim.store.messages import COUNTED, DIRECTED, SPEAKS, facts_of, pack_message
from rcim.store.values import pack, unpack

names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
users = st.lists(names, max_size=5).map(tuple)
extras = st.none() | st.builds(
    MessageOptions,
    to=users,
    mentions=users,
    mentions_all=st.booleans(),
    counted=st.booleans(),
    cloud_data=st.binary(max_size=9),
)
messages = st.builds(
    Message,
    seq=st.integers(1, 1 << 40),
    time_ms=st.integers(0, 1 << 50),
    message_id=st.integers(0, 1 << 63),
    priority=st.sampled_from(Priority),
    sender=names,
    nickname=names,
    face_url=st.just(""),
    name_card=st.just(""),
    client_msg_id=names,
    body=st.binary(max_size=40),
    extra=extras,
    state=st.sampled_from(MessageState),
)


@given(messages, users)
def test_facts_say_what_the_message_says(message: Message, others: tuple[str, ...]) -> None:  # MS-07, MS-09, RX-08
    data = pack_message(message)
    assert unpack(data, Message) == message
    extra = message.extra or MessageOptions()
    for facts in (facts_of(data), facts_of(pack(message))):  # version 2, and one of before
        assert facts.time_ms == message.time_ms and facts.sender == message.sender.encode()
        assert bool(facts.flags & SPEAKS) == (message.state in (MessageState.AS_SENT, MessageState.EDITED))
        assert bool(facts.flags & COUNTED) == extra.counted
        assert bool(facts.flags & DIRECTED) == message.directed
        for user in (*others, *extra.to, *extra.mentions, message.sender):
            assert facts.is_for(user.encode()) == message.is_for(user)
            assert facts.mentions(user.encode()) == (extra.mentions_all or user in extra.mentions)


def test_a_name_within_another_is_not_taken_for_it() -> None:
    extra = MessageOptions(to=("a\0\1b", "ab"), mentions=("b",))
    facts = facts_of(pack_message(Message(1, 1, 1, Priority.NORMAL, "s", "", "", "", "c", b"", extra=extra)))
    assert facts.is_for(b"ab") and not facts.is_for(b"b")
    assert facts.mentions(b"b") and not facts.mentions(b"ab")

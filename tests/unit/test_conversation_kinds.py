"""The table of the kinds of conversations."""

from __future__ import annotations

import pytest

from rcim.actor.records import Member
from rcim.actor.roster import MemoryRoster
from rcim.actor.snapshots import GroupSnapshot
from rcim.actor.state import GroupState
from rcim.base.terms import Role, group_conversation, pair_conversation
from rcim.rules.conversation_kinds import (
    CHANNEL,
    GROUP,
    KINDS,
    PAIR,
    SYSTEM,
    TEMPORARY,
    ULTRA,
    ConversationKind,
    addressed,
    channel_key,
    channel_name,
    heard_with,
    is_channel,
    is_created,
    is_entered_at_login,
    is_paged,
    kind_of,
    open_address,
    parent_of,
)
from tests.kit import app_state


def test_the_kind_of_an_id() -> None:
    assert kind_of(group_conversation("lobby")) is GROUP
    assert kind_of(pair_conversation("alice", "bob")) is PAIR
    for other in ("", "g", "@app", "@:alice", "x:1", "lobby", "G:lobby"):
        assert kind_of(other) is None
        assert not is_created(other) and not is_entered_at_login(other)


@pytest.mark.parametrize(
    ("group_id", "kind"),
    [
        ("@TGS#1", GROUP),
        ("@TGS#_city", ULTRA),
        ("@SYS#news", SYSTEM),
        ("_tmp:1", TEMPORARY),
        ("@", GROUP),
        ("_", GROUP),
    ],
)
def test_a_group_id_says_its_kind(group_id: str, kind: ConversationKind) -> None:
    key = group_conversation(group_id)
    assert kind_of(key) is kind and kind.inner_id(key) == group_id


def test_no_two_kinds_begin_alike() -> None:
    prefixes = {kind.prefix for kind in KINDS if kind is not CHANNEL}
    assert len(prefixes) + 1 == len({kind.name for kind in KINDS}) == len(KINDS)
    assert CHANNEL.prefix == ULTRA.prefix, "a channel's id begins with that of its group"


def test_a_channel_is_named_after_its_group() -> None:  # UG-02
    key = channel_key("g:@TGS#_city", "news")
    assert key == "g:@TGS#_city@TOPIC#_news" and kind_of(key) is CHANNEL and is_channel(key)
    assert (parent_of(key), channel_name(key)) == ("g:@TGS#_city", "news")
    assert kind_of("g:lobby@TOPIC#_news") is GROUP and not is_channel("g:@TGS#_city")
    assert is_paged(key) and is_paged("g:@TGS#_city") and not is_paged("g:lobby")
    for address, heard in ((key, key), (open_address(key), "g:@TGS#_city"), ("g:lobby", "g:lobby")):
        assert heard_with(address) == heard
    assert addressed(open_address(key)) == addressed(key) == key


def test_a_group_is_created_and_a_pair_is_there() -> None:
    assert is_created("g:lobby") and is_entered_at_login("g:lobby")
    pair = pair_conversation("alice", "bob")
    assert not is_created(pair) and not is_entered_at_login(pair)
    assert GROUP.inner_id("g:g:lobby") == "g:lobby", "an id may hold what its own prefix is"


@pytest.mark.parametrize("key", ["g:lobby", pair_conversation("alice", "bob")])
def test_an_actor_has_the_parts_of_its_kind(key: str) -> None:
    members = [Member("alice", Role.MEMBER, 1, 0, "")]
    state = GroupState(GroupSnapshot(key, None, 5, 9, 2, 8, members, []), 7, app_state())
    assert isinstance(state.roster, MemoryRoster) and "alice" in state.roster
    assert state.timeline.newest == 4 and state.timeline.last_msg_time_ms == 9 and state.timeline.shard == 7
    assert state.attributes.info_seq == 2 and state.attributes.last_info_time_ms == 8

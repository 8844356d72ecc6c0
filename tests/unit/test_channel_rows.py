"""What is kept of channels when they and their ultra group change at the same time (UG-02, UG-05)."""

from __future__ import annotations

from rcim.actor import records as r
from rcim.base.terms import ApplyJoinOption, MsgFlag, Role
from rcim.store import keys
from rcim.store.backend import MemoryBackend
from rcim.store.channel_rows import OWN_ROWS_AT_ONCE
from rcim.store.check import check
from tests.kit import FilledStore

CITY, NEWS = "g:@TGS#_city", "g:@TGS#_city@TOPIC#_news"


def member(user_id: str, role: Role = Role.MEMBER) -> r.Member:
    return r.Member(user_id, role, 1, 0, "", MsgFlag.ACCEPT_AND_NOTIFY)


def created(key: str, type_: str, *members: r.Member) -> r.GroupCreated:
    profile = r.Profile(
        group_id=key[2:],
        type=type_,
        name="n",
        introduction="",
        notification="",
        face_url="",
        owner="",
        create_time_ms=1,
        apply_join_option=ApplyJoinOption.FREE_ACCESS,
        max_member_num=0,
        first_seq=1,
    )
    return r.GroupCreated(key, profile, list(members), 1)


def city(backend: MemoryBackend, *users: str) -> FilledStore:
    store = FilledStore(backend)
    store.append(created(CITY, "UltraGroup", *map(member, users)), r.ChannelListed(CITY, "news", True))
    return store


def there(backend: MemoryBackend, table: str, key: str) -> int:
    with backend.read() as view:
        return len(list(view.scan(table, key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP)))


def test_who_has_left_meanwhile_is_not_put_on_the_list() -> None:  # UG-05
    backend = MemoryBackend()
    store = city(backend, "alice", "bob")
    store.append(created(NEWS, "Channel"))
    gone = r.GroupChanged(
        key=CITY, time_ms=2, info=True, profile=None, put=[], dropped=["bob"], marks=[], message=None
    )
    store.append(gone, r.InsidersChanged(NEWS, ["alice", "bob"], []))
    assert there(backend, "insiders", NEWS) == 1 and not there(backend, "inside", "bob")


def test_a_channel_does_not_begin_when_its_group_has_ended_meanwhile() -> None:  # UG-02
    backend = MemoryBackend()
    store = city(backend, "alice")
    store.append(r.GroupDissolved(CITY), created(NEWS, "Channel"), r.InsidersChanged(NEWS, ["alice"], []))
    with backend.read() as view:
        assert view.get("profiles", NEWS.encode()) is None
    assert not there(backend, "insiders", NEWS)
    assert not check(backend).faults


def test_few_rows_of_a_channel_go_with_its_group_and_many_little_by_little() -> None:  # UG-02
    for count, left in ((OWN_ROWS_AT_ONCE, 0), (OWN_ROWS_AT_ONCE + 1, OWN_ROWS_AT_ONCE + 1)):
        backend = MemoryBackend()
        users = [f"u{number}" for number in range(count)]
        store = city(backend, *users)
        store.append(created(NEWS, "Channel", *map(member, users)))
        assert there(backend, "members", NEWS) == count
        store.append(r.GroupDissolved(CITY))
        assert there(backend, "members", NEWS) == left
        assert there(backend, "own", "u0") == (left > 0)


def test_the_check_finds_what_is_wrong_with_channels() -> None:  # UG-02, UG-05
    backend = MemoryBackend()
    store = city(backend, "alice")
    store.append(created(NEWS, "Channel"), r.InsidersChanged(NEWS, ["alice"], []))
    assert not check(backend).faults
    with backend.write() as view:
        view.delete("channels", keys.pair(CITY, "news"))
        view.put("insiders", keys.pair(NEWS, "eve"), b"")
    assert check(backend).faults == [
        f"{NEWS}: its ultra group does not have it",
        f"{NEWS}: eve is on its list, but not a member of its ultra group",
    ]

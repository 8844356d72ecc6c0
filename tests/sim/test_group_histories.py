"""Seeded histories of all that can be asked of groups of every type, with failing commits: what is kept agrees with
itself, and a group loaded anew is what its actor was."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from rcim.actor import commands as c
from rcim.actor import import_commands
from rcim.actor import outcomes as o
from rcim.actor.group import GroupActor
from rcim.actor.records import Member
from rcim.actor.state import GroupState
from rcim.base.terms import ApplyJoinOption, MsgFlag, Priority, Role
from rcim.rules.policies import changed
from rcim.store.check import check
from tests.kit import GROUP_TYPES, UNLIMITED, until
from tests.sim.test_dispatcher import Sim, running

USERS = [f"u{i}" for i in range(7)]
TYPES = {
    **GROUP_TYPES,
    "Fields": changed(
        UNLIMITED["Public"],
        "Fields",
        {"group_fields": "G member member", "member_fields": "M member member", "join_option": "FreeAccess"},
    ),
}


@pytest.fixture(autouse=True)
def stop_all() -> Iterator[None]:
    """End the threads of what a test has started."""
    yield
    while running:
        running.pop().dispatcher.stop()


def anything(rng: random.Random, type_: str, serial: int) -> Any:
    """One command of any kind, by anybody."""
    by, admin = rng.choice([*USERS, "@GUEST#1"]), rng.random() < 0.2
    some = rng.sample(USERS, rng.randrange(1, 4))
    one, text = rng.choice(USERS), rng.choice(["", "x", "why"])
    option = rng.choice(list(ApplyJoinOption))
    return rng.choice(
        [
            c.SendMessage(by, admin, "", "", f"c{rng.randrange(40)}", Priority.NORMAL, b"b"),
            c.SendMessage(by, admin, "", "", f"d{serial}", Priority.LOW, b"b"),
            c.CreateGroup(by, admin, "g", type_, text or "n", "", "", "", option, some[:1], by),
            c.CreateGroup(by, True, "g", type_, "old", "", "", "", option, [], one, importing=True),
            import_commands.ImportMembers(
                by, True, [import_commands.ImportedMember(u, Role.MEMBER, 0, 1) for u in some]
            ),
            import_commands.FinishImport(by, True),
            c.EditGroup(by, admin, {"name": f"n{serial % 3}"}, None, None, ()),
            c.EditGroup(by, admin, {}, option, rng.choice([None, 3, 100]), (("G", text.encode()),)),
            c.GiveGroup(by, admin, one),
            c.DissolveGroup(by, admin and rng.random() < 0.2),
            c.ReclaimGroup(by, True, rng.choice([0, 0, 1 << 62])) if rng.random() < 0.1 else c.ReadInfo(by, admin),
            c.JoinGroup(by, admin, text, text),
            c.JoinGroup(by, admin, text, text),
            c.DecideApplication(by, admin, one, rng.random() < 0.7, text),
            c.LeaveGroup(by, admin),
            c.InviteUsers(by, admin, some),
            c.KickMembers(by, admin, some[:1], text),
            c.BlockUsers(by, admin, some, rng.choice([0, 1, 600]), text),
            c.MuteUsers(by, admin, some, rng.choice([0, 1, 600])),
            c.MuteAll(by, admin, rng.random() < 0.3, []),
            c.EditMember(by, admin, one, text, rng.choice([None, *MsgFlag]), rng.choice([None, *Role]), ()),
            c.EditMember(by, admin, by, text, None, None, (("M", text.encode()),)),
            c.DropOffline(by, True, some, 1 << 62),
            c.PlaceMember(by, True, rng.random() < 0.5),
            c.MarkRead(by, admin, rng.randrange(30)),
            c.ReadMembers(by, admin, "", 3),
            c.ReadMarks(by, admin, rng.choice(["applied", "muted", "blocked"]), "", 2),
            c.ReadHistory(by, admin, 0, 0, 5, True, 0, 0),
        ]
    )


def state_of(actor: GroupActor) -> dict[str, Any]:
    """What has to be the same after loading again; LastSendMsgTime may be early (ADR 0010). Of messages that are not
    stored nothing is kept (GT-22), so neither how far their senders have read by sending them (RX-11)."""
    g: GroupState = actor._state
    if g.attributes.profile is None:
        return {"profile": None, "next_seq": g.timeline.next_seq}
    stored = g.app_state.config.types.named(g.attributes.profile.type).stored
    plain = {
        user: (m.role, m.join_time_ms, m.joined_seq, m.name_card, m.msg_flag, m.read_seq if stored else 0, m.fields)
        for user, m in ((m.user_id, m) for m in g.roster)
    }
    return {
        "profile": g.attributes.profile,
        "members": plain,
        "marks": g.roster.restrictions,
        "info_seq": g.attributes.info_seq,
        "next_seq": g.timeline.next_seq if stored else 0,
        "last": g.timeline.last_msg_time_ms if stored else 0,
    }


@pytest.mark.parametrize("seed", range(24))
async def test_histories_of_groups(seed: int) -> None:  # MS-01, ST-01, GR-01, GR-05, GT-13
    rng = random.Random(seed)
    sim = Sim(seed=seed, types=TYPES)
    names = sorted(name for name, row in TYPES.items() if row.kind == "group")
    keys = {f"g:{i}": names[(seed + i) % len(names)] for i in range(3)}
    sim.backend.share = rng.choice([0.0, 0.1, 0.3])
    for serial in range(400):
        key = rng.choice(list(keys))
        sim.ask(key, anything(rng, keys[key], serial))
        if rng.random() < 0.3:
            await until(lambda: len(sim.asker.answers) == len(sim.asked))
    sim.backend.share = 0.0
    await until(lambda: len(sim.asker.answers) == len(sim.asked))
    assert check(sim.backend).faults == []
    assert not [a for a in sim.asker.answers.values() if isinstance(a, o.Refused) and a.code.number == 10002]
    counts = sim.dispatcher._app_state.counts
    kept = {name: n for name, n in sim.store.load_app().counts.items() if n}
    assert {name: counts.of(name) for name in TYPES if counts.of(name)} == kept, "groups by type"
    for key in keys:
        mailbox = sim.dispatcher._mailboxes.get(key)
        if mailbox is None or mailbox.actor is None:
            continue
        resubscribe = GroupActor(sim.store.load_group(key, 0), mailbox.shard, sim.dispatcher._app_state)
        assert state_of(resubscribe) == state_of(mailbox.actor), key
        heads = sim.store.load_group(key, 0)
        assert sim.sink.members.get(key, set()) <= {*USERS, "@GUEST#1"} and isinstance(heads.members, list)
        assert all(isinstance(m, Member) for m in heads.members)

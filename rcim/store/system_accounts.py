"""What the store keeps of system accounts (rules/system_accounts.py): the account, and who has written to it."""

from __future__ import annotations

import msgspec

from rcim.actor.outcomes import SystemWriter, SystemWriters
from rcim.actor.queries import SystemWritersQuery
from rcim.actor.records import Member, Profile
from rcim.actor.user_records import UserProfile
from rcim.base.terms import other_of, pair_of
from rcim.store import keys
from rcim.store.backend import DamagedError, ReadView, WriteView
from rcim.store.noticing import Noticing
from rcim.store.tables import read_head
from rcim.store.values import pack, unpack

LOOKED_AT_MAX = 300
"""One-to-one conversations looked at for one page of users who have written: two milliseconds."""


def put_account(view: WriteView, profile: Profile) -> None:
    """SY-06: the account of the system conversation with this profile is there, with its name and face URL."""
    row = profile.group_id.encode()
    data = view.get("users", row)
    try:
        before = unpack(data, UserProfile) if data else UserProfile()
    except DamagedError:  # it is made anew
        before = UserProfile()
    made = msgspec.structs.replace(
        before, nickname=profile.name, face_url=profile.face_url, deleted=False, system_sender=True
    )
    if data is None or made != before:
        view.put("users", row, pack(made))


def writers(view: ReadView, query: SystemWritersQuery, noticing: Noticing) -> SystemWriters:
    """SY-01: a page of users who have written to the account, in the order of their conversations' ids. One whose row is
    damaged is left out, and the others are told."""
    rows: list[SystemWriter] = []
    last = ""
    span = view.scan("memberships", keys.after(query.account, query.cursor), query.account.encode() + keys.AFTER_SEP)
    for looked_at, (row, _) in enumerate(span):
        if len(rows) == query.limit or looked_at == LOOKED_AT_MAX:
            return SystemWriters(rows, last)
        last = keys.second(row)
        pair = pair_of(last)
        if pair is None:
            continue
        user_id = other_of(pair, query.account)
        try:
            data = view.get("members", keys.pair(last, user_id))
            written_ms = unpack(data, Member).last_send_time_ms if data else 0
        except DamagedError as error:
            noticing.note(f"{last}, of {query.account}", error)
            continue
        if written_ms:
            rows.append(SystemWriter(user_id, read_head(view, last).next_seq - 1, written_ms))
    return SystemWriters(rows, "")

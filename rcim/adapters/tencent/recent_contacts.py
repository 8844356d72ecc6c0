"""A user's list of conversations (RX-03, RX-09)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import RECENT_CONTACTS
from rcim.adapters.tencent.command import Call, Json, command
from rcim.base.terms import GROUP_PREFIX, group_conversation, is_group, other_of, pair_conversation, pair_of
from rcim.service import cursors, requests
from rcim.service.results import Done, SyncPage, SyncRow

ONE_TO_ONE, GROUP = 1, 2
"""Types of a conversation."""
PAGE = 100
PAGES_MAX = 50
"""Pages of a sync that are read: the 5,000 conversations with the newest changes."""
PINNED_BIT, EMPTY_BIT = 1, 2
"""Of AssistFlags: pinned conversations are wanted, conversations without messages too."""


@command(RECENT_CONTACTS, "recentcontact/get_list")
async def get_list(call: Call) -> Json:
    """A page of a user's conversations: the pinned ones first, then the others, the newest first. `StartIndex` and
    `TopStartIndex` of the answer say where the next page begins (RX-03, RX-09)."""
    fields = call.fields
    user_id = fields.account("From_Account")
    for name in ("TimeStamp", "TopTimeStamp"):
        fields.number(name)
    start, top_start, flags = (
        fields.number("StartIndex"),
        fields.number("TopStartIndex"),
        fields.number("AssistFlags"),
    )
    rows = [row for row in await _conversations(call, user_id) if row.newest_seq or flags & EMPTY_BIT]
    rows.sort(key=lambda row: (-row.last_time_ms, row.key))
    pinned = [row for row in rows if row.pinned_ms] if flags & PINNED_BIT else []
    others = [row for row in rows if not (flags & PINNED_BIT and row.pinned_ms)]
    top = pinned[top_start : top_start + PAGE]
    page = others[start : start + PAGE - len(top)]
    top_after, after = top_start + len(top), start + len(page)
    complete = top_after >= len(pinned) and after >= len(others)
    return {
        "SessionItem": [_item(row, user_id) for row in (*top, *page)],
        "CompleteFlag": int(complete),
        "TimeStamp": page[-1].last_time_ms // 1000 if page else 0,
        "StartIndex": 0 if complete else after,
        "TopTimeStamp": top[-1].last_time_ms // 1000 if top else 0,
        "TopStartIndex": 0 if complete else top_after,
    }


@command(RECENT_CONTACTS, "recentcontact/delete")
async def delete(call: Call) -> Json:
    """Takes a conversation out of a user's list; with `ClearRamble` 1 its messages are deleted for the user too (RX-09,
    MS-10)."""
    fields = call.fields
    user_id = fields.account("From_Account")
    kind = fields.number("Type", most=GROUP)
    if kind == ONE_TO_ONE:
        conversation = pair_conversation(user_id, fields.account("To_Account"))
    elif kind == GROUP:
        conversation = group_conversation(fields.text("ToGroupid"))
    else:
        raise fields.refuse("Type", "has to be 1 (one-to-one) or 2 (group)")
    clears = fields.number("ClearRamble", 0, most=1) == 1
    if clears:
        await call.ask(requests.ConversationClear(conversation, user_id), Done)
    await call.ask(requests.ConversationRemove(conversation, user_id), Done)
    return {}


async def _conversations(call: Call, user_id: str) -> list[SyncRow]:
    """The user's conversations that are in their list, one to one and groups."""
    found: dict[str, SyncRow] = {}
    cursor = b""
    for _ in range(PAGES_MAX):
        page = await call.ask(requests.Sync(cursor, PAGE, user_id=user_id), SyncPage)
        found |= {row.key: row for row in page.rows}
        cursor = cursors.of_sync(page)
        if not page.more:
            break
    return [row for row in found.values() if not row.removed and (is_group(row.key) or pair_of(row.key))]


def _item(row: SyncRow, user_id: str) -> Json:
    pair = pair_of(row.key)
    where: Json = (
        {"Type": ONE_TO_ONE, "To_Account": other_of(pair, user_id)}
        if pair is not None
        else {"Type": GROUP, "GroupId": row.key.removeprefix(GROUP_PREFIX)}
    )
    return where | {"MsgTime": row.last_time_ms // 1000, "TopFlag": int(row.pinned_ms > 0)}

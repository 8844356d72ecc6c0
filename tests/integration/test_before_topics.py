"""The app decides about a new channel, over the whole path (CB-02, UG-02)."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcim.base.errors import RcimError
from tests.kit_callbacks import Receiver, receiver, says, serve

__all__ = ["receiver"]  # the fixture
COMMAND = "Group.CallbackBeforeCreateTopic"


async def test_the_app_decides_about_channels(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver, commands=COMMAND)
    async with server.client("administrator") as admin, server.client("alice") as alice:
        await admin.create_group("Club", group_id="@TGS#_u", type_="UltraGroup", owner="alice")
        receiver.answer = says(10110, info="not now")
        with pytest.raises(RcimError) as refused:
            await alice.create_channel("@TGS#_u", "t", name="Talk")
        assert (refused.value.code.number, refused.value.detail) == (10110, "not now")
        assert await alice.channels("@TGS#_u") == []
        receiver.answer = says(0)
        assert await alice.create_channel("@TGS#_u", "t", name="Talk") == "@TGS#_u@TOPIC#_t"
    await server.stop()
    body = receiver.seen[-1][1]
    assert body.pop("EventTime") > 1_700_000_000_000
    assert body == {
        "CallbackCommand": COMMAND,
        "Type": "UltraGroup",
        "GroupId": "@TGS#_u",
        "Operator_Account": "alice",
        "Name": "Talk",
    }

"""Whole sessions of sessions.json played to a real server (WI-01…06, ID-02)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from rcim.app.files.datadir import write_private
from tests.kit import Raw, TestServer
from tests.vectors import decoder

ALL = json.loads((decoder.SPEC / "vectors" / "sessions.json").read_text(encoding="utf-8"))


def _without(fields: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The fields that a replay compares."""
    kept = {key: value for key, value in fields.items() if key not in names}
    for name in names:
        outer, dot, inner = name.partition(".")
        if dot and outer in kept:
            kept[outer] = [{k: v for k, v in row.items() if k != inner} for row in kept[outer]]
    return kept


def test_a_user_sig_comes_about_as_session_md_says() -> None:  # ID-02
    made = ALL["user_sig"]
    mac = hmac.new(ALL["key"].encode(), made["content"].encode(), hashlib.sha256)
    assert base64.b64encode(mac.digest()).decode() == made["sig"]
    packed = base64.b64decode(made["user_sig"].replace("*", "+").replace("-", "/").replace("_", "="))
    assert json.loads(zlib.decompress(packed)) == {
        "TLS.ver": "2.0",
        "TLS.identifier": made["user_id"],
        "TLS.sdkappid": ALL["sdkappid"],
        "TLS.time": made["time"],
        "TLS.expire": made["expire"],
        "TLS.sig": made["sig"],
    }


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("row", ALL["sessions"], ids=[row["name"] for row in ALL["sessions"]])
async def test_session(row: dict[str, Any], tls: bool, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    write_private(data / "signing.key", ALL["key"].encode())
    server = TestServer(data, tls=tls, flags=(f"app.sdkappid={ALL['sdkappid']}",))
    await server.start()
    raw = await server.raw()
    try:
        await _play(raw, row)
        if row["closes"]:
            assert await raw.take_raw() is None
    finally:
        await raw.close()
        await server.stop()


async def _play(raw: Raw, row: dict[str, Any]) -> None:
    for step in row["steps"]:
        if step["from"] == "client":
            raw.write(bytes.fromhex(step["hex"]))
            continue
        found = await raw.take_raw()
        assert found is not None, f"closed instead of {step['frame']}"
        volatile = ALL["volatile"].get(step["frame"], [])
        spec = decoder.BY_TYPE[found.type]
        fields = decoder.struct(spec, found.body, 0, len(found.body))
        assert (spec["name"], found.request_id) == (step["frame"], step["request_id"]), fields
        assert _without(fields, volatile) == _without(step["fields"], volatile)

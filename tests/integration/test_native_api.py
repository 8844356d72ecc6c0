"""The native API: who may call it, what it refuses and how, its lists, and requests that are repeated (AB-01, AB-02)."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rcim.adapters.native import kept_answers
from rcim.adapters.native.json_body import read_object
from rcim.adapters.native.kept_answers import Kept, KeptAnswers
from rcim.adapters.native.problems import problem
from rcim.adapters.native.repeats import Repeats, fingerprint_of
from rcim.adapters.native.table import ROUTES
from rcim.base import clock
from rcim.base.errors import (
    BROADCAST_LIMIT,
    CALLBACK_FAILED,
    IDEMPOTENCY_KEY_BUSY,
    OVERLOADED,
    SERVER_ERROR,
    STORE_UNAVAILABLE,
    TOO_FREQUENT,
    ErrorCode,
    RcimError,
)
from rcim.http.api import HttpResponse
from rcim.http.json_bodies import PIECE_BYTES
from rcim.http.steps import at_once
from tests.kit_http import BackEnd, back_end

HELLO = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]
LOBBY = {"group_id": "lobby", "type": "Public", "name": "Lobby", "owner": "alice"}
MESSAGES = "/conversations/g:lobby/messages"


async def refused(app: BackEnd, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
    """The status, and the name of the error or its title. Checks that it is a problem (RFC 9457)."""
    status, said = await app.native(method, path, body, **more)
    assert said["status"] == status and said["title"] and said["detail"], said
    if "name" not in said:
        assert said["type"] == "about:blank" and "code" not in said
        return status, said["title"]
    assert said["type"] == f"/v1/docs/#error-{said['name']}" and isinstance(said["code"], int)
    return status, said["name"]


async def test_a_group_a_message_and_who_is_refused(tmp_path: Path) -> None:
    async with back_end(tmp_path, "http.body_bytes_max=4096") as app:
        assert (await app.native("POST", "/groups", LOBBY)) == (
            201,
            {"group_id": "lobby", "left_out": [], "existed": False},
        )
        status, sent = await app.native("POST", MESSAGES, {"as_user": "alice", "body": HELLO})
        assert (status, sent["seq"], sent["duplicate"]) == (201, 1, False)
        async with app.server.client("alice") as alice:
            assert [(one.seq, one.sender) for one in await alice.history("lobby")] == [(1, "alice")]
        await who_is_refused(app)
        await what_is_no_request(app)
        await what_has_a_wrong_field(app)
        status, page = await app.native("GET", MESSAGES)
        assert [one["seq"] for one in page["items"]] == [1], "nothing of what was refused was done"
        await what_describes_it(app)
        await what_never_ends(app)


async def who_is_refused(app: BackEnd) -> None:  # ID-08
    for name, said in (
        ("CREDENTIALS_MISSING", ""),
        ("CREDENTIALS_MISSING", "Basic YWxpY2U6eA=="),
        ("USERSIG_EMPTY", "UserSig administrator:"),
        ("USERSIG_MALFORMED", "UserSig administrator:nonsense"),
        ("USERSIG_OTHER_USER", f"UserSig administrator:{app.user_sig('alice').partition(':')[2]}"),
    ):
        assert await refused(app, "GET", "/groups", headers={"Authorization": said}) == (401, name)
    assert await refused(app, "GET", "/groups", headers={"Authorization": app.user_sig("alice")}) == (
        403,
        "ADMIN_REQUIRED",
    )
    async with app.session.get(f"{app.base}/v1/groups") as response:
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.content_type == "application/problem+json"


async def what_is_no_request(app: BackEnd) -> None:
    deep = b'{"name": ' + b"[" * 1000 + b"]" * 1000 + b"}"
    for body in (b"{", b"[]", b'{"a": 1, "a": 2}', b'{"name": NaN}', b'{"name": 1e999}', b"\xff", deep):
        assert await refused(app, "POST", "/groups", body) == (400, "BAD_PARAMETER"), body[:20]
    assert await refused(app, "POST", "/groups", b" " * 5000) == (413, "Content Too Large")
    plain = {"Content-Type": "text/plain"}
    assert await refused(app, "POST", "/groups", b"{}", headers=plain) == (415, "Unsupported Media Type")
    assert await refused(app, "GET", "/groups", b"{}") == (400, "BAD_PARAMETER")
    assert await refused(app, "POST", "/groups", LOBBY, limit=1) == (400, "BAD_PARAMETER")
    assert await refused(app, "GET", "/nothing") == (404, "Not Found")
    assert await refused(app, "GET", "") == (404, "Not Found")
    assert await refused(app, "GET", "/groups/%FF") == (400, "Bad Request")
    assert await refused(app, "PUT", "/groups") == (405, "Method Not Allowed")
    async with app.session.put(f"{app.base}/v1/groups") as response:
        assert response.headers["Allow"] == "GET, POST"


async def what_has_a_wrong_field(app: BackEnd) -> None:
    for path, body in (
        ("/groups", {**LOBBY, "colour": "red"}),
        ("/groups", {**LOBBY, "\ud800": "red"}),
        ("/groups", {"type": "Public"}),
        ("/groups", {**LOBBY, "name": 7}),
        ("/groups", {**LOBBY, "name": "\ud800"}),
        ("/groups", {**LOBBY, "max_member_num": "7"}),
        ("/groups", {**LOBBY, "max_member_num": True}),
        ("/groups", {**LOBBY, "apply_join_option": "perhaps"}),
        ("/groups", {**LOBBY, "members": "bob"}),
        ("/groups", {**LOBBY, "attributes": []}),
        ("/groups", {**LOBBY, "attributes": {"a": "\ud800"}}),
        ("/groups", {**LOBBY, "fields": {"a": {"base64": "*"}}}),
        ("/groups", {**LOBBY, "name": "x" * 31}),
        (MESSAGES, {"body": HELLO, "priority": 1}),
    ):
        assert await refused(app, "POST", path, body) == (400, "BAD_PARAMETER"), body
    assert await refused(app, "POST", MESSAGES, {"body": [{"MsgType": "x"}]}) == (400, "BAD_ELEMENT")
    for query in (
        {"limit": "x"},
        {"limit": "9" * 30},
        {"limit": ["1", "2"]},
        {"cursor": "nonsense"},
        {"colour": "red"},
    ):
        assert await refused(app, "GET", "/groups", **query) == (400, "BAD_PARAMETER"), query
    assert await refused(app, "GET", "/conversations/g:lobby/messages", backwards="yes") == (400, "BAD_PARAMETER")
    assert await refused(app, "GET", "/groups/nowhere") == (404, "NO_SUCH_GROUP")
    assert await refused(app, "DELETE", MESSAGES + "/99") == (404, "NO_SUCH_MESSAGE")
    assert await refused(app, "DELETE", MESSAGES + "/x") == (400, "BAD_PARAMETER")
    assert await refused(app, "POST", "/groups", LOBBY) == (409, "GROUP_ID_TAKEN_BY_YOU")
    assert await refused(app, "GET", "/users/@SYS%23x/conversations") == (403, "SYSTEM_SENDER")


async def what_describes_it(app: BackEnd) -> None:
    async with app.session.get(f"{app.base}/v1/docs/") as response:
        assert response.status == 200 and response.content_type == "text/html"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    async with app.session.get(f"{app.base}/v1/openapi.json") as response:
        assert (await response.json())["openapi"] == "3.1.0"
    async with app.session.post(f"{app.base}/v1/docs/") as response:
        assert response.status == 405


async def what_never_ends(app: BackEnd) -> None:
    """It is a time that clients with signed numbers can read."""
    users = {"users": ["mallory"], "seconds": (1 << 32) - 1}
    for path, field in (("/groups/lobby/blocks", "blocked_until_ms"), ("/blocked-users", "until_ms")):
        assert (await app.native("POST", path, users))[0] == 204
        (row,) = (await app.native("GET", path))[1]["items"]
        assert (row["user_id"], row[field]) == ("mallory", (1 << 63) - 1)


async def test_lists_come_in_pages_whose_cursors_are_of_one_form(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app:
        names = [f"g{number}/x" for number in range(5)]
        for name in names:
            await app.native("POST", "/groups", {**LOBBY, "group_id": name})
        for number in range(5):
            body = {"as_user": "alice", "body": HELLO, "client_msg_id": f"m{number}"}
            assert (await app.native("POST", "/conversations/g:g0%2Fx/messages", body))[0] == 201
        assert [row["group_id"] for row in await pages(app, "/groups", limit=2)] == names
        assert [row["group_id"] for row in await pages(app, "/users/alice/groups", limit=2)] == names
        path = "/conversations/g:g0%2Fx/messages"
        assert [row["seq"] for row in await pages(app, path, limit=2)] == [1, 2, 3, 4, 5]
        assert [row["seq"] for row in await pages(app, path, limit=2, backwards=True)] == [5, 4, 3, 2, 1]
        assert [row["seq"] for row in (await app.native("GET", path, seqs=[2, 4]))[1]["items"]] == [2, 4]
        found = await pages(app, "/users/alice/found-messages", words="hello", limit=2)
        assert sorted(row["message"]["seq"] for row in found) == [1, 2, 3, 4, 5]
        assert len(await pages(app, "/conversations", limit=2)) == 5
        _, first = await app.native("GET", "/groups", limit=2)
        assert await refused(app, "GET", "/found-groups", words="g", cursor=first["next"]) == (400, "BAD_PARAMETER")
        await app.native("POST", "/conversations/g:g3%2Fx/messages", {"as_user": "alice", "body": HELLO})
        _, page = await app.native("GET", "/users/alice/conversations")
        assert len(page["items"]) == 5 and page["next"] is None
        _, later = await app.native("GET", "/users/alice/conversations", cursor=page["later"])
        assert later["items"] == [] and later["reset"] is False


async def pages(app: BackEnd, path: str, **query: Any) -> list[dict[str, Any]]:
    """The entries of all pages, of which there are several."""
    found: list[dict[str, Any]] = []
    count = 0
    more: dict[str, str] = {}
    while True:
        status, page = await app.native("GET", path, **query, **more)
        assert status == 200, page
        found += page["items"]
        count += 1
        if page["next"] is None:
            assert count >= 3, path
            return found
        more = {"cursor": page["next"]}


@pytest.mark.parametrize("body", [b'{"a": [' + b"{}," * 30_000 + b"{}]}", b'{"a":' * 65 + b"1" + b"}" * 65])
def test_what_is_dear_to_read_is_refused(body: bytes) -> None:
    with pytest.raises(RcimError, match="the JSON"):
        at_once(read_object(body))


def test_a_name_that_stands_twice_is_refused_however_large_the_body_is() -> None:
    for body in (b'{"a":{"b":1,"c":[{"d":1,"d":2}]}}', rb'{"d":1,"\u0064":2}'):
        with pytest.raises(RcimError, match="the name 'd' stands twice"):
            at_once(read_object(body))
    once = b'{"a:b\\"":{"b":1},"c":{"b":"' + b"x:" * PIECE_BYTES + b'"}'
    assert at_once(read_object(once + b"}")).keys() == {'a:b"', "c"}
    with pytest.raises(RcimError, match="a name stands twice"):
        at_once(read_object(once + b',"c":1}'))


def test_an_error_says_when_to_try_again() -> None:
    said = problem(RcimError(TOO_FREQUENT, "", 1500))
    assert (said.status, said.headers["Retry-After"]) == (429, "2")
    assert json.loads(said.body)["retry_after_ms"] == 1500


def with_key(key: str) -> dict[str, dict[str, str]]:
    return {"headers": {"Idempotency-Key": key}}


async def test_a_repeated_request_is_done_once_also_after_a_restart(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app:
        made = {**LOBBY, "group_id": ""}
        first = await app.native("POST", "/groups", made, **with_key('"one"'))
        assert first[0] == 201
        assert await app.native("POST", "/groups", dict(reversed(made.items())), **with_key("one")) == first
        status, several = await app.native("GET", "/groups")
        assert status == 200 and [row["group_id"] for row in several["items"]] == [first[1]["group_id"]]
        assert await refused(app, "POST", "/groups", {**made, "name": "B"}, **with_key("one")) == (
            422,
            "IDEMPOTENCY_KEY_REUSED",
        )
        for bad in ("", '""', "x" * 256, "a b", "\u00e9"):
            assert await refused(app, "POST", "/groups", made, **with_key(bad)) == (400, "BAD_PARAMETER"), bad
        wrong = {**made, "type": "Nothing"}
        said = await app.native("POST", "/groups", wrong, **with_key("two"))
        assert said[0] == 400 and await app.native("POST", "/groups", wrong, **with_key("two")) == said
        together = await asyncio.gather(
            *(app.native("POST", "/groups", made, **with_key("three")) for _ in range(10))
        )
        assert {status for status, _ in together} <= {201, 409}
        assert len({said["group_id"] for status, said in together if status == 201}) == 1
        assert len((await app.native("GET", "/groups"))[1]["items"]) == 2
    async with back_end(tmp_path) as app:
        assert await app.native("POST", "/groups", made, **with_key("one")) == first
        group = first[1]["group_id"].replace("#", "%23")
        path = f"/conversations/g:{group}/messages"
        sent = await app.native("POST", path, {"as_user": "alice", "body": HELLO}, **with_key("four"))
        assert sent[0] == 201
        (tmp_path / kept_answers.FILE).unlink()
        again = await app.native("POST", path, {"as_user": "alice", "body": HELLO}, **with_key("four"))
        assert again == (201, {**sent[1], "duplicate": True}), "the conversation knows the key too"


async def test_what_was_interrupted_is_not_done_again(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app:
        answers = KeptAnswers(tmp_path)
        now_ms = clock.wall_ms()
        busy, unknown = "IDEMPOTENCY_KEY_BUSY", "IDEMPOTENCY_UNKNOWN"
        for key, age_ms, name in (("a", 0, busy), ("b", 61_000, unknown), ("future", -3_600_000, unknown)):
            fingerprint = fingerprint_of("POST", "/v1/groups", LOBBY)
            assert await answers.claim("administrator", key, fingerprint, now_ms - age_ms) is None
            assert await refused(app, "POST", "/groups", LOBBY, **with_key(key)) == (409, name)
        assert (await app.native("GET", "/groups"))[1]["items"] == []


async def test_rows_of_keys_are_bounded_in_time_and_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "OF_CALLER_MAX", 6)
    monkeypatch.setattr(kept_answers, "CHECKED_EACH", 2)
    answers = KeptAnswers(tmp_path)
    for number in range(10):
        assert await answers.claim("a", str(number), b"f", 1000 + number) is None
    assert await answers.claim("a", "9", b"f", 2000) == Kept(b"f", 1009, 0, "", b"")
    assert await answers.claim("a", "0", b"f", 2000) is None, "the oldest has gone"
    assert await answers.claim("b", "9", b"f", 2000) is None, "another caller's keys are others"
    await answers.keep("b", "9", Kept(b"", 0, 204, "", b""))
    assert await answers.claim("b", "9", b"f", 2001) == Kept(b"f", 2000, 204, "", b"")
    assert await answers.claim("b", "9", b"f", 2000 + kept_answers.KEPT_MS + 1) is None, "a day is over"


@pytest.mark.parametrize("code", [OVERLOADED, BROADCAST_LIMIT, STORE_UNAVAILABLE, CALLBACK_FAILED, SERVER_ERROR])
async def test_a_key_is_free_again_if_nothing_was_done(tmp_path: Path, code: ErrorCode) -> None:
    repeats = Repeats(KeptAnswers(tmp_path))
    (route,) = [one for one in ROUTES if one.method == "POST" and one.path == "/v1/groups"]

    async def failing() -> HttpResponse:
        raise RcimError(code)

    async def working() -> HttpResponse:
        return HttpResponse(201, b"{}")

    with pytest.raises(RcimError) as failed:
        await repeats.once(route, "a", "k", b"f", failing)
    assert failed.value.code is code
    if code is SERVER_ERROR:
        with pytest.raises(RcimError) as failed:
            await repeats.once(route, "a", "k", b"f", working)
        assert failed.value.code is IDEMPOTENCY_KEY_BUSY, "it may have been done"
    else:
        assert (await repeats.once(route, "a", "k", b"f", working)).status == 201


async def test_what_waits_for_the_file_is_written_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a slow disk, or another process, holds up many requests no longer than one."""
    writes: list[int] = []
    together = KeptAnswers._together

    def counted(self: KeptAnswers, jobs: Any) -> Any:
        writes.append(len(jobs))
        return together(self, jobs)

    monkeypatch.setattr(KeptAnswers, "_together", counted)
    one, other = KeptAnswers(tmp_path), KeptAnswers(tmp_path)
    claims = [gateway.claim("a", key, b"f", 1000) for gateway in (one, other) for key in "kkkl" * 25]
    found = await asyncio.gather(*claims)
    assert found.count(None) == 2 and len(found) == 200, "each key is one request's, whichever process asks"
    assert sum(writes) == 200 and len(writes) <= 4
    (tmp_path / kept_answers.FILE).unlink()
    (tmp_path / kept_answers.FILE).mkdir()
    failed = await asyncio.gather(*(one.claim("a", str(n), b"f", 1000) for n in range(3)), return_exceptions=True)
    assert [isinstance(error, RcimError) and error.code for error in failed] == [STORE_UNAVAILABLE] * 3
    (tmp_path / kept_answers.FILE).rmdir()
    assert await one.claim("a", "0", b"f", 1000) is None, "the next write is another one"


async def test_what_is_too_old_or_too_much_goes_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "AT_ONCE", 3)
    monkeypatch.setattr(kept_answers, "CHECKED_EACH", 1)
    answers = KeptAnswers(tmp_path)

    def rows() -> list[str]:
        with closing(sqlite3.connect(tmp_path / kept_answers.FILE)) as file:
            return [key for (key,) in file.execute("SELECT key FROM answers ORDER BY time_ms")]

    for number in range(10):
        await answers.claim("a", str(number), b"f", number)
    later_ms = 2 * kept_answers.KEPT_MS
    assert await answers.claim("a", "9", b"g", later_ms) is None, "it is over, whether its row is still there or not"
    assert rows() == ["3", "4", "5", "6", "7", "8", "9"]
    assert await answers.claim("a", "9", b"f", later_ms) == Kept(b"g", later_ms, 0, "", b"")
    monkeypatch.setattr(kept_answers, "BYTES_MAX", 0)
    await answers.claim("a", "new", b"f", later_ms + 1)
    assert rows() == ["new"], "three are over, and three more are too much"


async def test_why_a_request_is_refused_is_told_also_if_its_key_cannot_be_freed(tmp_path: Path) -> None:
    async def busy() -> HttpResponse:
        (tmp_path / kept_answers.FILE).unlink()
        (tmp_path / kept_answers.FILE).mkdir()
        raise RcimError(OVERLOADED)

    (route,) = [one for one in ROUTES if one.method == "POST" and one.path == "/v1/groups"]
    with pytest.raises(RcimError) as failed:
        await Repeats(KeptAnswers(tmp_path)).once(route, "a", "k", b"f", busy)
    assert failed.value.code is OVERLOADED


async def test_a_restored_store_knows_no_keys(tmp_path: Path) -> None:  # RX-03
    answers = KeptAnswers(tmp_path)
    kept_answers.prepare(tmp_path, 1 << 40 | 7)
    assert await answers.claim("a", "k", b"f", 1000) is None
    kept_answers.prepare(tmp_path, 1 << 40 | 7)
    assert await answers.claim("a", "k", b"f", 1001) == Kept(b"f", 1000, 0, "", b"")
    kept_answers.prepare(tmp_path, 1 << 40 | 8)
    assert await answers.claim("a", "k", b"f", 1002) is None


async def test_without_the_file_nothing_is_done(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app:
        (tmp_path / kept_answers.FILE).unlink()
        (tmp_path / kept_answers.FILE).mkdir()
        assert await refused(app, "POST", "/groups", LOBBY, **with_key("one")) == (503, "STORE_UNAVAILABLE")
        assert (await app.native("GET", "/groups"))[1]["items"] == []
        with pytest.raises(RcimError) as failed:
            await KeptAnswers(tmp_path).drop("a", "b")
        assert failed.value.code is STORE_UNAVAILABLE
        assert (await app.native("POST", "/groups", LOBBY))[0] == 201

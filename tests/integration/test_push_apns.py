"""APNs, against a stand-in that speaks HTTP/2 and checks what Apple checks (PU-01, PU-03, PU-04)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rcim_bench.standin_apns import ApnsStandin, Said, Trouble

from rcim.base import clock
from rcim.outbox.push.provider import BadgeMode, Provider, PushOutcome
from rcim.outbox.push.providers.apns import ApnsProvider
from rcim.outbox.push.providers.sending import IN_A_TURN
from rcim.web.client import WebAnswer
from rcim.web.http2 import Http2Client, Http2Request
from tests.kit_push import DEVICE, KEY_ID, OTHER_KEY_ID, TOPIC, Files, made, push, sent

SENT, BAD, REFUSED, LATER = PushOutcome.SENT, PushOutcome.BAD_TOKEN, PushOutcome.REFUSED, PushOutcome.LATER
OTHER_DEVICE = "b2" * 32
ANSWERS = [
    (Said(400, "BadCollapseId"), REFUSED, "400 BadCollapseId", 0),
    (Said(400, "BadDeviceToken"), BAD, "400 BadDeviceToken", 0),
    (Said(400, "DeviceTokenNotForTopic"), REFUSED, "400 DeviceTokenNotForTopic", 0),
    (Said(400, "TopicDisallowed"), REFUSED, "400 TopicDisallowed", 0),
    (Said(400, "IdleTimeout"), LATER, "400 IdleTimeout", 0),
    (Said(403, "BadCertificateEnvironment"), LATER, "push_providers.one.key_file", 60),
    (Said(403, "Forbidden"), LATER, "push_providers.one.team_id", 60),
    (Said(403, "InvalidProviderToken"), LATER, "push_providers.one.key_id", 60),
    (Said(403, "ExpiredProviderToken"), LATER, "clock", 60),
    (Said(404, "BadPath"), REFUSED, "404 BadPath", 0),
    (Said(405, "MethodNotAllowed"), REFUSED, "405", 0),
    (Said(410, "Unregistered"), BAD, "410 Unregistered", 0),
    (Said(410, "ExpiredToken"), BAD, "410 ExpiredToken", 0),
    (Said(413, "PayloadTooLarge"), REFUSED, "413 PayloadTooLarge", 0),
    (Said(429, "TooManyProviderTokenUpdates"), LATER, "429 TooManyProviderTokenUpdates", 0),
    (Said(429, "TooManyRequests", {"retry-after": "9"}), LATER, "429 TooManyRequests", 9),
    (Said(500, "InternalServerError"), LATER, "500 InternalServerError", 0),
    (Said(503, "ServiceUnavailable", {"retry-after": "9"}), LATER, "503 ServiceUnavailable", 9),
    (Said(503, "Shutdown"), LATER, "503 Shutdown", 0),
    (Said(418, "Teapot"), REFUSED, "418 Teapot", 0),
]


class Steady:
    """A clock of the providers that stands still until a test moves it, both of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gone_ms = 0
        steady_ms, wall_ms = clock.steady_ms(), clock.wall_ms()
        monkeypatch.setattr(clock, "steady_ms", lambda: steady_ms + self.gone_ms)
        monkeypatch.setattr(clock, "wall_ms", lambda: wall_ms + self.gone_ms)


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> Steady:
    return Steady(monkeypatch)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("apns"))


class Both(NamedTuple):
    provider: Provider
    standin: ApnsStandin
    url: str

    @property
    def connections(self) -> int:
        assert isinstance(self.provider, ApnsProvider)
        return self.provider.counts["connections"]


@pytest.fixture
async def both(files: Files, steady: Steady) -> AsyncIterator[Both]:
    standin = ApnsStandin(dict(files.apns_keys), frozenset([TOPIC, "com.example.other"]))
    url = await standin.start(files.certificate)
    provider = made(files.section("apns", url))
    yield Both(provider, standin, url)
    await provider.close()
    await standin.stop()


async def test_one_connection_brings_all_pushes_with_one_token(both: Both) -> None:  # PU-01
    results = await sent(both.provider, *(push(DEVICE) for _ in range(300)))
    assert {one.outcome for one in results} == {SENT}
    assert both.standin.taken == 300 and both.connections == 1 and len(both.standin.tokens) == 1


async def test_others_have_their_turn_between_pushes(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    await sent(both.provider, push(DEVICE))
    begun_in_turns: list[int] = [0]
    post = Http2Client.post

    async def counted(client: Http2Client, request: Http2Request) -> WebAnswer:
        begun_in_turns[-1] += 1
        return await post(client, request)

    async def turn_over_and_over() -> None:
        while sum(begun_in_turns) < 150:
            begun_in_turns.append(0)
            await asyncio.sleep(0)

    monkeypatch.setattr(Http2Client, "post", counted)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(turn_over_and_over())
        await sent(both.provider, *(push(DEVICE) for _ in range(150)))
    assert max(begun_in_turns) <= 2 * IN_A_TURN and sum(begun_in_turns) == 150


async def test_what_a_push_says_is_what_apple_gets(both: Both) -> None:  # PU-04
    full = push(
        DEVICE,
        topic="com.example.other",
        badge_mode=BadgeMode.SET,
        badge=7,
        sound="ding.caf",
        collapse_key="group-1",
        data={"conversation": "group-1", "aps": "no"},
        options={"SubTitle": "in the group", "Image": "https://example.com/a.png"},
    )
    assert (await sent(both.provider, full))[0].outcome is SENT
    (seen,) = both.standin.seen
    assert seen.payload == {
        "aps": {
            "badge": 7,
            "sound": "ding.caf",
            "mutable-content": 1,
            "alert": {"title": "Ann", "subtitle": "in the group", "body": "hello"},
        },
        "conversation": "group-1",
        "image": "https://example.com/a.png",
    }
    assert seen.headers["apns-topic"] == "com.example.other" and seen.headers["apns-id"] == full.push_id
    assert seen.headers["apns-expiration"] == str(full.expires_ms // 1000)
    assert seen.headers["apns-collapse-id"] == "group-1" and seen.headers["apns-push-type"] == "alert"


async def test_a_badge_that_is_to_grow_stays(both: Both) -> None:
    await sent(both.provider, push(DEVICE, badge_mode=BadgeMode.INCREMENT, badge=1, expires_ms=0))
    aps: Any = both.standin.seen[0].payload["aps"]
    assert "badge" not in aps and aps["sound"] == "default" and both.standin.seen[0].headers["apns-expiration"] == "0"


async def test_a_long_collapse_key_is_always_the_same_short_one(both: Both) -> None:
    keys = ["g" * 200, "g" * 200, "группа", "g" * 64]
    results = await sent(both.provider, *(push(DEVICE, collapse_key=key) for key in keys))
    assert {one.outcome for one in results} == {SENT}
    found = [seen.headers["apns-collapse-id"] for seen in both.standin.seen]
    assert found[0] == found[1] != found[2] and found[3] == keys[3]


@pytest.mark.parametrize("text", ["x" * 9000, "一" * 9000, '"\\\n' * 4000, "👩‍👩‍👧‍👦" * 2000, "e\u0301" * 5000])
async def test_a_payload_has_4096_bytes_and_no_half_characters(both: Both, text: str) -> None:
    results = await sent(both.provider, push(DEVICE, text=text), push(DEVICE, title=text, text=text))
    assert [one.outcome for one in results] == [SENT, SENT]
    alert: Any = both.standin.seen[0].payload["aps"]
    body = alert["alert"]["body"]
    assert body.endswith("…") and text.startswith(body[:-1]) and not body[:-1].endswith("\u200d")
    assert len(json.dumps(both.standin.seen[0].payload, ensure_ascii=False).encode()) > 3900
    assert not body[:-1].endswith("e") or "e\u0301" not in text


async def test_data_that_does_not_fit_is_refused_without_asking(both: Both) -> None:
    (result,) = await sent(both.provider, push(DEVICE, data={"k": "x" * 5000}))
    assert result.outcome is REFUSED and "4096" in result.reason and both.standin.taken == 0


@pytest.mark.parametrize(("said", "outcome", "reason", "retry_s"), ANSWERS, ids=lambda value: str(value))
async def test_each_answer_has_its_outcome(  # PU-03
    both: Both, said: Said, outcome: PushOutcome, reason: str, retry_s: float
) -> None:
    both.standin.answers[DEVICE] = [said, said]
    (result,) = await sent(both.provider, push(DEVICE))
    assert (result.outcome, round(result.retry_after_s)) == (outcome, retry_s)
    assert reason in result.reason and DEVICE not in result.reason


async def test_what_can_be_no_token_is_bad(both: Both) -> None:
    tokens = ["", "zz" * 32, "../../etc/passwd", "a1" * 5000, "a1\r\nx: y"]
    results = await sent(both.provider, *(push(token) for token in tokens))
    assert {one.outcome for one in results} == {BAD} and both.standin.connections == 0


async def test_what_a_device_says_becomes_no_header(both: Both) -> None:
    topics = ["a.b\r\nx: y", " a.b", "a b", "приложение", "a" * 300]
    results = await sent(both.provider, *(push(DEVICE, topic=topic) for topic in topics))
    assert {one.outcome for one in results} == {REFUSED} and both.standin.connections == 0
    keys = [" group", "group\n", "x\r\ny: z"]
    assert {one.outcome for one in await sent(both.provider, *(push(DEVICE, collapse_key=k) for k in keys))} == {SENT}
    assert len({seen.headers["apns-collapse-id"] for seen in both.standin.seen}) == 3


async def test_a_token_is_renewed_between_20_and_60_minutes(both: Both, steady: Steady) -> None:
    for minutes in range(0, 130, 5):
        steady.gone_ms = minutes * 60_000
        both.standin.now_s = clock.wall_ms() / 1000
        (result,) = await sent(both.provider, push(DEVICE))
        assert result.outcome is SENT, (minutes, result)
    assert len(both.standin.tokens) == 4


async def test_an_expired_token_is_renewed_once_if_it_is_old_enough(both: Both, steady: Steady) -> None:
    await sent(both.provider, push(DEVICE))
    steady.gone_ms = 25 * 60_000
    both.standin.now_s = clock.wall_ms() / 1000 + 50 * 60
    assert (await sent(both.provider, push(DEVICE)))[0].outcome is SENT and len(both.standin.tokens) == 2


async def test_a_second_key_takes_over_when_the_first_is_revoked(both: Both, files: Files) -> None:
    more = {"rotated_key_file": f"{files.folder}/other.p8", "rotated_key_id": OTHER_KEY_ID}
    rotated = made(files.section("apns", both.url, **more))
    assert (await sent(rotated, push(DEVICE)))[0].outcome is SENT
    del both.standin.keys[KEY_ID]
    results = await sent(rotated, *(push(DEVICE) for _ in range(100)))
    assert {one.outcome for one in results} == {SENT}
    both.standin.keys.clear()
    (result,) = await sent(rotated, push(DEVICE))
    assert result.outcome is LATER and "push_providers.one.key_file" in result.reason
    assert (await sent(rotated, push(DEVICE)))[0].outcome is LATER and both.standin.taken == 101
    await rotated.close()


@pytest.mark.parametrize("trouble", [Trouble.GOAWAY, Trouble.REFUSED_STREAM])
async def test_what_was_not_worked_on_is_sent_again_at_once(both: Both, trouble: Trouble) -> None:
    both.standin.answers[DEVICE] = [trouble]
    (result,) = await sent(both.provider, push(DEVICE))
    assert result.outcome is SENT and both.standin.taken == 1
    assert both.connections == (2 if trouble is Trouble.GOAWAY else 1)


async def test_what_is_under_way_ends_after_goaway(both: Both) -> None:
    both.standin.answers[OTHER_DEVICE] = [Trouble.HANG] * 3
    both.standin.answers[DEVICE] = [Trouble.GOAWAY_AFTER]
    results = await sent(both.provider, *(push(OTHER_DEVICE) for _ in range(3)), push(DEVICE))
    assert [one.outcome for one in results] == [SENT] * 4 and both.connections == 1
    assert (await sent(both.provider, push(DEVICE)))[0].outcome is SENT and both.connections == 2


@pytest.mark.parametrize("trouble", [Trouble.BREAK, Trouble.GARBAGE, Trouble.RESET, Trouble.FLOOD])
async def test_a_connection_that_breaks_is_made_again(both: Both, steady: Steady, trouble: Trouble) -> None:
    await sent(both.provider, push(DEVICE))
    both.standin.answers[DEVICE] = [trouble]
    (result,) = await sent(both.provider, push(DEVICE))
    assert result.outcome is LATER and result.reason
    assert (await sent(both.provider, push(DEVICE)))[0].outcome is SENT, "others do not wait"
    steady.gone_ms += 2000
    assert (await sent(both.provider, push(DEVICE)))[0].outcome is SENT


async def test_a_service_that_says_nothing_is_given_up(both: Both, files: Files) -> None:
    short = made(files.section("apns", both.url, timeout_ms="200"))
    both.standin.answers[DEVICE] = [Trouble.HANG] * 2
    (result,) = await sent(short, push(DEVICE))
    assert result.outcome is LATER and "no answer: TimeoutError" in result.reason
    await short.close()


async def test_a_server_that_allows_few_streams_gets_no_more(both: Both) -> None:
    both.standin.streams_max = 3
    results = await sent(both.provider, *(push(DEVICE) for _ in range(200)))
    assert {one.outcome for one in results} == {SENT} and both.connections == 1


async def test_a_service_that_is_away_is_tried_once_for_many(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    await both.standin.stop()
    monkeypatch.setattr(clock, "steady_ms", lambda: 1_000_000)
    results = await sent(both.provider, *(push(DEVICE) for _ in range(1000)))
    assert both.provider.counts["pauses"] == 1  # type: ignore[attr-defined]
    assert {one.outcome for one in results} == {LATER} and "no answer" in results[-1].reason


async def test_a_server_without_http2_is_refused(files: Files) -> None:
    standin = ApnsStandin(dict(files.apns_keys), frozenset([TOPIC]))
    url = await standin.start(files.certificate, "http/1.1")
    provider = made(files.section("apns", url))
    (result,) = await sent(provider, push(DEVICE))
    assert result.outcome is LATER and result.reason.startswith("no answer")
    await provider.close()
    await standin.stop()


@pytest.mark.parametrize(
    ("more", "words"), [({"allow_private": "false"}, "not a public address"), ({"ca_file": ""}, "ertificate")]
)
async def test_private_addresses_and_strange_certificates_are_refused(
    both: Both, files: Files, more: dict[str, str], words: str
) -> None:
    provider = made(files.section("apns", both.url, **more))
    (result,) = await sent(provider, push(DEVICE))
    assert result.outcome is LATER and words in result.reason and both.standin.taken == 0
    await provider.close()


async def test_after_close_nothing_is_sent(both: Both) -> None:
    await sent(both.provider, push(DEVICE))
    await both.provider.close()
    assert (await sent(both.provider, push(DEVICE)))[0].outcome is LATER and both.standin.taken == 1


async def test_a_send_that_is_given_up_leaves_nothing_behind(both: Both) -> None:
    await sent(both.provider, push(DEVICE))
    both.standin.answers[OTHER_DEVICE] = [Trouble.HANG] * 20
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(both.provider.send([push(OTHER_DEVICE) for _ in range(20)]))
        while both.standin.answers[OTHER_DEVICE]:
            await asyncio.sleep(0)
        task.cancel()
    assert (await sent(both.provider, push(DEVICE)))[0].outcome is SENT
    assert both.connections == 2  # the first one said nothing any more


def test_the_files_are_where_they_are_said_to_be(files: Files) -> None:
    assert Path(files.section("apns", "")["key_file"]).is_file()

"""The push services over HTTPS, against stand-ins that speak their documented protocols (PU-01, PU-03, PU-04)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rcim.base import clock
from rcim.outbox.push.provider import BadgeMode, Provider, Push, PushOutcome
from rcim.outbox.push.providers import http_provider, sending
from tests.kit_push import Files, made, push, sent
from tests.standins.google import Google, error
from tests.standins.https import Reply, Standin, Trouble
from tests.standins.vendors import (
    HonorStandin,
    HuaweiStandin,
    MeizuStandin,
    OppoStandin,
    VivoStandin,
    WebhookStandin,
    XiaomiStandin,
)

SENT, BAD, REFUSED, LATER = PushOutcome.SENT, PushOutcome.BAD_TOKEN, PushOutcome.REFUSED, PushOutcome.LATER
STANDINS: dict[str, Callable[[Files], Standin]] = {
    "fcm": lambda files: Google(files.account),
    "huawei": lambda _: HuaweiStandin(),
    "honor": lambda _: HonorStandin(),
    "xiaomi": lambda _: XiaomiStandin(),
    "oppo": lambda _: OppoStandin(),
    "vivo": lambda _: VivoStandin(),
    "meizu": lambda _: MeizuStandin(),
    "webhook": lambda _: WebhookStandin(),
}
WITH_ACCESS = ["fcm", "huawei", "honor", "oppo", "vivo"]


class Case(NamedTuple):
    provider: str
    reply: Reply
    outcome: PushOutcome
    reason: str
    retry_s: float = 0.0


def fcm(status: int, code: str, **more: Any) -> Any:
    return error(status, "NOT_FOUND" if status == 404 else code, fcm=code, **more)


def huawei(code: str, msg: str = "", status: int = 200, **headers: str) -> Reply:
    return Reply(status, {"code": code, "msg": msg, "requestId": "1"}, headers)


def honor(code: int, **data: Any) -> Reply:
    return Reply(200, {"code": code, "message": "no", "data": {"sendResult": False, **data}})


def xiaomi(code: int, reason: str = "no") -> Reply:
    return Reply(200, {"result": "error", "reason": reason, "code": code, "trace_id": "1"})


def oppo(code: int) -> Reply:
    return Reply(200, {"code": code, "message": "no"})


def vivo(result: int, **more: Any) -> Reply:
    return Reply(200, {"result": result, "desc": "no", **more})


def meizu(code: str, value: Any = "") -> Reply:
    return Reply(200, {"code": code, "message": "no", "value": value})


AFTER_7 = {"Retry-After": "7"}
TOKEN_WORDS = "The registration token is not a valid FCM registration token"
PARTLY = json.dumps({"success": 0, "failure": 1, "illegal_tokens": ["token-1"]})
CASES = [
    Case("fcm", Reply(404, fcm(404, "UNREGISTERED")), BAD, "404 UNREGISTERED"),
    Case("fcm", Reply(400, fcm(400, "INVALID_ARGUMENT", message=TOKEN_WORDS)), BAD, "400 INVALID_ARGUMENT"),
    Case("fcm", Reply(400, error(400, "INVALID_ARGUMENT", field="message.token")), BAD, "400 INVALID_ARGUMENT"),
    Case("fcm", Reply(400, error(400, "INVALID_ARGUMENT", field="message.data[0].value")), REFUSED, "400"),
    Case("fcm", Reply(403, fcm(403, "SENDER_ID_MISMATCH")), REFUSED, "another project"),
    Case("fcm", Reply(401, fcm(401, "THIRD_PARTY_AUTH_ERROR")), LATER, "Firebase console"),
    Case("fcm", Reply(429, fcm(429, "QUOTA_EXCEEDED"), AFTER_7), LATER, "429 QUOTA_EXCEEDED", 7),
    Case("fcm", Reply(429, fcm(429, "QUOTA_EXCEEDED")), LATER, "429 QUOTA_EXCEEDED", 60),
    Case("fcm", Reply(503, fcm(503, "UNAVAILABLE"), AFTER_7), LATER, "503 UNAVAILABLE", 7),
    Case("fcm", Reply(503, fcm(503, "UNAVAILABLE"), {"Retry-After": "99999999999"}), LATER, "503", 3600),
    Case("fcm", Reply(500, fcm(500, "INTERNAL")), LATER, "500 INTERNAL"),
    Case("fcm", Reply(200, b"no json"), SENT, ""),
    Case("fcm", Reply(400, error(400, "INVALID_ARGUMENT", message=f"Invalid value: {TOKEN_WORDS}")), REFUSED, "400"),
    Case("fcm", Reply(502, b"<html>"), LATER, "HTTP 502"),
    Case("fcm", Reply(418, b"<html>"), LATER, "can't be understood"),
    Case("huawei", huawei("80300007", '{"illegalTokens":{"noRight":["token-1"]}}'), BAD, "80300007"),
    Case("huawei", huawei("80100000", PARTLY), BAD, "80100000"),
    Case("huawei", huawei("80100001", "bad ttl", 400), REFUSED, "80100001 bad ttl"),
    Case("huawei", huawei("80100003", "Illegal payload"), REFUSED, "80100003"),
    Case("huawei", huawei("80100016"), REFUSED, "80100016"),
    Case("huawei", huawei("80300008", "too big"), REFUSED, "80300008"),
    Case("huawei", huawei("80300002", "no permission"), LATER, "push_providers.one.secret", 60),
    Case("huawei", huawei("81000001", "internal"), LATER, "81000001"),
    Case("huawei", Reply(503, b"busy", AFTER_7), LATER, "HTTP 503", 7),
    Case("huawei", Reply(502, b"<html>"), LATER, "HTTP 502"),
    Case("huawei", Reply(404, b"<html>"), LATER, "can't be understood"),
    Case("huawei", Reply(200, [1]), LATER, "can't be understood"),
    Case("honor", honor(200, expireTokens=["token-1"]), BAD, "200"),
    Case("honor", honor(80300007), BAD, "80300007"),
    Case("honor", honor(80100000, failTokens=["token-1"]), REFUSED, "80100000"),
    Case("honor", honor(80100003), REFUSED, "80100003"),
    Case("honor", honor(80300008), REFUSED, "80300008"),
    Case("honor", honor(80600003), LATER, "push_providers.one.app_key", 60),
    Case("honor", honor(81000001), LATER, "81000001"),
    Case("honor", Reply(429, b"", AFTER_7), LATER, "HTTP 429", 7),
    Case("xiaomi", xiaomi(20301, "No valid targets!"), BAD, "20301"),
    Case("xiaomi", xiaomi(20301, "something else"), REFUSED, "20301"),
    Case("xiaomi", xiaomi(10029), BAD, "10029"),
    Case("xiaomi", Reply(200, {"code": 0, "data": {"id": "", "bad_regids": "a,token-1"}}), BAD, "bad_regids"),
    Case("xiaomi", xiaomi(10017), REFUSED, "10017"),
    Case("xiaomi", xiaomi(65009), REFUSED, "65009"),
    Case("xiaomi", xiaomi(10002), LATER, "10002"),
    Case("xiaomi", xiaomi(10027), LATER, "10027"),
    Case("xiaomi", xiaomi(10034), LATER, "10034", 3600),
    Case("xiaomi", xiaomi(10037), LATER, "10037"),
    Case("xiaomi", xiaomi(21301), LATER, "push_providers.one.secret", 60),
    Case("xiaomi", xiaomi(22022), LATER, "push_providers.one.secret", 60),
    Case("xiaomi", Reply(500, b"no"), LATER, "HTTP 500"),
    Case("oppo", oppo(10000), BAD, "10000"),
    Case("oppo", oppo(41), REFUSED, "41"),
    Case("oppo", oppo(67), REFUSED, "67"),
    Case("oppo", oppo(30), LATER, "push_providers.one.app_key", 60),
    Case("oppo", oppo(-1), LATER, "-1"),
    Case("oppo", oppo(-2), LATER, "-2"),
    Case("oppo", oppo(13), LATER, "13"),
    Case("oppo", oppo(33), LATER, "33", 3600),
    Case("oppo", Reply(503, b"no", AFTER_7), LATER, "HTTP 503", 7),
    Case("vivo", vivo(10302), BAD, "10302"),
    Case("vivo", vivo(0, invalidUser={"status": 1, "userid": "token-1"}), BAD, "0"),
    Case("vivo", vivo(0, invalidUser={"status": 4, "userid": "token-1"}), REFUSED, "status 4"),
    Case("vivo", vivo(10055), REFUSED, "10055"),
    Case("vivo", vivo(10070), LATER, "10070", 3600),
    Case("vivo", vivo(10093), LATER, "10093"),
    Case("vivo", vivo(10094), LATER, "push_providers.one.app_id", 60),
    Case("vivo", Reply(500, b"Internet server error!"), LATER, "HTTP 500"),
    Case("meizu", meizu("200", {"110002": ["token-1"]}), BAD, "110002"),
    Case("meizu", meizu("200", {"110003": ["token-1"]}), BAD, "110003"),
    Case("meizu", meizu("200", {"110002": ["another"]}), SENT, ""),
    Case("meizu", meizu("200", {"201": ["token-1"]}), LATER, "push_providers.one.secret", 60),
    Case("meizu", meizu("200", {"519": ["token-1"]}), LATER, "519"),
    Case("meizu", meizu("200", {"520": ["token-1"]}), LATER, "520", 60),
    Case("meizu", meizu("1005"), REFUSED, "1005"),
    Case("meizu", meizu("110004"), REFUSED, "110004"),
    Case("meizu", meizu("110000"), LATER, "push_providers.one.app_id", 60),
    Case("meizu", meizu("110010"), LATER, "110010"),
    Case("meizu", meizu("1003"), LATER, "1003"),
    Case("webhook", Reply(204, b""), SENT, ""),
    Case("webhook", Reply(410, b""), BAD, "410"),
    Case("webhook", Reply(400, b""), REFUSED, "400"),
    Case("webhook", Reply(403, b""), LATER, "push_providers.one.secret", 60),
    Case("webhook", Reply(429, b"", AFTER_7), LATER, "429", 7),
    Case("webhook", Reply(503, b"", AFTER_7), LATER, "503", 7),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("push"))


class Both(NamedTuple):
    """A provider, and the stand-in that it sends to."""

    name: str
    provider: Provider
    standin: Any


class Steady:
    """A clock of the providers that stands still until a test moves it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gone_ms = 0
        steady_ms, wall_ms = clock.steady_ms(), clock.wall_ms()
        monkeypatch.setattr(clock, "steady_ms", lambda: steady_ms + self.gone_ms)
        monkeypatch.setattr(clock, "wall_ms", lambda: wall_ms)


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> Steady:
    return Steady(monkeypatch)


@pytest.fixture
async def both(request: pytest.FixtureRequest, files: Files, steady: Steady) -> AsyncIterator[Both]:
    name = request.param
    standin = STANDINS[name](files)
    await standin.start(files.certificate)
    provider = made(files.section(name, standin.url, channel="chat", badge_class="com.example.Main"))
    yield Both(name, provider, standin)
    await provider.close()
    await standin.stop()


def every(names: Any = STANDINS) -> Any:
    return pytest.mark.parametrize("both", list(names), indirect=True)


@every()
async def test_a_push_is_sent_and_later_ones_over_the_same_connection(both: Both) -> None:  # PU-01
    assert (await sent(both.provider, push()))[0].outcome is SENT
    assert [one.outcome for one in await sent(both.provider, push(), push())] == [SENT, SENT]
    assert len(both.standin.seen) == 3 and both.standin.asked_access == (1 if both.name in WITH_ACCESS else 0)
    assert len(both.standin.connections) <= 3


@every()
async def test_each_answer_has_its_outcome(both: Both, steady: Steady) -> None:  # PU-03
    for case in [case for case in CASES if case.provider == both.name]:
        steady.gone_ms += 7_300_000  # pauses are over, and so are access tokens
        both.standin.answers["token-1"] = [case.reply, case.reply]
        (result,) = await sent(both.provider, push())
        assert (result.outcome, round(result.retry_after_s)) == (case.outcome, case.retry_s), (case, result)
        assert case.reason in result.reason and "token-1" not in result.reason, (case, result)
        assert not result.reason or "\n" not in result.reason


@every()
async def test_texts_are_shortened_and_no_character_is_cut(both: Both) -> None:
    texts = [("标题" * 300, "一二三四五" * 4000), ("t" * 300, "👩‍👩‍👧‍👦" * 3000), ("", "é" * 9000), ("t", "")]
    results = await sent(both.provider, *(push(title=title, text=text) for title, text in texts))
    assert [one.outcome for one in results] == [SENT] * len(texts), results
    for seen in both.standin.seen:
        assert b"\xef\xbf\xbd" not in seen.raw
    if both.name != "webhook":
        assert "…" in json.dumps([dict(seen.body) for seen in both.standin.seen], ensure_ascii=False)


@every()
async def test_data_that_does_not_fit_is_refused(both: Both) -> None:
    (result,) = await sent(both.provider, push(data={"k": "x" * 5000}))
    assert result.outcome is (SENT if both.name == "webhook" else REFUSED)
    if both.name != "webhook":
        assert "takes" in result.reason and both.standin.seen == []


@every()
async def test_tokens_that_no_service_has_given_are_bad(both: Both) -> None:
    results = await sent(both.provider, *(push(token) for token in ("", "x" * 10_240, "a\nb", "ключ")))
    assert [one.outcome for one in results] == [BAD] * 4 and both.standin.seen == []


@every()
async def test_a_broken_connection_is_made_again(both: Both, steady: Steady) -> None:
    await sent(both.provider, push())
    for trouble, words in [(Trouble.BREAK, "no answer"), (Trouble.FLOOD, "longer than")]:
        both.standin.answers["token-1"] = [trouble, trouble]
        (result,) = await sent(both.provider, push())
        assert result.outcome is LATER and words in result.reason, (trouble, result)
        steady.gone_ms += 2000
        both.standin.answers.clear()
        assert (await sent(both.provider, push()))[0].outcome is SENT, trouble
    both.standin.answers["token-1"] = [Trouble.REDIRECT]
    assert (await sent(both.provider, push()))[0].outcome in (LATER, REFUSED)


@every(["fcm", "xiaomi"])
async def test_a_service_that_says_nothing_is_given_up(both: Both, files: Files) -> None:
    short = made(files.section(both.name, both.standin.url, timeout_ms="200"))
    both.standin.answers["token-1"] = [Trouble.HANG]
    (result,) = await sent(short, push())
    assert result.outcome is LATER and "no answer: TimeoutError" in result.reason
    await short.close()


@every()
async def test_a_service_that_is_away_costs_one_wait_and_not_one_for_each_push(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    await both.standin.stop()
    monkeypatch.setattr(clock, "steady_ms", lambda: 1_000_000)
    results = await sent(both.provider, *(push() for _ in range(500)))
    assert {one.outcome for one in results} == {LATER}
    assert all("no answer" in one.reason for one in results)
    assert both.provider.counts["later"] == 500 and both.provider.counts["pauses"] == 1  # type: ignore[attr-defined]


@every(WITH_ACCESS)
async def test_an_access_token_that_is_refused_is_asked_for_again_once(both: Both) -> None:
    await sent(both.provider, push())
    both.standin.valid.clear()
    results = await sent(both.provider, *(push() for _ in range(20)))
    assert {one.outcome for one in results} == {SENT} and both.standin.asked_access == 2


@every(WITH_ACCESS)
async def test_an_access_token_is_asked_for_again_before_it_ends(both: Both, steady: Steady) -> None:
    await sent(both.provider, push())
    steady.gone_ms = 24 * 3600 * 1000
    assert (await sent(both.provider, push()))[0].outcome is SENT and both.standin.asked_access == 2


@pytest.mark.parametrize("both", ["huawei", "honor", "xiaomi", "oppo", "vivo", "meizu", "webhook"], indirect=True)
async def test_wrong_credentials_name_the_setting_and_are_not_tried_for_each_push(
    both: Both, steady: Steady, files: Files
) -> None:
    wrong = made(files.section(both.name, both.standin.url, secret="another-secret-16"))
    results = await sent(wrong, *(push() for _ in range(100)))
    assert {one.outcome for one in results} == {LATER}
    assert all("push_providers.one.secret" in one.reason and "another" not in one.reason for one in results)
    assert all(one.retry_after_s > 50 for one in results) and both.standin.seen == []
    assert (await sent(wrong, push()))[0].outcome is LATER  # it waits
    await wrong.close()


@every(["fcm"])
async def test_a_busy_token_endpoint_is_waited_for(both: Both) -> None:
    both.standin.access_answers = [Reply(503, b"", AFTER_7)]
    (result,) = await sent(both.provider, push())
    assert (result.outcome, result.retry_after_s) == (LATER, 7)


@every(["huawei"])
async def test_a_busy_service_pauses_and_then_goes_on(both: Both, steady: Steady) -> None:
    both.standin.answers["token-1"] = [huawei("81000001")]
    assert (await sent(both.provider, push()))[0].outcome is LATER
    assert (await sent(both.provider, push("token-2")))[0].outcome is LATER and len(both.standin.seen) == 1
    steady.gone_ms += int(sending.BUSY_PAUSE_S * 1000)
    assert (await sent(both.provider, push("token-2")))[0].outcome is SENT


@every(["xiaomi"])
async def test_the_limit_on_pushes_a_second_is_kept(
    both: Both, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "steady_ms", lambda: 1_000_000)
    monkeypatch.setattr(sending, "PATIENCE_MS", 0)
    slow = made(files.section("xiaomi", both.standin.url, pushes_per_s="2"))
    first = await sent(slow, *(push() for _ in range(20)))
    assert [one.outcome for one in first].count(SENT) == 2
    assert [one.untried for one in first].count(True) == 18, "they are not given up for that"
    assert [one.retry_after_s for one in first if one.outcome is LATER] == [0.5] * 18
    monkeypatch.setattr(clock, "steady_ms", lambda: 1_000_500)
    assert [one.outcome for one in await sent(slow, push(), push())] == [SENT, LATER]
    await slow.close()


@every(["webhook"])
async def test_two_secrets_both_sign(both: Both, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    rotated = made(files.section("webhook", both.standin.url, rotated_secret="the-secret-that-comes"))
    assert (await sent(rotated, push()))[0].outcome is SENT
    monkeypatch.setattr(WebhookStandin, "secrets", ["the-secret-that-comes"])
    assert (await sent(rotated, push()))[0].outcome is SENT
    assert (await sent(both.provider, push()))[0].outcome is LATER
    await rotated.close()


FULL: dict[str, Any] = {
    "badge_mode": BadgeMode.SET,
    "badge": 5,
    "sound": "ding.caf",
    "collapse_key": "group-1",
    "data": {"ext": "e", "conversation": "group-1"},
    "topic": "com.example.chat",
}
OPTIONS = {
    "HuaWeiChannelID": "hw",
    "HuaWeiImportance": "LOW",
    "HuaWeiCategory": "IM",
    "ExtAsHuaweiIntentParam": "1",
    "XiaoMiChannelID": "mi",
    "OPPOChannelID": "op",
    "GoogleChannelID": "go",
    "VIVOClassification": "0",
    "Image": "https://example.com/a.png",
}
FIELDS: dict[str, dict[str, Any]] = {
    "fcm": {
        "notification.image": OPTIONS["Image"],
        "data.ext": "e",
        "android.ttl": "604799s",
        "android.collapse_key": "group-1",
        "android.notification.channel_id": "go",
        "android.notification.notification_count": 5,
        "android.notification.sound": "ding.caf",
        "apns.payload.aps.badge": 5,
        "apns.headers.apns-collapse-id": "group-1",
    },
    "huawei": {
        "android.category": "IM",
        "android.notification.channel_id": "hw",
        "android.notification.importance": "LOW",
        "android.notification.badge.set_num": 5,
        "android.notification.badge.class": "com.example.Main",
        "android.notification.tag": "group-1",
        "android.notification.click_action.type": 1,
        "data": '{"ext":"e","conversation":"group-1"}',
    },
    "honor": {
        "android.notification.badge.setNum": 5,
        "android.notification.badge.badgeClass": "com.example.Main",
        "android.notification.clickAction.type": 3,
        "android.notification.tag": "group-1",
        "data": '{"ext":"e","conversation":"group-1"}',
    },
    "xiaomi": {
        "extra.channel_id": "mi",
        "restricted_package_name": "com.example.chat",
        "payload": '{"ext":"e","conversation":"group-1"}',
        "extra.sound_uri": "ding.caf",
        "pass_through": "0",
    },
    "oppo": {
        "notification.channel_id": "op",
        "notification.action_parameters": '{"ext":"e","conversation":"group-1"}',
        "notification.off_line": True,
        "notification.app_message_id": "6f0e0f6e-0d5c-4e3a-9d0e-2b8a4b1f6a01",
    },
    "vivo": {"classification": 0, "clientCustomMap.ext": "e", "requestId": "6f0e0f6e-0d5c-4e3a-9d0e-2b8a4b1f6a01"},
    "meizu": {"clickTypeInfo.parameters.ext": "e", "pushTimeInfo.offLine": 1, "pushTimeInfo.validTime": 72},
    "webhook": {
        "badge": 5,
        "badge_mode": "set",
        "options.Image": OPTIONS["Image"],
        "data.ext": "e",
        "sandbox": False,
    },
}


@every()
async def test_badge_sound_collapse_key_data_and_options_arrive(both: Both, steady: Steady) -> None:  # PU-04
    assert (await sent(both.provider, push(**FULL, options=OPTIONS)))[0].outcome is SENT
    body: Any = both.standin.seen[0].body
    for path, value in FIELDS[both.name].items():
        found = body[path] if path in body else _at(body, path)
        if path == "android.ttl":
            assert found in ("604799s", "604800s")
        else:
            assert found == value, path


def _at(body: Any, path: str) -> Any:
    first, _, rest = path.partition(".")
    return _at(body[first], rest) if rest else body[first]


@every(["huawei", "honor"])
async def test_a_badge_may_grow(both: Both) -> None:
    await sent(both.provider, push(badge_mode=BadgeMode.INCREMENT, badge=1))
    badge = both.standin.seen[0].body["android"]["notification"]["badge"]
    assert badge["add_num" if both.name == "huawei" else "addNum"] == 1


@every(["fcm", "meizu", "oppo"])
async def test_a_push_that_has_expired_is_not_kept(both: Both) -> None:
    await sent(both.provider, push(expires_ms=0))
    body: Any = both.standin.seen[0].body
    found = {"fcm": "android.ttl", "meizu": "pushTimeInfo.offLine", "oppo": "notification.off_line"}[both.name]
    assert _at(body, found) in ("0s", 0, False)


@every(["xiaomi"])
async def test_many_pushes_at_a_time_are_bounded(both: Both) -> None:
    results = await sent(both.provider, *(push() for _ in range(300)))
    assert {one.outcome for one in results} == {SENT}
    assert len(both.standin.connections) <= sending.CONCURRENT_MAX


@every(["xiaomi"])
async def test_a_send_that_is_given_up_leaves_nothing_behind(both: Both) -> None:
    both.standin.answers["token-1"] = [Trouble.HANG] * 10
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(both.provider.send([push() for _ in range(10)]))
        while len(both.standin.seen) < 10:
            await asyncio.sleep(0)
        task.cancel()
    both.standin.answers.clear()
    assert (await sent(both.provider, push()))[0].outcome is SENT


async def test_private_addresses_are_refused_unless_they_are_allowed(files: Files) -> None:  # CB-01
    standin = XiaomiStandin()
    await standin.start(files.certificate)
    provider = made(files.section("xiaomi", standin.url, allow_private="false"))
    (result,) = await sent(provider, push())
    assert result.outcome is LATER and "not a public address" in result.reason and standin.seen == []
    await provider.close()
    await standin.stop()


async def test_a_certificate_that_is_not_trusted_is_refused(files: Files) -> None:
    standin = XiaomiStandin()
    await standin.start(files.certificate)
    provider = made(files.section("xiaomi", standin.url, ca_file=""))
    (result,) = await sent(provider, push())
    assert result.outcome is LATER and "ertificate" in result.reason and standin.seen == []
    await provider.close()
    await standin.stop()


def test_pauses_are_short_enough_to_come_back() -> None:
    assert sending.BUSY_PAUSE_S <= 1 and http_provider.EARLY_S < 3600


def test_the_kit_makes_pushes() -> None:
    assert isinstance(push(), Push)


def test_there_is_a_case_for_each_service(tmp_path: Path) -> None:
    assert {case.provider for case in CASES} == set(STANDINS)

"""Devices say what their token, topic and build are, and senders what a push says: neither holds up pushes of others, nor
has others' tokens removed. And a service that is away costs one time-out, wherever it is away."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from rcim.base import clock
from rcim.outbox.push.provider import Push, PushOutcome, PushResult
from rcim.outbox.push.providers.apns import ApnsKey, ApnsOptions, ApnsProvider
from rcim.outbox.push.providers.http_provider import HttpProvider
from rcim.outbox.push.providers.sending import PROVEN_MS
from rcim.outbox.push.providers.service import SENT, Access, Busy, Denied
from rcim.outbox.push.providers.signed_tokens import es256_key
from rcim.rules.push_info import PushProfile
from rcim.web.client import WebAnswer, WebClient, WebRequest
from rcim.web.http2 import Http2Client, Http2Request
from tests.kit_push import DEVICE, KEY_ID, TEAM_ID, TOPIC, Files, push, sent

LATER, REFUSED = PushOutcome.LATER, PushOutcome.REFUSED
FOREIGN = "token of another app"
OK = WebAnswer(200, {}, b"")


class Picky:
    """A Service that takes FOREIGN for wrong credentials, and is busy with `busy`, which it repeats."""

    per_s = 0
    credentials = "secret"
    busy = "busy token"

    def __init__(self) -> None:
        self.given = 0
        self.denies_all = False

    def ask_access(self) -> WebRequest | None:
        return WebRequest("access", b"", {})

    def access(self, answer: WebAnswer) -> Access:
        self.given += 1
        return Access(f"access {self.given}", 3600)

    def request(self, push: Push, access: str) -> WebRequest:
        return WebRequest("send", push.token.encode(), {})

    def result(self, answer: WebAnswer, push: Push) -> PushResult:
        if push.token == FOREIGN or self.denies_all:
            raise Denied("no permission")
        if push.token == self.busy:
            raise Busy(f"busy\nwith {push.token}")
        return SENT


class Client(WebClient):
    """What is asked for waits until it is let go, if it is to fail, and then gets no answer."""

    def __init__(self) -> None:
        super().__init__(1000)
        self.asked: list[str] = []
        self.fails = False

    async def post(self, request: WebRequest) -> WebAnswer:
        self.asked.append(request.url)
        await asyncio.sleep(0)
        if self.fails:
            raise TimeoutError
        return OK


class Kit:
    def __init__(self) -> None:
        self.service, self.client = Picky(), Client()
        self.provider = HttpProvider("push_providers.one", self.service, self.client)

    async def outcomes(self, *tokens: str) -> list[PushOutcome]:
        return [one.outcome for one in await sent(self.provider, *map(push, tokens))]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steady clock: a test sets its only item."""
    at = [1_000_000]
    monkeypatch.setattr(clock, "steady_ms", lambda: at[0])
    return at


async def test_an_access_token_that_nobody_gives_costs_one_wait(now: list[int]) -> None:
    kit = Kit()
    kit.client.fails = True
    assert set(await kit.outcomes(*(f"t{n}" for n in range(200)))) == {LATER}
    assert kit.client.asked == ["access"], "each of them would wait for the time-out of the one before"


async def test_a_device_of_another_app_holds_up_nobody_else(now: list[int]) -> None:
    kit = Kit()
    assert await kit.outcomes("phone") == [PushOutcome.SENT]
    assert await kit.outcomes(*[FOREIGN] * 50, "phone") == [LATER] * 50 + [PushOutcome.SENT]
    assert await kit.outcomes(*[FOREIGN] * 50) == [LATER] * 50
    assert await kit.outcomes("phone") == [PushOutcome.SENT] and kit.provider.counts["pauses"] == 0
    assert kit.service.given == 2, "nor does each of its pushes cost an access token"


async def test_credentials_that_were_revoked_are_found_out_all_the_same(now: list[int]) -> None:
    kit = Kit()
    assert await kit.outcomes("phone") == [PushOutcome.SENT]
    kit.service.denies_all = True
    assert await kit.outcomes("phone") == [LATER] and kit.provider.counts["pauses"] == 0
    now[0] += PROVEN_MS
    assert await kit.outcomes("phone") == [LATER] and kit.provider.counts["pauses"] == 1
    asked = len(kit.client.asked)
    assert await kit.outcomes("phone") == [LATER] and len(kit.client.asked) == asked


async def test_a_push_that_makes_a_service_fail_holds_up_nobody_else(now: list[int]) -> None:
    """Such as one of an emoji that the app's own webhook can't read: whoever finds one could send it again and again."""
    kit = Kit()
    for _ in range(5):
        assert await kit.outcomes("phone") == [PushOutcome.SENT]
        assert await kit.outcomes(Picky.busy) == [LATER]
    assert kit.provider.counts["pauses"] == 0
    assert await kit.outcomes(Picky.busy) == [LATER] and kit.provider.counts["pauses"] == 1, "nothing came in between"
    assert await kit.outcomes("phone") == [LATER]


async def test_what_a_service_says_is_logged_without_the_token(
    now: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    kit = Kit()
    with caplog.at_level(logging.WARNING):
        assert await kit.outcomes(Picky.busy) == [LATER]
    assert "busy" in caplog.text and Picky.busy not in caplog.text and "busy\nwith" not in caplog.text


@pytest.mark.parametrize("sandbox", [False, True])
@pytest.mark.parametrize("profile", list(PushProfile))
async def test_a_sender_does_not_say_where_a_token_is_valid(
    sandbox: bool, profile: PushProfile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apple's hosts do not know each other's tokens, and a token that the service does not know is removed."""
    files = Files(tmp_path)
    asked: list[Http2Client] = []

    async def post(self: Http2Client, request: Http2Request) -> WebAnswer:
        asked.append(self)
        return OK

    monkeypatch.setattr(Http2Client, "post", post)
    key = ApnsKey(es256_key(f"{files.folder}/apns.p8"), KEY_ID, TEAM_ID)
    provider = ApnsProvider([key], ApnsOptions("push_providers.one", TOPIC))
    (result,) = await sent(provider, push(DEVICE, sandbox=sandbox, profile=profile))
    builds = PushProfile.DEVELOPMENT if sandbox else PushProfile.PRODUCTION
    fits = profile in (PushProfile.OF_TOKEN, builds)
    assert result.outcome is (PushOutcome.SENT if fits else REFUSED) and len(asked) == fits
    assert [("development" in host) for host in provider._clients] == ([sandbox] if fits else [])
    await provider.close()


async def test_a_device_that_apple_denies_holds_up_nobody_else(
    now: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files(tmp_path)

    async def post(self: Http2Client, request: Http2Request) -> WebAnswer:
        if request.headers["apns-topic"] == TOPIC:
            return OK
        return WebAnswer(403, {}, b'{"reason":"InvalidProviderToken"}')

    monkeypatch.setattr(Http2Client, "post", post)
    key = ApnsKey(es256_key(f"{files.folder}/apns.p8"), KEY_ID, TEAM_ID)
    provider = ApnsProvider([key], ApnsOptions("push_providers.one", TOPIC))
    await sent(provider, push(DEVICE))
    results = await sent(provider, push(DEVICE, topic="com.example.foreign"), push(DEVICE))
    assert [one.outcome for one in results] == [LATER, PushOutcome.SENT] and provider.counts["pauses"] == 0
    await provider.close()

"""Push as a destination of events (PU-01, PU-03): what is sent, what waits, what is sent again, and what is counted. The
provider is a fake one, and so are the facts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest

from rcim.actor.events import BroadcastSent, ConversationFacts, MessagePassed, PushTested
from rcim.actor.push_records import PushToken
from rcim.actor.queries import PushTargetsQuery
from rcim.actor.records import Member, Message, MessageOptions
from rcim.base.terms import MsgFlag, Presence, Priority, PushLevel, Role
from rcim.content.elements import Text, encode_body
from rcim.outbox.destination import Untaken
from rcim.outbox.facts import Unanswered
from rcim.outbox.push.composing import PushOptions
from rcim.outbox.push.destination import TRIES, PushDestination
from rcim.outbox.push.given_up import GivenUp
from rcim.outbox.push.hook import Offline, OfflineAnswer, OfflineHook
from rcim.outbox.push.progress import KeptProgress, Progress
from rcim.outbox.push.provider import Push, PushOutcome, PushResult
from rcim.rules.message_types import BUILT_IN, CONTENT, MessageType
from rcim.rules.push_info import PushInfo
from rcim.rules.quiet import QuietHours
from rcim.store.event_log import KeptEvent
from rcim.store.push_answers import PushTarget, PushTargets, PushUsers
from rcim.store.push_targets import USERS_MAX

NOW = 1_700_000_000_000
SENT, BAD_TOKEN, REFUSED, LATER = PushOutcome
PAGE = 4


class FakeFacts:
    """Members with tokens, by conversation, and what they do."""

    def __init__(self, **members: Sequence[str]) -> None:
        self.members_of = {f"g:{key}": list(users) for key, users in members.items()}
        self.states: dict[str, Presence] = {}
        self.flags: dict[str, MsgFlag] = {}
        self.levels: dict[str, PushLevel] = {}
        self.quiet: dict[str, QuietHours] = {}
        self.devices = ["phone"]
        self.removed: list[tuple[str, str]] = []
        self.gone = self.broken = False
        self.edited: bytes | None = None
        self.asked: list[int] = []
        self.breaks_at = -1
        """Which question about targets is not answered."""
        self.now = NOW

    async def members(self, key: str, limit: int) -> Sequence[str]:
        return self.members_of[key][:limit]

    async def presence(self, users: Sequence[str]) -> Mapping[str, Presence]:
        return {user: self.states[user] for user in users if user in self.states}

    async def unread(self, user_id: str) -> int:
        return len(user_id)

    async def push_users(self, provider: str, key: str, cursor: str) -> PushUsers:
        if self.broken:
            raise Unanswered("the store is away")
        after = [user for user in sorted(self.members_of[key]) if user > cursor]
        return PushUsers(after[:PAGE], after[PAGE - 1] if len(after) > PAGE else "")

    async def push_targets(self, query: PushTargetsQuery) -> PushTargets:
        if len(self.asked) == self.breaks_at:
            raise Unanswered("the store is away")
        self.asked.append(len(query.users))
        users = query.users[:USERS_MAX]  # as the store does
        return PushTargets([] if self.gone else [self.target(user) for user in users], self.gone, self.edited)

    def target(self, user: str) -> PushTarget:
        flag = self.flags.get(user, MsgFlag.ACCEPT_AND_NOTIFY)
        level = self.levels.get(user, PushLevel.AS_ABOVE)
        member = msgspec.structs.replace(Member(user, Role.MEMBER, 1, 0, "", flag), push_level=level)
        tokens = [PushToken(device, "fake", f"{user}/{device}", time_ms=5) for device in self.devices]
        return PushTarget(user, member, self.quiet.get(user, QuietHours()), False, True, tokens)

    def message_type(self, name: str) -> MessageType:
        return BUILT_IN.get(name, CONTENT)

    def group_pushed(self, type_: str) -> bool:
        return type_ != "AVChatRoom"

    def remove_token(self, user_id: str, token: PushToken) -> None:
        self.removed.append((user_id, token.token))

    def now_ms(self) -> int:
        return self.now


class FakeProvider:
    """Takes pushes, but for those of which `says` says otherwise."""

    def __init__(self) -> None:
        self.got: list[Push] = []
        self.calls = 0
        self.closed = 0
        self.says: Callable[[Push], PushOutcome] = lambda push: SENT
        self.retry_after_s = 0.0
        self.untried = False
        """Of those that come later."""

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        self.calls += 1
        await asyncio.sleep(0)
        results = [PushResult(self.says(push), "because", self.retry_after_s, self.untried) for push in pushes]
        self.got += [push for push, one in zip(pushes, results, strict=True) if one.outcome is SENT]
        return results

    async def close(self) -> None:
        self.closed += 1

    @property
    def tokens(self) -> list[str]:
        return [push.token for push in self.got]


def message(number: int, key: str = "a", sender: str = "zed", **extra: Any) -> KeptEvent:
    made = Message(number, NOW, number, Priority.NORMAL, sender, "", "", "", f"c{number}", b"")
    if extra:
        made = msgspec.structs.replace(made, extra=MessageOptions(**extra))
    return KeptEvent(1, number, MessagePassed(NOW, ConversationFacts(f"g:{key}", "Public", "", "", 9), made))


class Kit:
    """A destination with fakes around it."""

    def __init__(self, facts: FakeFacts, hook: OfflineHook | None = None, **options: Any) -> None:
        self.facts = facts
        self.provider = FakeProvider()
        self.destination = PushDestination("fake", self.provider, PushOptions(**options), facts, hook)
        self.now_s = 1000.0
        """The loop's clock for the destination: it stands still, but where a test moves it."""
        self.destination._now_s = self.destination._sending._now_s = lambda: self.now_s

    async def deliver(self, *events: KeptEvent) -> list[Untaken]:
        return await self.destination.deliver(events)

    def counted(self, *names: str) -> list[int]:
        counts = self.destination.counted()
        return [counts.get(f"push_{name}.fake", 0) for name in names]


async def test_each_device_of_each_member_who_is_not_there() -> None:
    kit = Kit(FakeFacts(a=["alice", "bob", "carol", "zed"]))
    kit.facts.devices = ["pad", "phone"]
    kit.facts.states = {"carol": Presence.ONLINE, "bob": Presence.BACKGROUND}
    kit.facts.flags["dave"] = MsgFlag.DISCARD
    assert await kit.deliver(message(1)) == []
    assert kit.provider.tokens == ["alice/pad", "alice/phone", "bob/pad", "bob/phone"]
    assert {push.badge for push in kit.provider.got} == {len("alice"), len("bob")}
    assert len({push.push_id for push in kit.provider.got}) == 4
    assert kit.counted("sent", "decided", "not_in_use", "not_sender") == [4, 4, 1, 1]


async def test_who_is_there_costs_no_question_to_the_store() -> None:
    kit = Kit(FakeFacts(a=["alice", "bob"]))
    kit.facts.states = dict.fromkeys(["alice", "bob"], Presence.ONLINE)
    await kit.deliver(message(1))
    assert kit.facts.asked == [] and kit.provider.calls == 0


async def test_large_groups_are_pushed_page_by_page() -> None:
    users = [f"u{n:02d}" for n in range(11)]
    kit = Kit(FakeFacts(a=users))
    await kit.deliver(message(1))
    assert kit.provider.tokens == [f"{user}/phone" for user in users] and kit.provider.calls == 3


async def test_the_bound_of_receivers_is_counted() -> None:
    kit = Kit(FakeFacts(a=[f"u{n:02d}" for n in range(11)]), receivers_max=4)
    assert await kit.deliver(message(1)) == []
    assert len(kit.provider.got) == 4 and kit.counted("over_bound") == [1]


async def test_messages_that_nobody_gets_a_push_of() -> None:
    kit = Kit(FakeFacts(a=["alice"]))
    event = message(3).event
    assert isinstance(event, MessagePassed)
    where = msgspec.structs.replace(event.where, type="AVChatRoom")
    room = KeptEvent(1, 3, msgspec.structs.replace(event, where=where))
    await kit.deliver(message(1, push=PushInfo(off=True)), message(2, type_name="RC:InfoNtf"), room)
    kit.facts.gone = True
    await kit.deliver(message(4))
    kit.facts.gone, kit.facts.now = False, NOW + 604_800_000
    await kit.deliver(message(5))
    assert kit.provider.calls == 0
    assert kit.counted("not_switched_off", "not_type", "not_gone", "not_expired") == [1, 2, 1, 1]


async def test_directed_messages_and_broadcasts() -> None:
    kit = Kit(FakeFacts(a=["alice", "bob", "carol"]))
    await kit.deliver(message(1, to=("carol", "bob")))
    assert kit.provider.tokens == ["bob/phone", "carol/phone"]
    event = message(2).event
    assert isinstance(event, MessagePassed)
    await kit.deliver(KeptEvent(1, 2, BroadcastSent(NOW, event.where, event.message)))
    assert kit.provider.tokens[2:] == ["alice/phone", "bob/phone", "carol/phone"]


# -- what becomes of pushes


async def test_a_push_says_what_an_edited_message_says_now() -> None:
    kit = Kit(FakeFacts(a=["alice"]))
    kit.facts.edited = encode_body([Text("hello")])
    await kit.deliver(message(1))
    assert [one.text for one in kit.provider.got] == ["zed: hello"]


async def test_an_invalid_token_is_removed_and_a_refusal_is_counted() -> None:
    kit = Kit(FakeFacts(a=["alice", "bob", "carol"]))
    kit.provider.says = lambda push: {"alice/phone": BAD_TOKEN, "bob/phone": REFUSED}.get(push.token, SENT)
    assert await kit.deliver(message(1), message(2)) == []
    assert kit.facts.removed == [("alice", "alice/phone")] * 2
    assert kit.counted("bad_token", "refused", "sent") == [2, 2, 2]


async def test_only_the_devices_that_failed_are_sent_to_again() -> None:
    users = [f"u{n:02d}" for n in range(11)]
    kit = Kit(FakeFacts(a=users))
    kit.provider.says = lambda push: LATER if push.token in ("u01/phone", "u06/phone") else SENT
    kit.provider.retry_after_s = 7.0
    events = [message(1), message(2), message(3, "b")]
    kit.facts.members_of["g:b"] = ["bob"]
    left = await kit.deliver(*events)
    assert left == [Untaken(events[0], "because", retry_after_s=7.0), Untaken(events[1])]
    assert len(kit.provider.got) == 9 + 1, "others of the group, and the other conversation, have theirs"
    first = {push.token: push.push_id for push in kit.provider.got}
    kit.provider.says = lambda push: SENT
    kit.provider.got.clear()
    assert await kit.deliver(events[0]) == []
    assert kit.provider.tokens == ["u01/phone", "u06/phone"]
    assert not {push.push_id for push in kit.provider.got} & set(first.values())


async def test_many_devices_that_failed_are_all_sent_to_again() -> None:
    users = [f"u{n:03d}" for n in range(3 * USERS_MAX)]
    kit = Kit(FakeFacts(a=users))
    kit.provider.says = lambda push: LATER if int(push.token[1:4]) % 2 else SENT
    assert len(await kit.deliver(message(1))) == 1
    kit.provider.says = lambda push: LATER if int(push.token[1:4]) > 120 else SENT
    assert len(await kit.deliver(message(1))) == 1
    kit.provider.says = lambda push: SENT
    assert await kit.deliver(message(1)) == []
    assert sorted(kit.provider.tokens) == [f"{user}/phone" for user in users]


@pytest.mark.parametrize("broken_at", [0, 1])
async def test_what_is_left_survives_a_store_that_can_not_say(broken_at: int) -> None:
    users = [f"u{n:03d}" for n in range(3 * USERS_MAX)]
    kit = Kit(FakeFacts(a=users))
    kit.provider.says = lambda push: LATER if int(push.token[1:4]) % 2 else SENT
    await kit.deliver(message(1))
    kit.provider.says = lambda push: SENT
    kit.facts.breaks_at = len(kit.facts.asked) + broken_at
    assert len(await kit.deliver(message(1))) == 1
    kit.facts.breaks_at = -1
    assert await kit.deliver(message(1)) == []
    assert sorted(kit.provider.tokens) == [f"{user}/phone" for user in users]


async def test_who_has_come_back_meanwhile_gets_nothing_more() -> None:
    kit = Kit(FakeFacts(a=["alice", "bob"]))
    kit.provider.says = lambda push: LATER
    await kit.deliver(message(1))
    kit.provider.says = lambda push: SENT
    kit.facts.states["alice"] = Presence.ONLINE
    assert await kit.deliver(message(1)) == []
    assert kit.provider.tokens == ["bob/phone"]


async def test_a_provider_that_is_away_is_asked_no_more_for_a_while() -> None:
    kit = Kit(FakeFacts(a=[f"u{n:02d}" for n in range(11)], b=["bob"], c=["bob"], d=["bob"]))
    kit.provider.says = lambda push: LATER
    kit.provider.retry_after_s = 30.0
    events = [message(n, key) for n, key in enumerate("abcd", 1)]
    for one in events[:3]:
        assert [left.event for left in await kit.deliver(one)] == [one]
    assert kit.provider.calls == 3, "nothing of the second page of a large group"
    (left,) = await kit.deliver(events[3])
    assert kit.provider.calls == 3 and left.reason == "because" and left.retry_after_s == 30
    kit.provider.says = lambda push: SENT
    kit.now_s += 30
    assert await kit.deliver(*events) == []
    assert len(kit.provider.got) == 11 + 3


async def test_a_device_that_never_works_is_given_up_if_others_do() -> None:
    kit = Kit(FakeFacts(a=["alice", "bob"], b=["carol"]))
    kit.provider.says = lambda push: LATER if push.token == "bob/phone" else SENT
    for _ in range(TRIES - 1):
        assert len(await kit.deliver(message(1))) == 1
        await kit.deliver(message(2, "b"))
    assert await kit.deliver(message(1)) == []
    assert kit.counted("given_up") == [1] and kit.provider.tokens.count("alice/phone") == 1


async def test_what_was_not_tried_is_not_given_up() -> None:
    """A service that pauses now and then, or a limit on pushes a second: others were only faster."""
    kit = Kit(FakeFacts(a=["alice", "bob"], b=["carol"]))
    kit.provider.untried = True
    kit.provider.says = lambda push: LATER if push.token == "bob/phone" else SENT
    for _ in range(3 * TRIES):
        assert len(await kit.deliver(message(1))) == 1
        await kit.deliver(message(2, "b"))
    kit.provider.untried = False
    for _ in range(TRIES):
        await kit.deliver(message(1))
        await kit.deliver(message(2, "b"))
    kit.provider.untried = True
    assert kit.counted("given_up") == [1]
    assert len(await kit.deliver(message(3))) == 1, "nor of a user of whom one was given up"


async def test_a_device_that_was_given_up_holds_up_no_other_message() -> None:
    kit = Kit(FakeFacts(a=["alice", "bob"], b=["carol"]))
    kit.provider.says = lambda push: LATER if push.token.startswith("bob/") else SENT
    for _ in range(TRIES):
        await kit.deliver(message(1))
        await kit.deliver(message(2, "b"))
    assert kit.counted("given_up") == [1]
    kit.facts.devices = ["another"]  # it is the user who counts
    assert await kit.deliver(message(3), message(4)) == [] and kit.counted("given_up") == [3]
    kit.provider.says = lambda push: LATER
    assert len(await kit.deliver(message(5))) == 1, "nobody gets any: the provider is away, and bob's waits too"
    kit.provider.says = lambda push: SENT
    assert await kit.deliver(message(5)) == []
    kit.provider.says = lambda push: LATER if push.token.startswith("bob/") else SENT
    assert len(await kit.deliver(message(6))) == 1, "bob's device has worked again, so it is waited for"


def test_of_users_that_were_given_up_only_some_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.outbox.push.given_up.USERS_MAX", 2)
    given_up = GivenUp()
    given_up.add(["a", "b"], 1)
    assert given_up.again(["a", "c"], 2) == {"a"}
    given_up.add(["c"], 2)
    assert given_up.again(["a", "b", "c"], 3) == {"a", "c"}


async def test_a_user_whose_devices_never_work_does_not_make_a_provider_away() -> None:
    kit = Kit(FakeFacts(a=["bob"], b=["bob"], c=["bob"], d=["alice"]))
    kit.provider.says = lambda push: SENT if push.token == "alice/phone" else LATER
    kit.provider.retry_after_s = 600.0
    for n, key in enumerate("abcabcabc", 1):
        await kit.deliver(message(n, key))
    assert await kit.deliver(message(10, "d")) == [] and kit.provider.tokens == ["alice/phone"]


async def test_a_busy_conversation_does_not_go_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others of its shard wait as long, and after a crash all of it would come again."""
    monkeypatch.setattr("rcim.outbox.push.destination.TURN_S", 0.0)
    kit = Kit(FakeFacts(a=["alice"], b=["bob"]))
    events = [message(1), message(2), message(3, "b"), message(4)]
    left = await kit.deliver(*events)
    assert kit.provider.tokens == ["alice/phone", "bob/phone"]
    assert left == [Untaken(events[1]), Untaken(events[3])], "they have not failed: they are due at once"
    assert await kit.deliver(events[1], events[3]) == [Untaken(events[3])]


async def test_a_provider_that_takes_nothing_gives_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    kit = Kit(FakeFacts(a=["alice"]))
    monkeypatch.setattr("rcim.outbox.push.sending.AWAY_AFTER", 1000)
    kit.provider.says = lambda push: LATER
    for _ in range(3 * TRIES):
        assert len(await kit.deliver(message(1))) == 1
    kit.facts.now = NOW + 604_800_000
    assert await kit.deliver(message(1)) == [], "what has expired is given up"
    assert kit.counted("given_up", "not_expired") == [0, 1]


async def test_a_store_that_can_not_say_lets_the_event_come_again() -> None:
    kit = Kit(FakeFacts(a=["alice"]))
    kit.facts.broken = True
    (left,) = await kit.deliver(message(1))
    assert left.reason == "the store is away"
    kit.facts.broken = False
    assert await kit.deliver(message(1)) == [] and kit.provider.tokens == ["alice/phone"]


async def test_a_fault_of_ours_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    kit = Kit(FakeFacts(a=["alice"]))
    assert await kit.deliver(message(1, "unknown"), message(2)) == []
    assert kit.counted("failed", "sent") == [1, 1] and "could not be pushed" in caplog.text


@pytest.mark.parametrize("fault", ["raises", "too few", "never"])
async def test_a_provider_with_a_fault(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    kit = Kit(FakeFacts(a=["alice"]))

    async def send(pushes: Sequence[Push]) -> Sequence[PushResult]:
        if fault == "raises":
            raise RuntimeError("secret token")
        if fault == "never":
            await asyncio.Event().wait()
        return []

    monkeypatch.setattr(kit.provider, "send", send)
    monkeypatch.setattr("rcim.outbox.push.sending.SEND_S", 0.01)
    (left,) = await kit.deliver(message(1))
    assert left.reason and "secret" not in left.reason
    monkeypatch.undo()
    assert await kit.deliver(message(1)) == []


async def test_a_trial_goes_to_all_devices() -> None:
    kit = Kit(FakeFacts())
    kit.facts.states["bob"] = Presence.ONLINE
    kit.facts.devices = ["pad", "phone"]
    kit.provider.says = lambda push: LATER if push.token == "bob/pad" else SENT
    trial = KeptEvent(1, 1, PushTested(NOW, "bob", "", "Does it arrive?"))
    assert len(await kit.deliver(trial)) == 1
    kit.provider.says = lambda push: SENT
    assert await kit.deliver(trial) == []
    assert kit.provider.tokens == ["bob/phone", "bob/pad"]
    assert {(push.title, push.text) for push in kit.provider.got} == {("Test", "Does it arrive?")}


async def test_nobody_is_told_before_it_is_known_who_is_there() -> None:
    facts, provider, known = FakeFacts(a=["alice", "bob"]), FakeProvider(), asyncio.Event()

    async def settled() -> None:
        await known.wait()

    destination = PushDestination("fake", provider, PushOptions(), facts, settled=settled)
    delivering = asyncio.ensure_future(destination.deliver([message(1)]))
    await asyncio.sleep(0)
    assert provider.calls == 0
    facts.states["alice"] = Presence.ONLINE
    known.set()
    assert await delivering == [] and provider.tokens == ["bob/phone"]


async def test_closing_once() -> None:
    kit = Kit(FakeFacts())
    await kit.destination.close()
    await kit.destination.close()
    assert kit.provider.closed == 1


def test_progress_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.outbox.push.progress.KEPT_MAX", 2)
    kept = KeptProgress()
    for number in range(3):
        kept.keep((1, number), Progress(cursor=str(number)))
    assert [kept.take((1, number)).cursor for number in range(3)] == ["", "1", "2"]
    kept.keep((1, 5), Progress(cursor="x"))
    kept.forget((1, 5))
    assert kept.take((1, 5)).cursor == ""


# -- the app's hook (PU-02)


def hook_of(answer: OfflineAnswer | Exception, asked: list[Offline]) -> OfflineHook:
    async def hook(offline: Offline) -> OfflineAnswer:
        asked.append(offline)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return hook


@pytest.mark.parametrize(
    ("answer", "tokens", "text"),
    [
        (OfflineAnswer(), ["alice/phone", "bob/phone"], ": [New message]"),
        (OfflineAnswer(skip=True), [], ""),
        (OfflineAnswer(users=["bob", "nobody"]), ["bob/phone"], ": [New message]"),
        (OfflineAnswer(push=PushInfo(text="said")), ["alice/phone", "bob/phone"], "said"),
        (OfflineAnswer(force=True), ["alice/phone", "bob/phone", "carol/phone"], ": [New message]"),
        (ValueError("bad"), ["alice/phone", "bob/phone"], ": [New message]"),
        (TimeoutError(), ["alice/phone", "bob/phone"], ": [New message]"),
    ],
)
async def test_what_the_hook_says(answer: OfflineAnswer | Exception, tokens: list[str], text: str) -> None:
    asked: list[Offline] = []
    kit = Kit(FakeFacts(a=["alice", "bob", "carol"]), hook_of(answer, asked))
    kit.facts.flags["carol"] = MsgFlag.ACCEPT_NOT_NOTIFY
    assert await kit.deliver(message(1, mentions=("bob",))) == []
    (offline,) = asked
    assert offline.users == ["alice", "bob", "carol"] and offline.mentioned == ["bob"]
    assert kit.provider.tokens == tokens and all(push.text.endswith(text) for push in kit.provider.got)
    assert kit.counted("hook_failed") == [int(isinstance(answer, Exception))]


@pytest.mark.parametrize("force", [False, True])
async def test_the_hook_overrides_what_a_user_wants_of_the_conversation_alone(force: bool) -> None:
    """RX-02: quiet hours hold, whatever else the user has said."""
    asked: list[Offline] = []
    kit = Kit(FakeFacts(a=["alice", "bob", "carol", "dave"]), hook_of(OfflineAnswer(force=force), asked))
    kit.facts.flags |= {"alice": MsgFlag.ACCEPT_NOT_NOTIFY, "bob": MsgFlag.ACCEPT_NOT_NOTIFY}
    kit.facts.levels["carol"] = PushLevel.NONE
    kit.facts.quiet |= {"bob": QuietHours(0, 1439), "dave": QuietHours(0, 1439)}
    assert await kit.deliver(message(1)) == []
    (offline,) = asked
    assert offline.users == ["alice", "carol"]
    assert kit.provider.tokens == (["alice/phone", "carol/phone"] if force else [])
    flags, levels, quiet = (1, 0, 1) if force else (2, 1, 1)
    assert kit.counted("not_msg_flag", "not_push_level", "not_quiet_hours") == [flags, levels, quiet]


async def test_a_push_lives_as_long_as_the_hook_says() -> None:
    """PU-02, PU-04: the hook's word comes before the message's."""
    kit = Kit(FakeFacts(a=["alice"]), hook_of(OfflineAnswer(push=PushInfo(life_s=60)), []))
    await kit.deliver(message(1, push=PushInfo(life_s=3600)), message(2, expires_ms=NOW + 5))
    assert [push.expires_ms for push in kit.provider.got] == [NOW + 60_000, NOW + 5], "a message's own end stays"
    kit.facts.now = NOW + 60_000
    assert await kit.deliver(message(3, push=PushInfo(life_s=3600))) == []
    assert len(kit.provider.got) == 2 and kit.counted("not_expired") == [1]

"""Asks the app's engine about a push before it is sent (PU-02): LeanCloud's hook `_receiversOffline`."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rcim.actor.records import Message, MessageOptions
from rcim.base.limited_log import LimitedLog
from rcim.content.elements import decode_body
from rcim.content.leancloud_json import to_leancloud
from rcim.content.vendor_json import is_text
from rcim.hooks.discovery import DefinedHooks
from rcim.hooks.profile import Json
from rcim.hooks.profiles.leancloud import Engine, result_of
from rcim.hooks.profiles.table import RECEIVERS_OFFLINE
from rcim.vendors.leancloud_ids import conv_id
from rcim.web.client import FAULTS, BadAnswer, WebClient
from rcim.web.faults import fault_of

log = LimitedLog("rcim.hooks")

AT_ONCE = 20
"""Questions under way; others wait."""
PUSH_BYTES_MAX = 4096
"""Of what the hook wants pushed: no provider takes more."""


class OfflineVerdict(NamedTuple):
    """What is to become of a push."""

    skip: bool = False
    """Nobody gets one."""
    users: Sequence[str] | None = None
    """Of those who were to get one, these get one; None: all."""
    push: Mapping[str, Any] | None = None
    """What it says, as the service's push data: `alert`, `badge`, `sound`, and what else the app wants; None: as
    without the hook."""
    force: bool = False
    """Those get one, too, who want none of the conversation."""


AS_USUAL = OfflineVerdict()


class OfflineReceivers:
    """See the module's text. Used from the loop. `timeout_ms` is the time of one question; `url`: of the engine that has
    the hook, if not of `engine`."""

    def __init__(
        self, engine: Engine, hooks: DefinedHooks, client: WebClient, timeout_ms: int, url: str = ""
    ) -> None:
        self._url = url
        self._engine = engine
        self._hooks = hooks
        self._client = client
        self._timeout_s = timeout_ms / 1000
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self.counts: Counter[str] = Counter()
        """How many questions were asked, and failed."""

    async def ask(self, key: str, message: Message, offline: Sequence[str]) -> OfflineVerdict:
        """What is to become of the pushes about a message of the conversation `key` to these users, who are offline.
        Without a valid answer they go out as usual. Raises nothing."""
        if not offline or not self._hooks.has(RECEIVERS_OFFLINE):
            return AS_USUAL
        request = self._engine.call(RECEIVERS_OFFLINE, fields_of(key, message, offline), self._url)
        async with self._at_once:
            self.counts["asked"] += 1
            try:
                async with asyncio.timeout(self._timeout_s):
                    answer = await self._client.post(request)
                return AS_USUAL if answer.status == 404 else verdict_of(result_of(answer), offline)
            except FAULTS as error:
                self.counts["failed"] += 1
                log.warning(
                    "a question about offline receivers got no answer",
                    hook=RECEIVERS_OFFLINE,
                    conversation=key,
                    seq=message.seq,
                    message_id=message.message_id,
                    user=message.sender,
                    client_msg_id=message.client_msg_id,
                    error=fault_of(error).text,
                )
                return AS_USUAL


def fields_of(key: str, message: Message, offline: Sequence[str]) -> Json:
    """The parameters of the hook."""
    options = message.extra or MessageOptions()
    mentioned = set(options.mentions)
    return {
        "fromPeer": message.sender,
        "convId": conv_id(key),
        "offlinePeers": list(offline),
        "content": to_leancloud(decode_body(message.body)).content,
        "timestamp": message.time_ms,
        "mentionAll": options.mentions_all,
        "mentionOfflinePeers": [] if options.mentions_all else [user for user in offline if user in mentioned],
    }


def verdict_of(result: Any, offline: Sequence[str]) -> OfflineVerdict:
    """What the hook has returned, for these users and no others. Raises BadAnswer."""
    if result is None:
        return AS_USUAL
    if not isinstance(result, dict):
        raise BadAnswer("the result is no JSON object")
    if result.get("skip"):
        return OfflineVerdict(skip=True)
    peers = result.get("offlinePeers")
    if peers is not None:
        if not isinstance(peers, list) or not all(map(is_text, peers)):
            raise BadAnswer("offlinePeers is no list of users")
        named = set(peers)
        peers = [user for user in offline if user in named]
    return OfflineVerdict(users=peers, push=_push(result.get("pushMessage")), force=bool(result.get("force")))


def _push(found: Any) -> Json | None:
    """The push data: an object, as JSON or as it is; of another text it is what is shown. Raises BadAnswer."""
    if found is None:
        return None
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    if not is_text(text) or len(text.encode()) > PUSH_BYTES_MAX:
        raise BadAnswer(f"pushMessage is no text of up to {PUSH_BYTES_MAX} bytes")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    return data if isinstance(data, dict) else {"alert": text}

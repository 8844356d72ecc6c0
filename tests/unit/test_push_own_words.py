"""What a message says for single services comes to them in their own fields (PU-02, PU-04)."""

from __future__ import annotations

import json

from rcim.outbox.push.provider import Push
from rcim.outbox.push.providers.apns import payload_of
from rcim.rules.push_forms import read_push


def test_what_a_message_says_for_apple() -> None:
    form = {
        "Title": "T",
        "Desc": "D",
        "AndroidInfo": {"Sound": "android"},
        "ApnsInfo": {"Title": "iT", "SubTitle": "S", "Sound": "ios.caf", "ThreadID": "th", "Category": "c"},
    }
    info = read_push(json.dumps(form).encode())
    push = Push(token="t", push_id="id", title=info.title, text=info.text, sound=info.sound, options=info.options)
    aps = json.loads(payload_of(push))["aps"]
    assert aps["alert"] == {"title": "iT", "subtitle": "S", "body": "D"}
    assert (aps["sound"], aps["thread-id"], aps["category"]) == ("ios.caf", "th", "c")

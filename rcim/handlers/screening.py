"""The word filter on message bodies (SC-05): text elements only. What is replaced is encoded anew."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rcim.base.errors import DIRTY_WORD, RcimError
from rcim.rules.word_filter import WordFilter
from rcim.wire.elements import KIND_LENGTH, Text, spans


def screening(words: Callable[[], WordFilter]) -> Callable[[bytes], bytes]:
    """A function from a checked body to the same body, or one with words replaced. It raises RcimError(DIRTY_WORD)."""

    def screen(body: bytes) -> bytes:
        found = words()
        if not found.active:
            return body
        parts = spans(body)
        texts = [Text.decode_struct(body, start, end) for kind, start, end in parts if kind == Text.KIND]
        if not texts:
            return body
        verdict = found.check([text.text for text in texts])
        if verdict is None:
            return body
        if isinstance(verdict, str):
            raise RcimError(DIRTY_WORD)  # which word it is, is not told
        made = iter(verdict)
        out = bytearray()
        left = iter(texts)
        for kind, start, end in parts:
            payload = body[start:end]
            if kind == Text.KIND:
                payload = Text.encode_struct(msgspec.structs.replace(next(left), text=next(made)))
            out += KIND_LENGTH.pack(kind, len(payload)) + payload
        return bytes(out)

    return screen

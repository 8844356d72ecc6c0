"""The word filter on message bodies (SC-05): text elements, also those of forwarded messages. Custom elements are not
filtered (SC-06). A body in which words are replaced is encoded again."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rcim.base.errors import BODY_TOO_LARGE, DIRTY_WORD, RcimError
from rcim.content.elements import KIND_LENGTH, Merged, Text, spans
from rcim.rules.word_filter import WordFilter

ELEMENT_BYTES_MAX = 65535


def screening(
    words: Callable[[], WordFilter], bytes_max: Callable[[], int] = lambda: ELEMENT_BYTES_MAX
) -> Callable[[bytes], bytes]:
    """A function from a checked body to the same body, or one with words replaced. It raises RcimError(DIRTY_WORD), and
    RcimError(BODY_TOO_LARGE) if it is longer than `bytes_max()` then."""

    def screen(body: bytes) -> bytes:
        found = words()
        if not found.active:
            return body
        made = _screened(found, body)
        if made is not body and len(made) > bytes_max():
            raise too_large(len(made), bytes_max())
        return made

    return screen


def too_large(size: int, most: int) -> RcimError:
    """The body is too long after words were replaced."""
    return RcimError(BODY_TOO_LARGE, f"with its words replaced the body has {size} bytes, must be at most {most}")


def _screened(words: WordFilter, body: bytes) -> bytes:
    parts = spans(body)
    changed = {
        at: made
        for at, (kind, start, end) in enumerate(parts)
        if kind == Merged.KIND
        for made in [_merged(words, body, start, end)]
        if made is not None
    }
    at_texts = [at for at, (kind, _, _) in enumerate(parts) if kind == Text.KIND]
    texts = [Text.decode_struct(body, parts[at][1], parts[at][2]) for at in at_texts]
    verdict = words.check([text.text for text in texts]) if texts else None
    if isinstance(verdict, str):
        raise RcimError(DIRTY_WORD)  # which word it is, is not told
    for at, text, made in zip(at_texts, texts, verdict or (), strict=False):
        changed[at] = _encoded(msgspec.structs.replace(text, text=made), len(made.encode()))
    if not changed:
        return body
    out = bytearray()
    for at, (kind, start, end) in enumerate(parts):
        payload = changed.get(at) or body[start:end]
        out += KIND_LENGTH.pack(kind, len(payload)) + payload
    return bytes(out)


def _merged(words: WordFilter, body: bytes, start: int, end: int) -> bytes | None:
    """A merged element with words replaced in its messages; None: nothing was replaced."""
    merged = Merged.decode_struct(body, start, end)
    bodies = [_screened(words, message.body) for message in merged.messages]
    if all(made is message.body for made, message in zip(bodies, merged.messages, strict=True)):
        return None
    messages = [
        msgspec.structs.replace(message, body=made) for message, made in zip(merged.messages, bodies, strict=True)
    ]
    return _encoded(msgspec.structs.replace(merged, messages=messages), sum(map(len, bodies)))


def _encoded(item: Text | Merged, size: int) -> bytes:
    payload = type(item).encode_struct(item) if size < ELEMENT_BYTES_MAX else b""
    if not payload or len(payload) > ELEMENT_BYTES_MAX:
        raise too_large(max(size, len(payload)), ELEMENT_BYTES_MAX)
    return payload

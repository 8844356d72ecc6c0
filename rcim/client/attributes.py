"""The attributes of a conversation as the app has them, and as frames have them (GR-13)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rcim.base.errors import BAD_ATTRIBUTES, RcimError
from rcim.wire import frames


def wire_attributes(attributes: Mapping[str, object]) -> bytes:
    """All attributes as a request has them. Raises RcimError(BAD_ATTRIBUTES) for a text that is not UTF-8, and for a
    value that JSON does not have."""
    return _encode(dict(attributes))


def wire_changes(changes: Mapping[str, object] | None) -> list[frames.AttributeChange] | tuple[()]:
    """Dotted keys with their values as a request has them; None removes. Raises as `wire_attributes`."""
    return [frames.AttributeChange(key, _encode(value)) for key, value in (changes or {}).items()] or ()


def _encode(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        raise RcimError(BAD_ATTRIBUTES, "attributes: not UTF-8") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise RcimError(BAD_ATTRIBUTES, f"attributes: {error}") from None


def attributes_of(info: frames.GroupInfoOk) -> dict[str, object]:
    """The attributes in a group's profile."""
    return msgspec.json.decode(info.attributes, type=dict[str, object]) if info.attributes else {}

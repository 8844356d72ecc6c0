"""Broadcasts, tags and attributes, for app administrators (SY-03, SY-04)."""

from __future__ import annotations

from collections.abc import Iterable

from rcim.adapters.frames.answers.members import added
from rcim.service import deliveries, results
from rcim.wire import frames


def sent_ok(result: results.BroadcastSent) -> frames.AdminBroadcastOk:
    """SEQ, time and id of the broadcast, and how many more there may be (SY-03)."""
    return frames.AdminBroadcastOk(
        seq=result.seq,
        time_ms=result.time_ms,
        message_id=result.message_id,
        duplicate=result.duplicate,
        remaining=result.remaining,
    )


def page_ok(result: results.Page) -> frames.AdminBroadcastsOk:
    """A page of broadcasts (SY-03)."""
    return frames.AdminBroadcastsOk([_entry(message) for message in result.messages], result.more)


def _entry(message: deliveries.Message) -> frames.BroadcastEntry:
    extra = message.extra or deliveries.MessageOptions()
    target = extra.target
    return frames.BroadcastEntry(
        seq=message.seq,
        time_ms=message.time_ms,
        message_id=message.message_id,
        sender=message.sender,
        client_msg_id=message.client_msg_id,
        expires_ms=extra.expires_ms,
        state=message.state,
        system_conversation=extra.through,
        tags_any=target.tags_any if target is not None else (),
        tags_all=target.tags_all if target is not None else (),
        attributes_any=_attributes(target.attributes_any) if target is not None else (),
        attributes_all=_attributes(target.attributes_all) if target is not None else (),
    )


def _attributes(pairs: Iterable[tuple[str, str]]) -> list[frames.UserAttribute]:
    return [frames.UserAttribute(name, value) for name, value in pairs]


def recalled_ok(result: results.Altered) -> frames.AdminBroadcastRecallOk:
    """When the broadcast was recalled."""
    return frames.AdminBroadcastRecallOk(result.changed_ms)


def tags_ok(result: results.Added) -> frames.AdminTagsChangeOk:
    """What became of each user (SY-04)."""
    return frames.AdminTagsChangeOk(added(result))


def attributes_ok(result: results.Added) -> frames.AdminAttributesChangeOk:
    """What became of each user (SY-04)."""
    return frames.AdminAttributesChangeOk(added(result))


def labels_ok(result: results.Profiles) -> frames.AdminLabelsOk:
    """Tags and attributes of users (SY-04)."""
    rows = []
    for row in result.rows:
        labels = row.profile.labels
        rows.append(frames.UserLabels(row.user_id, list(labels.tags), _attributes(sorted(labels.attributes.items()))))
    return frames.AdminLabelsOk(rows, result.taken)


def names_ok(result: results.AttributeNames) -> frames.AdminAttributeNamesOk:
    """Which attributes users can have (SY-04)."""
    return frames.AdminAttributeNamesOk([frames.AttributeName(n, name) for n, name in sorted(result.names.items())])

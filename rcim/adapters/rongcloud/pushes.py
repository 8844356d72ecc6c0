"""Pushes and broadcasts to an audience: all, tags, or named users (SY-03, SY-04, PU-01)."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import unquote

import msgspec

from rcim.adapters.rongcloud.codes import NOT_ENABLED, TOO_MANY, WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, command
from rcim.adapters.rongcloud.form import Form
from rcim.adapters.rongcloud.messages import Spoken, said
from rcim.adapters.rongcloud.publishing import send_broadcast, send_system
from rcim.service import requests
from rcim.service.results import Done

USERS_AT_ONCE, NAMED_AT_ONCE, TAGS_MAX = 1000, 100, 20
PLATFORMS = ("ios", "android")


@command("/push")
async def push(call: Call) -> Json:
    """With `message`: a broadcast to the audience, with its push. Without: a push alone, to named users."""
    form = call.form
    for platform in form.values("platform"):
        if platform not in PLATFORMS:
            raise RongError(WRONG_PARAMETER, f"Parameter platform has to be of {', '.join(PLATFORMS)}.")
    audience, notification = form.object("audience"), form.object("notification", "")
    users = _texts(audience, "userid", USERS_AT_ONCE)
    if "message" not in form:
        return await _push_alone(call, users, notification)
    message = _message(form, notification)
    tags, tags_or = _texts(audience, "tag", TAGS_MAX), _texts(audience, "tag_or", TAGS_MAX)
    if audience.get("is_to_all") is True:
        await send_broadcast(call, message)
    elif tags or tags_or:
        await send_broadcast(call, message, tags_all=tags, tags_any=tags_or)
    elif users:
        await send_system(call, users, message)
    else:
        raise RongError(WRONG_PARAMETER, "audience names nobody: is_to_all, tag, tag_or or userid.")
    return {"id": secrets.token_hex(8)}


def _texts(found: Json, name: str, most: int) -> list[str]:
    values = found.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise RongError(WRONG_PARAMETER, f"audience.{name} has to be a list of texts.")
    if len(values) > most:
        raise RongError(TOO_MANY, f"audience.{name} has {len(values)} entries, at most {most}.")
    return list(dict.fromkeys(values))


def _message(form: Form, notification: Json) -> Spoken:
    """Raises RongError or RcimError."""
    message = form.object("message")
    content, object_name = message.get("content"), message.get("objectName")
    if isinstance(content, dict):
        content = msgspec.json.encode(content).decode()
    if not isinstance(content, str) or not isinstance(object_name, str) or not content or not object_name:
        raise RongError(WRONG_PARAMETER, "message has to have content and objectName.")
    if content.startswith("%7B"):  # an official client escapes it although it is in JSON
        content = unquote(content)
    alert, extras = _shown(notification)
    pushed = {"pushContent": alert, **({"pushData": extras} if extras else {})} if alert else None
    return Spoken(
        sender=form.user("fromuserid"),
        **said(object_name, content),
        push=msgspec.json.encode(pushed) if pushed else b"",
        transient=False,
    )


def _shown(notification: Json) -> tuple[str, str]:
    """The text of a push, and the data beside it. Raises RongError."""
    parts: list[Any] = [notification, notification.get("ios"), notification.get("android")]
    objects = [part for part in parts if isinstance(part, dict)]
    alert = next((part["alert"] for part in objects if part.get("alert")), "")
    extras = next((part["extras"] for part in objects if part.get("extras")), None)
    if not isinstance(alert, str):
        raise RongError(WRONG_PARAMETER, "notification.alert has to be text.")
    return alert, msgspec.json.encode(extras).decode() if extras else ""


async def _push_alone(call: Call, users: list[str], notification: Json) -> Json:
    """Raises RongError or RcimError."""
    alert, _ = _shown(notification)
    if not alert:
        raise RongError(WRONG_PARAMETER, "notification.alert is required.")
    if not users:
        raise RongError(NOT_ENABLED, "A push without a message goes to named users only: audience.userid.")
    for user in users:
        await call.ask(requests.AdminPushTest(user, _title(notification), alert), Done)
    return {"id": secrets.token_hex(8)}


@command("/push/user")
async def push_user(call: Call) -> Json:
    """A push alone, to named users."""
    form = call.form
    notification = form.object("notification")
    text = notification.get("pushContent")
    if not isinstance(text, str) or not text:
        raise RongError(WRONG_PARAMETER, "notification.pushContent is required.")
    for user in form.users(NAMED_AT_ONCE, "userIds"):
        await call.ask(requests.AdminPushTest(user, _title(notification), text), Done)
    return {"id": secrets.token_hex(8)}


def _title(notification: Json) -> str:
    """The title of a push; empty: it has none."""
    parts: list[Any] = [notification, notification.get("ios"), notification.get("android")]
    titles = [part["title"] for part in parts if isinstance(part, dict) and isinstance(part.get("title"), str)]
    return titles[0] if titles else ""

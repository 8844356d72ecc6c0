"""Huawei, Honor, Xiaomi, OPPO, vivo and Meizu, with their ways to say who asks; and a receiver of webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.standins.https import Handler, Reply, Seen, Standin, form_of, response

APP_ID, APP_KEY, SECRET = "100200300", "app-key-1", "secret-of-the-app"


class OAuth(Standin):
    """Client credentials (RFC 6749, 4.4). `client` is the client's id."""

    client = APP_ID

    async def give_access(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if self.access_answers:
            return response(self.access_answers.pop(0))
        form = form_of(body)
        if form != {"grant_type": "client_credentials", "client_id": self.client, "client_secret": SECRET}:
            return response(Reply(400, {"error": "invalid_client"}))
        return response(Reply(200, {"access_token": self.issue(), "expires_in": 3600, "token_type": "Bearer"}))

    def may(self, request: web.Request) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.valid


class HuaweiStandin(OAuth):
    def routes(self) -> Mapping[str, Handler]:
        return {"/oauth2/v3/token": self.give_access, f"/v1/{APP_ID}/messages:send": self._send}

    async def _send(self, request: web.Request, body: bytes) -> web.StreamResponse:
        found = json.loads(body)
        if not self.may(request):
            return response(Reply(401, {"code": "80200003", "msg": "OAuth token expired"}))
        message = found["message"]
        (token,) = message.pop("token")
        if len(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()) > 4096:
            return response(Reply(400, {"code": "80300008", "msg": "message body size exceeds"}))
        self.seen.append(Seen(dict(request.headers), message, body))
        return await self.say(request, token, Reply(200, {"code": "80000000", "msg": "Success", "requestId": "1"}))


class HonorStandin(OAuth):
    client = APP_KEY

    def routes(self) -> Mapping[str, Handler]:
        path = "/auth/realms/developer/protocol/openid-connect/token"
        return {path: self.give_access, f"/api/v1/{APP_ID}/sendMessage": self._send}

    async def _send(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if not self.may(request):
            return response(Reply(200, {"code": 80200003, "message": "token expired"}))
        assert abs(int(request.headers["timestamp"]) / 1000 - time.time()) < 60
        message = json.loads(body)
        (token,) = message["token"]
        self.seen.append(Seen(dict(request.headers), message, body))
        good = {"code": 200, "message": "Success", "data": {"sendResult": True, "requestId": "1"}}
        return await self.say(request, token, Reply(200, good))


class XiaomiStandin(Standin):
    def routes(self) -> Mapping[str, Handler]:
        return {"/v3/message/regid": self._send}

    async def _send(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"key={SECRET}":
            return response(Reply(200, {"result": "error", "reason": "Invalid application secret.", "code": 21301}))
        form = form_of(body)
        assert (
            0 < len(form["title"]) < 50 and 0 < len(form["description"]) < 128 and len(form.get("payload", "")) < 4096
        )
        self.seen.append(Seen(dict(request.headers), form, body))
        good = {"result": "ok", "description": "ok", "data": {"id": "m1"}, "code": 0, "info": "1 regid"}
        return await self.say(request, form["registration_id"], Reply(200, good))


class OppoStandin(Standin):
    def routes(self) -> Mapping[str, Handler]:
        return {"/server/v1/auth": self._auth, "/server/v1/message/notification/unicast": self._send}

    async def _auth(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if self.access_answers:
            return response(self.access_answers.pop(0))
        form = form_of(body)
        if abs(int(form["timestamp"]) / 1000 - time.time()) > 600:
            return response(Reply(200, {"code": 19, "message": "Invalid Timestamp"}))
        text = f"{form['app_key']}{form['timestamp']}{SECRET}"
        if form["sign"] != hashlib.sha256(text.encode()).hexdigest():
            return response(Reply(200, {"code": 16, "message": "Invalid Signature"}))
        data = {"auth_token": self.issue(), "create_time": 1}
        return response(Reply(200, {"code": 0, "message": "success", "data": data}))

    async def _send(self, request: web.Request, body: bytes) -> web.StreamResponse:
        form = form_of(body)
        if form["auth_token"] not in self.valid:
            return response(Reply(200, {"code": 11, "message": "Invalid AuthToken"}))
        message = json.loads(form["message"])
        notification = message["notification"]
        assert message["target_type"] == 2
        assert 0 < len(notification["title"]) <= 50 and 0 < len(notification["content"]) <= 200
        self.seen.append(Seen(dict(request.headers), message, body))
        good = {"code": 0, "message": "Success", "data": {"messageId": "1"}}
        return await self.say(request, message["target_value"], Reply(200, good))


class VivoStandin(Standin):
    def routes(self) -> Mapping[str, Handler]:
        return {"/message/auth": self._auth, "/message/send": self._send}

    async def _auth(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if self.access_answers:
            return response(self.access_answers.pop(0))
        found = json.loads(body)
        text = f"{found['appId']}{found['appKey']}{found['timestamp']}{SECRET}"
        if found["sign"] != hashlib.md5(text.encode()).hexdigest():
            return response(Reply(200, {"result": 10000, "desc": "权限认证失败"}))
        return response(Reply(200, {"result": 0, "desc": "请求成功", "authToken": self.issue()}))

    async def _send(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.headers.get("authToken") not in self.valid:
            return response(Reply(200, {"result": 10000, "desc": "权限认证失败"}))
        found = json.loads(body)
        assert 0 < _columns(found["title"]) <= 40 and 0 < _columns(found["content"]) <= 100
        assert 60 <= found["timeToLive"] <= 604_800 and len(found["requestId"]) <= 64
        self.seen.append(Seen(dict(request.headers), found, body))
        return await self.say(request, found["regId"], Reply(200, {"result": 0, "desc": "请求成功", "taskId": "1"}))


class MeizuStandin(Standin):
    def routes(self) -> Mapping[str, Handler]:
        return {"/garcia/api/server/push/varnished/pushByPushId": self._send}

    async def _send(self, request: web.Request, body: bytes) -> web.StreamResponse:
        form = form_of(body)
        sign = form.pop("sign")
        text = "".join(f"{name}={form[name]}" for name in ("appId", "messageJson", "pushIds")) + SECRET
        if sign != hashlib.md5(text.encode()).hexdigest():
            return response(Reply(200, {"code": "1006", "message": "签名认证失败", "value": ""}))
        message = json.loads(form["messageJson"])
        bar = message["noticeBarInfo"]
        assert 0 < len(bar["title"]) <= 32 and 0 < len(bar["content"]) <= 100
        assert 1 <= message["pushTimeInfo"]["validTime"] <= 72
        self.seen.append(Seen(dict(request.headers), message, body))
        return await self.say(request, form["pushIds"], Reply(200, {"code": "200", "message": "", "value": {}}))


class WebhookStandin(Standin):
    """It takes what either of its secrets has signed."""

    secrets: list[str] = [SECRET]

    def routes(self) -> Mapping[str, Handler]:
        return {"/": self._send}

    async def _send(self, request: web.Request, body: bytes) -> web.StreamResponse:
        head = request.headers
        text = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
        given = set(head["webhook-signature"].split())
        wanted = {
            "v1," + base64.b64encode(hmac.digest(secret.encode(), text, "sha256")).decode() for secret in self.secrets
        }
        if not given & wanted or abs(int(head["webhook-timestamp"]) - time.time()) > 300:
            return response(Reply(401, {}))
        found: dict[str, Any] = json.loads(body)
        assert found["push_id"] == head["webhook-id"]
        self.seen.append(Seen(dict(head), found, body))
        return await self.say(request, found["token"], Reply(200, {}))


def _columns(text: str) -> int:
    return sum(1 if char.isascii() else 2 for char in text)

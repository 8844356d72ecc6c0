"""FCM HTTP v1, with Google's token endpoint: the signature, the claims and the scope of the assertion are checked."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.standins.https import Handler, Reply, Seen, Standin, form_of, response

TOKEN_URI = "https://oauth2.googleapis.com/token"
EMAIL = "push@rcim-test.iam.gserviceaccount.com"
PROJECT = "rcim-test"
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


def error(status: int, name: str, *, fcm: str = "", message: str = "no", field: str = "") -> Any:
    """Google's error JSON."""
    details: list[Any] = [{"@type": FCM_ERROR, "errorCode": fcm}] if fcm else []
    if field:
        violations = [{"field": field, "description": message}]
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations})
    return {"error": {"code": status, "message": message, "status": name, "details": details}}


def write_account(file: Path) -> rsa.RSAPublicKey:
    """A key file as the Firebase console gives it out; returns the public half of the key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "key-1",
        "private_key": pem.decode(),
        "client_email": EMAIL,
        "token_uri": TOKEN_URI,
    }
    file.write_text(json.dumps(account), encoding="utf-8")
    return key.public_key()


class Google(Standin):
    """See the module's text."""

    def __init__(self, key: rsa.RSAPublicKey) -> None:
        super().__init__()
        self._key = key

    def routes(self) -> Mapping[str, Handler]:
        return {"/token": self._token, f"/v1/projects/{PROJECT}/messages:send": self._send}

    async def _token(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if self.access_answers:
            return response(self.access_answers.pop(0))
        form = form_of(body)
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        try:
            claims = self._claims(form["assertion"])
        except InvalidSignature:
            return response(Reply(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}))
        assert claims["iss"] == EMAIL and claims["aud"] == TOKEN_URI
        assert claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
        assert abs(claims["iat"] - time.time()) < 60 and claims["exp"] - claims["iat"] <= 3600
        return response(Reply(200, {"access_token": self.issue(), "expires_in": 3599, "token_type": "Bearer"}))

    def _claims(self, assertion: str) -> dict[str, Any]:
        head, claims, signature = assertion.split(".")
        assert json.loads(_decoded(head)) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
        self._key.verify(_decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        found: dict[str, Any] = json.loads(_decoded(claims))
        return found

    async def _send(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.valid:
            return response(Reply(401, error(401, "UNAUTHENTICATED", message="invalid authentication credentials")))
        message = json.loads(body)["message"]
        assert all(isinstance(value, str) for value in message["data"].values())
        payload = {name: message[name] for name in ("notification", "data")}
        if len(json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()) > 4096:
            return response(Reply(400, error(400, "INVALID_ARGUMENT", fcm="INVALID_ARGUMENT", message="too big")))
        self.seen.append(Seen(dict(request.headers), message, body))
        good = Reply(200, {"name": f"projects/{PROJECT}/messages/{len(self.seen)}"})
        return await self.say(request, message["token"], good)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

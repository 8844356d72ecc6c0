"""UserSig in the form of the `tls-sig-api-v2` packages (ID-02): minting and verifying.

1. content = "TLS.identifier:" id "\\n" "TLS.sdkappid:" app "\\n" "TLS.time:" t "\\n" "TLS.expire:" e "\\n",
   and "TLS.userbuf:" base64 "\\n" where a userbuf is present.
2. TLS.sig = base64(HMAC-SHA256(key as UTF-8, content as UTF-8)).
3. A JSON object of TLS.ver "2.0", TLS.identifier, TLS.sdkappid, TLS.time, TLS.expire, TLS.sig and the userbuf.
4. zlib, base64, then + / = become * - _. The bytes are not canonical: never compare whole tokens.

Verifying checks the signature before it believes anything else in the token, in constant time. A token is bounded before
it is read: its length, what it expands to, how long it is good; and it has nothing after its end.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from typing import Any, NamedTuple

from rcim.base.errors import (
    USERSIG_BAD_KEY,
    USERSIG_EMPTY,
    USERSIG_EXPIRED,
    USERSIG_FROM_FUTURE,
    USERSIG_MALFORMED,
    USERSIG_OTHER_APP,
    USERSIG_OTHER_USER,
    RcimError,
)
from rcim.base.limits import (
    USERSIG_AHEAD_S,
    USERSIG_BYTES_MAX,
    USERSIG_EXPIRE_S_MAX,
    USERSIG_INFLATED_BYTES_MAX,
)

_TO_TOKEN = bytes.maketrans(b"+/=", b"*-_")
_FROM_TOKEN = bytes.maketrans(b"*-_", b"+/=")


class Signed(NamedTuple):
    """What a good UserSig says of its time: seconds since 1970."""

    made_s: int
    ends_s: int

    def check_time(self, now_s: int) -> None:
        """Returns if it is good at this moment. Raises RcimError(USERSIG_FROM_FUTURE or USERSIG_EXPIRED)."""
        if self.made_s > now_s + USERSIG_AHEAD_S:
            raise RcimError(USERSIG_FROM_FUTURE)
        if now_s >= self.ends_s:
            raise RcimError(USERSIG_EXPIRED)


def mint(
    sdkappid: int,
    key: str,
    user_id: str,
    now_s: int,
    expire_s: int = 180 * 86400,
    userbuf: bytes | None = None,
    level: int = zlib.Z_DEFAULT_COMPRESSION,
) -> str:
    """A UserSig for `user_id`, good from `now_s` (seconds since 1970) for `expire_s` seconds.

    `level` is zlib's; 0 gives the same bytes with every zlib, for vectors.
    """
    fields: dict[str, Any] = {
        "TLS.ver": "2.0",
        "TLS.identifier": user_id,
        "TLS.sdkappid": sdkappid,
        "TLS.time": now_s,
        "TLS.expire": expire_s,
    }
    if userbuf is not None:
        fields["TLS.userbuf"] = base64.b64encode(userbuf).decode()
    fields["TLS.sig"] = _sign(key, fields)
    packed = zlib.compress(json.dumps(fields).encode(), level)
    return base64.b64encode(packed).translate(_TO_TOKEN).decode()


def verify(token: str, sdkappid: int, key: str, user_id: str, now_s: int, previous_key: str = "") -> Signed:
    """Check `token` for this app, user and moment; returns when it was made and when it expires. One that was signed with
    `previous_key` is as good, unless that is empty.

    Raises RcimError with one of the 7000x codes or USERSIG_FROM_FUTURE: always the peer's mistake.
    """
    fields = read(token)
    good = hmac.compare_digest(_sign(key, fields), fields["TLS.sig"])
    if not good and previous_key:
        good = hmac.compare_digest(_sign(previous_key, fields), fields["TLS.sig"])
    if not good:
        raise RcimError(USERSIG_BAD_KEY)
    if fields["TLS.sdkappid"] != sdkappid:
        raise RcimError(USERSIG_OTHER_APP)
    if fields["TLS.identifier"] != user_id:
        raise RcimError(USERSIG_OTHER_USER)
    found = Signed(fields["TLS.time"], fields["TLS.time"] + fields["TLS.expire"])
    found.check_time(now_s)
    return found


def read(token: str) -> dict[str, Any]:
    """The fields of a token, typed but not yet believed. Raises RcimError(USERSIG_EMPTY or USERSIG_MALFORMED)."""
    if not token:
        raise RcimError(USERSIG_EMPTY)
    if len(token) > USERSIG_BYTES_MAX:
        raise RcimError(USERSIG_MALFORMED, f"{len(token)} bytes, at most {USERSIG_BYTES_MAX}")
    try:
        packed = base64.b64decode(token.encode("ascii").translate(_FROM_TOKEN), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise RcimError(USERSIG_MALFORMED, "not base64 with * - _ for + / =") from None
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(packed, USERSIG_INFLATED_BYTES_MAX)
    except zlib.error:
        raise RcimError(USERSIG_MALFORMED, "not zlib") from None
    if not inflater.eof:
        raise RcimError(USERSIG_MALFORMED, f"cut short, or more than {USERSIG_INFLATED_BYTES_MAX} bytes inside")
    if inflater.unused_data:
        raise RcimError(USERSIG_MALFORMED, f"{len(inflater.unused_data)} bytes after the end of the zlib stream")
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise RcimError(USERSIG_MALFORMED, "not JSON") from None
    return _typed(fields)


def _typed(fields: Any) -> dict[str, Any]:
    if not isinstance(fields, dict):
        raise RcimError(USERSIG_MALFORMED, "not a JSON object")
    wanted = {"TLS.identifier": str, "TLS.sdkappid": int, "TLS.time": int, "TLS.expire": int, "TLS.sig": str}
    for name, kind in wanted.items():
        if type(fields.get(name)) is not kind:
            raise RcimError(USERSIG_MALFORMED, f"{name} is missing or of the wrong type")
    if fields["TLS.time"] < 0 or not 0 < fields["TLS.expire"] <= USERSIG_EXPIRE_S_MAX:
        raise RcimError(USERSIG_MALFORMED, f"TLS.time is not negative, TLS.expire is 1 to {USERSIG_EXPIRE_S_MAX} s")
    if not isinstance(fields.get("TLS.userbuf", ""), str) or not fields["TLS.sig"].isascii():
        raise RcimError(USERSIG_MALFORMED, "TLS.userbuf or TLS.sig is not the text it should be")
    return fields


def _sign(key: str, fields: dict[str, Any]) -> str:
    content = "".join(
        f"TLS.{name}:{fields['TLS.' + name]}\n" for name in ("identifier", "sdkappid", "time", "expire")
    )
    if "TLS.userbuf" in fields:
        content += f"TLS.userbuf:{fields['TLS.userbuf']}\n"
    # A lone surrogate can come out of JSON; it has no UTF-8 and so no good signature.
    mac = hmac.new(key.encode(), content.encode(errors="surrogatepass"), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()

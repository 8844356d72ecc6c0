"""UserSig (ID-02): the official packages' tokens are taken, ours have their fields, and each fault has its code."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from rcim.base.errors import RcimError
from rcim.base.limits import USERSIG_BYTES_MAX, USERSIG_EXPIRE_S_MAX, USERSIG_INFLATED_BYTES_MAX
from rcim.session.usersig import mint, read, verify

VECTORS = json.loads((Path(__file__).parent / "usersig_vectors.json").read_text(encoding="utf-8"))
KEY = VECTORS[0]["key"]
APP = VECTORS[0]["sdkappid"]


def token(fields: Any) -> str:
    raw = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    return base64.b64encode(zlib.compress(raw)).translate(bytes.maketrans(b"+/=", b"*-_")).decode()


def code(sig: str, app: int = APP, key: str = KEY, user: str = "alice", now: int = 1000) -> str:
    with pytest.raises(RcimError) as error:
        verify(sig, app, key, user, now)
    return error.value.code.name


@pytest.mark.parametrize("row", VECTORS, ids=lambda r: f"{r['package']}-{r['kind']}-{r['identifier']}")
def test_official_tokens_are_accepted(row: dict[str, Any]) -> None:
    signed = verify(row["usersig"], row["sdkappid"], row["key"], row["identifier"], row["time"])
    assert signed == (row["time"], row["time"] + row["expire"])


@pytest.mark.parametrize(
    "row",
    [r for r in VECTORS if r["kind"] in ("plain", "userbuf")],
    ids=lambda r: f"{r['package']}-{r['identifier']}",
)
def test_ours_have_the_official_fields(row: dict[str, Any]) -> None:
    userbuf = base64.b64decode(row["userbuf_b64"]) if "userbuf_b64" in row else None
    ours = read(mint(row["sdkappid"], row["key"], row["identifier"], row["time"], row["expire"], userbuf))
    assert ours == read(row["usersig"])
    assert ours["TLS.sig"] == row["hmac_b64"]


@pytest.mark.parametrize("user", ["a", "x" * 64, "用户-1", "with space", '"quoted"', "\\"])
def test_what_is_minted_is_verified(user: str) -> None:
    assert verify(mint(1, "k", user, 1000, 60), 1, "k", user, 1059) == (1000, 1060)


@pytest.mark.parametrize(
    "now, name",
    [
        (1060, "USERSIG_EXPIRED"),
        (10**12, "USERSIG_EXPIRED"),
        (939, "USERSIG_FROM_FUTURE"),
        (0, "USERSIG_FROM_FUTURE"),
    ],
)
def test_only_in_its_time(now: int, name: str) -> None:
    assert code(mint(APP, KEY, "alice", 1000, 60), now=now) == name


def test_a_minting_clock_may_be_a_little_ahead() -> None:
    assert verify(mint(APP, KEY, "alice", 1000, 60), APP, KEY, "alice", 940) == (1000, 1060)


def test_another_key_user_or_app() -> None:
    good = mint(APP, KEY, "alice", 1000, 60)
    assert code(good, key="0" * 64) == "USERSIG_BAD_KEY"
    assert code(good, user="bob") == "USERSIG_OTHER_USER"
    assert code(good, app=APP + 1) == "USERSIG_OTHER_APP"


@pytest.mark.parametrize("name", ["TLS.identifier", "TLS.sdkappid", "TLS.time", "TLS.expire", "TLS.userbuf"])
def test_every_field_is_signed(name: str) -> None:
    fields = read(mint(APP, KEY, "alice", 1000, 60, b"buf"))
    fields[name] = fields[name] + 1 if isinstance(fields[name], int) else fields[name] + "x"
    assert code(token(fields)) == "USERSIG_BAD_KEY"


@pytest.mark.parametrize(
    "sig, name",
    [
        ("", "USERSIG_EMPTY"),
        ("not base64!", "USERSIG_MALFORMED"),
        ("ünïcode", "USERSIG_MALFORMED"),
        ("QUJD", "USERSIG_MALFORMED"),
        (token(b"not json"), "USERSIG_MALFORMED"),
        (token(b"[" * 3000), "USERSIG_MALFORMED"),
        (token([1]), "USERSIG_MALFORMED"),
        (token({}), "USERSIG_MALFORMED"),
        (token(b"\xff\xfe"), "USERSIG_MALFORMED"),
        (token(b" " * (USERSIG_INFLATED_BYTES_MAX + 1)), "USERSIG_MALFORMED"),
        (token(b" " * 5_000_000), "USERSIG_MALFORMED"),
        (mint(APP, KEY, "alice", 1000, 60)[:-8], "USERSIG_MALFORMED"),
    ],
)
def test_what_can_not_be_read(sig: str, name: str) -> None:
    assert code(sig) == name


@pytest.mark.parametrize("name", ["TLS.identifier", "TLS.sdkappid", "TLS.time", "TLS.expire", "TLS.sig"])
@pytest.mark.parametrize("value", [None, True, 1.5, [], "é"])
def test_fields_of_the_wrong_type(name: str, value: Any) -> None:
    fields = read(mint(APP, KEY, "alice", 1000, 60))
    fields[name] = value
    assert code(token(fields)) in ("USERSIG_MALFORMED", "USERSIG_BAD_KEY")


def test_a_lone_surrogate_is_no_crash() -> None:
    fields = read(mint(APP, KEY, "alice", 1000, 60))
    fields["TLS.identifier"] = "\ud800"
    assert code(token(fields)) == "USERSIG_BAD_KEY"


@pytest.mark.parametrize("more", [b"\0", b"junk" * 100, zlib.compress(b"{}")])
def test_nothing_comes_after_the_end(more: bytes) -> None:  # ID-02
    to_token = bytes.maketrans(b"+/=", b"*-_")
    fields = read(mint(APP, KEY, "alice", 1000, 60))
    packed = zlib.compress(json.dumps(fields).encode())
    assert code(base64.b64encode(packed + more).translate(to_token).decode()) == "USERSIG_MALFORMED"
    assert code(token(json.dumps(fields).encode() + b"{}")) == "USERSIG_MALFORMED"


def test_a_token_is_bounded_before_it_is_read() -> None:  # ID-02
    assert code("x" * (USERSIG_BYTES_MAX + 1)) == "USERSIG_MALFORMED"
    noise = bytes(i * 7919 % 251 for i in range(20_000))
    assert code(base64.b64encode(zlib.compress(noise, 0)).translate(bytes.maketrans(b"+/=", b"*-_")).decode()) == (
        "USERSIG_MALFORMED"
    )


@pytest.mark.parametrize("expire", [10**30, USERSIG_EXPIRE_S_MAX + 1, 0, -1])
def test_how_long_a_token_is_good_is_bounded(expire: int) -> None:  # ID-02
    assert code(mint(APP, KEY, "alice", 1000, expire)) == "USERSIG_MALFORMED"


@pytest.mark.parametrize("time_s", [-1, -(10**30)])
def test_no_token_is_from_before_1970(time_s: int) -> None:  # ID-02
    assert code(mint(APP, KEY, "alice", time_s, 60)) == "USERSIG_MALFORMED"


def test_the_longest_time_is_taken() -> None:  # ID-02
    assert verify(mint(APP, KEY, "alice", 1000, USERSIG_EXPIRE_S_MAX), APP, KEY, "alice", 1000) == (
        1000,
        1000 + USERSIG_EXPIRE_S_MAX,
    )

"""Which path a request names that the parser has refused (AB-02)."""

from __future__ import annotations

import pytest

from rcim.http.heads import HEAD_BYTES, Head


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"", ""),
        (b"GET", ""),
        (b"GET /v4/x HTTP/1.1\r\nBroken", "/v4/x"),
        (b"GET /v4/x?a=/v1/ HTTP/1.1", "/v4/x"),
        (b"\r\n\r\nGET /v4/%78 HTTP/1.1", "/v4/x"),
        (b"GET http://a:80/v4/x HTTP/1.1", "/v4/x"),
        (b"GET http://a HTTP/1.1", "/"),
        (b"GET v4/x HTTP/1.1", ""),
        (b"OPTIONS * HTTP/1.1", ""),
        (b"\x16\x03\x01\x02\x00", ""),
        (b"GET /v4/\xff\xfe\x00 HTTP/1.1", "/v4/\xff\xfe\x00"),
        (b"GET /" + b"x" * 9000, "/" + "x" * (HEAD_BYTES - 5)),
    ],
)
def test_the_path(data: bytes, path: str) -> None:
    for step in (1, 7, 10_000):
        head = Head()
        for at in range(0, len(data), step):
            head.add(data[at : at + step])
        assert head.path == path
        head.clear()
        assert head.path == ""

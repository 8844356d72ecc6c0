"""Something else answers where the server was: the SDK's client goes on trying, and is back when the server is."""

from __future__ import annotations

import asyncio

import pytest

from rcim.client import Client
from tests.kit import TestServer, until

ANSWERS = {
    "a load balancer": b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
    "an echo": None,
    "a pong before the login": bytes.fromhex("000000088003000100000000"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_a_client_that_meets_another_server_goes_on_trying(
    plain_server: TestServer, answer: bytes | None
) -> None:
    met = 0

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal met
        data = await reader.read(4096)
        writer.write(answer or data)
        await reader.read()
        met += 1
        writer.close()

    other = await asyncio.start_server(say, "127.0.0.1", 0)
    async with other, plain_server.client("alice") as alice:
        assert isinstance(alice, Client) and alice._link is not None
        there, alice._port = alice._port, other.sockets[0].getsockname()[1]
        alice._link.abort()
        await until(lambda: met >= 2)
        alice._port = there
        await until(lambda: alice.reconnects > 0)
        await alice.create_group("g", group_id="g", type_="ChatRoom")

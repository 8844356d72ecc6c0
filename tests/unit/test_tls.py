"""TLS in memory (rcim/session/tls.py): what a peer may cost before and after its handshake (WI-04)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest
from rcim_bench.hostile import RANDOM_AT, KeyLog, key_updates

from rcim.app.files.datadir import DataDir
from rcim.client.trust import client_context
from rcim.connect.listener import server_context
from rcim.session.tls import IDLE_RECORD_BYTES, IDLE_RECORDS_MAX, TlsCore, TlsLimitError


class Ends:
    """A client and a server after their handshake."""

    def __init__(self, server: ssl.SSLContext, client: ssl.SSLContext, handshake_bytes_max: int = 4096) -> None:
        self.server = TlsCore(server, server_side=True, handshake_bytes_max=handshake_bytes_max)
        self.client = TlsCore(client, server_side=False, server_hostname="localhost")
        hello = self.client.data_to_send()
        self.random = hello[RANDOM_AT : RANDOM_AT + 32]
        self.server.receive(hello)
        while not (self.server.ready and self.client.ready):
            self.client.receive(self.server.data_to_send())
            self.server.receive(self.client.data_to_send())


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    data = DataDir(tmp_path_factory.mktemp("tls") / "data")
    data.prepare()
    data.release()
    return server_context(data.certificate, data.private_key), client_context(data.certificate)


@pytest.fixture
def log(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> Iterator[KeyLog]:
    made = KeyLog(contexts[1])
    yield made
    made.remove()


def test_changes_of_keys_are_bounded(contexts: tuple[ssl.SSLContext, ssl.SSLContext], log: KeyLog) -> None:
    ends = Ends(*contexts)
    data = key_updates(log.secret(ends.random), 4000)
    size = len(data) // 4000
    assert ends.server.receive(data[: size * IDLE_RECORDS_MAX]) == b"", "what a peer may need is good"
    with pytest.raises(TlsLimitError):
        ends.server.receive(data[size * IDLE_RECORDS_MAX :])


@pytest.mark.parametrize("cut", [1, 5, 6, 17, 27, 28, 1000])
def test_changes_of_keys_are_counted_however_they_are_cut(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], log: KeyLog, cut: int
) -> None:
    ends = Ends(*contexts)
    count = IDLE_RECORDS_MAX + 1
    data = key_updates(log.secret(ends.random), count)
    taken = 0
    with pytest.raises(TlsLimitError):
        for at in range(0, len(data), cut):
            ends.server.receive(data[at : at + cut])
            taken = at + cut
    assert taken + cut >= len(data), "the last one, and none before"


@pytest.mark.parametrize("cut", [1, 3, 5, 22, 23, 24, 4096])
def test_records_of_one_byte_come_whole_and_in_order(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext], cut: int
) -> None:
    ends = Ends(*contexts)
    said = bytes(range(256)) * 4
    for byte in said:
        ends.client.send(bytes([byte]))
    data = ends.client.data_to_send()
    assert b"".join(ends.server.receive(data[at : at + cut]) for at in range(0, len(data), cut)) == said


def test_plaintext_makes_up_for_changes_of_keys(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    ends = Ends(*contexts)
    for _ in range(IDLE_RECORDS_MAX * 3):
        ends.client.send(b"x" * IDLE_RECORD_BYTES)
        assert len(ends.server.receive(ends.client.data_to_send())) == IDLE_RECORD_BYTES
        ends.server._counted(b"", True)  # a record without plaintext
    for _ in range(IDLE_RECORDS_MAX - 1):
        ends.server._counted(b"", True)
    with pytest.raises(TlsLimitError):
        ends.server._counted(b"", True)


def test_a_handshake_has_a_bound(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    assert Ends(*contexts, handshake_bytes_max=4096).server.ready
    server = TlsCore(contexts[0], server_side=True, handshake_bytes_max=4096)
    hello = b"\x01\x00\xff\xff\x03\x03" + b"x" * 16000
    with pytest.raises(TlsLimitError):
        server.receive(b"\x16\x03\x01" + len(hello).to_bytes(2) + hello)


def test_what_is_sent_with_the_end_of_the_handshake_does_not_count(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server = TlsCore(contexts[0], server_side=True, handshake_bytes_max=4096)
    client = TlsCore(contexts[1], server_side=False, server_hostname="localhost")
    server.receive(client.data_to_send())
    client.receive(server.data_to_send())
    client.send(b"hello " * 2000)
    assert server.receive(client.data_to_send()) == b"hello " * 2000 and server.ready

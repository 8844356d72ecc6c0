"""The certificate: warned of, renewed so that clients that trust the old one go on, and loaded anew (OP-03)."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

import pytest

from rcim.app.files import certificates
from rcim.app.files.certificates import CERTIFICATE_DAYS, DAY_S, SOON_S, key_pem, new_key, self_signed
from rcim.app.files.datadir import DataDir
from rcim.app.programs.admin_client import context_of
from rcim.app.reload.reload_parts import ReloadRefused
from rcim.app.settings.exposure import OTHER_FILES, files_warning, warnings_at_start
from rcim.app.settings.sources import load
from rcim.base import clock
from rcim.client import client_context
from rcim.connect.listener import server_context
from rcim.session.tls import TlsCore
from rcim.wire import frames
from tests.kit import TestServer

ENDS_S = CERTIFICATE_DAYS * DAY_S


def now_s() -> float:
    return clock.wall_ms() / 1000


def made_at(folder: Path, time_s: float) -> DataDir:
    """A data directory with a key and a certificate that was made then."""
    data = DataDir(folder)
    folder.mkdir(exist_ok=True, mode=0o700)
    key = new_key()
    data.private_key.write_bytes(key_pem(key))
    data.certificate.write_bytes(self_signed(key, time_s))
    for file in (data.private_key, data.certificate):
        file.chmod(0o600)
    return data


def shake(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """A handshake in memory. Raises ssl.SSLError."""
    here = TlsCore(server, server_side=True)
    there = TlsCore(client, server_side=False, server_hostname="localhost")
    while not (here.ready and there.ready):
        here.receive(there.data_to_send())
        there.receive(here.data_to_send())


def test_a_certificate_that_ends_soon_is_renewed_for_clients_that_trust_it(tmp_path: Path) -> None:
    data = made_at(tmp_path / "d", now_s() - ENDS_S + SOON_S - DAY_S)
    trusts_old, key = client_context(data.certificate), data.private_key.read_bytes()
    old = data.certificate.read_bytes()
    assert data.prepare()[-1].startswith("self-signed certificate"), "at the start"
    data.release()
    assert data.certificate.read_bytes() != old and data.private_key.read_bytes() == key
    renewed = server_context(data.certificate, data.private_key)
    shake(renewed, trusts_old)
    shake(renewed, client_context(data.certificate))
    with pytest.raises(ssl.SSLError):
        shake(renewed, client_context(made_at(tmp_path / "other", now_s()).certificate))
    assert not data.renew_certificate(now_s()), "it is a new one"
    assert data.renew_certificate(now_s() + ENDS_S - SOON_S + DAY_S), "and it is renewed in its turn"


def test_programs_on_the_machine_know_exactly_the_certificate_of_the_directory(tmp_path: Path) -> None:
    """Also when it has ended, or has not begun: only its key counts. Everywhere else dates and names count as always."""
    for number, time_s in enumerate((now_s(), now_s() - ENDS_S - DAY_S, now_s() + 10 * DAY_S)):
        data = made_at(tmp_path / f"{number}", time_s)
        server = server_context(data.certificate, data.private_key)
        shake(server, context_of(data, None, None))
        again = made_at(tmp_path / f"again{number}", time_s)  # the same names, another key
        with pytest.raises(ssl.SSLError, match="self-signed certificate"):
            shake(server_context(again.certificate, again.private_key), context_of(data, None, None))
        elsewhere = [context_of(data, None, data.certificate), context_of(data, "localhost:1", None)]
        for client in elsewhere:
            if not number:
                shake(server, client)
                continue
            with pytest.raises(ssl.SSLError, match=r"expired|not yet valid"):
                shake(server, client)
    data.keep_certificate_in_use(again.certificate)
    shake(server_context(again.certificate, again.private_key), context_of(data, None, None))
    with pytest.raises(ssl.SSLError):
        shake(server, context_of(data, None, None))


def test_what_is_not_renewed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = made_at(tmp_path / "d", now_s())
    assert not data.renew_certificate(now_s() + ENDS_S - SOON_S - DAY_S)
    data.private_key.write_bytes(key_pem(new_key()))
    assert not data.renew_certificate(now_s() + ENDS_S) and "is not the key of" in caplog.text
    data.certificate.write_text("nothing", encoding="utf-8")
    assert not data.renew_certificate(now_s() + ENDS_S)


@pytest.mark.parametrize(
    "in_s, said",
    [
        (0, None),
        (ENDS_S - SOON_S - DAY_S, None),
        (ENDS_S - SOON_S + 10, "ends in 29 days"),
        (ENDS_S + 10, "has ended on"),
        (-2 * DAY_S, "is good from"),
    ],
)
def test_what_an_operator_is_told_of_it(tmp_path: Path, in_s: float, said: str | None) -> None:
    data = made_at(tmp_path / "d", 1_800_000_000)
    found = certificates.warning_of(data.certificate, data.private_key, 1_800_000_000 + in_s)
    assert found is None if said is None else said in str(found)
    assert (certificates.fault_of(data.certificate, 1_800_000_000 + in_s) is None) == (said is None or "days" in said)


def test_the_start_and_check_tell_of_it(tmp_path: Path) -> None:  # OP-01
    flags = [f"server.data={tmp_path / 'd'}", "limits.connections_max=1"]
    assert warnings_at_start(load(None, {}, flags)) == [], "the first start makes one"
    data = made_at(tmp_path / "d", now_s() - ENDS_S - DAY_S)
    assert "has ended" in warnings_at_start(load(None, {}, flags))[0]
    flags += [f"server.certificate={data.private_key}", f"server.private_key={data.private_key}"]
    assert "can't be used" in warnings_at_start(load(None, {}, flags))[0]
    assert warnings_at_start(load(None, {}, [*flags, "server.tls=false"])) == []
    data.private_key.write_bytes(key_pem(new_key()))
    flags[-2:] = [f"server.certificate={data.certificate}", f"server.private_key={data.private_key}"]
    assert "not that of the certificate" in warnings_at_start(load(None, {}, flags))[0]


def test_a_limit_of_open_files_that_is_too_low_is_told_with_what_to_do() -> None:  # OP-01
    assert files_warning(1000, 1000 + OTHER_FILES) is None and files_warning(1000, -1) is None
    text = str(files_warning(100_000, 20_000))
    assert "LimitNOFILE=100256" in text and "ulimit -n 100256" in text and "connections_max to 19744" in text


async def test_new_connections_get_the_certificate_that_was_loaded_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One that is no good leaves the one before it in force, and who is connected notices nothing."""
    caplog.set_level(logging.INFO)
    server = TestServer(tmp_path / "d")
    await server.start()
    data, first = server.server.data, server.trust()
    stays = await server.member("stays")
    made_at(data.path, now_s())
    second = server.trust()
    await server.server.reloader.reload()
    assert await serves(server, second) and not await serves(server, first)
    good = data.certificate.read_bytes(), data.private_key.read_bytes()
    bad = {
        "not that of the certificate": lambda: data.private_key.write_bytes(key_pem(new_key())),
        "PEM": lambda: data.certificate.write_text("-", encoding="utf-8"),
        "No such file": data.certificate.unlink,
    }
    for said, spoil in bad.items():
        data.certificate.write_bytes(good[0])
        data.private_key.write_bytes(good[1])
        spoil()
        caplog.clear()
        with pytest.raises(ReloadRefused, match=said):
            await server.server.reloader.reload()
        assert "nothing has changed" in caplog.text and said in caplog.text, caplog.text
        assert await serves(server, second)
    assert isinstance(await stays.ask(frames.Ping(1)), frames.Pong)
    await server.stop()


async def serves(server: TestServer, trust: ssl.SSLContext | None) -> bool:
    """Whether a new connection gets a certificate that is trusted so."""
    server.trust = lambda: trust  # type: ignore[method-assign]
    try:
        raw = await server.raw()
    except ssl.SSLError:
        return False
    await raw.hello()
    return True


def test_no_key_is_copied_with_the_certificate(tmp_path: Path) -> None:
    """Both may be in one file, in any order; what stands after the server's own certificate is not copied either."""
    data, key = DataDir(tmp_path), new_key()
    own, other = self_signed(key, now_s()), self_signed(new_key(), now_s())
    for number, parts in enumerate([(key_pem(key), own, other), (own, key_pem(key), other), (own, other)]):
        file = tmp_path / f"{number}.pem"
        file.write_bytes(b"".join(parts))
        data.keep_certificate_in_use(file)
        assert data.certificate_in_use.read_bytes().split() == own.split()
